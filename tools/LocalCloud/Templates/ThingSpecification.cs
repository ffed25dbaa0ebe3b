namespace LocalCloud;

/// <summary>The thing that a template asks for in one registration.</summary>
/// <param name="Name">Its name, not checked yet.</param>
/// <param name="Attributes">Its attributes, or null where the template says nothing of them.</param>
/// <param name="TypeName">Its type, likewise.</param>
/// <param name="Groups">Its groups, likewise.</param>
/// <param name="BillingGroup">Its billing group, likewise.</param>
/// <param name="AttributesOverride">What is done with the attributes of a thing that exists.</param>
/// <param name="TypeOverride">What is done with its type.</param>
/// <param name="GroupsOverride">What is done with its groups.</param>
public sealed record ThingSpecification(
    string Name,
    IReadOnlyDictionary<string, string>? Attributes,
    string? TypeName,
    IReadOnlyList<string>? Groups,
    string? BillingGroup,
    OverrideAction AttributesOverride,
    OverrideAction TypeOverride,
    OverrideAction GroupsOverride);
