using Mqtt;

namespace LocalCloud;

/// <summary>The message that is kept for whoever subscribes to its topic later.</summary>
/// <param name="Topic">Its topic.</param>
/// <param name="Payload">The message; never empty.</param>
/// <param name="QoS">As it was published.</param>
internal sealed record RetainedMessage(string Topic, ReadOnlyMemory<byte> Payload, QualityOfService QoS);
