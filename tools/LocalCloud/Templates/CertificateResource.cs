namespace LocalCloud;

/// <summary>A resource of type AWS::IoT::Certificate. In fleet provisioning it is always a certificate that exists, by its id.</summary>
internal sealed class CertificateResource
{
    public const string Type = "AWS::IoT::Certificate";

    private readonly TemplateExpression _certificateId;
    private readonly TemplateExpression _status;
    private readonly OverrideAction _statusOverride;

    private CertificateResource(TemplateExpression certificateId, TemplateExpression status, OverrideAction statusOverride)
    {
        _certificateId = certificateId;
        _status = status;
        _statusOverride = statusOverride;
    }

    public static CertificateResource Parse(DocumentNode node, DocumentNode? overrideSettings, TemplateScope scope)
    {
        foreach (var (name, value) in node.Members())
        {
            if (name is "CertificateSigningRequest" or "CertificatePem" or "CACertificatePem")
            {
                throw value.Fault(name + " has no place in a fleet provisioning template; only CertificateId has");
            }
        }

        var properties = TemplateSection.Read(node, "a certificate", ["CertificateId", "Status"]);

        // AWS documents no default. The status of the template is what it says that a registration gives.
        var statusOverride = overrideSettings is { } given && TemplateSection.Read(given, "a certificate's OverrideSettings", ["Status"]) is { Count: > 0 } settings
            ? TemplateSection.Override(settings, "Status", canMerge: false)
            : OverrideAction.Replace;

        var certificateId = properties.TryGetValue("CertificateId", out var id)
            ? TemplateExpression.Parse(id, scope)
            : throw node.Fault("CertificateId is missing; it is { \"Ref\": \"AWS::IoT::Certificate::Id\" }");
        TemplateExpression status = new LiteralExpression("ACTIVE");
        if (properties.TryGetValue("Status", out var statusNode))
        {
            status = TemplateExpression.Parse(statusNode, scope);
            if (status is LiteralExpression literal && ReadStatus(literal.Text) is null)
            {
                throw statusNode.Fault("must be ACTIVE or INACTIVE");
            }
        }

        return new CertificateResource(certificateId, status, statusOverride);
    }

    public (string CertificateId, CertificateStatus Status, OverrideAction StatusOverride) Evaluate(IReadOnlyDictionary<string, string> values)
    {
        var status = _status.Evaluate(values);
        return (
            _certificateId.Evaluate(values),
            ReadStatus(status) ?? throw new TemplateEvaluationException($"The certificate status must be ACTIVE or INACTIVE, not {status}"),
            _statusOverride);
    }

    /// <summary>AWS's own examples write ACTIVE and Active.</summary>
    private static CertificateStatus? ReadStatus(string text) => text.ToUpperInvariant() switch
    {
        "ACTIVE" => CertificateStatus.Active,
        "INACTIVE" => CertificateStatus.Inactive,
        _ => null,
    };
}
