using System.Diagnostics.CodeAnalysis;

namespace LocalCloud;

/// <summary>The request topics of the provisioning API: a closed set that reads and writes itself.</summary>
/// <param name="Operation">What is asked for.</param>
/// <param name="TemplateName">The template of a RegisterThing as the topic has it, valid or not; null with the others.</param>
/// <param name="Format">The form of request and answer.</param>
internal sealed record ProvisioningTopic(ProvisioningOperation Operation, string? TemplateName, PayloadFormat Format)
{
    /// <summary>Where the request is published.</summary>
    public string Request => (Operation, Format) switch
    {
        (ProvisioningOperation.CreateKeysAndCertificate, _) => "$aws/certificates/create/" + FormatName,
        (ProvisioningOperation.CreateCertificateFromCsr, _) => "$aws/certificates/create-from-csr/" + FormatName,
        _ => $"$aws/provisioning-templates/{TemplateName}/provision/{FormatName}",
    };

    /// <summary>Where the answer goes when all went well.</summary>
    public string Accepted => Request + "/accepted";

    /// <summary>Where the answer goes when something did not.</summary>
    public string Rejected => Request + "/rejected";

    private string FormatName => Format == PayloadFormat.Json ? "json" : "cbor";

    public static bool TryParse(string topic, [NotNullWhen(true)] out ProvisioningTopic? parsed)
    {
        parsed = null;
        PayloadFormat format;
        switch (topic[(topic.LastIndexOf('/') + 1)..])
        {
            case "json":
                format = PayloadFormat.Json;
                break;

            case "cbor":
                format = PayloadFormat.Cbor;
                break;

            default:
                return false;
        }

        parsed = topic.Split('/') switch
        {
            ["$aws", "certificates", "create", _] => new ProvisioningTopic(ProvisioningOperation.CreateKeysAndCertificate, null, format),
            ["$aws", "certificates", "create-from-csr", _] => new ProvisioningTopic(ProvisioningOperation.CreateCertificateFromCsr, null, format),
            ["$aws", "provisioning-templates", var template, "provision", _] => new ProvisioningTopic(ProvisioningOperation.RegisterThing, template, format),
            _ => null,
        };
        return parsed is not null;
    }
}
