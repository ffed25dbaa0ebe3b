namespace Mqtt;

/// <summary>SUBSCRIBE (MQTT 3.1.1 §3.8).</summary>
/// <param name="PacketId">1 to 65,535; SUBACK repeats it.</param>
/// <param name="Filters">At least one.</param>
public sealed record SubscribePacket(ushort PacketId, IReadOnlyList<TopicFilterRequest> Filters) : Packet;
