using System.Security.Authentication;
using System.Text;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Mqtt;

namespace Tests.Mqtt;

[TestClass]
public sealed class MqttStreamClientTests
{
    private static readonly byte[] s_payload = Encoding.UTF8.GetBytes("20.5");

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Stopping => TestContext.CancellationToken;

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task Requests_are_answered_and_messages_come_in()
    {
        PubAckPacket? acknowledged = null;
        ConnectPacket? connected = null;
        var ended = new TaskCompletionSource<Packet?>();
        await using var server = new ScriptedServer(null, async (connection, stopping) =>
        {
            connected = await ScriptedServer.AcceptAsync(connection, stopping);
            var subscribe = await ScriptedServer.ExpectAsync<SubscribePacket>(connection, stopping);
            await connection.WriteAsync(new SubAckPacket(subscribe.PacketId, [1]), stopping);
            var publish = await ScriptedServer.ExpectAsync<PublishPacket>(connection, stopping);
            await connection.WriteAsync(new PubAckPacket(publish.PacketId), stopping);
            await connection.WriteAsync(publish with { PacketId = 77 }, stopping);
            acknowledged = await ScriptedServer.ExpectAsync<PubAckPacket>(connection, stopping);
            ended.SetResult(await connection.ReadAsync(stopping));
        });
        var client = await MqttStreamClient.ConnectAsync(Plain(server), Stopping);

        Assert.AreEqual(QualityOfService.AtLeastOnce, await client.SubscribeAsync("dt/#", cancellationToken: Stopping));
        await client.PublishAsync("dt/x", s_payload, cancellationToken: Stopping);
        var message = await client.Messages.ReadAsync(Stopping);
        await client.DisposeAsync();

        Assert.AreEqual("subscriber", connected!.ClientId);
        Assert.AreEqual("dt/x", message.Topic);
        CollectionAssert.AreEqual(s_payload, message.Payload.ToArray());
        Assert.IsInstanceOfType<DisconnectPacket>(await ended.Task);
        Assert.AreEqual(77, acknowledged!.PacketId);
        await client.Messages.Completion;
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task Acknowledgements_are_told_apart_by_their_identifier()
    {
        await using var server = new ScriptedServer(null, async (connection, stopping) =>
        {
            await ScriptedServer.AcceptAsync(connection, stopping);
            var first = await ScriptedServer.ExpectAsync<PublishPacket>(connection, stopping);
            var second = await ScriptedServer.ExpectAsync<PublishPacket>(connection, stopping);
            await connection.WriteAsync(new PubAckPacket(4711), stopping);
            await connection.WriteAsync(new PubAckPacket(second.PacketId), stopping);
            var third = await ScriptedServer.ExpectAsync<PublishPacket>(connection, stopping);
            await connection.WriteAsync(new PubAckPacket(third.PacketId), stopping);
            await connection.WriteAsync(new PubAckPacket(first.PacketId), stopping);
            await connection.ReadAsync(stopping);
        });
        await using var client = await MqttStreamClient.ConnectAsync(Plain(server), Stopping);

        var first = client.PublishAsync("1", s_payload, cancellationToken: Stopping);
        await client.PublishAsync("2", s_payload, cancellationToken: Stopping);
        Assert.IsFalse(first.IsCompleted);
        await client.PublishAsync("3", s_payload, cancellationToken: Stopping);
        await first;
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task Refusals_carry_their_code()
    {
        await using var refusing = new ScriptedServer(null, async (connection, stopping) =>
        {
            await ScriptedServer.ExpectAsync<ConnectPacket>(connection, stopping);
            await connection.WriteAsync(new ConnAckPacket(false, 7), stopping);
            await connection.ReadAsync(stopping);
        });
        await using var denying = new ScriptedServer(null, async (connection, stopping) =>
        {
            await ScriptedServer.AcceptAsync(connection, stopping);
            var subscribe = await ScriptedServer.ExpectAsync<SubscribePacket>(connection, stopping);
            await connection.WriteAsync(new SubAckPacket(subscribe.PacketId, [SubAckPacket.Failure]), stopping);
            await connection.ReadAsync(stopping);
        });

        var refused = await Assert.ThrowsExactlyAsync<MqttRefusedException>(() => MqttStreamClient.ConnectAsync(Plain(refusing), Stopping));
        Assert.AreEqual(7, refused.ReturnCode);
        await using var client = await MqttStreamClient.ConnectAsync(Plain(denying), Stopping);
        var denied = await Assert.ThrowsExactlyAsync<MqttRefusedException>(() => client.SubscribeAsync("x", cancellationToken: Stopping));
        Assert.AreEqual(SubAckPacket.Failure, denied.ReturnCode);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task A_lost_connection_ends_all_that_waits()
    {
        await using var server = new ScriptedServer(null, async (connection, stopping) =>
        {
            await ScriptedServer.AcceptAsync(connection, stopping);
            await ScriptedServer.ExpectAsync<PublishPacket>(connection, stopping);
        });
        await using var client = await MqttStreamClient.ConnectAsync(Plain(server), Stopping);

        await Assert.ThrowsExactlyAsync<IOException>(() => client.PublishAsync("x", s_payload, cancellationToken: Stopping));
        await Assert.ThrowsExactlyAsync<IOException>(() => client.Messages.Completion);
        await Assert.ThrowsExactlyAsync<IOException>(() => client.PublishAsync("x", s_payload, cancellationToken: Stopping));
        await Assert.ThrowsExactlyAsync<IOException>(() => client.PublishAsync("x", s_payload, QualityOfService.AtMostOnce, cancellationToken: Stopping));
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task A_server_that_breaks_the_protocol_is_left()
    {
        await using var server = new ScriptedServer(null, async (connection, stopping) =>
        {
            await ScriptedServer.AcceptAsync(connection, stopping);
            await connection.WriteAsync(new PublishPacket("x", s_payload, QualityOfService.ExactlyOnce, PacketId: 1), stopping);
            await connection.ReadAsync(stopping);
        });
        await using var client = await MqttStreamClient.ConnectAsync(Plain(server), Stopping);

        var lost = await Assert.ThrowsExactlyAsync<IOException>(() => client.Messages.Completion);
        Assert.IsInstanceOfType<MqttProtocolException>(lost.InnerException);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task A_server_that_answers_no_ping_is_lost()
    {
        var pings = 0;
        await using var server = new ScriptedServer(null, async (connection, stopping) =>
        {
            await ScriptedServer.AcceptAsync(connection, stopping);
            await ScriptedServer.ExpectAsync<PingReqPacket>(connection, stopping);
            await connection.WriteAsync(new PingRespPacket(), stopping);
            pings++;
            await ScriptedServer.ExpectAsync<PingReqPacket>(connection, stopping);
            pings++;
            await connection.ReadAsync(stopping);
        });
        var options = Plain(server);
        await using var client = await MqttStreamClient.ConnectAsync(options with { Connect = options.Connect with { KeepAliveSeconds = 1 } }, Stopping);

        var lost = await Assert.ThrowsExactlyAsync<IOException>(() => client.Messages.Completion);
        StringAssert.Contains(lost.Message, "PINGREQ");
        Assert.AreEqual(2, pings);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task Over_TLS_both_sides_prove_who_they_are()
    {
        using var certificates = new TestCertificates();
        using var serverCertificate = certificates.Issue("localhost");
        using var clientCertificate = certificates.Issue("thing-1");
        string? presented = null;
        await using var server = new ScriptedServer(
            serverCertificate,
            async (connection, stopping) =>
            {
                await ScriptedServer.AcceptAsync(connection, stopping);
                await connection.ReadAsync(stopping);
            },
            acceptClient: client =>
            {
                presented = client?.Subject;
                return client is not null;
            });

        await using var client = await MqttStreamClient.ConnectAsync(Secured(server, new MqttTls([certificates.Root], clientCertificate)), Stopping);

        Assert.AreEqual("CN=thing-1", presented);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task A_server_that_cannot_be_trusted_gets_no_CONNECT()
    {
        using var certificates = new TestCertificates();
        using var others = new TestCertificates("Another CA");
        using var right = certificates.Issue("localhost");
        using var wrongName = certificates.Issue("example.com");
        using var expired = certificates.Issue("localhost", expired: true);
        using var selfSigned = others.Issue("localhost");

        foreach (var certificate in new[] { wrongName, expired, selfSigned })
        {
            var served = false;
            await using (var server = new ScriptedServer(certificate, async (connection, stopping) =>
            {
                served = await connection.ReadAsync(stopping) is not null;
            }))
            {
                await Assert.ThrowsExactlyAsync<AuthenticationException>(
                    () => MqttStreamClient.ConnectAsync(Secured(server, new MqttTls([certificates.Root])), Stopping),
                    certificate.Subject);
            }

            Assert.IsFalse(served, certificate.Subject);
        }

        await using var trusted = new ScriptedServer(right, async (connection, stopping) => await ScriptedServer.AcceptAsync(connection, stopping));
        await using var client = await MqttStreamClient.ConnectAsync(Secured(trusted, new MqttTls([certificates.Root])), Stopping);
    }

    private static MqttStreamClientOptions Plain(ScriptedServer server) => new()
    {
        Host = "127.0.0.1",
        Port = server.Port,
        Tls = null,
        Connect = new ConnectPacket("subscriber"),
    };

    private static MqttStreamClientOptions Secured(ScriptedServer server, MqttTls tls) => Plain(server) with { Host = "localhost", Tls = tls };
}
