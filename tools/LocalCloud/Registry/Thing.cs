using System.Collections.Immutable;

namespace LocalCloud;

/// <summary>A thing in the registry.</summary>
/// <param name="Name">1 to 128 of <c>[a-zA-Z0-9:_-]</c> (AWS IoT API, CreateThing).</param>
/// <param name="TypeName">Its type, or null.</param>
public sealed record Thing(string Name, string? TypeName)
{
    /// <summary>The most groups that a thing is in (developer guide, "Adding a thing to a thing group").</summary>
    private const int MaximumGroups = 10;

    /// <summary>Its id; empty until the registry has it.</summary>
    public string Id { get; init; } = "";

    /// <summary>Counts its changes, from 1.</summary>
    public long Version { get; init; } = 1;

    /// <summary>Its attributes: at most 3, or 50 with a type (AWS IoT Core quotas).</summary>
    public ImmutableSortedDictionary<string, string> Attributes { get; init => field = value.WithComparers(StringComparer.Ordinal); } =
        ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>The groups it is in.</summary>
    public ImmutableSortedSet<string> Groups { get; init => field = value.WithComparer(StringComparer.Ordinal); } = [];

    /// <summary>The billing group it is in, or null.</summary>
    public string? BillingGroup { get; init; }

    /// <summary>What AWS would refuse about this thing, or null.</summary>
    public string? FindFault()
    {
        if (!IsValidName(Name))
        {
            return $"'{Name}' is no name of a thing: 1 to 128 of a-z, A-Z, 0-9, ':', '_', '-'";
        }

        if (TypeName is not null && !IsValidName(TypeName))
        {
            return $"'{TypeName}' is no name of a thing type: 1 to 128 of a-z, A-Z, 0-9, ':', '_', '-'";
        }

        if (Groups.FirstOrDefault(group => !IsValidName(group)) is { } badGroup)
        {
            return $"'{badGroup}' is no name of a thing group: 1 to 128 of a-z, A-Z, 0-9, ':', '_', '-'";
        }

        if (Groups.Count > MaximumGroups)
        {
            return $"{Groups.Count} thing groups are more than the {MaximumGroups} that a thing may be in";
        }

        if (BillingGroup is not null && !IsValidName(BillingGroup))
        {
            return $"'{BillingGroup}' is no name of a billing group: 1 to 128 of a-z, A-Z, 0-9, ':', '_', '-'";
        }

        var most = TypeName is null ? 3 : 50;
        if (Attributes.Count > most)
        {
            return TypeName is null
                ? $"{Attributes.Count} attributes are more than the {most} of a thing without a type"
                : $"{Attributes.Count} attributes are more than the {most} of a thing";
        }

        // AWS IoT API, AttributePayload.
        foreach (var (name, value) in Attributes)
        {
            if (name.Length is < 1 or > 128 || !name.All(c => char.IsAsciiLetterOrDigit(c) || "_.,@/:#-".Contains(c)))
            {
                return $"'{name}' is no name of an attribute: 1 to 128 of a-z, A-Z, 0-9 and _.,@/:#-";
            }

            if (value.Length > 800 || !value.All(c => char.IsAsciiLetterOrDigit(c) || "_.,@/:#=[]-".Contains(c)))
            {
                return $"the value of attribute '{name}' is not up to 800 of a-z, A-Z, 0-9 and _.,@/:#=[]-";
            }
        }

        return null;
    }

    /// <summary>Whether <paramref name="name"/> can be the name of a thing, a thing type or a thing group.</summary>
    /// <param name="name">The name.</param>
    public static bool IsValidName(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name.Length is >= 1 and <= 128 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is ':' or '_' or '-');
    }
}
