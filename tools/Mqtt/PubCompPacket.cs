namespace Mqtt;

/// <summary>PUBCOMP: a QoS 2 exchange is complete, part 3 (MQTT 3.1.1 §3.7).</summary>
/// <param name="PacketId">The identifier of the PUBLISH, 1 to 65,535.</param>
public sealed record PubCompPacket(ushort PacketId) : Packet;
