using LocalCloud;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Mqtt;

namespace Tests.LocalCloud;

/// <summary>What a client may do in a second, and clients that hold up nobody but themselves.</summary>
[TestClass]
public sealed class BrokerRateLimitsTests
{
    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Stopping => TestContext.CancellationToken;

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task A_client_id_connects_once_a_second()
    {
        await using var cloud = await TestCloud.StartAsync(Stopping);
        await using var first = await cloud.ConnectAsync(cloud.Operator, "all-1", Stopping);
        cloud.Clock.Advance(BrokerLimits.ConnectInterval - TimeSpan.FromMilliseconds(1));

        await Assert.ThrowsAsync<IOException>(() => cloud.ConnectAsync(cloud.Operator, "all-1", Stopping));

        await cloud.Log.WaitAsync("CONNECT as all-1 comes within a second of the last one with that client id", Stopping);
        await first.PublishAsync("x", default, cancellationToken: Stopping);
        await using var other = await cloud.ConnectAsync(cloud.Operator, "all-2", Stopping);
        cloud.Clock.Advance(TimeSpan.FromMilliseconds(1));
        await using var second = await cloud.ConnectAsync(cloud.Operator, "all-1", Stopping);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task It_connects_as_often_as_it_likes_where_that_limit_is_off()
    {
        await using var cloud = await TestCloud.StartAsync(Stopping, new LocalCloudOptions { LimitConnects = false });
        for (var time = 0; time < 3; time++)
        {
            await (await cloud.ConnectAsync(cloud.Operator, "all-1", Stopping)).DisposeAsync();
        }
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    [DataRow(true)]
    [DataRow(false)]
    public async Task More_than_100_messages_a_second_are_discarded_without_PUBACK(bool isLimited)
    {
        await using var cloud = await TestCloud.StartAsync(Stopping, new LocalCloudOptions { LimitMessages = isLimited });
        await using var connection = await cloud.OpenConnectedAsync(cloud.Operator, "all-1", Stopping);
        for (ushort packetId = 1; packetId <= 100; packetId++)
        {
            await connection.WriteAsync(new PublishPacket("x", default, QualityOfService.AtLeastOnce, PacketId: packetId), Stopping);
            Assert.AreEqual(new PubAckPacket(packetId), await connection.ReadAsync(Stopping));
        }

        await connection.WriteAsync(new PublishPacket("x", default, QualityOfService.AtLeastOnce, PacketId: 101), Stopping);
        await connection.WriteAsync(new PingReqPacket(), Stopping);
        if (!isLimited)
        {
            Assert.AreEqual(new PubAckPacket(101), await connection.ReadAsync(Stopping));
            return;
        }

        Assert.IsInstanceOfType<PingRespPacket>(await connection.ReadAsync(Stopping));
        await cloud.Log.WaitAsync("all-1 publishes more than 100 messages a second", Stopping);
        cloud.Clock.Advance(TimeSpan.FromMilliseconds(10));
        await connection.WriteAsync(new PublishPacket("x", default, QualityOfService.AtLeastOnce, PacketId: 102), Stopping);
        Assert.AreEqual(new PubAckPacket(102), await connection.ReadAsync(Stopping));
        await cloud.Log.WaitAsync("all-1: 1 messages of it were discarded", Stopping);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task More_than_512_KiB_a_second_is_delayed()
    {
        await using var cloud = await TestCloud.StartAsync(Stopping);
        await using var bystander = await cloud.ConnectAsync(cloud.Operator, "all-2", Stopping);
        await using var connection = await cloud.OpenConnectedAsync(cloud.Operator, "all-1", Stopping);
        for (ushort packetId = 1; packetId <= 4; packetId++)
        {
            await connection.WriteAsync(new PublishPacket("x", new byte[BrokerLimits.MaximumPayload], QualityOfService.AtLeastOnce, PacketId: packetId), Stopping);
            Assert.AreEqual(new PubAckPacket(packetId), await connection.ReadAsync(Stopping));
        }

        await cloud.Log.WaitAsync("all-1 sends more than 512 KiB a second", Stopping);
        await connection.WriteAsync(new PingReqPacket(), Stopping);
        var answer = connection.ReadAsync(Stopping).AsTask();
        await bystander.PublishAsync("x", default, cancellationToken: Stopping);
        Assert.IsFalse(answer.IsCompleted, "the clock stands");

        cloud.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.IsInstanceOfType<PingRespPacket>(await answer);
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task Who_does_not_take_its_acknowledgements_is_not_listened_to()
    {
        await using var cloud = await TestCloud.StartAsync(Stopping, new LocalCloudOptions { LimitMessages = false });
        await using var watcher = await cloud.ConnectAsync(cloud.Operator, "all-watcher", Stopping);
        await using var connection = await cloud.OpenAsync(cloud.Operator, Stopping);
        await connection.WriteAsync(new ConnectPacket("all-deaf", KeepAliveSeconds: 30), Stopping);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Stopping);
        var flood = FloodAsync(connection, stop.Token);
        await cloud.Log.WaitAsync("all-deaf connected", Stopping);

        // As long as it is listened to, the clock shows no silence; then it does.
        var cut = cloud.Log.WaitAsync("all-deaf is cut: nothing came from it for 45 s", Stopping);
        while (!cut.IsCompleted)
        {
            cloud.Clock.Advance(TimeSpan.FromSeconds(15));
            await watcher.PublishAsync("x", default, cancellationToken: Stopping);
        }

        await stop.CancelAsync();
        await flood;
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task Half_a_packet_for_ever_ends_with_the_keep_alive()
    {
        await using var cloud = await TestCloud.StartAsync(Stopping);
        await using var bystander = await cloud.ConnectAsync(cloud.Operator, "all-2", Stopping);
        await using var stream = await cloud.OpenStreamAsync(TestCloud.CertificateOf(cloud.Operator), Stopping);
        await using var connection = new MqttConnection(stream);
        await connection.WriteAsync(new ConnectPacket("all-1", KeepAliveSeconds: 30), Stopping);
        await connection.ReadAsync(Stopping);

        // PUBLISH of 130,000 bytes, of which 3 come.
        await stream.WriteAsync(new byte[] { 0x30, 0xD0, 0xF7, 0x07, 0, 1, (byte)'x' }, Stopping);
        await bystander.PublishAsync("x", default, cancellationToken: Stopping);
        cloud.Clock.Advance(TimeSpan.FromSeconds(45));

        Assert.IsNull(await connection.ReadAsync(Stopping));
        await cloud.Log.WaitAsync("all-1 is cut: nothing came from it for 45 s", Stopping);
    }

    [TestMethod]
    public void A_rate_limit_gives_a_seconds_worth_and_refills()
    {
        var clock = new ManualTime();
        var limit = new RateLimit(10, clock);
        for (var index = 0; index < 10; index++)
        {
            Assert.IsTrue(limit.TryTakeOne());
        }

        Assert.IsFalse(limit.TryTakeOne());
        Assert.AreEqual(TimeSpan.FromMilliseconds(100), limit.TimeUntilOne());
        clock.Advance(limit.TimeUntilOne());
        Assert.IsTrue(limit.TryTakeOne());
        Assert.IsFalse(limit.TryTakeOne());
        clock.Advance(TimeSpan.FromHours(1));
        Assert.AreEqual(TimeSpan.FromSeconds(1), limit.Take(20), "no more than a second's worth is saved up");
    }

    private static async Task FloodAsync(MqttConnection connection, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await connection.WriteAsync(new PublishPacket("x", default, QualityOfService.AtLeastOnce, PacketId: 1), cancellationToken);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The end of the connection, or of the test.
        }
    }
}
