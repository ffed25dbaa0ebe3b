using System.Collections.Immutable;

namespace LocalCloud;

/// <summary>A whole registry as it is written to the disk.</summary>
internal sealed record RegistrySnapshot(
    int Format,
    SeedSettings? Seed,
    ImmutableArray<RegistryContent.PolicyContent> Policies,
    ImmutableArray<RegistryContent.TemplateContent> Templates,
    ImmutableArray<Thing> Things,
    ImmutableArray<RegisteredCertificate> Certificates)
    : RegistryContent(Seed, Policies, Templates, Things, Certificates)
{
    /// <summary>The form of the file; one that a later LocalCloud wrote is not guessed at.</summary>
    public const int CurrentFormat = 2;

    /// <summary>Counts the snapshots. A journal goes on from the one of its own number, and from no other.</summary>
    public int Generation { get; init; }

    public static RegistrySnapshot Of(RegistryState state, int generation) => new(
        CurrentFormat,
        state.Seed,
        [.. state.PolicyVersions.Values.OrderBy(policy => policy.Name, StringComparer.Ordinal).Select(PolicyContent.Of)],
        [.. state.RegisteredTemplates.Values.OrderBy(template => template.Name, StringComparer.Ordinal).Select(TemplateContent.Of)],
        [.. state.Things.Values.OrderBy(thing => thing.Name, StringComparer.Ordinal)],
        [.. state.Certificates.Values.OrderBy(certificate => certificate.CreatedAt).ThenBy(certificate => certificate.Id, StringComparer.Ordinal)])
    {
        Generation = generation,
        RegistrationCode = state.RegistrationCode,
        ThingTypes = [.. state.ThingTypes.Values.OrderBy(type => type.Name, StringComparer.Ordinal)],
        ThingGroups = [.. state.ThingGroups.Values.OrderBy(group => group.Name, StringComparer.Ordinal)],
        BillingGroups = [.. state.BillingGroups.Values.OrderBy(group => group.Name, StringComparer.Ordinal)],
        Roles = [.. state.Roles.Values.OrderBy(role => role.Name, StringComparer.Ordinal)],
        Authorities = [.. state.Authorities.Values.OrderBy(authority => authority.CreatedAt).ThenBy(authority => authority.Id, StringComparer.Ordinal)],
    };
}
