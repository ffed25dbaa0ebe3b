namespace LocalCloud;

/// <summary>What a policy statement does with the requests that it covers.</summary>
public enum PolicyEffect
{
    /// <summary>Grants them, unless another statement denies.</summary>
    Allow,

    /// <summary>Denies them, whatever else allows.</summary>
    Deny,
}
