using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Tests.Outside;

/// <summary>Debian's mosquitto_pub and mosquitto_sub against LocalCloud.</summary>
[TestClass]
public sealed class MosquittoClientsTests
{
    private static OutsideCloud s_cloud;

    public TestContext TestContext { get; set; }

    private CancellationToken Stopping => TestContext.CancellationToken;

    [ClassInitialize]
    public static async Task StartCloud(TestContext context)
    {
        if (Environment.GetEnvironmentVariable("AGENT_MOSQUITTO") != "1")
        {
            Assert.Inconclusive("Set AGENT_MOSQUITTO=1 where mosquitto-clients is installed to run mosquitto_pub and mosquitto_sub against LocalCloud.");
        }

        s_cloud = await OutsideCloud.StartAsync(context.CancellationToken);
    }

    [ClassCleanup]
    public static async Task StopCloud()
    {
        if (s_cloud is not null)
        {
            await s_cloud.DisposeAsync();
        }
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    [DataRow("0")]
    [DataRow("1")]
    public async Task What_one_publishes_the_other_gets(string qualityOfService)
    {
        await using var watcher = await SubscribeAsync("all-watcher-" + qualityOfService, "-t", $"plain/{qualityOfService}/+", "-q", qualityOfService, "-C", "2");

        await PublishAsync("-t", $"plain/{qualityOfService}/a", "-m", "20.5", "-q", qualityOfService);
        await PublishAsync("-t", $"plain/{qualityOfService}/b", "-n", "-q", qualityOfService);

        Assert.AreEqual($"plain/{qualityOfService}/a {qualityOfService} 0 20.5", await watcher.ReadLineAsync(Stopping));
        Assert.AreEqual($"plain/{qualityOfService}/b {qualityOfService} 0 ", await watcher.ReadLineAsync(Stopping));
        Assert.AreEqual(0, await watcher.WaitForExitAsync(Stopping));
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task A_last_will_comes_from_a_client_that_is_killed()
    {
        await using var watcher = await SubscribeAsync("all-heir", "-t", "wills/#", "-q", "1", "-C", "1");
        var mortal = await SubscribeAsync("all-mortal", "-t", "nothing", "--will-topic", "wills/all-mortal", "--will-payload", "gone", "--will-qos", "1");

        mortal.Kill();

        Assert.AreEqual("wills/all-mortal 1 0 gone", await watcher.ReadLineAsync(Stopping));
        await mortal.DisposeAsync();
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task A_persistent_session_keeps_what_comes_while_its_client_is_away()
    {
        string[] session = ["-t", "kept/x", "-q", "1", "-c"];
        await using (var first = await SubscribeAsync("all-keeper", [.. session, "-E"]))
        {
            Assert.AreEqual(0, await first.WaitForExitAsync(Stopping));
        }

        await s_cloud.Log.WaitAsync("all-keeper disconnected", Stopping);
        await PublishAsync("-t", "kept/x", "-m", "1", "-q", "1");
        await PublishAsync("-t", "kept/x", "-m", "2", "-q", "1");

        // AWS takes one CONNECT a second of a client id.
        await Task.Delay(1_100, Stopping);
        await using var second = OutsideProcess.Start("mosquitto_sub", [.. Common(s_cloud.Certificate, s_cloud.Key), "-i", "all-keeper", "-F", "%t %q %r %p", .. session, "-C", "2"]);

        Assert.AreEqual("kept/x 1 0 1", await second.ReadLineAsync(Stopping));
        Assert.AreEqual("kept/x 1 0 2", await second.ReadLineAsync(Stopping));
        Assert.AreEqual(0, await second.WaitForExitAsync(Stopping));
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task A_retained_message_waits_for_who_subscribes_later()
    {
        await PublishAsync("-t", "retained/x", "-m", "old", "-q", "1", "-r");
        await PublishAsync("-t", "retained/x", "-m", "kept", "-q", "1", "-r");

        await using var late = await SubscribeAsync("all-late", "-t", "retained/x", "-q", "1", "-C", "2");

        Assert.AreEqual("retained/x 1 1 kept", await late.ReadLineAsync(Stopping));
        await PublishAsync("-t", "retained/x", "-m", "live", "-q", "1", "-r");
        Assert.AreEqual("retained/x 1 0 live", await late.ReadLineAsync(Stopping));
        Assert.AreEqual(0, await late.WaitForExitAsync(Stopping));
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task A_publish_outside_the_policy_costs_the_connection_and_is_told_in_the_log()
    {
        // A claim may do nothing but provision.
        await using var claimed = OutsideProcess.Start("mosquitto_pub", [
            .. Common(s_cloud.Server.ClaimCertificatePath, s_cloud.Server.ClaimKeyPath), "-i", "all-too-curious", "-q", "1", "-t", "outside/policy", "-m", "forbidden"]);

        var line = await s_cloud.Log.WaitAsync("all-too-curious is cut", Stopping);

        Assert.IsTrue(line.Contains("iot:Publish", StringComparison.Ordinal) && line.Contains("outside/policy", StringComparison.Ordinal), line);
    }

    private static string[] Common(string certificate, string key) =>
        ["-h", "localhost", "-p", s_cloud.Server.Port.ToString(), "--cafile", s_cloud.RootCa, "--cert", certificate, "--key", key, "-V", "mqttv311"];

    private Task<string> PublishAsync(params string[] arguments) =>
        OutsideProcess.RunAsync(Stopping, "mosquitto_pub", [.. Common(s_cloud.Certificate, s_cloud.Key), "-i", "all-" + Guid.NewGuid().ToString("N"), .. arguments]);

    /// <summary>Starts mosquitto_sub, and waits until LocalCloud has taken its subscription.</summary>
    private async Task<OutsideProcess> SubscribeAsync(string clientId, params string[] arguments)
    {
        var process = OutsideProcess.Start("mosquitto_sub", [.. Common(s_cloud.Certificate, s_cloud.Key), "-i", clientId, "-F", "%t %q %r %p", .. arguments]);
        await s_cloud.Log.WaitAsync(clientId + " subscribed", Stopping);
        return process;
    }
}
