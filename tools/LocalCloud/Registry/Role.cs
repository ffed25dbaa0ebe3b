using System.Collections.Immutable;

namespace LocalCloud;

/// <summary>An IAM role. It is kept and shown, and decides nothing: LocalCloud itself does what a provisioning role lets AWS IoT do.</summary>
/// <param name="Name">1 to 64 of <c>[a-zA-Z0-9_+=,.@-]</c> (IAM API, CreateRole).</param>
/// <param name="Id">Its id.</param>
/// <param name="Path">Its path, <c>/</c> for most.</param>
/// <param name="TrustPolicy">Who may take the role on: a JSON document.</param>
/// <param name="Description">What people wrote about it, or null.</param>
/// <param name="CreatedAt">When it was made.</param>
public sealed record Role(string Name, string Id, string Path, string TrustPolicy, string? Description, DateTimeOffset CreatedAt)
{
    /// <summary>ARNs of the managed policies attached to it.</summary>
    public ImmutableSortedSet<string> PolicyArns { get; init => field = value.WithComparer(StringComparer.Ordinal); } = [];
}
