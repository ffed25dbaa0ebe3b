using System.Collections.Immutable;

namespace LocalCloud;

/// <summary>
/// A policy with its versions, of which one is the default: that one alone is in effect (developer guide, "AWS IoT Core
/// policies"). Never changes: a change makes another.
/// </summary>
public sealed record PolicyVersions
{
    /// <summary>The most versions that a policy has at a time (AWS IoT API, CreatePolicyVersion).</summary>
    public const int Maximum = 5;

    private PolicyVersions(string name, ImmutableSortedDictionary<int, PolicyVersion> all, int defaultId, int lastId)
    {
        Name = name;
        All = all;
        DefaultId = defaultId;
        LastId = lastId;
        Policy = new Policy(name, all[defaultId].Document);
    }

    /// <summary>Name of the policy.</summary>
    public string Name { get; }

    /// <summary>The versions by number, 1 to <see cref="Maximum"/> of them.</summary>
    public ImmutableSortedDictionary<int, PolicyVersion> All { get; }

    /// <summary>Number of the version that is in effect.</summary>
    public int DefaultId { get; }

    /// <summary>The highest number given so far, deleted versions included.</summary>
    public int LastId { get; }

    /// <summary>The version that is in effect.</summary>
    public PolicyVersion Default => All[DefaultId];

    /// <summary>The policy as it is in effect, for <see cref="PolicyEngine"/>.</summary>
    public Policy Policy { get; }

    /// <summary>Whether one must be removed before another is added.</summary>
    public bool IsFull => All.Count >= Maximum;

    /// <summary>A new policy; its document becomes version 1.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="document">What it says.</param>
    /// <param name="createdAt">The time.</param>
    /// <exception cref="ArgumentException">The name is not one.</exception>
    public static PolicyVersions Create(string name, PolicyDocument document, DateTimeOffset createdAt) =>
        Restore(name, [new PolicyVersion(1, document, createdAt)], defaultId: 1, lastId: 1);

    /// <summary>A policy as it was kept.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="versions">Its versions, in any order.</param>
    /// <param name="defaultId">Number of the one in effect.</param>
    /// <param name="lastId">The highest number given so far.</param>
    /// <exception cref="ArgumentException">These are not the parts of a policy.</exception>
    public static PolicyVersions Restore(string name, IEnumerable<PolicyVersion> versions, int defaultId, int lastId)
    {
        ArgumentNullException.ThrowIfNull(versions);
        if (!Policy.IsValidName(name))
        {
            throw new ArgumentException($"'{name}' is no name of a policy.", nameof(name));
        }

        var all = versions.ToImmutableSortedDictionary(version => version.Id, version => version);
        if (all.Count > Maximum)
        {
            throw new ArgumentException($"Policy {name} has {all.Count} versions, more than {Maximum}.", nameof(versions));
        }

        if (!all.ContainsKey(defaultId))
        {
            throw new ArgumentException($"The default version of policy {name}, {defaultId}, is not among its versions.", nameof(defaultId));
        }

        if (all.Keys.First() < 1 || all.Keys.Last() > lastId)
        {
            throw new ArgumentException($"The versions of policy {name} are not between 1 and {lastId}.", nameof(lastId));
        }

        return new PolicyVersions(name, all, defaultId, lastId);
    }

    /// <summary>With one more version.</summary>
    /// <param name="document">What it says.</param>
    /// <param name="setAsDefault">Whether it takes effect.</param>
    /// <param name="createdAt">The time.</param>
    /// <exception cref="InvalidOperationException"><see cref="IsFull"/>: VersionsLimitExceededException on AWS.</exception>
    public PolicyVersions Add(PolicyDocument document, bool setAsDefault, DateTimeOffset createdAt)
    {
        if (IsFull)
        {
            throw new InvalidOperationException($"Policy {Name} has {Maximum} versions already.");
        }

        var id = LastId + 1;
        return new PolicyVersions(Name, All.Add(id, new PolicyVersion(id, document, createdAt)), setAsDefault ? id : DefaultId, id);
    }

    /// <summary>With another version in effect.</summary>
    /// <param name="id">Its number.</param>
    /// <exception cref="KeyNotFoundException">There is no such version.</exception>
    public PolicyVersions SetDefault(int id) => new(Name, All, Find(id).Id, LastId);

    /// <summary>Without a version.</summary>
    /// <param name="id">Its number.</param>
    /// <exception cref="KeyNotFoundException">There is no such version.</exception>
    /// <exception cref="InvalidOperationException">It is the default version: DeleteConflictException on AWS.</exception>
    public PolicyVersions Remove(int id) => Find(id).Id == DefaultId
        ? throw new InvalidOperationException($"Version {id} of policy {Name} is its default version.")
        : new PolicyVersions(Name, All.Remove(id), DefaultId, LastId);

    private PolicyVersion Find(int id) =>
        All.TryGetValue(id, out var version) ? version : throw new KeyNotFoundException($"Policy {Name} has no version {id}.");
}
