using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Mqtt;

/// <summary>TLS of a client. The server's certificate is always verified: its chain against the given roots, its names against the host.</summary>
/// <param name="TrustedRoots">The CA certificates that a server's chain may end in; the machine's own store does not count.</param>
/// <param name="ClientCertificate">The client's certificate with its private key, or null for none.</param>
public sealed record MqttTls(X509Certificate2Collection TrustedRoots, X509Certificate2? ClientCertificate = null)
{
    /// <summary>The certificates between the client's own and a root that servers know; they are sent along.</summary>
    public X509Certificate2Collection? Intermediates { get; init; }

    /// <summary>What a handshake with a server of that name needs.</summary>
    /// <param name="host">The server's host name or address.</param>
    /// <param name="protocols">The versions of TLS that may be used.</param>
    public SslClientAuthenticationOptions CreateOptions(string host, SslProtocols protocols)
    {
        var chainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        chainPolicy.CustomTrustStore.AddRange(TrustedRoots);
        return new SslClientAuthenticationOptions
        {
            TargetHost = host,
            EnabledSslProtocols = protocols,
            CertificateChainPolicy = chainPolicy,

            // A resumed session would let a client in again without the server having looked at its certificate.
            AllowTlsResume = false,

            // A context, unlike a list of certificates, is sent whatever authorities the server names.
            ClientCertificateContext = ClientCertificate is null ? null : SslStreamCertificateContext.Create(ClientCertificate, Intermediates, offline: true),
        };
    }
}
