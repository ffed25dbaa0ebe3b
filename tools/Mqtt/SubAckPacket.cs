namespace Mqtt;

/// <summary>SUBACK: the answer to SUBSCRIBE (MQTT 3.1.1 §3.9).</summary>
/// <param name="PacketId">The identifier of the SUBSCRIBE, 1 to 65,535.</param>
/// <param name="ReturnCodes">One for each filter, in order: the granted QoS 0 to 2, or <see cref="Failure"/>.</param>
public sealed record SubAckPacket(ushort PacketId, IReadOnlyList<byte> ReturnCodes) : Packet
{
    /// <summary>The return code of a subscription that the server refuses.</summary>
    public const byte Failure = 0x80;
}
