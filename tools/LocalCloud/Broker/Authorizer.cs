namespace LocalCloud;

/// <summary>Asks the policies of a certificate, as they are at this moment.</summary>
internal sealed class Authorizer
{
    private readonly DeviceRegistry _registry;

    public Authorizer(DeviceRegistry registry, IotArns arns)
    {
        _registry = registry;
        Arns = arns;
    }

    /// <summary>The resource names to ask about.</summary>
    public IotArns Arns { get; }

    /// <summary>Where denials are counted, and all else that happens on connections.</summary>
    public CloudCounters Counters { get; init; } = new();

    /// <summary>Whether a connection may do something.</summary>
    /// <param name="certificateId">Its certificate.</param>
    /// <param name="connection">What else policies can ask about it.</param>
    /// <param name="action">One of <see cref="PolicyActions"/>.</param>
    /// <param name="resource">What it is about.</param>
    public PolicyDecision Decide(string certificateId, PolicyConnection connection, string action, string resource)
    {
        var state = _registry.State;
        if (!state.Certificates.TryGetValue(certificateId, out var certificate))
        {
            return new PolicyDecision(false, "the certificate is not registered any more");
        }

        var policies = new List<Policy>(certificate.Policies.Count + 1);
        if (certificate.Claim is { } claim)
        {
            policies.Add(claim.PolicyFor(Arns));
        }

        foreach (var name in certificate.Policies)
        {
            if (state.Policies.TryGetValue(name, out var policy))
            {
                policies.Add(policy);
            }
        }

        var thingName = ExclusiveThingOf(certificate) ?? connection.ClientId;
        var thing = certificate.Things.Contains(thingName) ? state.Things.GetValueOrDefault(thingName) : null;
        var decision = PolicyEngine.Evaluate(policies, action, resource, new PolicyContext(connection.ClientId, thing)
        {
            CertificateId = certificateId,
            CertificatePem = certificate.Pem,
            SourceAddress = connection.SourceAddress,
            ConnectAttributes = connection.Attributes,
            LastWillTopic = connection.LastWillTopic is { } topic ? Arns.Topic(topic) : null,
        });
        if (decision.IsAllowed)
        {
            return decision;
        }

        Counters.CountDenial(action);
        return AdviceFor(certificate, resource) is { } advice ? new PolicyDecision(false, $"{decision.Reason}; {advice}") : decision;
    }

    /// <summary>The thing that a certificate is attached to exclusively, or null.</summary>
    public string? ExclusiveThingOf(string certificateId) =>
        _registry.State.Certificates.TryGetValue(certificateId, out var certificate) ? ExclusiveThingOf(certificate) : null;

    /// <summary>The option that allows what the documents of tools/aws leave out of fleet provisioning, or null.</summary>
    private string? AdviceFor(RegisteredCertificate certificate, string resource)
    {
        const string FromCsr = "$aws/certificates/create-from-csr/";
        if (IsBelow(FromCsr) && certificate.Things.IsEmpty)
        {
            return "the claim policy of tools/aws is AWS's sample, whose create/* does not cover create-from-csr: with --csr, cloud and tools/aws/setup allow all that CreateCertificateFromCsr needs";
        }

        return !certificate.Things.IsEmpty && (IsBelow(FromCsr) || IsBelow("$aws/certificates/create/") || IsBelow("$aws/provisioning-templates/"))
            ? "with --rotation, cloud and tools/aws/setup allow devices all that they need to get their next certificate over their own connection"
            : null;

        bool IsBelow(string topic) => resource.StartsWith(Arns.Topic(topic), StringComparison.Ordinal) || resource.StartsWith(Arns.TopicFilter(topic), StringComparison.Ordinal);
    }

    private static string? ExclusiveThingOf(RegisteredCertificate certificate) => certificate.IsExclusive ? certificate.Things.SingleOrDefault() : null;
}
