namespace LocalCloud;

/// <summary>A client certificate as the authority made it.</summary>
/// <param name="Id">SHA-256 of its DER, as 64 lower-case hexadecimal digits.</param>
/// <param name="Pem">The certificate.</param>
/// <param name="PrivateKeyPem">Its key, PKCS#1; empty where the client has it and nobody else.</param>
internal sealed record IssuedCertificate(string Id, string Pem, string PrivateKeyPem)
{
    /// <summary>Without the key: this may end in a log.</summary>
    public override string ToString() => $"certificate {Id}";
}
