namespace Mqtt;

/// <summary>UNSUBSCRIBE (MQTT 3.1.1 §3.10).</summary>
/// <param name="PacketId">1 to 65,535; UNSUBACK repeats it.</param>
/// <param name="Filters">At least one, each valid by <see cref="TopicFilter.IsValid"/>.</param>
public sealed record UnsubscribePacket(ushort PacketId, IReadOnlyList<string> Filters) : Packet;
