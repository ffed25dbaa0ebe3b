namespace Mqtt;

/// <summary>PUBLISH: a message, in either direction (MQTT 3.1.1 §3.3).</summary>
/// <param name="Topic">Topic name: 1 to 65,535 bytes of UTF-8, no wildcards.</param>
/// <param name="Payload">The message; may be empty.</param>
/// <param name="QoS">Quality of service.</param>
/// <param name="Retain">To a server: keep it for later subscribers. To a client: it was kept.</param>
/// <param name="Duplicate">Whether it was sent before; false with QoS 0.</param>
/// <param name="PacketId">1 to 65,535 with QoS 1 and 2; 0 with QoS 0, which has none.</param>
public sealed record PublishPacket(
    string Topic,
    ReadOnlyMemory<byte> Payload,
    QualityOfService QoS = QualityOfService.AtMostOnce,
    bool Retain = false,
    bool Duplicate = false,
    ushort PacketId = 0) : Packet;
