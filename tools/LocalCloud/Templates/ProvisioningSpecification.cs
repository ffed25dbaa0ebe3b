namespace LocalCloud;

/// <summary>What a template asks for in one registration.</summary>
/// <param name="Thing">The thing, or null where the template has none.</param>
/// <param name="CertificateId">The certificate that is activated and attached.</param>
/// <param name="CertificateStatus">The status it gets: <see cref="CertificateStatus.Active"/> or <see cref="CertificateStatus.Inactive"/>.</param>
/// <param name="StatusOverride">What is done where it has a status already other than <see cref="CertificateStatus.PendingActivation"/>.</param>
/// <param name="PolicyNames">The policies that are attached to it.</param>
/// <param name="OwnPolicies">Those among them that the template brings along; they are made where they do not exist.</param>
/// <param name="DeviceConfiguration">What the device is sent back.</param>
public sealed record ProvisioningSpecification(
    ThingSpecification? Thing,
    string CertificateId,
    CertificateStatus CertificateStatus,
    OverrideAction StatusOverride,
    IReadOnlyList<string> PolicyNames,
    IReadOnlyList<Policy> OwnPolicies,
    IReadOnlyDictionary<string, string> DeviceConfiguration);
