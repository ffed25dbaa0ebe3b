namespace LocalCloud;

/// <summary>How many provisioning requests an account may make over MQTT in any second; those beyond are answered with 429.</summary>
/// <param name="CreateKeysAndCertificate">Requests of keys and certificates.</param>
/// <param name="CreateCertificateFromCsr">Requests of certificates for keys that devices have.</param>
/// <param name="RegisterThing">Registrations.</param>
public sealed record ProvisioningQuotas(int CreateKeysAndCertificate, int CreateCertificateFromCsr, int RegisterThing)
{
    /// <summary>What an AWS account has unless it asked for more (AWS service quotas, "Fleet provisioning", February 2024: L-CAFFCA46, L-83161BB8, L-B2BBBD8C).</summary>
    public static ProvisioningQuotas Default { get; } = new(10, 20, 10);

    /// <summary>That of one operation.</summary>
    internal int Of(ProvisioningOperation operation) => operation switch
    {
        ProvisioningOperation.CreateKeysAndCertificate => CreateKeysAndCertificate,
        ProvisioningOperation.CreateCertificateFromCsr => CreateCertificateFromCsr,
        ProvisioningOperation.RegisterThing => RegisterThing,
        _ => throw new ArgumentOutOfRangeException(nameof(operation), operation, null),
    };
}
