using System.Collections.Immutable;

namespace LocalCloud;

/// <summary>What one write to the journal changes: what was put, as a whole each, and what is gone.</summary>
internal sealed record RegistryTransaction(
    SeedSettings? Seed,
    ImmutableArray<RegistryContent.PolicyContent> Policies,
    ImmutableArray<RegistryContent.TemplateContent> Templates,
    ImmutableArray<Thing> Things,
    ImmutableArray<RegisteredCertificate> Certificates)
    : RegistryContent(Seed, Policies, Templates, Things, Certificates)
{
    public ImmutableArray<RemovedEntity> Removed { get; init; } = [];

    /// <summary>The changes that a state carries.</summary>
    public static RegistryTransaction Of(RegistryState state)
    {
        var changed = new HashSet<(RegistryEntity Entity, string Key)>();
        for (var change = state.Changes; change is not null; change = change.Previous)
        {
            changed.Add((change.Entity, change.Key));
        }

        var removed = ImmutableArray.CreateBuilder<RemovedEntity>();
        var policies = Put(RegistryEntity.Policy, state.PolicyVersions);
        var templates = Put(RegistryEntity.Template, state.RegisteredTemplates);
        return new RegistryTransaction(
            changed.Contains((RegistryEntity.Seed, "")) ? state.Seed : null,
            [.. policies.Select(PolicyContent.Of)],
            [.. templates.Select(TemplateContent.Of)],
            Put(RegistryEntity.Thing, state.Things),
            Put(RegistryEntity.Certificate, state.Certificates))
        {
            RegistrationCode = changed.Contains((RegistryEntity.RegistrationCode, "")) ? state.RegistrationCode : null,
            ThingTypes = Put(RegistryEntity.ThingType, state.ThingTypes),
            ThingGroups = Put(RegistryEntity.ThingGroup, state.ThingGroups),
            BillingGroups = Put(RegistryEntity.BillingGroup, state.BillingGroups),
            Roles = Put(RegistryEntity.Role, state.Roles),
            Authorities = Put(RegistryEntity.Authority, state.Authorities),
            Removed = removed.ToImmutable(),
        };

        ImmutableArray<T> Put<T>(RegistryEntity entity, ImmutableDictionary<string, T> values)
            where T : class
        {
            var put = ImmutableArray.CreateBuilder<T>();
            foreach (var (_, key) in changed.Where(change => change.Entity == entity))
            {
                if (values.TryGetValue(key, out var value))
                {
                    put.Add(value);
                }
                else
                {
                    removed.Add(new RemovedEntity(entity, key));
                }
            }

            return put.ToImmutable();
        }
    }

    public RegistryState ApplyTo(RegistryState state) =>
        AddTo(Removed.Aggregate(state, (sum, removed) => sum.Without(removed.Entity, removed.Key)));

    internal sealed record RemovedEntity(RegistryEntity Entity, string Key);
}
