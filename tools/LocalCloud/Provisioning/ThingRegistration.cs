using System.Collections.Immutable;

namespace LocalCloud;

/// <summary>Puts the thing that a template asks for together with the one that is there.</summary>
internal static class ThingRegistration
{
    /// <summary>The thing as it is to be after the registration.</summary>
    /// <param name="asked">What the template asks for.</param>
    /// <param name="state">The registry.</param>
    /// <exception cref="ProvisioningException">
    /// An override setting is FAIL and the thing is there, its type or a group of it is not, or AWS would refuse the result.
    /// </exception>
    public static Thing Apply(ThingSpecification asked, RegistryState state)
    {
        var existing = state.Things.GetValueOrDefault(asked.Name);
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

        if (thing.FindFault() is { } fault)
        {
            throw ProvisioningException.InvalidParameters(fault);
        }

        CheckWhatItNames(thing, existing, state);
        return thing;
    }

    /// <summary>
    /// A registration makes no types and groups: CreateThing, UpdateThing and AddThingToThingGroup, which it stands for,
    /// refuse those that are not there. What the thing had before is not asked for again.
    /// </summary>
    private static void CheckWhatItNames(Thing thing, Thing? existing, RegistryState state)
    {
        if (thing.TypeName is { } typeName && typeName != existing?.TypeName)
        {
            if (!state.ThingTypes.TryGetValue(typeName, out var type))
            {
                throw Missing("Thing type", typeName);
            }

            if (type.DeprecatedAt is not null)
            {
                throw ProvisioningException.RegistrationFailure($"Thing type {typeName}, which the template names, is deprecated.");
            }
        }

        if (thing.Groups.FirstOrDefault(group => !state.ThingGroups.ContainsKey(group) && existing?.Groups.Contains(group) != true) is { } missing)
        {
            throw Missing("Thing group", missing);
        }

        if (thing.BillingGroup is { } billingGroup && billingGroup != existing?.BillingGroup && !state.BillingGroups.ContainsKey(billingGroup))
        {
            throw Missing("Billing group", billingGroup);
        }
    }

    private static ProvisioningException Missing(string kind, string name) =>
        ProvisioningException.RegistrationFailure($"{kind} {name}, which the template names, does not exist.");

    private static bool Replaces(OverrideAction action, string setting, Thing existing) =>
        action == OverrideAction.Fail
            ? throw ProvisioningException.ResourceConflicts($"The thing {existing.Name} exists, and the template's OverrideSettings for {setting} are FAIL")
            : action == OverrideAction.Replace;
}
