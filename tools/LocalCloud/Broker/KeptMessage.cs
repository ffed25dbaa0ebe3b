namespace LocalCloud;

/// <summary>A message of a <see cref="KeptSession"/>.</summary>
/// <param name="Topic">Its topic.</param>
/// <param name="Payload">The message.</param>
/// <param name="Retain">Whether it was kept for new subscribers.</param>
/// <param name="Arrived">When it came to the broker.</param>
/// <param name="PacketId">The identifier it was sent with and not acknowledged; 0 when it was not sent.</param>
internal sealed record KeptMessage(string Topic, ReadOnlyMemory<byte> Payload, bool Retain, DateTimeOffset Arrived, ushort PacketId);
