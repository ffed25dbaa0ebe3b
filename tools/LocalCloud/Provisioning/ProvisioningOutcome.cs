namespace LocalCloud;

/// <summary>How a provisioning request was answered.</summary>
/// <param name="Operation">What was asked for.</param>
/// <param name="ClientId">MQTT client id of the asking connection.</param>
/// <param name="ClaimCertificateId">The certificate of the asking connection.</param>
/// <param name="TemplateName">The template of a RegisterThing, or null.</param>
public sealed record ProvisioningOutcome(ProvisioningOperation Operation, string ClientId, string ClaimCertificateId, string? TemplateName)
{
    /// <summary>Whether it was accepted.</summary>
    public bool IsAccepted => StatusCode is null;

    /// <summary>The certificate that was made or registered, or null.</summary>
    public string? CertificateId { get; init; }

    /// <summary>The thing that was registered, or null.</summary>
    public string? ThingName { get; init; }

    /// <summary>Whether an accepted RegisterThing repeated an earlier one and changed nothing.</summary>
    public bool IsRepeat { get; init; }

    /// <summary>The status code of a refusal, or null.</summary>
    public int? StatusCode { get; init; }

    /// <summary>The error code of a refusal, or null.</summary>
    public string? ErrorCode { get; init; }

    /// <summary>The error message of a refusal, or null.</summary>
    public string? ErrorMessage { get; init; }
}
