namespace Mqtt;

/// <summary>PUBREC: a QoS 2 message has arrived, part 1 (MQTT 3.1.1 §3.5).</summary>
/// <param name="PacketId">The identifier of the PUBLISH, 1 to 65,535.</param>
public sealed record PubRecPacket(ushort PacketId) : Packet;
