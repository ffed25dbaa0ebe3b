namespace Mqtt;

/// <summary>One line of a SUBSCRIBE: a filter and the quality of service asked for.</summary>
/// <param name="Filter">Topic filter, valid by <see cref="TopicFilter.IsValid"/>.</param>
/// <param name="QoS">The highest quality of service at which the client wants the messages.</param>
public readonly record struct TopicFilterRequest(string Filter, QualityOfService QoS);
