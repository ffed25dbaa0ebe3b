namespace LocalCloud;

/// <summary>What came of the connection of a certificate that is registered because a device presents it.</summary>
/// <param name="Explanation">Why the connection is dropped, for the log.</param>
/// <param name="Topic">Where the event goes.</param>
/// <param name="Event">The event.</param>
internal sealed record FirstConnection(string Explanation, string Topic, byte[] Event);
