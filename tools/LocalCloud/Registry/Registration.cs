using System.Collections.Immutable;

namespace LocalCloud;

/// <summary>A RegisterThing that was accepted: what was asked and what was answered.</summary>
/// <param name="TemplateName">The template.</param>
/// <param name="Parameters">The parameters that came with it.</param>
/// <param name="ThingName">The thing, or null where the template has none.</param>
/// <param name="DeviceConfiguration">What the device was sent.</param>
public sealed record Registration(
    string TemplateName,
    ImmutableSortedDictionary<string, string> Parameters,
    string? ThingName,
    ImmutableSortedDictionary<string, string> DeviceConfiguration)
{
    /// <summary>Whether a later request asks for the same.</summary>
    /// <param name="templateName">Its template.</param>
    /// <param name="parameters">Its parameters.</param>
    public bool IsSameRequest(string templateName, IReadOnlyDictionary<string, string> parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        return TemplateName == templateName
            && Parameters.Count == parameters.Count
            && Parameters.All(parameter => parameters.TryGetValue(parameter.Key, out var value) && value == parameter.Value);
    }
}
