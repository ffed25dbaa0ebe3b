using System.Text;
using LocalCloud;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Mqtt;

namespace Tests.LocalCloud;

/// <summary>Clean session 0: what the broker keeps for a client that is away.</summary>
[TestClass]
public sealed class PersistentSessionTests
{
    private static readonly ConnectPacket s_keeping = new("all-1", CleanSession: false, KeepAliveSeconds: 0);

    private TestCloud _cloud = null!;

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Stopping => TestContext.CancellationToken;

    private ClientCredentials All => _cloud.Operator;

    [TestInitialize]
    public async Task Start() => _cloud = await TestCloud.StartAsync(Stopping);

    [TestCleanup]
    public async Task Stop() => await _cloud.DisposeAsync();

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task Subscriptions_and_messages_of_QoS_1_wait_for_the_client()
    {
        await SubscribeAndLeaveAsync("a/+");
        await using var publisher = await _cloud.ConnectAsync(All, "all-2", Stopping);
        await publisher.PublishAsync("a/0", "lost"u8.ToArray(), QualityOfService.AtMostOnce, cancellationToken: Stopping);
        await publisher.PublishAsync("a/1", "one"u8.ToArray(), cancellationToken: Stopping);
        await publisher.PublishAsync("b", "not asked for"u8.ToArray(), cancellationToken: Stopping);
        await publisher.PublishAsync("a/2", "two"u8.ToArray(), cancellationToken: Stopping);

        await using var client = await ComeBackAsync();
        Assert.IsTrue(client.SessionPresent);
        Assert.AreEqual("one", await ReadAsync(client));
        Assert.AreEqual("two", await ReadAsync(client));
        await publisher.PublishAsync("a/3", "three"u8.ToArray(), cancellationToken: Stopping);
        Assert.AreEqual("three", await ReadAsync(client), "the subscription is there");
        await _cloud.Log.WaitAsync("and goes on with its persistent session", Stopping);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task What_was_not_acknowledged_comes_again_with_DUP_and_its_identifier()
    {
        await using var publisher = await _cloud.ConnectAsync(All, "all-2", Stopping);
        ushort identifier;
        await using (var connection = await OpenKeepingAsync(isPresent: false))
        {
            await connection.WriteAsync(new SubscribePacket(1, [new("a", QualityOfService.AtLeastOnce)]), Stopping);
            await connection.ReadAsync(Stopping);
            await publisher.PublishAsync("a", "acknowledged"u8.ToArray(), cancellationToken: Stopping);
            await publisher.PublishAsync("a", "not acknowledged"u8.ToArray(), cancellationToken: Stopping);
            await connection.WriteAsync(new PubAckPacket(((PublishPacket)(await connection.ReadAsync(Stopping))!).PacketId), Stopping);
            identifier = ((PublishPacket)(await connection.ReadAsync(Stopping))!).PacketId;
            await connection.WriteAsync(new PingReqPacket(), Stopping);
            await connection.ReadAsync(Stopping);
        }

        await _cloud.Log.WaitAsync("all-1 disconnected", Stopping);
        _cloud.Clock.Advance(BrokerLimits.ConnectInterval);
        await using var again = await OpenKeepingAsync(isPresent: true);
        var message = (PublishPacket)(await again.ReadAsync(Stopping))!;
        Assert.AreEqual("not acknowledged", Encoding.UTF8.GetString(message.Payload.Span));
        Assert.IsTrue(message.Duplicate);
        Assert.AreEqual(identifier, message.PacketId);
        await again.WriteAsync(new PingReqPacket(), Stopping);
        Assert.IsInstanceOfType<PingRespPacket>(await again.ReadAsync(Stopping), "nothing else comes");
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task Kept_messages_come_ten_a_second()
    {
        await SubscribeAndLeaveAsync("a");
        await using var publisher = await _cloud.ConnectAsync(All, "all-2", Stopping);
        for (var index = 0; index < 12; index++)
        {
            await publisher.PublishAsync("a", new[] { (byte)index }, cancellationToken: Stopping);
        }

        _cloud.Clock.Advance(BrokerLimits.ConnectInterval);
        await using var connection = await OpenKeepingAsync(isPresent: true);
        for (var index = 0; index < 12; index++)
        {
            if (index >= 10)
            {
                await connection.WriteAsync(new PingReqPacket(), Stopping);
                Assert.IsInstanceOfType<PingRespPacket>(await connection.ReadAsync(Stopping), "the next one waits");
                _cloud.Clock.Advance(TimeSpan.FromMilliseconds(100));
            }

            Assert.AreEqual((byte)index, ((PublishPacket)(await connection.ReadAsync(Stopping))!).Payload.Span[0]);
        }
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task After_an_hour_it_is_gone()
    {
        await SubscribeAndLeaveAsync("a");
        _cloud.Clock.Advance(BrokerLimits.SessionLife - BrokerLimits.ConnectInterval - TimeSpan.FromTicks(1));
        await (await ComeBackAsync(isPresent: true)).DisposeAsync();
        await _cloud.Clock.WaitForTimerAsync(BrokerLimits.SessionLife, Stopping);

        _cloud.Clock.Advance(BrokerLimits.SessionLife);

        await _cloud.Log.WaitAsync("all-1: its persistent session ends: it has not come back within an hour", Stopping);
        await (await ComeBackAsync(isPresent: false)).DisposeAsync();
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task Clean_session_1_ends_it()
    {
        await SubscribeAndLeaveAsync("a");
        _cloud.Clock.Advance(BrokerLimits.ConnectInterval);
        await using (var clean = await _cloud.ConnectAsync(All, "all-1", Stopping))
        {
            Assert.IsFalse(clean.SessionPresent);
        }

        await (await ComeBackAsync(isPresent: false)).DisposeAsync();
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task A_connection_that_takes_over_takes_the_session_too()
    {
        await using var first = await _cloud.ConnectAsync(All, s_keeping, Stopping);
        await first.SubscribeAsync("a", cancellationToken: Stopping);

        await using var second = await ComeBackAsync(isPresent: true);
        await _cloud.Log.WaitAsync("all-1 is cut: the same client id came from", Stopping);
        await second.PublishAsync("a", "mine"u8.ToArray(), cancellationToken: Stopping);

        Assert.AreEqual("mine", await ReadAsync(second));
        CollectionAssert.AreEqual(new[] { "all-1" }, _cloud.Server.ConnectedClientIds.ToArray());
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task Only_so_many_messages_wait_and_the_log_tells_of_the_others()
    {
        await SubscribeAndLeaveAsync("a");
        await using var publisher = await _cloud.ConnectAsync(All, "all-2", Stopping);
        var payload = new byte[BrokerLimits.MaximumPayload];
        for (var index = 0; index < BrokerLimits.MaximumQueuedBytes / BrokerLimits.MaximumPayload; index++)
        {
            _cloud.Clock.Advance(TimeSpan.FromSeconds(1));
            await publisher.PublishAsync("a", payload, cancellationToken: Stopping);
        }

        await _cloud.Log.WaitAsync("all-1: 127 messages of", Stopping);
        await using var client = await ComeBackAsync(isPresent: true);
        await _cloud.Log.WaitAsync("all-1: 1 messages are lost to it", Stopping);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task Policies_count_when_a_kept_message_is_sent()
    {
        await SubscribeAndLeaveAsync("a/#");
        await using var publisher = await _cloud.ConnectAsync(await _cloud.Server.CreateOperatorCredentialsAsync("watch", Stopping), "watch-1", Stopping);
        await publisher.PublishAsync("a/b", "secret"u8.ToArray(), cancellationToken: Stopping);
        await publisher.PublishAsync("a/c", "open"u8.ToArray(), cancellationToken: Stopping);
        _cloud.Registry.PutPolicy(new Policy("localcloud-operator-all-", PolicyDocument.Parse("""
            { "Version": "2012-10-17", "Statement": [
              { "Effect": "Allow", "Action": "*", "Resource": "*" },
              { "Effect": "Deny", "Action": "iot:Receive", "Resource": "arn:aws:iot:*:*:topic/a/b" } ] }
            """)));

        await using var client = await ComeBackAsync(isPresent: true);
        Assert.AreEqual("open", await ReadAsync(client));
        await _cloud.Log.WaitAsync("all-1 is not sent what comes to a/b", Stopping);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task An_orderly_restart_keeps_sessions_and_retained_messages()
    {
        using var directory = new TemporaryDirectory();
        var options = new LocalCloudOptions { DataDirectory = directory.Path };
        ClientCredentials credentials;
        await using (var before = await TestCloud.StartAsync(Stopping, options))
        {
            credentials = await before.Server.CreateOperatorCredentialsAsync("all-", Stopping);
            var away = await before.ConnectAsync(credentials, s_keeping, Stopping);
            await away.SubscribeAsync("a", cancellationToken: Stopping);
            await away.DisposeAsync();
            await before.Log.WaitAsync("all-1 disconnected", Stopping);
            await using var publisher = await before.ConnectAsync(credentials, "all-2", Stopping);
            await publisher.PublishAsync("a", "waits"u8.ToArray(), cancellationToken: Stopping);
            await publisher.PublishAsync("r", "retained"u8.ToArray(), retain: true, cancellationToken: Stopping);
        }

        await using var after = await TestCloud.StartAsync(Stopping, options);
        await using var client = await after.ConnectAsync(credentials, s_keeping, Stopping);
        Assert.IsTrue(client.SessionPresent);
        Assert.AreEqual("waits", await ReadAsync(client));
        await client.SubscribeAsync("r", cancellationToken: Stopping);
        Assert.AreEqual("retained", await ReadAsync(client));
    }

    private async Task SubscribeAndLeaveAsync(string filter)
    {
        await using (var client = await _cloud.ConnectAsync(All, s_keeping, Stopping))
        {
            Assert.IsFalse(client.SessionPresent);
            await client.SubscribeAsync(filter, cancellationToken: Stopping);
        }

        await _cloud.Log.WaitAsync("all-1 disconnected", Stopping);
    }

    private async Task<MqttStreamClient> ComeBackAsync(bool isPresent = true)
    {
        _cloud.Clock.Advance(BrokerLimits.ConnectInterval);
        var client = await _cloud.ConnectAsync(All, s_keeping, Stopping);
        Assert.AreEqual(isPresent, client.SessionPresent);
        return client;
    }

    private async Task<MqttConnection> OpenKeepingAsync(bool isPresent)
    {
        var connection = await _cloud.OpenAsync(All, Stopping);
        await connection.WriteAsync(s_keeping, Stopping);
        Assert.AreEqual(new ConnAckPacket(isPresent, ConnectReturnCode.Accepted), await connection.ReadAsync(Stopping));
        return connection;
    }

    private async Task<string> ReadAsync(MqttStreamClient client) => Encoding.UTF8.GetString((await client.Messages.ReadAsync(Stopping)).Payload.Span);
}
