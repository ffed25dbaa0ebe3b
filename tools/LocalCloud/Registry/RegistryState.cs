using System.Collections.Immutable;

namespace LocalCloud;

/// <summary>
/// Everything that a registry holds, at one moment. Never changes: a change makes another, which knows what was changed, so
/// that what is written to the disk is the change and not the whole.
/// </summary>
internal sealed record RegistryState
{
    public static readonly RegistryState Empty = new();

    /// <summary>The time of the change that makes the next state.</summary>
    public DateTimeOffset Time { get; init; }

    /// <summary>What was changed since the last write, last first, or null.</summary>
    public RegistryChange? Changes { get; init; }

    public SeedSettings? Seed { get; private init; }

    public ImmutableDictionary<string, RegisteredCertificate> Certificates { get; private init; } = ImmutableDictionary.Create<string, RegisteredCertificate>(StringComparer.Ordinal);

    /// <summary>Certificate ids by the hash of their ownership tokens.</summary>
    public ImmutableDictionary<string, string> OwnershipTokens { get; private init; } = ImmutableDictionary.Create<string, string>(StringComparer.Ordinal);

    public ImmutableDictionary<string, Thing> Things { get; private init; } = ImmutableDictionary.Create<string, Thing>(StringComparer.Ordinal);

    public ImmutableDictionary<string, ThingType> ThingTypes { get; private init; } = ImmutableDictionary.Create<string, ThingType>(StringComparer.Ordinal);

    public ImmutableDictionary<string, ThingGroup> ThingGroups { get; private init; } = ImmutableDictionary.Create<string, ThingGroup>(StringComparer.Ordinal);

    public ImmutableDictionary<string, BillingGroup> BillingGroups { get; private init; } = ImmutableDictionary.Create<string, BillingGroup>(StringComparer.Ordinal);

    /// <summary>The policies with all their versions.</summary>
    public ImmutableDictionary<string, PolicyVersions> PolicyVersions { get; private init; } = ImmutableDictionary.Create<string, PolicyVersions>(StringComparer.Ordinal);

    /// <summary>The policies as they are in effect: the default version of each.</summary>
    public ImmutableDictionary<string, Policy> Policies { get; private init; } = ImmutableDictionary.Create<string, Policy>(StringComparer.Ordinal);

    /// <summary>The templates with all their versions.</summary>
    public ImmutableDictionary<string, RegisteredTemplate> RegisteredTemplates { get; private init; } = ImmutableDictionary.Create<string, RegisteredTemplate>(StringComparer.Ordinal);

    /// <summary>The templates by which devices can register: the default version of each that is enabled, but for those of just-in-time provisioning.</summary>
    public ImmutableDictionary<string, ProvisioningTemplate> Templates { get; private init; } = ImmutableDictionary.Create<string, ProvisioningTemplate>(StringComparer.Ordinal);

    public ImmutableDictionary<string, Role> Roles { get; private init; } = ImmutableDictionary.Create<string, Role>(StringComparer.Ordinal);

    /// <summary>The CA certificates by id.</summary>
    public ImmutableDictionary<string, RegisteredAuthority> Authorities { get; private init; } = ImmutableDictionary.Create<string, RegisteredAuthority>(StringComparer.Ordinal);

    /// <summary>How often the registration code was deleted: each time another takes its place.</summary>
    public int RegistrationCode { get; private init; }

    public RegistryState With(SeedSettings seed) => this with { Seed = seed, Changes = Changed(RegistryEntity.Seed, "") };

    public RegistryState With(RegisteredCertificate certificate)
    {
        var tokens = OwnershipTokens;
        if (Certificates.TryGetValue(certificate.Id, out var old) && old.Ownership is { } oldOwnership)
        {
            tokens = tokens.Remove(oldOwnership.TokenHash);
        }

        if (certificate.Ownership is { } ownership)
        {
            tokens = tokens.SetItem(ownership.TokenHash, certificate.Id);
        }

        return this with
        {
            Certificates = Certificates.SetItem(certificate.Id, certificate),
            OwnershipTokens = tokens,
            Changes = Changed(RegistryEntity.Certificate, certificate.Id),
        };
    }

    public RegistryState WithoutCertificate(RegisteredCertificate certificate) => this with
    {
        Certificates = Certificates.Remove(certificate.Id),
        OwnershipTokens = certificate.Ownership is { } ownership ? OwnershipTokens.Remove(ownership.TokenHash) : OwnershipTokens,
        Changes = Changed(RegistryEntity.Certificate, certificate.Id),
    };

    /// <summary>Puts a thing, which gets an id when it is new, and else the next version number.</summary>
    public RegistryState With(Thing thing)
    {
        if (Things.TryGetValue(thing.Name, out var old))
        {
            thing = ReferenceEquals(thing, old) ? thing : thing with { Id = old.Id, Version = old.Version + 1 };
        }
        else if (thing.Id.Length == 0)
        {
            thing = thing with { Id = Guid.NewGuid().ToString() };
        }

        return this with { Things = Things.SetItem(thing.Name, thing), Changes = Changed(RegistryEntity.Thing, thing.Name) };
    }

    public RegistryState WithoutThing(string name) => this with { Things = Things.Remove(name), Changes = Changed(RegistryEntity.Thing, name) };

    public RegistryState With(ThingType type) => this with { ThingTypes = ThingTypes.SetItem(type.Name, type), Changes = Changed(RegistryEntity.ThingType, type.Name) };

    public RegistryState WithoutThingType(string name) => this with { ThingTypes = ThingTypes.Remove(name), Changes = Changed(RegistryEntity.ThingType, name) };

    public RegistryState With(ThingGroup group) => this with { ThingGroups = ThingGroups.SetItem(group.Name, group), Changes = Changed(RegistryEntity.ThingGroup, group.Name) };

    public RegistryState WithoutThingGroup(string name) => this with { ThingGroups = ThingGroups.Remove(name), Changes = Changed(RegistryEntity.ThingGroup, name) };

    public RegistryState With(BillingGroup group) => this with { BillingGroups = BillingGroups.SetItem(group.Name, group), Changes = Changed(RegistryEntity.BillingGroup, group.Name) };

    public RegistryState WithoutBillingGroup(string name) => this with { BillingGroups = BillingGroups.Remove(name), Changes = Changed(RegistryEntity.BillingGroup, name) };

    public RegistryState With(Role role) => this with { Roles = Roles.SetItem(role.Name, role), Changes = Changed(RegistryEntity.Role, role.Name) };

    public RegistryState WithoutRole(string name) => this with { Roles = Roles.Remove(name), Changes = Changed(RegistryEntity.Role, name) };

    public RegistryState With(RegisteredAuthority authority) => this with { Authorities = Authorities.SetItem(authority.Id, authority), Changes = Changed(RegistryEntity.Authority, authority.Id) };

    public RegistryState WithoutAuthority(string id) => this with { Authorities = Authorities.Remove(id), Changes = Changed(RegistryEntity.Authority, id) };

    public RegistryState WithRegistrationCode(int number) => this with { RegistrationCode = number, Changes = Changed(RegistryEntity.RegistrationCode, "") };

    public RegistryState With(PolicyVersions versions) => this with
    {
        PolicyVersions = PolicyVersions.SetItem(versions.Name, versions),
        Policies = Policies.SetItem(versions.Name, versions.Policy),
        Changes = Changed(RegistryEntity.Policy, versions.Name),
    };

    /// <summary>Puts a policy in effect: as version 1 where it is new, else as one more version. The oldest that is not in effect makes room.</summary>
    public RegistryState With(Policy policy)
    {
        if (!PolicyVersions.TryGetValue(policy.Name, out var versions))
        {
            return With(global::LocalCloud.PolicyVersions.Create(policy.Name, policy.Document, Time));
        }

        if (versions.IsFull)
        {
            versions = versions.Remove(versions.All.Keys.First(id => id != versions.DefaultId));
        }

        return With(versions.Add(policy.Document, setAsDefault: true, Time));
    }

    public RegistryState WithoutPolicy(string name) => this with
    {
        PolicyVersions = PolicyVersions.Remove(name),
        Policies = Policies.Remove(name),
        Changes = Changed(RegistryEntity.Policy, name),
    };

    public RegistryState With(RegisteredTemplate template) => this with
    {
        RegisteredTemplates = RegisteredTemplates.SetItem(template.Name, template),
        Templates = template is { IsEnabled: true, IsJustInTime: false } ? Templates.SetItem(template.Name, template.Default.Template) : Templates.Remove(template.Name),
        Changes = Changed(RegistryEntity.Template, template.Name),
    };

    /// <summary>Puts a template in effect: as version 1 where it is new, else as one more version. The oldest that is not in effect makes room.</summary>
    public RegistryState With(ProvisioningTemplate template)
    {
        if (!RegisteredTemplates.TryGetValue(template.Name, out var registered))
        {
            return With(RegisteredTemplate.Create(template, Time));
        }

        if (registered.IsFull)
        {
            registered = registered with { Versions = registered.Versions.Remove(registered.Versions.Keys.First(id => id != registered.DefaultId)) };
        }

        return With(registered.Add(template, setAsDefault: true, Time));
    }

    public RegistryState WithoutTemplate(string name) => this with
    {
        RegisteredTemplates = RegisteredTemplates.Remove(name),
        Templates = Templates.Remove(name),
        Changes = Changed(RegistryEntity.Template, name),
    };

    /// <summary>Removes whatever has this key; nothing where there is none.</summary>
    public RegistryState Without(RegistryEntity entity, string key) => entity switch
    {
        RegistryEntity.Policy => WithoutPolicy(key),
        RegistryEntity.Template => WithoutTemplate(key),
        RegistryEntity.ThingType => WithoutThingType(key),
        RegistryEntity.ThingGroup => WithoutThingGroup(key),
        RegistryEntity.BillingGroup => WithoutBillingGroup(key),
        RegistryEntity.Thing => WithoutThing(key),
        RegistryEntity.Certificate => Certificates.TryGetValue(key, out var certificate) ? WithoutCertificate(certificate) : this,
        RegistryEntity.Role => WithoutRole(key),
        RegistryEntity.Authority => WithoutAuthority(key),
        _ => throw new ArgumentOutOfRangeException(nameof(entity), entity, "It is never removed."),
    };

    private RegistryChange Changed(RegistryEntity entity, string key) => new(entity, key, Changes);
}
