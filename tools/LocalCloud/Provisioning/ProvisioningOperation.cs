namespace LocalCloud;

/// <summary>The operations of the fleet provisioning API over MQTT (developer guide, "Device provisioning MQTT API").</summary>
public enum ProvisioningOperation
{
    /// <summary>Keys and a certificate, both made by the cloud.</summary>
    CreateKeysAndCertificate,

    /// <summary>A certificate for a key that the device has.</summary>
    CreateCertificateFromCsr,

    /// <summary>Registration of a thing for a certificate, by a template.</summary>
    RegisterThing,
}
