using System.Collections.Immutable;

namespace LocalCloud;

/// <summary>Puts what a template asks for together with what is there.</summary>
internal static class ThingRegistration
{
    /// <summary>The most policies of a certificate (AWS IoT Core quotas, "Maximum number of policies that can be attached to a certificate").</summary>
    private const int MaximumPolicies = 10;

    /// <summary>The registry with the thing, the policies and the certificate's status and attachments that a template asks for.</summary>
    /// <param name="specification">What the template asks for.</param>
    /// <param name="certificate">The certificate that it is for.</param>
    /// <param name="state">The registry.</param>
    /// <param name="registered">The certificate as it is then.</param>
    /// <exception cref="ProvisioningException">Something that the template names is not there or conflicts, or AWS would refuse the result.</exception>
    public static RegistryState Apply(ProvisioningSpecification specification, RegisteredCertificate certificate, RegistryState state, out RegisteredCertificate registered)
    {
        var after = specification.OwnPolicies.Where(policy => !state.Policies.ContainsKey(policy.Name)).Aggregate(state, (sum, policy) => sum.With(policy));
        if (specification.PolicyNames.FirstOrDefault(name => !after.Policies.ContainsKey(name)) is { } missing)
        {
            throw ProvisioningException.RegistrationFailure($"Policy {CloudLog.Printable(missing)}, which the template attaches, does not exist.");
        }

        var policies = certificate.Policies.Union(specification.PolicyNames);
        if (policies.Count > MaximumPolicies)
        {
            throw ProvisioningException.RegistrationFailure($"The certificate would have {policies.Count} policies, more than {MaximumPolicies}.");
        }

        var isPending = certificate.Status == CertificateStatus.PendingActivation;
        if (!isPending && specification.StatusOverride == OverrideAction.Fail)
        {
            throw ProvisioningException.ResourceConflicts($"The certificate is {certificate.Status.ToText()} already, and the template's OverrideSettings for Status are FAIL");
        }

        if (specification.Thing is { } asked)
        {
            if (certificate.IsExclusive && !certificate.Things.Contains(asked.Name))
            {
                throw ProvisioningException.ResourceConflicts($"The certificate is attached to thing {certificate.Things.Single()} exclusively");
            }

            after = after.With(Apply(asked, state));
            certificate = certificate with { Things = certificate.Things.Add(asked.Name) };
        }

        registered = certificate with
        {
            Status = isPending || specification.StatusOverride == OverrideAction.Replace ? specification.CertificateStatus : certificate.Status,
            Policies = policies,
        };
        return after.With(registered);
    }

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
