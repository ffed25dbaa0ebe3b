using System.Collections.Immutable;

namespace LocalCloud;

/// <summary>A thing type.</summary>
/// <param name="Name">1 to 128 of <c>[a-zA-Z0-9:_-]</c> (AWS IoT API, CreateThingType).</param>
/// <param name="Id">Its id.</param>
/// <param name="Description">What people wrote about it, or null.</param>
/// <param name="SearchableAttributes">Names of attributes, at most 3.</param>
/// <param name="CreatedAt">When it was made.</param>
public sealed record ThingType(string Name, string Id, string? Description, ImmutableArray<string> SearchableAttributes, DateTimeOffset CreatedAt)
{
    /// <summary>Since when no thing can be given it, or null.</summary>
    public DateTimeOffset? DeprecatedAt { get; init; }
}
