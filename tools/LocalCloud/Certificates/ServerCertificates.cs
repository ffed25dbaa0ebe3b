using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace LocalCloud;

/// <summary>
/// What LocalCloud shows in TLS handshakes: a certificate for this machine's own names, which is kept, and one for each further name. All
/// have the same key and are of the one root, so that a client which trusts that trusts every region.
/// </summary>
internal sealed class ServerCertificates : IDisposable
{
    public const string CertificateFile = "server.pem.crt";
    public const string KeyFile = "server.pem.key";

    /// <summary>It is made anew in its last month.</summary>
    private static readonly TimeSpan s_renewal = TimeSpan.FromDays(30);

    private readonly CertificateAuthority _root;
    private readonly X509Certificate2 _server;

    private ServerCertificates(CertificateAuthority root, X509Certificate2 server)
    {
        _root = root;
        _server = server;
        Default = ContextOf(server);
    }

    /// <summary>The one for this machine's own names.</summary>
    public SslStreamCertificateContext Default { get; }

    /// <summary>Takes what the directory has, if it is still good, and makes it otherwise.</summary>
    /// <param name="root">Who signs.</param>
    /// <param name="directory">Where the certificate and its key are kept, or null to make them for this run only.</param>
    /// <param name="hosts">This machine's own names and addresses.</param>
    /// <param name="clock">The time.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    /// <exception cref="DataDirectoryException">A file is damaged, or cannot be read or written.</exception>
    public static async Task<ServerCertificates> OpenAsync(CertificateAuthority root, string? directory, IReadOnlyCollection<string> hosts, TimeProvider clock, CancellationToken cancellationToken)
    {
        var server = CertificateAuthority.Load(directory, CertificateFile, KeyFile);
        if (server is null || !IsGood(server, root, hosts, clock))
        {
            server?.Dispose();
            using var key = await RsaKeyPool.Shared.TakeAsync(cancellationToken);
            server = root.IssueServer(key, NamesOf(hosts));
            CertificateAuthority.Save(server, directory, CertificateFile, KeyFile);
        }

        return new ServerCertificates(root, server);
    }

    /// <summary>Makes one for a name.</summary>
    /// <param name="name">A host name.</param>
    public SslStreamCertificateContext For(string name)
    {
        using var key = _server.GetRSAPrivateKey()!;
        return ContextOf(_root.IssueServer(key, NamesOf([name])));
    }

    public void Dispose() => _server.Dispose();

    private static SslStreamCertificateContext ContextOf(X509Certificate2 certificate)
    {
        if (OperatingSystem.IsWindows())
        {
            // Windows serves TLS only with keys that went through its key store.
            certificate = X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), password: null);
        }

        // Offline: the chain is complete as it is, and nothing is fetched from anywhere.
        return SslStreamCertificateContext.Create(certificate, additionalCertificates: null, offline: true);
    }

    private static SubjectAlternativeNameBuilder NamesOf(IReadOnlyCollection<string> hosts)
    {
        var names = new SubjectAlternativeNameBuilder();
        foreach (var host in hosts)
        {
            if (IPAddress.TryParse(host, out var address))
            {
                names.AddIpAddress(address);
            }
            else
            {
                names.AddDnsName(host);
            }
        }

        return names;
    }

    private static bool IsGood(X509Certificate2 server, CertificateAuthority root, IReadOnlyCollection<string> hosts, TimeProvider clock)
    {
        var now = clock.GetUtcNow();
        return root.HasIssued(server)
            && server.NotBefore.ToUniversalTime() <= now
            && server.NotAfter.ToUniversalTime() - s_renewal > now
            && hosts.All(host => server.MatchesHostname(host, allowWildcards: false, allowCommonName: false));
    }
}
