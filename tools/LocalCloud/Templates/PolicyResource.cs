using System.Security.Cryptography;
using System.Text;

namespace LocalCloud;

/// <summary>A resource of type AWS::IoT::Policy: a policy that exists, by its name, or one that the template brings along.</summary>
internal sealed class PolicyResource
{
    public const string Type = "AWS::IoT::Policy";

    private readonly TemplateExpression? _name;
    private readonly TemplatePolicyDocument? _document;

    private PolicyResource(TemplateExpression? name, TemplatePolicyDocument? document)
    {
        _name = name;
        _document = document;
    }

    public static PolicyResource Parse(DocumentNode node, TemplateScope scope)
    {
        var properties = TemplateSection.Read(node, "a policy", ["PolicyName", "PolicyDocument"]);
        return (properties.TryGetValue("PolicyName", out var name), properties.TryGetValue("PolicyDocument", out var document)) switch
        {
            (true, true) => throw document.Fault("PolicyName and PolicyDocument exclude each other"),
            (true, false) => new PolicyResource(TemplateExpression.Parse(name, scope), document: null),
            (false, true) => new PolicyResource(name: null, TemplatePolicyDocument.Parse(document, scope)),
            _ => throw node.Fault("PolicyName or PolicyDocument is missing"),
        };
    }

    /// <summary>The name of the policy, and the policy itself where the template brings it along.</summary>
    public (string Name, Policy? Policy) Evaluate(IReadOnlyDictionary<string, string> values)
    {
        if (_name is not null)
        {
            return (_name.Evaluate(values), null);
        }

        // "Defaults to a hash of the policy document": which hash, AWS does not say.
        var document = _document!.Evaluate(values);
        var name = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(document.Text)));
        return (name, new Policy(name, document));
    }
}
