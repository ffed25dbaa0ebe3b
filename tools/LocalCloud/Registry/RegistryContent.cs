using System.Collections.Immutable;

namespace LocalCloud;

/// <summary>A registry, or a part of one, as it is written to the disk.</summary>
/// <param name="Seed">What the seed's documents are filled in with, or null.</param>
/// <param name="Policies">Policies with their versions.</param>
/// <param name="Templates">Templates with theirs.</param>
/// <param name="Things">Things.</param>
/// <param name="Certificates">Certificates.</param>
internal record RegistryContent(
    SeedSettings? Seed,
    ImmutableArray<RegistryContent.PolicyContent> Policies,
    ImmutableArray<RegistryContent.TemplateContent> Templates,
    ImmutableArray<Thing> Things,
    ImmutableArray<RegisteredCertificate> Certificates)
{
    // What came with format 2: a file of format 1 has none of it.
    public ImmutableArray<ThingType> ThingTypes { get; init; } = [];

    public ImmutableArray<ThingGroup> ThingGroups { get; init; } = [];

    public ImmutableArray<BillingGroup> BillingGroups { get; init; } = [];

    public ImmutableArray<Role> Roles { get; init; } = [];

    public ImmutableArray<RegisteredAuthority> Authorities { get; init; } = [];

    public int? RegistrationCode { get; init; }

    /// <summary>Puts all of it into a state.</summary>
    /// <exception cref="FormatException">A policy or template is not one.</exception>
    /// <exception cref="ArgumentException">Likewise.</exception>
    public RegistryState AddTo(RegistryState state)
    {
        state = Seed is null ? state : state.With(Seed);
        state = RegistrationCode is { } code ? state.WithRegistrationCode(code) : state;
        state = Policies.Aggregate(state, (sum, policy) => sum.With(policy.Read()));
        state = Templates.Aggregate(state, (sum, template) => sum.With(template.Read()));
        state = ThingTypes.Aggregate(state, (sum, type) => sum.With(type));
        state = ThingGroups.Aggregate(state, (sum, group) => sum.With(group));
        state = BillingGroups.Aggregate(state, (sum, group) => sum.With(group));
        state = Things.Aggregate(state, (sum, thing) => sum.WithoutThing(thing.Name).With(thing));
        state = Certificates.Aggregate(state, (sum, certificate) => sum.With(certificate));
        state = Authorities.Aggregate(state, (sum, authority) => sum.With(authority));
        return Roles.Aggregate(state, (sum, role) => sum.With(role));
    }

    /// <summary>A policy. Format 1 had its document alone.</summary>
    internal sealed record PolicyContent(string Name)
    {
        public string? Document { get; init; }

        public ImmutableArray<VersionContent> Versions { get; init; } = [];

        public int DefaultVersion { get; init; }

        public int LastVersion { get; init; }

        public static PolicyContent Of(PolicyVersions policy) => new(policy.Name)
        {
            Versions = [.. policy.All.Values.Select(version => new VersionContent(version.Id, version.Document.Text, version.CreatedAt))],
            DefaultVersion = policy.DefaultId,
            LastVersion = policy.LastId,
        };

        public PolicyVersions Read() => Document is not null
            ? PolicyVersions.Create(Name, PolicyDocument.Parse(Document), DateTimeOffset.UnixEpoch)
            : PolicyVersions.Restore(Name, Versions.Select(version => new PolicyVersion(version.Id, PolicyDocument.Parse(version.Text), version.CreatedAt)), DefaultVersion, LastVersion);
    }

    /// <summary>A template. Format 1 had its body alone.</summary>
    internal sealed record TemplateContent(string Name)
    {
        public string? Body { get; init; }

        public ImmutableArray<VersionContent> Versions { get; init; } = [];

        public int DefaultVersion { get; init; }

        public int LastVersion { get; init; }

        public DateTimeOffset CreatedAt { get; init; }

        public DateTimeOffset ModifiedAt { get; init; }

        public bool IsEnabled { get; init; } = true;

        public string? Description { get; init; }

        public string? RoleArn { get; init; }

        public bool IsJustInTime { get; init; }

        public string? HookArn { get; init; }

        public static TemplateContent Of(RegisteredTemplate template) => new(template.Name)
        {
            Versions = [.. template.Versions.Values.Select(version => new VersionContent(version.Id, version.Template.Body, version.CreatedAt))],
            DefaultVersion = template.DefaultId,
            LastVersion = template.LastId,
            CreatedAt = template.CreatedAt,
            ModifiedAt = template.ModifiedAt,
            IsEnabled = template.IsEnabled,
            Description = template.Description,
            RoleArn = template.RoleArn,
            IsJustInTime = template.IsJustInTime,
            HookArn = template.HookArn,
        };

        public RegisteredTemplate Read()
        {
            if (Body is not null)
            {
                return RegisteredTemplate.Create(ProvisioningTemplate.Parse(Name, Body), DateTimeOffset.UnixEpoch);
            }

            var versions = Versions.ToImmutableSortedDictionary(version => version.Id, version => new TemplateVersion(version.Id, ProvisioningTemplate.Parse(Name, version.Text), version.CreatedAt));
            return versions.ContainsKey(DefaultVersion)
                ? new RegisteredTemplate(Name, CreatedAt, versions, DefaultVersion, LastVersion) { ModifiedAt = ModifiedAt, IsEnabled = IsEnabled, Description = Description, RoleArn = RoleArn, IsJustInTime = IsJustInTime, HookArn = HookArn }
                : throw new FormatException($"template {Name} has no version {DefaultVersion}, its default");
        }
    }

    internal sealed record VersionContent(int Id, string Text, DateTimeOffset CreatedAt);
}
