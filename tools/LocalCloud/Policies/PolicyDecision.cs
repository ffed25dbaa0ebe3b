namespace LocalCloud;

/// <summary>Whether the policies of a certificate permit one request, and why.</summary>
public sealed class PolicyDecision
{
    private readonly Func<string> _reason;

    /// <summary>Makes one.</summary>
    /// <param name="isAllowed">True when a statement allows it and none denies it.</param>
    /// <param name="reason">Why.</param>
    public PolicyDecision(bool isAllowed, string reason)
        : this(isAllowed, () => reason)
    {
    }

    /// <summary>Makes one whose reason is put into words when somebody asks: most decisions allow, and nobody does.</summary>
    internal PolicyDecision(bool isAllowed, Func<string> reason)
    {
        IsAllowed = isAllowed;
        _reason = reason;
    }

    /// <summary>True when a statement allows it and none denies it.</summary>
    public bool IsAllowed { get; }

    /// <summary>
    /// For people: the statement that allowed or denied, or the action and resource that no statement allows, what comes closest,
    /// and the statement that was missing, as JSON. AWS tells a client nothing of this.
    /// </summary>
    public string Reason => _reason();
}
