using System.Collections.Immutable;

namespace LocalCloud;

/// <summary>Puts the thing that a template asks for together with the one that is there.</summary>
internal static class ThingRegistration
{
    /// <summary>The thing as it is to be after the registration.</summary>
    /// <param name="asked">What the template asks for.</param>
    /// <param name="existing">The thing of that name, or null.</param>
    /// <exception cref="ProvisioningException">An override setting is FAIL and the thing is there, or AWS would refuse the result.</exception>
    public static Thing Apply(ThingSpecification asked, Thing? existing)
    {
        var attributes = asked.Attributes?.ToImmutableSortedDictionary(StringComparer.Ordinal) ?? ImmutableSortedDictionary<string, string>.Empty;
        ImmutableSortedSet<string> groups = asked.Groups is null ? [] : [.. asked.Groups];
        var thing = existing is null
            ? new Thing(asked.Name, asked.TypeName) { Attributes = attributes, Groups = groups, BillingGroup = asked.BillingGroup }
            : existing with
            {
                // No setting overrides it.
                BillingGroup = existing.BillingGroup ?? asked.BillingGroup,
                TypeName = asked.TypeName is not null && Replaces(asked.TypeOverride, "ThingTypeName", existing) ? asked.TypeName : existing.TypeName,
                Attributes = (asked.Attributes, asked.AttributesOverride) switch
                {
                    (null, _) => existing.Attributes,
                    (_, OverrideAction.Merge) => existing.Attributes.SetItems(attributes),
                    _ => Replaces(asked.AttributesOverride, "AttributePayload", existing) ? attributes : existing.Attributes,
                },
                Groups = (asked.Groups, asked.GroupsOverride) switch
                {
                    (null, _) => existing.Groups,
                    (_, OverrideAction.Merge) => existing.Groups.Union(groups),
                    _ => Replaces(asked.GroupsOverride, "ThingGroups", existing) ? groups : existing.Groups,
                },
            };

        return thing.FindFault() is { } fault ? throw ProvisioningException.InvalidParameters(fault) : thing;
    }

    private static bool Replaces(OverrideAction action, string setting, Thing existing) =>
        action == OverrideAction.Fail
            ? throw ProvisioningException.ResourceConflicts($"The thing {existing.Name} exists, and the template's OverrideSettings for {setting} are FAIL")
            : action == OverrideAction.Replace;
}
