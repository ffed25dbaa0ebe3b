namespace LocalCloud;

/// <summary>Gives clients keys and certificates.</summary>
internal interface ICertificateIssuer
{
    /// <summary>Makes keys and a certificate as AWS's CreateKeysAndCertificate does.</summary>
    /// <param name="cancellationToken">Ends the wait for a key.</param>
    Task<IssuedCertificate> IssueAsync(CancellationToken cancellationToken);

    /// <summary>Makes a certificate for a key that the client has, as AWS's CreateCertificateFromCsr does.</summary>
    /// <param name="request">What the client asks for.</param>
    IssuedCertificate Issue(SigningRequest request);
}
