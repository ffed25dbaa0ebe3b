namespace Mqtt;

/// <summary>UNSUBACK: an UNSUBSCRIBE has been done (MQTT 3.1.1 §3.11).</summary>
/// <param name="PacketId">The identifier of the UNSUBSCRIBE, 1 to 65,535.</param>
public sealed record UnsubAckPacket(ushort PacketId) : Packet;
