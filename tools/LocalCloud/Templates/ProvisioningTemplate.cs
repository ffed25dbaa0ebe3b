namespace LocalCloud;

/// <summary>
/// A fleet provisioning template: <c>Parameters</c>, <c>Mappings</c>, <c>Resources</c> (a thing, the certificate, policies),
/// <c>DeviceConfiguration</c>, with the functions <c>Ref</c>, <c>Fn::Join</c>, <c>Fn::Select</c>, <c>Fn::Split</c>,
/// <c>Fn::Sub</c> and <c>Fn::FindInMap</c>. Whatever else it says is refused when it is loaded.
/// </summary>
/// <remarks>Stricter than AWS in one thing: a <c>Ref</c> to something undeclared is refused here, on AWS when a device registers.</remarks>
public sealed class ProvisioningTemplate
{
    /// <summary>The parameter that every registration has: the id of the certificate that its token belongs to.</summary>
    public const string CertificateIdParameter = "AWS::IoT::Certificate::Id";

    /// <summary>The longest body, in characters (AWS IoT API, CreateProvisioningTemplate).</summary>
    public const int MaximumCharacters = 10_240;

    /// <summary>The longest name, in characters (AWS IoT API, CreateProvisioningTemplate).</summary>
    public const int MaximumNameLength = 36;

    private readonly ThingResource? _thing;
    private readonly CertificateResource _certificate;
    private readonly IReadOnlyList<PolicyResource> _policies;
    private readonly IReadOnlyList<KeyValuePair<string, TemplateExpression>> _deviceConfiguration;

    private ProvisioningTemplate(
        string name,
        string body,
        IReadOnlyList<TemplateParameter> parameters,
        ThingResource? thing,
        CertificateResource certificate,
        IReadOnlyList<PolicyResource> policies,
        IReadOnlyList<KeyValuePair<string, TemplateExpression>> deviceConfiguration)
    {
        Name = name;
        Body = body;
        Parameters = parameters;
        _thing = thing;
        _certificate = certificate;
        _policies = policies;
        _deviceConfiguration = deviceConfiguration;
    }

    /// <summary>Its name, as in the topics of RegisterThing.</summary>
    public string Name { get; }

    /// <summary>Its JSON, as it was given.</summary>
    public string Body { get; }

    /// <summary>The parameters it declares, without <see cref="CertificateIdParameter"/>.</summary>
    public IReadOnlyList<TemplateParameter> Parameters { get; }

    /// <summary>Whether <paramref name="name"/> can be the name of a template: 1 to 36 of <c>[a-zA-Z0-9_-]</c>.</summary>
    /// <param name="name">The name.</param>
    public static bool IsValidName(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name.Length is >= 1 and <= MaximumNameLength && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-');
    }

    /// <summary>Reads a template.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="body">Its JSON.</param>
    /// <exception cref="ArgumentException">The name is not one.</exception>
    /// <exception cref="DocumentFormatException">The body is not a template, or says something that would not be done.</exception>
    public static ProvisioningTemplate Parse(string name, string body)
    {
        ArgumentNullException.ThrowIfNull(body);
        if (!IsValidName(name))
        {
            throw new ArgumentException($"'{name}' is no name of a template: 1 to {MaximumNameLength} letters, digits, '_' and '-'.", nameof(name));
        }

        var root = DocumentNode.Parse(body);
        if (body.Length > MaximumCharacters)
        {
            throw root.Fault($"{body.Length} characters are more than the {MaximumCharacters} that a template may have");
        }

        var sections = TemplateSection.Read(root, "a template", ["Parameters", "Mappings", "Resources", "DeviceConfiguration"]);
        List<TemplateParameter> parameters = sections.TryGetValue("Parameters", out var declared)
            ? [.. declared.Members().Select(parameter => TemplateParameter.Parse(parameter.Key, parameter.Value))]
            : [];
        var names = parameters.Select(parameter => parameter.Name).Append(CertificateIdParameter).ToHashSet(StringComparer.Ordinal);
        var scope = new TemplateScope(names, sections.TryGetValue("Mappings", out var mappings) ? TemplateMappings.Parse(mappings) : TemplateMappings.None);

        ThingResource? thing = null;
        CertificateResource? certificate = null;
        var policies = new List<PolicyResource>();
        if (!sections.TryGetValue("Resources", out var resources))
        {
            throw root.Fault("Resources is missing");
        }

        foreach (var (_, resource) in resources.Members())
        {
            var members = TemplateSection.Read(resource, "a resource", ["Type", "Properties", "OverrideSettings"]);
            if (!members.TryGetValue("Type", out var type))
            {
                throw resource.Fault("Type is missing");
            }

            if (!members.TryGetValue("Properties", out var properties))
            {
                throw resource.Fault("Properties is missing");
            }

            DocumentNode? settings = members.TryGetValue("OverrideSettings", out var given) ? given : null;
            switch (type.Text())
            {
                case ThingResource.Type when thing is null:
                    thing = ThingResource.Parse(properties, settings, scope);
                    break;

                case CertificateResource.Type when certificate is null:
                    certificate = CertificateResource.Parse(properties, settings, scope);
                    break;

                case PolicyResource.Type:
                    if (settings is { } senseless)
                    {
                        throw senseless.Fault("a policy has no OverrideSettings");
                    }

                    policies.Add(PolicyResource.Parse(properties, scope));
                    break;

                case ThingResource.Type or CertificateResource.Type:
                    throw type.Fault("a template has one thing and one certificate at most");

                default:
                    throw type.Fault($"must be {ThingResource.Type}, {CertificateResource.Type} or {PolicyResource.Type}");
            }
        }

        return new ProvisioningTemplate(
            name,
            body,
            [.. parameters.Where(parameter => parameter.Name != CertificateIdParameter)],
            thing,
            certificate ?? throw resources.Fault($"there is no {CertificateResource.Type}, so no certificate would ever be activated"),
            policies,
            sections.TryGetValue("DeviceConfiguration", out var configuration) ? ParseConfiguration(configuration, scope) : []);
    }

    /// <summary>Works out one registration.</summary>
    /// <param name="parameters">What the device sent. Names that the template does not declare are for pre-provisioning hooks, and ignored.</param>
    /// <param name="certificateId">The certificate of the ownership token.</param>
    /// <exception cref="TemplateEvaluationException">A parameter that is referred to has no value, or a value is not allowed.</exception>
    public ProvisioningSpecification Evaluate(IReadOnlyDictionary<string, string> parameters, string certificateId)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentNullException.ThrowIfNull(certificateId);

        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var parameter in Parameters)
        {
            if ((parameters.GetValueOrDefault(parameter.Name) ?? parameter.Default) is { } value)
            {
                values.Add(parameter.Name, value);
            }
        }

        values.Add(CertificateIdParameter, certificateId);

        var (id, status, statusOverride) = _certificate.Evaluate(values);
        List<(string Name, Policy? Policy)> policies = [.. _policies.Select(policy => policy.Evaluate(values))];
        return new ProvisioningSpecification(
            _thing?.Evaluate(values),
            id,
            status,
            statusOverride,
            [.. policies.Select(policy => policy.Name).Distinct(StringComparer.Ordinal)],
            [.. policies.Select(policy => policy.Policy).OfType<Policy>().DistinctBy(policy => policy.Name, StringComparer.Ordinal)],
            _deviceConfiguration.ToDictionary(entry => entry.Key, entry => entry.Value.Evaluate(values)));
    }

    private static List<KeyValuePair<string, TemplateExpression>> ParseConfiguration(DocumentNode node, TemplateScope scope) =>
        [.. node.Members().Select(entry => KeyValuePair.Create(entry.Key, TemplateExpression.Parse(entry.Value, scope)))];
}
