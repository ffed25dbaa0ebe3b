using System.Text;
using LocalCloud;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Mqtt;

namespace Tests.LocalCloud;

/// <summary>Retained messages by AWS's rules. What permission they take is in <see cref="BrokerTests"/>.</summary>
[TestClass]
public sealed class RetainedMessageTests
{
    private TestCloud _cloud = null!;

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Stopping => TestContext.CancellationToken;

    [TestInitialize]
    public async Task Start() => _cloud = await TestCloud.StartAsync(Stopping);

    [TestCleanup]
    public async Task Stop() => await _cloud.DisposeAsync();

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task The_last_one_of_a_topic_goes_to_new_subscribers_with_the_retain_flag()
    {
        await using var publisher = await _cloud.ConnectAsync(_cloud.Operator, "all-1", Stopping);
        await using var subscriber = await _cloud.ConnectAsync(_cloud.Operator, "all-2", Stopping);
        await publisher.PublishAsync("a", "first"u8.ToArray(), retain: true, cancellationToken: Stopping);
        await publisher.PublishAsync("a", "second"u8.ToArray(), retain: true, cancellationToken: Stopping);
        await publisher.PublishAsync("a", "not retained"u8.ToArray(), cancellationToken: Stopping);

        await subscriber.SubscribeAsync("a", cancellationToken: Stopping);

        await ExpectAsync(subscriber, "second", isRetained: true);
        await publisher.PublishAsync("a", "third"u8.ToArray(), retain: true, cancellationToken: Stopping);
        await ExpectAsync(subscriber, "third", isRetained: false);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task An_empty_one_clears_the_topic()
    {
        await using var client = await _cloud.ConnectAsync(_cloud.Operator, "all-1", Stopping);
        await client.PublishAsync("a", "gone"u8.ToArray(), retain: true, cancellationToken: Stopping);
        await client.PublishAsync("a", default, retain: true, cancellationToken: Stopping);

        await client.SubscribeAsync("a", cancellationToken: Stopping);
        await client.PublishAsync("a", "now"u8.ToArray(), cancellationToken: Stopping);

        await ExpectAsync(client, "now", isRetained: false);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task Filters_with_wildcards_do_not_get_the_stored_ones()
    {
        await using var client = await _cloud.ConnectAsync(_cloud.Operator, "all-1", Stopping);
        await client.PublishAsync("a/b", "stored"u8.ToArray(), retain: true, cancellationToken: Stopping);

        await client.SubscribeAsync("a/+", cancellationToken: Stopping);
        await client.SubscribeAsync("#", cancellationToken: Stopping);
        await client.PublishAsync("a/b", "live"u8.ToArray(), cancellationToken: Stopping);

        await ExpectAsync(client, "live", isRetained: false);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task It_comes_at_the_lower_of_both_qualities()
    {
        await using var client = await _cloud.ConnectAsync(_cloud.Operator, "all-1", Stopping);
        await client.PublishAsync("a", "one"u8.ToArray(), retain: true, cancellationToken: Stopping);
        await client.SubscribeAsync("a", QualityOfService.AtMostOnce, Stopping);

        Assert.AreEqual(QualityOfService.AtMostOnce, (await client.Messages.ReadAsync(Stopping)).QoS);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task Nothing_is_retained_on_reserved_topics()
    {
        await using var connection = await _cloud.OpenConnectedAsync(_cloud.Operator, "all-1", Stopping);
        await connection.WriteAsync(new PublishPacket("$aws/certificates/create/json", default, QualityOfService.AtLeastOnce, Retain: true, PacketId: 1), Stopping);

        Assert.IsNull(await connection.ReadAsync(Stopping));
        await _cloud.Log.WaitAsync("nothing is retained on reserved topics", Stopping);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task A_will_can_be_retained()
    {
        await using var watcher = await _cloud.ConnectAsync(_cloud.Operator, "all-2", Stopping);
        await watcher.SubscribeAsync("wills/+", cancellationToken: Stopping);
        await using (var connection = await _cloud.OpenAsync(_cloud.Operator, Stopping))
        {
            await connection.WriteAsync(new ConnectPacket("all-1", Will: new Will("wills/1", "gone"u8.ToArray(), QualityOfService.AtLeastOnce, Retain: true)), Stopping);
            await connection.ReadAsync(Stopping);
        }

        await ExpectAsync(watcher, "gone", isRetained: false);
        await watcher.SubscribeAsync("wills/1", cancellationToken: Stopping);
        await ExpectAsync(watcher, "gone", isRetained: true);
    }

    private async Task ExpectAsync(MqttStreamClient client, string payload, bool isRetained)
    {
        var message = await client.Messages.ReadAsync(Stopping);
        Assert.AreEqual(payload, Encoding.UTF8.GetString(message.Payload.Span));
        Assert.AreEqual(isRetained, message.Retain);
    }
}
