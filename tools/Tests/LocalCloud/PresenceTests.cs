using System.Text.Json;
using LocalCloud;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Mqtt;

namespace Tests.LocalCloud;

/// <summary>Lifecycle events: what AWS publishes about clients that come, go, subscribe and unsubscribe.</summary>
[TestClass]
public sealed class PresenceTests
{
    private TestCloud _cloud = null!;
    private MqttStreamClient _watcher = null!;

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Stopping => TestContext.CancellationToken;

    private ClientCredentials All => _cloud.Operator;

    [TestInitialize]
    public async Task Start()
    {
        _cloud = await TestCloud.StartAsync(Stopping);
        _watcher = await _cloud.ConnectAsync(All, "all-watcher", Stopping);
        await _watcher.SubscribeAsync("$aws/events/presence/#", cancellationToken: Stopping);
    }

    [TestCleanup]
    public async Task Stop()
    {
        await _watcher.DisposeAsync();
        await _cloud.DisposeAsync();
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task Connecting_and_disconnecting_are_told_with_the_documented_fields()
    {
        await (await _cloud.ConnectAsync(All, "all-1", Stopping)).DisposeAsync();

        var connected = await NextAsync("$aws/events/presence/connected/all-1");
        CollectionAssert.AreEqual(
            new[] { "clientId", "timestamp", "eventType", "sessionIdentifier", "principalIdentifier", "ipAddress", "versionNumber" },
            connected.EnumerateObject().Select(field => field.Name).ToArray());
        Assert.AreEqual("all-1", connected.GetProperty("clientId").GetString());
        Assert.AreEqual(_cloud.Clock.GetUtcNow().ToUnixTimeMilliseconds(), connected.GetProperty("timestamp").GetInt64());
        Assert.AreEqual("connected", connected.GetProperty("eventType").GetString());
        Assert.AreEqual(All.CertificateId, connected.GetProperty("principalIdentifier").GetString());
        Assert.AreEqual(0, connected.GetProperty("versionNumber").GetInt64());
        Assert.IsTrue(connected.GetProperty("ipAddress").GetString() is "127.0.0.1" or "::1");

        var disconnected = await NextAsync("$aws/events/presence/disconnected/all-1");
        CollectionAssert.AreEqual(
            new[] { "clientId", "timestamp", "eventType", "sessionIdentifier", "principalIdentifier", "clientInitiatedDisconnect", "disconnectReason", "versionNumber" },
            disconnected.EnumerateObject().Select(field => field.Name).ToArray());
        Assert.AreEqual(connected.GetProperty("sessionIdentifier").GetString(), disconnected.GetProperty("sessionIdentifier").GetString());
        Assert.AreEqual(0, disconnected.GetProperty("versionNumber").GetInt64());
        Assert.IsTrue(disconnected.GetProperty("clientInitiatedDisconnect").GetBoolean());
        Assert.AreEqual("CLIENT_INITIATED_DISCONNECT", disconnected.GetProperty("disconnectReason").GetString());
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task The_version_counts_a_clients_connections_and_begins_anew_after_an_hour()
    {
        foreach (var version in new[] { 0, 1 })
        {
            await (await _cloud.ConnectAsync(All, "all-1", Stopping)).DisposeAsync();
            Assert.AreEqual(version, (await NextAsync("$aws/events/presence/connected/all-1")).GetProperty("versionNumber").GetInt64());
            Assert.AreEqual(version, (await NextAsync("$aws/events/presence/disconnected/all-1")).GetProperty("versionNumber").GetInt64());
            _cloud.Clock.Advance(BrokerLimits.ConnectInterval);
        }

        var history = new ClientHistory(_cloud.Clock);
        Assert.AreEqual(0, history.Enter("x"));
        _cloud.Clock.Advance(TimeSpan.FromMinutes(20));
        Assert.AreEqual(1, history.Enter("x"));
        history.Leave("x");
        _cloud.Clock.Advance(TimeSpan.FromMinutes(20));
        history.Leave("x");
        _cloud.Clock.Advance(TimeSpan.FromMinutes(59));
        Assert.AreEqual(2, history.Enter("x"));
        history.Leave("x");
        _cloud.Clock.Advance(TimeSpan.FromMinutes(60));
        Assert.AreEqual(0, history.Enter("x"));
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task The_reason_of_each_end_is_told()
    {
        await using var first = await _cloud.OpenConnectedAsync(All, "all-twice", Stopping);
        _cloud.Clock.Advance(BrokerLimits.ConnectInterval);
        await using var second = await _cloud.OpenConnectedAsync(All, "all-twice", Stopping);
        Assert.AreEqual("DUPLICATE_CLIENTID", await ReasonAsync("all-twice"));

        await second.WriteAsync(new ConnectPacket("all-twice"), Stopping);
        Assert.AreEqual("CLIENT_ERROR", await ReasonAsync("all-twice"));

        await (await _cloud.OpenConnectedAsync(All, "all-lost", Stopping)).DisposeAsync();
        Assert.AreEqual("CONNECTION_LOST", await ReasonAsync("all-lost"));

        await using var forbidden = await _cloud.OpenConnectedAsync(_cloud.Server.ClaimCredentials, "device-1", Stopping);
        await forbidden.WriteAsync(new PublishPacket("dt/x", default), Stopping);
        Assert.AreEqual("FORBIDDEN_ACCESS", await ReasonAsync("device-1"));

        var credentials = await _cloud.Server.CreateOperatorCredentialsAsync("revoked", Stopping);
        await using var revoked = await _cloud.OpenConnectedAsync(credentials, "revoked-1", Stopping);
        _cloud.Registry.SetCertificateStatus(credentials.CertificateId, CertificateStatus.Revoked);
        Assert.AreEqual("AUTH_ERROR", await ReasonAsync("revoked-1"));

        await using var silent = await _cloud.OpenAsync(All, Stopping);
        await silent.WriteAsync(new ConnectPacket("all-silent", KeepAliveSeconds: 30), Stopping);
        await silent.ReadAsync(Stopping);
        _cloud.Clock.Advance(TimeSpan.FromSeconds(45));
        Assert.AreEqual("MQTT_KEEP_ALIVE_TIMEOUT", await ReasonAsync("all-silent"));
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task Client_ids_with_wildcards_get_none()
    {
        await (await _cloud.ConnectAsync(All, "all-#", Stopping)).DisposeAsync();
        await (await _cloud.ConnectAsync(All, "all-+", Stopping)).DisposeAsync();
        await _cloud.Log.WaitAsync("all-+ disconnected", Stopping);
        await (await _cloud.ConnectAsync(All, "all-1", Stopping)).DisposeAsync();

        await NextAsync("$aws/events/presence/connected/all-1");
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task Subscriptions_are_told_too_and_nobody_can_forge_an_event()
    {
        await _watcher.SubscribeAsync("$aws/events/subscriptions/+/all-1", cancellationToken: Stopping);
        await using var connection = await _cloud.OpenConnectedAsync(All, "all-1", Stopping);
        await NextAsync("$aws/events/presence/connected/all-1");
        await connection.WriteAsync(new SubscribePacket(1, [new("a", QualityOfService.AtMostOnce), new("b/#", QualityOfService.AtMostOnce)]), Stopping);
        await connection.WriteAsync(new UnsubscribePacket(2, ["a"]), Stopping);

        var subscribed = await NextAsync("$aws/events/subscriptions/subscribed/all-1");
        CollectionAssert.AreEqual(new[] { "a", "b/#" }, subscribed.GetProperty("topics").EnumerateArray().Select(topic => topic.GetString()).ToArray());
        Assert.AreEqual("unsubscribed", (await NextAsync("$aws/events/subscriptions/unsubscribed/all-1")).GetProperty("eventType").GetString());

        await connection.WriteAsync(new PublishPacket("$aws/events/presence/connected/all-2", default), Stopping);
        await _cloud.Log.WaitAsync("all-1 is cut: PUBLISH to $aws/events/presence/connected/all-2: topics that begin with $ are reserved", Stopping);
    }

    private async Task<JsonElement> NextAsync(string topic)
    {
        var message = await _watcher.Messages.ReadAsync(Stopping);
        Assert.AreEqual(topic, message.Topic);
        return JsonDocument.Parse(message.Payload).RootElement;
    }

    private async Task<string?> ReasonAsync(string clientId)
    {
        while (true)
        {
            var message = await _watcher.Messages.ReadAsync(Stopping);
            if (message.Topic == "$aws/events/presence/disconnected/" + clientId)
            {
                return JsonDocument.Parse(message.Payload).RootElement.GetProperty("disconnectReason").GetString();
            }
        }
    }
}
