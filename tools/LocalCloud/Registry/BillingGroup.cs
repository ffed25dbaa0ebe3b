namespace LocalCloud;

/// <summary>A billing group. Which things are in it, the things know: each is in one at most.</summary>
/// <param name="Name">1 to 128 of <c>[a-zA-Z0-9:_-]</c> (AWS IoT API, CreateBillingGroup).</param>
/// <param name="Id">Its id.</param>
/// <param name="Description">What people wrote about it, or null.</param>
/// <param name="CreatedAt">When it was made.</param>
public sealed record BillingGroup(string Name, string Id, string? Description, DateTimeOffset CreatedAt)
{
    /// <summary>Counts its changes, from 1.</summary>
    public long Version { get; init; } = 1;
}
