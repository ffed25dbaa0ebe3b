namespace LocalCloud;

/// <summary>What the functions of a template may name.</summary>
/// <param name="Parameters">The parameters, the pseudo parameter included.</param>
/// <param name="Mappings">The mappings.</param>
internal sealed record TemplateScope(IReadOnlySet<string> Parameters, TemplateMappings Mappings);
