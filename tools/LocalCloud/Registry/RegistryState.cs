using System.Collections.Immutable;

namespace LocalCloud;

/// <summary>Everything that a registry holds, at one moment. Never changes: a change makes another.</summary>
internal sealed record RegistryState
{
    public static readonly RegistryState Empty = new();

    public SeedSettings? Seed { get; init; }

    public ImmutableDictionary<string, RegisteredCertificate> Certificates { get; init; } = ImmutableDictionary.Create<string, RegisteredCertificate>(StringComparer.Ordinal);

    /// <summary>Certificate ids by the hash of their ownership tokens.</summary>
    public ImmutableDictionary<string, string> OwnershipTokens { get; init; } = ImmutableDictionary.Create<string, string>(StringComparer.Ordinal);

    public ImmutableDictionary<string, Thing> Things { get; init; } = ImmutableDictionary.Create<string, Thing>(StringComparer.Ordinal);

    public ImmutableDictionary<string, Policy> Policies { get; init; } = ImmutableDictionary.Create<string, Policy>(StringComparer.Ordinal);

    public ImmutableDictionary<string, ProvisioningTemplate> Templates { get; init; } = ImmutableDictionary.Create<string, ProvisioningTemplate>(StringComparer.Ordinal);

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

        return this with { Certificates = Certificates.SetItem(certificate.Id, certificate), OwnershipTokens = tokens };
    }

    public RegistryState WithoutCertificate(RegisteredCertificate certificate) => this with
    {
        Certificates = Certificates.Remove(certificate.Id),
        OwnershipTokens = certificate.Ownership is { } ownership ? OwnershipTokens.Remove(ownership.TokenHash) : OwnershipTokens,
    };

    public RegistryState With(Thing thing) => this with { Things = Things.SetItem(thing.Name, thing) };

    public RegistryState With(Policy policy) => this with { Policies = Policies.SetItem(policy.Name, policy) };

    public RegistryState With(ProvisioningTemplate template) => this with { Templates = Templates.SetItem(template.Name, template) };
}
