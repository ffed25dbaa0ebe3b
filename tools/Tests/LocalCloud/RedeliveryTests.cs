using LocalCloud;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Mqtt;

namespace Tests.LocalCloud;

/// <summary>What becomes of a QoS 1 message that a connected client does not acknowledge.</summary>
[TestClass]
public sealed class RedeliveryTests
{
    private TestCloud _cloud = null!;
    private MqttStreamClient _publisher = null!;
    private MqttConnection _client = null!;

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Stopping => TestContext.CancellationToken;

    [TestInitialize]
    public async Task Start()
    {
        _cloud = await TestCloud.StartAsync(Stopping, new LocalCloudOptions { LimitMessages = false });
        _publisher = await _cloud.ConnectAsync(_cloud.Operator, "all-publisher", Stopping);
        _client = await _cloud.OpenConnectedAsync(_cloud.Operator, "all-1", Stopping);
        await _client.WriteAsync(new SubscribePacket(1, [new("a", QualityOfService.AtLeastOnce)]), Stopping);
        Assert.IsInstanceOfType<SubAckPacket>(await _client.ReadAsync(Stopping));
    }

    [TestCleanup]
    public async Task Stop()
    {
        await _client.DisposeAsync();
        await _publisher.DisposeAsync();
        await _cloud.DisposeAsync();
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task It_comes_again_with_DUP_and_its_identifier_until_it_is_acknowledged()
    {
        await _publisher.PublishAsync("a", "1"u8.ToArray(), cancellationToken: Stopping);
        await _publisher.PublishAsync("a", "2"u8.ToArray(), cancellationToken: Stopping);
        var sent = await ReadUntilAnswerAsync();
        Assert.HasCount(2, sent);
        Assert.IsTrue(sent.All(message => !message.Duplicate));

        await _client.WriteAsync(new PubAckPacket(sent[1].PacketId), Stopping);
        Assert.IsEmpty(await ReadUntilAnswerAsync());
        for (var time = 0; time < 3; time++)
        {
            _cloud.Clock.Advance(BrokerLimits.RepeatInterval - TimeSpan.FromTicks(1));
            Assert.IsEmpty(await ReadUntilAnswerAsync(), "it is too early");
            _cloud.Clock.Advance(TimeSpan.FromTicks(1));
            var repeat = (await ReadUntilAnswerAsync()).Single();
            Assert.IsTrue(repeat.Duplicate);
            Assert.AreEqual(sent[0].PacketId, repeat.PacketId);
            CollectionAssert.AreEqual(sent[0].Payload.ToArray(), repeat.Payload.ToArray());
        }

        await _client.WriteAsync(new PubAckPacket(sent[0].PacketId), Stopping);
        Assert.IsEmpty(await ReadUntilAnswerAsync());
        _cloud.Clock.Advance(BrokerLimits.RepeatInterval * 2);
        Assert.IsEmpty(await ReadUntilAnswerAsync());
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task It_is_given_up_after_an_hour_and_makes_room_for_the_next()
    {
        for (var index = 0; index <= BrokerLimits.MaximumUnacknowledged; index++)
        {
            await _publisher.PublishAsync("a", new[] { (byte)index }, cancellationToken: Stopping);
        }

        var sent = await ReadUntilAnswerAsync();
        Assert.HasCount(BrokerLimits.MaximumUnacknowledged, sent);
        for (var index = 1; index < BrokerLimits.MaximumUnacknowledged; index++)
        {
            await _client.WriteAsync(new PubAckPacket(sent[index].PacketId), Stopping);
        }

        var last = (await ReadUntilAnswerAsync()).Single();
        Assert.AreEqual((byte)BrokerLimits.MaximumUnacknowledged, last.Payload.Span[0]);
        await _client.WriteAsync(new PubAckPacket(last.PacketId), Stopping);

        var repeats = 0;
        for (var time = TimeSpan.Zero; time < BrokerLimits.SessionLife; time += BrokerLimits.RepeatInterval)
        {
            _cloud.Clock.Advance(BrokerLimits.RepeatInterval);
            repeats += (await ReadUntilAnswerAsync()).Count(message => message.Duplicate && message.PacketId == sent[0].PacketId);
        }

        Assert.AreEqual((int)(BrokerLimits.SessionLife / BrokerLimits.RepeatInterval) - 1, repeats);
        await _cloud.Log.WaitAsync("all-1: a message to a is given up: it was not acknowledged within an hour", Stopping);
        _cloud.Clock.Advance(BrokerLimits.RepeatInterval * 2);
        Assert.IsEmpty(await ReadUntilAnswerAsync());
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task The_ones_that_are_given_up_make_room_for_those_that_wait()
    {
        for (var index = 0; index < BrokerLimits.MaximumUnacknowledged; index++)
        {
            await _publisher.PublishAsync("a", new[] { (byte)index }, cancellationToken: Stopping);
        }

        Assert.HasCount(BrokerLimits.MaximumUnacknowledged, await ReadUntilAnswerAsync());
        _cloud.Clock.Advance(BrokerLimits.RepeatInterval);
        Assert.HasCount(BrokerLimits.MaximumUnacknowledged, await ReadUntilAnswerAsync());
        await _publisher.PublishAsync("a", "waits"u8.ToArray(), cancellationToken: Stopping);
        var fresh = new List<PublishPacket>();
        for (var time = BrokerLimits.RepeatInterval; time < BrokerLimits.SessionLife; time += BrokerLimits.RepeatInterval)
        {
            Assert.IsEmpty(fresh, "repeats take the place of nothing");
            _cloud.Clock.Advance(BrokerLimits.RepeatInterval);
            fresh.AddRange((await ReadUntilAnswerAsync()).Where(message => !message.Duplicate));
        }

        CollectionAssert.AreEqual("waits"u8.ToArray(), fresh.Single().Payload.ToArray());
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task Repeats_do_not_pile_up_before_a_client_that_reads_slowly()
    {
        // More than the sockets hold between the two.
        var payload = new byte[BrokerLimits.MaximumPayload];
        for (var index = 0; index < BrokerLimits.MaximumUnacknowledged; index++)
        {
            payload[0] = (byte)index;
            await _publisher.PublishAsync("a", payload.ToArray(), cancellationToken: Stopping);
        }

        for (var time = 0; time < 20; time++)
        {
            _cloud.Clock.Advance(BrokerLimits.RepeatInterval);
        }

        var sent = await ReadUntilAnswerAsync();
        Assert.IsFalse(sent.Any(message => message.Duplicate), "the first copies were on their way");
        CollectionAssert.AreEqual(Enumerable.Range(0, BrokerLimits.MaximumUnacknowledged).ToArray(), sent.Select(message => (int)message.Payload.Span[0]).ToArray());

        // Now that it reads, what it does not acknowledge comes again.
        var repeated = new HashSet<ushort>();
        while (repeated.Count < BrokerLimits.MaximumUnacknowledged)
        {
            _cloud.Clock.Advance(BrokerLimits.RepeatInterval);
            foreach (var message in await ReadUntilAnswerAsync())
            {
                Assert.IsTrue(message.Duplicate);
                repeated.Add(message.PacketId);
            }
        }
    }

    /// <summary>The messages that come before the answer to a PINGREQ; when it is there, the broker knows that they were written.</summary>
    private async Task<IReadOnlyList<PublishPacket>> ReadUntilAnswerAsync()
    {
        await _client.WriteAsync(new PingReqPacket(), Stopping);
        var messages = new List<PublishPacket>();
        while (await _client.ReadAsync(Stopping) is PublishPacket message)
        {
            messages.Add(message);
        }

        return messages;
    }
}
