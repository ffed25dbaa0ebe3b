namespace LocalCloud;

/// <summary>How a connection ended.</summary>
/// <param name="Reason">AWS's word for it.</param>
/// <param name="Explanation">For the log.</param>
internal sealed record Disconnection(DisconnectReason Reason, string Explanation);
