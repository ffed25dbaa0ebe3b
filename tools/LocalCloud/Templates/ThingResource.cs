namespace LocalCloud;

/// <summary>A resource of type AWS::IoT::Thing.</summary>
internal sealed class ThingResource
{
    public const string Type = "AWS::IoT::Thing";

    private readonly TemplateExpression _name;
    private readonly IReadOnlyList<KeyValuePair<string, TemplateExpression>>? _attributes;
    private readonly TemplateExpression? _type;
    private readonly TemplateList? _groups;
    private readonly TemplateExpression? _billingGroup;
    private readonly OverrideAction _attributesOverride;
    private readonly OverrideAction _typeOverride;
    private readonly OverrideAction _groupsOverride;

    private ThingResource(Dictionary<string, DocumentNode> properties, Dictionary<string, DocumentNode>? settings, DocumentNode node, TemplateScope scope)
    {
        _name = properties.TryGetValue("ThingName", out var name)
            ? TemplateExpression.Parse(name, scope)
            : throw node.Fault("ThingName is missing");
        _attributes = properties.TryGetValue("AttributePayload", out var attributes)
            ? [.. attributes.Members().Select(attribute => KeyValuePair.Create(attribute.Key, TemplateExpression.Parse(attribute.Value, scope)))]
            : null;
        _type = properties.TryGetValue("ThingTypeName", out var type) ? TemplateExpression.Parse(type, scope) : null;
        _groups = properties.TryGetValue("ThingGroups", out var groups) ? TemplateList.Parse(groups, scope) : null;
        _billingGroup = properties.TryGetValue("BillingGroup", out var billingGroup) ? TemplateExpression.Parse(billingGroup, scope) : null;
        _attributesOverride = TemplateSection.Override(settings, "AttributePayload", canMerge: true);
        _typeOverride = TemplateSection.Override(settings, "ThingTypeName", canMerge: false);
        _groupsOverride = TemplateSection.Override(settings, "ThingGroups", canMerge: true);
    }

    public static ThingResource Parse(DocumentNode node, DocumentNode? overrideSettings, TemplateScope scope)
    {
        var properties = TemplateSection.Read(
            node,
            "a thing",
            ["ThingName", "AttributePayload", "ThingTypeName", "ThingGroups", "BillingGroup"],
            "PackageVersions");
        var settings = overrideSettings is { } given ? ReadSettings(given) : null;
        return new ThingResource(properties, settings, node, scope);
    }

    public ThingSpecification Evaluate(IReadOnlyDictionary<string, string> values) => new(
        _name.Evaluate(values),
        _attributes?.ToDictionary(attribute => attribute.Key, attribute => attribute.Value.Evaluate(values)),
        _type?.Evaluate(values),
        _groups?.Evaluate(values),
        _billingGroup?.Evaluate(values),
        _attributesOverride,
        _typeOverride,
        _groupsOverride);

    /// <summary>The developer guide lists the settings as ATTRIBUTE_PAYLOAD and so on, and its examples say AttributePayload; both are taken.</summary>
    private static Dictionary<string, DocumentNode> ReadSettings(DocumentNode node)
    {
        var settings = TemplateSection.Read(
            node,
            "a thing's OverrideSettings",
            ["AttributePayload", "ThingTypeName", "ThingGroups", "ATTRIBUTE_PAYLOAD", "THING_TYPE_NAME", "THING_GROUPS"]);
        foreach (var (listed, name) in new[] { ("ATTRIBUTE_PAYLOAD", "AttributePayload"), ("THING_TYPE_NAME", "ThingTypeName"), ("THING_GROUPS", "ThingGroups") })
        {
            if (settings.Remove(listed, out var setting) && !settings.TryAdd(name, setting))
            {
                throw setting.Fault($"{listed} and {name} are the same setting");
            }
        }

        return settings;
    }
}
