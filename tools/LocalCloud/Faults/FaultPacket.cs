using Mqtt;

namespace LocalCloud;

/// <summary>What a fault puts into a connection's queue among the packets: a pause, bytes that are no packet, the end.</summary>
internal sealed record FaultPacket : Packet
{
    /// <summary>How long nothing more is written; what comes after waits too.</summary>
    public TimeSpan Pause { get; init; }

    /// <summary>What is written then, as it is.</summary>
    public ReadOnlyMemory<byte> Bytes { get; init; }

    /// <summary>Whether the connection ends after it.</summary>
    public bool Ends { get; init; }
}
