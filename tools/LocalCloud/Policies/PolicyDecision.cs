namespace LocalCloud;

/// <summary>Whether the policies of a certificate permit one request, and why.</summary>
/// <param name="IsAllowed">True when a statement allows it and none denies it.</param>
/// <param name="Reason">
/// For people: the statement that allowed or denied, or the action and resource that no statement allows and what comes
/// closest. AWS tells a client nothing of this.
/// </param>
public sealed record PolicyDecision(bool IsAllowed, string Reason);
