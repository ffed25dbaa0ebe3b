using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using LocalCloud;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Mqtt;

namespace Tests.LocalCloud;

/// <summary>Who gets through the TLS handshake.</summary>
[TestClass]
public sealed class ClientCertificateTests
{
    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Stopping => TestContext.CancellationToken;

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    [DataRow(SslProtocols.Tls12)]
    [DataRow(SslProtocols.Tls13)]
    public async Task Only_an_active_certificate_gets_through(SslProtocols protocol)
    {
        await using var cloud = await TestCloud.StartAsync(Stopping);
        var credentials = cloud.Operator;
        var id = credentials.CertificateId;
        using var certificate = TestCloud.CertificateOf(credentials);
        await AssertAcceptedAsync(cloud, certificate, protocol);

        foreach (var status in new[] { CertificateStatus.PendingActivation, CertificateStatus.Inactive, CertificateStatus.Revoked })
        {
            cloud.Registry.SetCertificateStatus(id, status);
            await AssertRefusedAsync(cloud, certificate, protocol, $"is refused: certificate {id[..8]} is {status.ToText()}");
        }

        // The owner may think again.
        cloud.Registry.SetCertificateStatus(id, CertificateStatus.Active);
        await AssertAcceptedAsync(cloud, certificate, protocol);

        cloud.Registry.DeleteCertificate(id);
        await AssertRefusedAsync(cloud, certificate, protocol, $"is refused: certificate {id[..8]} is not registered");
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    [DataRow(SslProtocols.Tls12)]
    [DataRow(SslProtocols.Tls13)]
    public async Task A_stranger_is_refused(SslProtocols protocol)
    {
        await using var cloud = await TestCloud.StartAsync(Stopping);
        using var key = RSA.Create(2048);
        using var certificate = new CertificateRequest("CN=AWS IoT Certificate", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));

        await AssertRefusedAsync(cloud, certificate, protocol, "is not registered");
        await AssertRefusedAsync(cloud, certificate: null, protocol, "the client presented no certificate");
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    [DataRow(SslProtocols.Tls12)]
    [DataRow(SslProtocols.Tls13)]
    public async Task An_expired_certificate_is_refused(SslProtocols protocol)
    {
        await using var cloud = await TestCloud.StartAsync(Stopping);
        using var certificate = TestCloud.CertificateOf(cloud.Server.ClaimCredentials);
        var end = new DateTimeOffset(2049, 12, 31, 23, 59, 59, TimeSpan.Zero);

        cloud.Clock.Advance(end - cloud.Clock.GetUtcNow() - TimeSpan.FromSeconds(1));
        await AssertAcceptedAsync(cloud, certificate, protocol);
        cloud.Clock.Advance(TimeSpan.FromSeconds(1));
        await AssertRefusedAsync(cloud, certificate, protocol, "expired at 2049-12-31 23:59:59Z");
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task A_claim_that_expects_another_server_breaks_off_and_the_log_says_what_it_may_be()
    {
        await using var cloud = await TestCloud.StartAsync(Stopping);
        using var directory = new TemporaryDirectory();
        await using var other = await TestCloud.StartAsync(Stopping, new LocalCloudOptions { DataDirectory = directory.Path });
        var options = new MqttStreamClientOptions
        {
            Host = cloud.Server.Endpoint,
            Port = cloud.Server.Port,
            Tls = new MqttTls([X509Certificate2.CreateFromPem(other.Server.RootCaPem)], TestCloud.CertificateOf(cloud.Server.ClaimCredentials)),
            Connect = new ConnectPacket("device-1"),
        };

        await Assert.ThrowsAsync<AuthenticationException>(() => MqttStreamClient.ConnectAsync(options, Stopping));

        await cloud.Log.WaitAsync("does not trust the root CA", Stopping);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task What_speaks_no_TLS_is_told_in_the_log()
    {
        await using var cloud = await TestCloud.StartAsync(Stopping);
        using var client = new TcpClient();
        await client.ConnectAsync(cloud.Server.Endpoint, cloud.Server.Port, Stopping);
        await client.GetStream().WriteAsync("GET / HTTP/1.1\r\n\r\n"u8.ToArray(), Stopping);

        await cloud.Log.WaitAsync("ended without a TLS handshake: what connected speaks no TLS, or said nothing", Stopping);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    [DataRow(CertificateStatus.Inactive)]
    [DataRow(CertificateStatus.Revoked)]
    public async Task A_certificate_that_stops_being_active_loses_its_connections(CertificateStatus status)
    {
        await using var cloud = await TestCloud.StartAsync(Stopping);
        var lost = await cloud.OpenConnectedAsync(cloud.Server.ClaimCredentials, "device-1", Stopping);
        var alsoLost = await cloud.OpenConnectedAsync(cloud.Server.ClaimCredentials, "device-2", Stopping);
        await using var kept = await cloud.ConnectAsync(cloud.Operator, "all-1", Stopping);

        cloud.Registry.SetCertificateStatus(cloud.Server.ClaimCredentials.CertificateId, status);

        Assert.IsNull(await lost.ReadAsync(Stopping));
        Assert.IsNull(await alsoLost.ReadAsync(Stopping));
        await kept.PublishAsync("still/there", default, cancellationToken: Stopping);
        await cloud.Log.WaitAsync($"device-1 is cut: certificate {cloud.Server.ClaimCredentials.CertificateId[..8]} is {status.ToText()}", Stopping);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task The_servers_certificate_names_this_machine_and_the_configured_host()
    {
        await using var cloud = await TestCloud.StartAsync(Stopping, new LocalCloudOptions { Host = "127.0.0.1" });
        using var certificate = TestCloud.CertificateOf(cloud.Server.ClaimCredentials);
        await using var stream = await cloud.OpenStreamAsync(certificate, Stopping);
        using var server = new X509Certificate2(stream.RemoteCertificate!);

        foreach (var host in new[] { "localhost", "127.0.0.1", "::1" })
        {
            Assert.IsTrue(server.MatchesHostname(host), host);
        }

        Assert.IsFalse(server.MatchesHostname("example.com"));
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task A_new_host_name_gets_a_new_server_certificate_under_the_same_root()
    {
        using var directory = new TemporaryDirectory();
        var options = new LocalCloudOptions { DataDirectory = directory.Path };
        string rootCa;
        string server;
        await using (var cloud = await TestCloud.StartAsync(Stopping, options))
        {
            rootCa = cloud.Server.RootCaPem;
            server = await File.ReadAllTextAsync(directory.File("server.pem.crt"), Stopping);
        }

        await using (await TestCloud.StartAsync(Stopping, options))
        {
            Assert.AreEqual(server, await File.ReadAllTextAsync(directory.File("server.pem.crt"), Stopping));
        }

        await using (var cloud = await TestCloud.StartAsync(Stopping, options with { Host = "cloud.example" }))
        {
            Assert.AreEqual(rootCa, cloud.Server.RootCaPem);
            using var renewed = X509Certificate2.CreateFromPem(await File.ReadAllTextAsync(directory.File("server.pem.crt"), Stopping));
            Assert.IsTrue(renewed.MatchesHostname("cloud.example"));
            Assert.IsTrue(renewed.MatchesHostname("localhost"));
        }
    }

    private async Task AssertAcceptedAsync(TestCloud cloud, X509Certificate2 certificate, SslProtocols protocol)
    {
        await using var connection = new MqttConnection(await cloud.OpenStreamAsync(certificate, Stopping, protocol));
        await connection.WriteAsync(new ConnectPacket($"all-{Guid.NewGuid()}", KeepAliveSeconds: 0), Stopping);
        Assert.AreEqual(new ConnAckPacket(false, ConnectReturnCode.Accepted), await connection.ReadAsync(Stopping));
    }

    private async Task AssertRefusedAsync(TestCloud cloud, X509Certificate2? certificate, SslProtocols protocol, string reason)
    {
        if (protocol == SslProtocols.Tls12)
        {
            await Assert.ThrowsAsync<AuthenticationException>(() => cloud.OpenStreamAsync(certificate, Stopping, protocol), "refused within the handshake");
        }
        else
        {
            // With TLS 1.3 a client has done its part before the server looks at its certificate.
            await Assert.ThrowsAsync<IOException>(async () =>
            {
                await using var connection = new MqttConnection(await cloud.OpenStreamAsync(certificate, Stopping, protocol));
                await connection.WriteAsync(new ConnectPacket("all-1", KeepAliveSeconds: 0), Stopping);
                if (await connection.ReadAsync(Stopping) is null)
                {
                    throw new EndOfStreamException();
                }
            });
        }

        await cloud.Log.WaitAsync(reason, Stopping);
    }
}
