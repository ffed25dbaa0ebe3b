using System.Security.Cryptography.X509Certificates;

namespace LocalCloud;

/// <summary>
/// Which client certificates may connect. As on AWS that is a matter of the registry, not of who signed them: the
/// handshake has proved that the client has the key.
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
            return $"certificate {id[..8]} is not registered";
        }

        if (registered.Status != CertificateStatus.Active)
        {
            return $"certificate {registered.ShortId} is {registered.Status.ToText()}";
        }

        if (certificate.NotAfter.ToUniversalTime() <= now)
        {
            return $"certificate {registered.ShortId} expired at {certificate.NotAfter.ToUniversalTime():u}";
        }

        return certificate.NotBefore.ToUniversalTime() > now
            ? $"certificate {registered.ShortId} is valid only from {certificate.NotBefore.ToUniversalTime():u}"
            : null;
    }
}
