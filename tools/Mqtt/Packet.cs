namespace Mqtt;

/// <summary>
/// One MQTT 3.1.1 control packet. <see cref="PacketReader"/> makes them, <see cref="PacketWriter"/> encodes them.
/// </summary>
/// <remarks>Equality is that of records: payloads and lists are compared by reference, not by content.</remarks>
public abstract record Packet
{
    private protected Packet()
    {
    }
}
