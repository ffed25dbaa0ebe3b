using System.Collections.Immutable;

namespace LocalCloud;

/// <summary>A static thing group. Which things are in it, the things know.</summary>
/// <param name="Name">1 to 128 of <c>[a-zA-Z0-9:_-]</c> (AWS IoT API, CreateThingGroup).</param>
/// <param name="Id">Its id.</param>
/// <param name="ParentName">The group that it is in, or null.</param>
/// <param name="Description">What people wrote about it, or null.</param>
/// <param name="CreatedAt">When it was made.</param>
public sealed record ThingGroup(string Name, string Id, string? ParentName, string? Description, DateTimeOffset CreatedAt)
{
    /// <summary>Counts its changes, from 1.</summary>
    public long Version { get; init; } = 1;

    /// <summary>Its attributes.</summary>
    public ImmutableSortedDictionary<string, string> Attributes { get; init => field = value.WithComparers(StringComparer.Ordinal); } =
        ImmutableSortedDictionary<string, string>.Empty;
}
