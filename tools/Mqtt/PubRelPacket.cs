namespace Mqtt;

/// <summary>PUBREL: a QoS 2 message is released, part 2 (MQTT 3.1.1 §3.6).</summary>
/// <param name="PacketId">The identifier of the PUBLISH, 1 to 65,535.</param>
public sealed record PubRelPacket(ushort PacketId) : Packet;
