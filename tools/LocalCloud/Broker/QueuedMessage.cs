namespace LocalCloud;

/// <summary>A QoS 1 message that a client has not acknowledged.</summary>
/// <param name="Topic">Its topic.</param>
/// <param name="Payload">The message.</param>
/// <param name="Retain">Whether it was kept for new subscribers.</param>
/// <param name="Arrived">When it came to the broker.</param>
/// <param name="Number">Which of its session's messages it is in the broker's journal; 0 for one that is not in there.</param>
internal sealed record QueuedMessage(string Topic, ReadOnlyMemory<byte> Payload, bool Retain, DateTimeOffset Arrived, long Number)
{
    /// <summary>When it was sent last, or was seen to be on its way, as a timestamp of the broker's clock.</summary>
    public long SentAt { get; set; }

    /// <summary>Which of its connection's packets that was.</summary>
    public long Position { get; set; }

    /// <summary>Whether the client is so slow that the packet was not even written when it was time to send it again.</summary>
    public bool IsLate { get; set; }

    /// <summary>About what it takes in memory.</summary>
    public int Size => 64 + Topic.Length + Payload.Length;
}
