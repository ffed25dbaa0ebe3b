namespace Mqtt;

/// <summary>The message that the server publishes for a client whose connection ends without DISCONNECT (MQTT 3.1.1 §3.1.2.5).</summary>
/// <param name="Topic">Topic name: 1 to 65,535 bytes of UTF-8, no wildcards.</param>
/// <param name="Payload">0 to 65,535 bytes.</param>
/// <param name="QoS">Quality of service of the publication.</param>
/// <param name="Retain">Whether the server keeps it as the topic's retained message.</param>
public sealed record Will(string Topic, ReadOnlyMemory<byte> Payload, QualityOfService QoS = QualityOfService.AtMostOnce, bool Retain = false);
