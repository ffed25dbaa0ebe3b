using System.Net;
using System.Security.Cryptography.X509Certificates;
using LocalCloud;
using Mqtt;

namespace Cli.Bench;

/// <summary>
/// The certificates of a bench, in a directory for one run: LocalCloud's own, used by its rivals too, so that TLS costs each
/// broker the same.
/// </summary>
internal sealed class BenchCertificates
{
    /// <summary>What the client ids begin with.</summary>
    public const string ClientPrefix = "bench-";

    private BenchCertificates(string directory, string rootPem, ClientCredentials client)
    {
        Directory = directory;
        Tls = new MqttTls(
            [X509Certificate2.CreateFromPem(rootPem)],
            X509Certificate2.CreateFromPem(client.CertificatePem, client.PrivateKeyPem));
    }

    /// <summary>The data directory of a LocalCloud that lets the client do everything.</summary>
    public string Directory { get; }

    /// <summary>TLS of the clients.</summary>
    public MqttTls Tls { get; }

    /// <summary>The files that a rival needs.</summary>
    public string RootCa => Path.Combine(Directory, "root-ca.pem");

    /// <inheritdoc cref="RootCa"/>
    public string ServerCertificate => Path.Combine(Directory, "server.pem.crt");

    /// <inheritdoc cref="RootCa"/>
    public string ServerKey => Path.Combine(Directory, "server.pem.key");

    /// <summary>Makes them.</summary>
    /// <param name="directory">An empty directory.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    public static async Task<BenchCertificates> CreateAsync(string directory, CancellationToken cancellationToken)
    {
        await using LocalCloudServer cloud = await LocalCloudServer.StartAsync(
            new LocalCloudOptions { DataDirectory = directory, ListenAddress = IPAddress.Loopback }, cancellationToken).ConfigureAwait(false);
        ClientCredentials client = await cloud.CreateOperatorCredentialsAsync(ClientPrefix, cancellationToken).ConfigureAwait(false);
        return new BenchCertificates(directory, cloud.RootCaPem, client);
    }
}
