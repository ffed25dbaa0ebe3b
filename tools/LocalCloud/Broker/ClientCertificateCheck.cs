using System.Security.Cryptography.X509Certificates;

namespace LocalCloud;

/// <summary>
/// Which client certificates may connect. As on AWS that is a matter of the registry, not of who signed them: the
/// handshake has proved that the client has the key. Who signed them says which may be registered by connecting.
/// </summary>
internal sealed class ClientCertificateCheck
{
    private readonly DeviceRegistry _registry;
    private readonly TimeProvider _clock;

    public ClientCertificateCheck(DeviceRegistry registry, TimeProvider clock)
    {
        _registry = registry;
        _clock = clock;
    }

    /// <summary>Why a certificate is refused in the handshake, or null: it may connect, or its connection registers it.</summary>
    /// <param name="certificate">What the client presented, or null for nothing.</param>
    public string? FindHandshakeFault(X509Certificate2? certificate) =>
        FindFault(certificate) is { } fault && (certificate is null || FindAwaited(certificate) is null) ? fault : null;

    /// <summary>Why a certificate is refused, or null when it may connect.</summary>
    /// <param name="certificate">What the client presented, or null for nothing.</param>
    public string? FindFault(X509Certificate2? certificate)
    {
        if (certificate is null)
        {
            return "the client presented no certificate";
        }

        var id = CertificateAuthority.IdOf(certificate);
        var now = _clock.GetUtcNow();
        if (_registry.FindCertificate(id) is not { } registered)
        {
            return $"certificate {id[..8]} is not registered" + FindIssuer(certificate) switch
            {
                null => "",
                { IsActive: false } issuer => $", and CA {issuer.ShortId}, which signed it, is INACTIVE",
                { RegistersAutomatically: false } issuer => $", and CA {issuer.ShortId}, which signed it, has auto registration disabled",
                _ => "",
            };
        }

        if (registered.Status != CertificateStatus.Active)
        {
            return $"certificate {registered.ShortId} is {registered.Status.ToText()}";
        }

        if (registered.Claim is { } claim && claim.ExpiresAt <= now)
        {
            return $"certificate {registered.ShortId} is a provisioning claim that ended at {claim.ExpiresAt.UtcDateTime:u}";
        }

        if (certificate.NotAfter.ToUniversalTime() <= now)
        {
            return $"certificate {registered.ShortId} expired at {certificate.NotAfter.ToUniversalTime():u}";
        }

        return certificate.NotBefore.ToUniversalTime() > now
            ? $"certificate {registered.ShortId} is valid only from {certificate.NotBefore.ToUniversalTime():u}"
            : null;
    }

    /// <summary>The CA by which a certificate is to be registered when a client connects with it, or null.</summary>
    /// <param name="certificate">What the client presented. It is unknown as yet, or was registered so and waits to be activated.</param>
    public RegisteredAuthority? FindAwaited(X509Certificate2 certificate)
    {
        if (_registry.State.Authorities.IsEmpty)
        {
            return null;
        }

        var isAwaited = _registry.FindCertificate(CertificateAuthority.IdOf(certificate)) is null or { Status: CertificateStatus.PendingActivation, CaCertificateId: not null };
        return isAwaited && FindIssuer(certificate) is { IsActive: true, RegistersAutomatically: true } issuer ? issuer : null;
    }

    /// <summary>The registered CA that signed a certificate, or null; where several have the same key, one that registers.</summary>
    /// <param name="certificate">A client's, or one by which an owner proves something.</param>
    public RegisteredAuthority? FindIssuer(X509Certificate2 certificate) => _registry.State.Authorities.Values
        .OrderByDescending(authority => authority.IsActive && authority.RegistersAutomatically)
        .ThenBy(authority => authority.Id, StringComparer.Ordinal)
        .FirstOrDefault(authority =>
        {
            using var ca = X509Certificate2.CreateFromPem(authority.Pem);
            return IsSignedBy(certificate, ca, _clock.GetUtcNow());
        });

    /// <summary>Whether a CA itself has signed a certificate, both of them being valid now. Nothing is fetched from anywhere.</summary>
    /// <param name="certificate">The certificate.</param>
    /// <param name="authority">The CA's, be it a root or not: its owner has vouched for it.</param>
    /// <param name="now">The time.</param>
    public static bool IsSignedBy(X509Certificate2 certificate, X509Certificate2 authority, DateTimeOffset now)
    {
        if (!certificate.IssuerName.RawData.AsSpan().SequenceEqual(authority.SubjectName.RawData))
        {
            return false;
        }

        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTime = now.UtcDateTime;

        // One that another CA has signed ends the chain all the same.
        chain.ChainPolicy.VerificationFlags = X509VerificationFlags.AllowUnknownCertificateAuthority;
        try
        {
            return chain.Build(certificate) && chain.ChainElements.Count == 2 && chain.ChainElements[1].Certificate.RawDataMemory.Span.SequenceEqual(authority.RawDataMemory.Span);
        }
        finally
        {
            foreach (var element in chain.ChainElements)
            {
                element.Certificate.Dispose();
            }
        }
    }
}
