namespace LocalCloud;

/// <summary>A resource of type AWS::IoT::Thing.</summary>
internal sealed class ThingResource
{
    public const string Type = "AWS::IoT::Thing";

    private readonly TemplateExpression _name;
    private readonly IReadOnlyList<KeyValuePair<string, TemplateExpression>>? _attributes;
    private readonly TemplateExpression? _type;
    private readonly IReadOnlyList<TemplateExpression>? _groups;
    private readonly OverrideAction _attributesOverride;
    private readonly OverrideAction _typeOverride;
    private readonly OverrideAction _groupsOverride;

    private ThingResource(Dictionary<string, DocumentNode> properties, Dictionary<string, DocumentNode>? settings, DocumentNode node, IReadOnlySet<string> parameters)
    {
        _name = properties.TryGetValue("ThingName", out var name)
            ? TemplateExpression.Parse(name, parameters)
            : throw node.Fault("ThingName is missing");
        _attributes = properties.TryGetValue("AttributePayload", out var attributes)
            ? [.. attributes.Members().Select(attribute => KeyValuePair.Create(attribute.Key, TemplateExpression.Parse(attribute.Value, parameters)))]
            : null;
        _type = properties.TryGetValue("ThingTypeName", out var type) ? TemplateExpression.Parse(type, parameters) : null;
        _groups = properties.TryGetValue("ThingGroups", out var groups)
            ? [.. groups.Items().Select(group => TemplateExpression.Parse(group, parameters))]
            : null;
        _attributesOverride = TemplateSection.Override(settings, "AttributePayload", canMerge: true);
        _typeOverride = TemplateSection.Override(settings, "ThingTypeName", canMerge: false);
        _groupsOverride = TemplateSection.Override(settings, "ThingGroups", canMerge: true);
    }

    public static ThingResource Parse(DocumentNode node, DocumentNode? overrideSettings, IReadOnlySet<string> parameters)
    {
        var properties = TemplateSection.Read(
            node,
            "a thing",
            ["ThingName", "AttributePayload", "ThingTypeName", "ThingGroups"],
            "BillingGroup",
            "PackageVersions");
        var settings = overrideSettings is { } given
            ? TemplateSection.Read(given, "a thing's OverrideSettings", ["AttributePayload", "ThingTypeName", "ThingGroups"])
            : null;
        return new ThingResource(properties, settings, node, parameters);
    }

    public ThingSpecification Evaluate(IReadOnlyDictionary<string, string> values) => new(
        _name.Evaluate(values),
        _attributes?.ToDictionary(attribute => attribute.Key, attribute => attribute.Value.Evaluate(values)),
        _type?.Evaluate(values),
        _groups?.Select(group => group.Evaluate(values)).ToList(),
        _attributesOverride,
        _typeOverride,
        _groupsOverride);
}
