namespace LocalCloud;

/// <summary>Who makes a provisioning request.</summary>
/// <param name="ClientId">Its MQTT client id.</param>
/// <param name="CertificateId">The certificate that it connected with: the claim.</param>
internal readonly record struct ProvisioningCaller(string ClientId, string CertificateId);
