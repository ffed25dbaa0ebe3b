namespace LocalCloud;

/// <summary>What differs between two states: a list that grows at its head, so that states can share it.</summary>
/// <param name="Entity">The kind of what was put or removed.</param>
/// <param name="Key">Its name or id.</param>
/// <param name="Previous">The changes before this one, or null.</param>
internal sealed record RegistryChange(RegistryEntity Entity, string Key, RegistryChange? Previous);
