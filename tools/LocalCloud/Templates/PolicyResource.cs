namespace LocalCloud;

/// <summary>A resource of type AWS::IoT::Policy: a policy that exists, by its name.</summary>
internal sealed class PolicyResource
{
    public const string Type = "AWS::IoT::Policy";

    private readonly TemplateExpression _name;

    private PolicyResource(TemplateExpression name)
    {
        _name = name;
    }

    public static PolicyResource Parse(DocumentNode node, IReadOnlySet<string> parameters)
    {
        var properties = TemplateSection.Read(node, "a policy", ["PolicyName"], "PolicyDocument");
        return properties.TryGetValue("PolicyName", out var name)
            ? new PolicyResource(TemplateExpression.Parse(name, parameters))
            : throw node.Fault("PolicyName is missing");
    }

    public string Evaluate(IReadOnlyDictionary<string, string> values) => _name.Evaluate(values);
}
