namespace LocalCloud;

/// <summary>Gives clients keys and certificates.</summary>
internal interface ICertificateIssuer
{
    /// <summary>Makes keys and a certificate as AWS's CreateKeysAndCertificate does.</summary>
    /// <param name="cancellationToken">Ends the wait for a key.</param>
    Task<IssuedCertificate> IssueAsync(CancellationToken cancellationToken);
}
