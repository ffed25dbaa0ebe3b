using Mqtt;

namespace LocalCloud;

/// <summary>A <see cref="RetainedMessage"/> as it stands in a file.</summary>
/// <param name="Topic">Its topic.</param>
/// <param name="Payload">The message.</param>
/// <param name="QoS">As it was published.</param>
internal sealed record KeptRetainedMessage(string Topic, byte[] Payload, QualityOfService QoS);
