using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Tests.Outside;

/// <summary>Eclipse Paho's client (Debian's python3-paho-mqtt) against LocalCloud: the scenarios are in <c>paho_clients.py</c>.</summary>
[TestClass]
public sealed class PahoTests
{
    private static OutsideCloud s_cloud;

    public TestContext TestContext { get; set; }

    private CancellationToken Stopping => TestContext.CancellationToken;

    [ClassInitialize]
    public static async Task StartCloud(TestContext context)
    {
        if (Environment.GetEnvironmentVariable("AGENT_PAHO") != "1")
        {
            Assert.Inconclusive("Set AGENT_PAHO=1 where python3-paho-mqtt is installed to run Eclipse Paho's client against LocalCloud.");
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

    // The scenarios use the same client ids, and AWS takes one CONNECT a second for each.
    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    [DataRow("publish_and_subscribe")]
    [DataRow("last_will")]
    [DataRow("persistent_session")]
    [DataRow("retained_message")]
    public async Task Scenario(string name)
    {
        await Task.Delay(1_100, Stopping);

        await OutsideProcess.RunAsync(
            Stopping,
            "/usr/bin/python3",
            Path.Combine(AppContext.BaseDirectory, "Outside", "paho_clients.py"),
            "localhost",
            s_cloud.Server.Port.ToString(),
            s_cloud.RootCa,
            s_cloud.Certificate,
            s_cloud.Key,
            name);
    }
}
