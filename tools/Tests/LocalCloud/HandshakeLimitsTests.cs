using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using LocalCloud;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Mqtt;

namespace Tests.LocalCloud;

/// <summary>What comes before MQTT: the server's name, and handshakes that are never finished.</summary>
[TestClass]
public sealed class HandshakeLimitsTests
{
    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Stopping => TestContext.CancellationToken;

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task A_client_that_names_no_server_is_refused_as_on_AWS()
    {
        await using var cloud = await TestCloud.StartAsync(Stopping);

        await Assert.ThrowsAsync<Exception>(() => OpenByAddressAsync(cloud));

        await cloud.Log.WaitAsync("is refused: the client names no server (SNI), as AWS IoT Core demands: let it connect to a host name, not to an address", Stopping);
        Assert.IsFalse(cloud.Log.Lines.Any(line => line.Contains("broke off")), "one line for one refusal");
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    [DataRow("localhost", false)]
    [DataRow("127.0.0.1", true)]
    public async Task It_is_let_in_where_nobody_demands_a_name_or_nobody_could_give_one(string host, bool demanded)
    {
        await using var cloud = await TestCloud.StartAsync(Stopping, new LocalCloudOptions { Host = host, DemandServerName = demanded });

        await using var connection = new MqttConnection(await OpenByAddressAsync(cloud));
        await connection.WriteAsync(new ConnectPacket("device-1"), Stopping);

        Assert.AreEqual(new ConnAckPacket(false, ConnectReturnCode.Accepted), await connection.ReadAsync(Stopping));
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task Who_never_finishes_the_handshake_is_cut()
    {
        await using var cloud = await TestCloud.StartAsync(Stopping);
        using var silent = await OpenSocketAsync(cloud);
        using var halfway = await OpenSocketAsync(cloud);

        // A TLS record of 512 bytes, of which 10 come.
        await halfway.SendAsync(new byte[] { 22, 3, 1, 2, 0, 1, 0, 1, 252, 3 }, Stopping);
        await cloud.Clock.WaitForTimersAsync(TlsHandshake.LongestHandshake, 2, Stopping);

        cloud.Clock.Advance(TlsHandshake.LongestHandshake);

        await EndAsync(silent);
        await EndAsync(halfway);
        await cloud.Log.WaitAsync("is cut: its TLS handshake was not finished within 10 s", Stopping);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task Who_has_finished_it_is_not_held_to_its_time()
    {
        await using var cloud = await TestCloud.StartAsync(Stopping);
        await using var client = await cloud.ConnectAsync(cloud.Operator, "all-1", Stopping);

        cloud.Clock.Advance(TlsHandshake.LongestHandshake);

        await client.PublishAsync("x", default, cancellationToken: Stopping);
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task A_crowd_that_never_speaks_keeps_nobody_out()
    {
        await using var cloud = await TestCloud.StartAsync(Stopping);
        await using var early = await cloud.ConnectAsync(cloud.Operator, "all-early", Stopping);
        var crowd = new List<Socket>();
        try
        {
            for (var index = 0; index < 1000; index++)
            {
                crowd.Add(await OpenSocketAsync(cloud));
            }

            await cloud.Log.WaitAsync("is cut: 256 more from its address have not finished their TLS handshake either", Stopping);
            await using var late = await cloud.ConnectAsync(cloud.Operator, "all-late", Stopping);
            await late.SubscribeAsync("x", cancellationToken: Stopping);
            await early.PublishAsync("x", default, cancellationToken: Stopping);

            Assert.AreEqual("x", (await late.Messages.ReadAsync(Stopping)).Topic);
        }
        finally
        {
            crowd.ForEach(socket => socket.Dispose());
        }
    }

    private async Task<Socket> OpenSocketAsync(TestCloud cloud)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync("127.0.0.1", cloud.Server.Port, Stopping);
        return socket;
    }

    private async Task<SslStream> OpenByAddressAsync(TestCloud cloud)
    {
        var stream = new SslStream(new NetworkStream(await OpenSocketAsync(cloud), ownsSocket: true));
        await stream.AuthenticateAsClientAsync(
            new MqttTls([X509Certificate2.CreateFromPem(cloud.Server.RootCaPem)], TestCloud.CertificateOf(cloud.Server.ClaimCredentials)).CreateOptions("127.0.0.1", SslProtocols.Tls12),
            Stopping);
        return stream;
    }

    /// <summary>Ends when the other side has ended the connection.</summary>
    private async Task EndAsync(Socket socket)
    {
        try
        {
            Assert.AreEqual(0, await socket.ReceiveAsync(new byte[1], Stopping));
        }
        catch (SocketException)
        {
            // Cut, not closed: as well.
        }
    }
}
