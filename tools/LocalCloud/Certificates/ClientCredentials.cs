namespace LocalCloud;

/// <summary>What a client connects with.</summary>
/// <param name="CertificateId">SHA-256 of the certificate's DER, as 64 lower-case hexadecimal digits.</param>
/// <param name="CertificatePem">The certificate.</param>
/// <param name="PrivateKeyPem">Its key, PKCS#1 ("BEGIN RSA PRIVATE KEY"), as AWS gives them.</param>
public sealed record ClientCredentials(string CertificateId, string CertificatePem, string PrivateKeyPem)
{
    /// <summary>Names the certificate. The key is left out: this may end in a log.</summary>
    public override string ToString() => $"credentials of certificate {CertificateId}";
}
