namespace Mqtt;

/// <summary>PUBACK: a QoS 1 message has arrived (MQTT 3.1.1 §3.4).</summary>
/// <param name="PacketId">The identifier of the acknowledged PUBLISH, 1 to 65,535.</param>
public sealed record PubAckPacket(ushort PacketId) : Packet;
