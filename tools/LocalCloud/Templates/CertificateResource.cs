namespace LocalCloud;

/// <summary>A resource of type AWS::IoT::Certificate. In fleet provisioning it is always a certificate that exists, by its id.</summary>
internal sealed class CertificateResource
{
    public const string Type = "AWS::IoT::Certificate";

    private readonly TemplateExpression _certificateId;
    private readonly TemplateExpression _status;

    private CertificateResource(TemplateExpression certificateId, TemplateExpression status)
    {
        _certificateId = certificateId;
        _status = status;
    }

    public static CertificateResource Parse(DocumentNode node, DocumentNode? overrideSettings, IReadOnlySet<string> parameters)
    {
        foreach (var (name, value) in node.Members())
        {
            if (name is "CertificateSigningRequest" or "CertificatePem" or "CACertificatePem")
            {
                throw value.Fault(name + " has no place in a fleet provisioning template; only CertificateId has");
            }
        }

        var properties = TemplateSection.Read(node, "a certificate", ["CertificateId", "Status"]);
        if (overrideSettings is { } given)
        {
            // Read for its form. The setting says what happens to a status that is there already, and a certificate that
            // comes here is PENDING_ACTIVATION: the status of the template is its first.
            TemplateSection.Override(TemplateSection.Read(given, "a certificate's OverrideSettings", ["Status"]), "Status", canMerge: false);
        }

        var certificateId = properties.TryGetValue("CertificateId", out var id)
            ? TemplateExpression.Parse(id, parameters)
            : throw node.Fault("CertificateId is missing; it is { \"Ref\": \"AWS::IoT::Certificate::Id\" }");
        TemplateExpression status = new LiteralExpression("ACTIVE");
        if (properties.TryGetValue("Status", out var statusNode))
        {
            status = TemplateExpression.Parse(statusNode, parameters);
            if (status is LiteralExpression literal && ReadStatus(literal.Text) is null)
            {
                throw statusNode.Fault("must be ACTIVE or INACTIVE");
            }
        }

        return new CertificateResource(certificateId, status);
    }

    public (string CertificateId, CertificateStatus Status) Evaluate(IReadOnlyDictionary<string, string> values)
    {
        var status = _status.Evaluate(values);
        return (
            _certificateId.Evaluate(values),
            ReadStatus(status) ?? throw new TemplateEvaluationException($"The certificate status must be ACTIVE or INACTIVE, not {status}"));
    }

    /// <summary>AWS's own examples write ACTIVE and Active.</summary>
    private static CertificateStatus? ReadStatus(string text) => text.ToUpperInvariant() switch
    {
        "ACTIVE" => CertificateStatus.Active,
        "INACTIVE" => CertificateStatus.Inactive,
        _ => null,
    };
}
