using System.Text.Json;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Tests.EndToEnd;

namespace Tests.Outside;

/// <summary>The commands <c>prove</c> and <c>bench</c> against LocalCloud, small.</summary>
[TestClass]
[DoNotParallelize] // some of them take all of the machine, or have half a second for a handshake
public sealed class ProveTests
{
    public TestContext TestContext { get; set; }

    private CancellationToken Stopping => TestContext.CancellationToken;

    [TestMethod]
    [Timeout(120_000, CooperativeCancellation = true)]
    public async Task Hostile_input_neither_stops_LocalCloud_nor_holds_up_a_well_behaved_client()
    {
        var (status, output, error) = await AgentProcess.RunAsync(Stopping, "prove", "listener", "--inputs", "300", "--seed", "3", "--silent", "600", "--json");

        Assert.AreEqual(0, status, output + error);
        var figures = JsonDocument.Parse(output).RootElement;
        Assert.AreEqual(300, figures.GetProperty("inputs").GetInt32());
        Assert.AreEqual(8, figures.GetProperty("kinds").EnumerateObject().Count(kind => kind.Value.GetInt32() > 0));
        Assert.AreEqual(0, figures.GetProperty("faults").GetInt32());
        Assert.IsGreaterThan(0, figures.GetProperty("receivedAlone").GetInt32());
        Assert.IsGreaterThan(0, figures.GetProperty("received").GetInt32());
        Assert.AreEqual(600, figures.GetProperty("silent").GetInt32());
    }

    [TestMethod]
    [Timeout(120_000, CooperativeCancellation = true)]
    public async Task LocalCloud_keeps_each_statement_of_MQTT_that_AWS_keeps()
    {
        var (status, output, error) = await AgentProcess.RunAsync(Stopping, "prove", "conformance", "--json");

        Assert.AreEqual(0, status, output + error);
        var figures = JsonDocument.Parse(output).RootElement;
        Assert.IsGreaterThanOrEqualTo(90, figures.GetProperty("tried").GetInt32());
        Assert.AreEqual(figures.GetProperty("tried").GetInt32(), figures.GetProperty("passed").GetInt32());
    }

    [TestMethod]
    [Timeout(120_000, CooperativeCancellation = true)]
    public async Task Whatever_is_parsed_stands_broken_and_hostile_input()
    {
        var (status, output, error) = await AgentProcess.RunAsync(Stopping, "prove", "fuzz", "--inputs", "1000", "--seed", "7", "--json");

        Assert.AreEqual(0, status, output + error);
        var figures = JsonDocument.Parse(output).RootElement;
        Assert.AreEqual(0, figures.GetProperty("failed").GetInt32());
        var parsers = figures.GetProperty("parsers").EnumerateArray().ToArray();
        Assert.AreEqual(parsers.Length * 1_000, figures.GetProperty("inputs").GetInt32());
        CollectionAssert.IsSubsetOf(
            new[] { "json", "create-answer", "register-answer", "rejection", "settings", "command", "identity", "attempts", "journal", "mqtt-server", "mqtt-client" },
            parsers.Select(parser => parser.GetProperty("parser").GetString()).ToArray());
        Assert.IsTrue(parsers.All(parser => parser.GetProperty("accepted").GetInt32() > 0 && parser.GetProperty("refused").GetInt32() > 0), output);
    }

    [TestMethod]
    [Timeout(120_000, CooperativeCancellation = true)]
    public async Task One_input_needs_its_parser_and_a_parser_needs_its_name()
    {
        var (status, _, error) = await AgentProcess.RunAsync(Stopping, "prove", "fuzz", "--only", "3");
        Assert.AreEqual(2, status);
        Assert.IsTrue(error.Contains("--parser", StringComparison.Ordinal), error);

        (status, _, error) = await AgentProcess.RunAsync(Stopping, "prove", "fuzz", "--parser", "none");
        Assert.AreEqual(2, status);
        Assert.IsTrue(error.Contains("settings", StringComparison.Ordinal), error);

        (status, var output, error) = await AgentProcess.RunAsync(Stopping, "prove", "fuzz", "--parser", "settings", "--only", "3");
        Assert.AreEqual(0, status, output + error);
    }

    [TestMethod]
    [Timeout(120_000, CooperativeCancellation = true)]
    public async Task A_herd_that_is_spread_stays_under_the_quota_and_one_that_is_not_is_told_from_it()
    {
        var (status, output, error) = await AgentProcess.RunAsync(Stopping, "prove", "herd", "--devices", "60", "--json");

        Assert.AreEqual(0, status, output + error);
        var figures = JsonDocument.Parse(output).RootElement;
        Assert.AreEqual(60, figures.GetProperty("devices").GetInt32());
        Assert.AreEqual(60, figures.GetProperty("arrived").GetInt32());
        Assert.AreEqual(60, figures.GetProperty("certificates").GetInt32());
        Assert.AreEqual(0, figures.GetProperty("throttled").GetInt32());
        Assert.IsInRange(1, 9, figures.GetProperty("peakPerSecond").GetInt32());
        Assert.IsInRange(0.5, 1.3, figures.GetProperty("minutesToLast").GetDouble());

        // All at once: most are sent away, come back after their pauses, and get there
        (status, output, error) = await AgentProcess.RunAsync(Stopping, "prove", "herd", "--devices", "60", "--spread", "0", "--json");

        Assert.AreEqual(1, status, output + error);
        figures = JsonDocument.Parse(output).RootElement;
        Assert.AreEqual(60, figures.GetProperty("arrived").GetInt32());
        Assert.AreEqual(60, figures.GetProperty("certificates").GetInt32());
        Assert.IsGreaterThan(50, figures.GetProperty("peakPerSecond").GetInt32());
        Assert.IsGreaterThan(0, figures.GetProperty("throttled").GetInt32());
    }

    [TestMethod]
    [Timeout(240_000, CooperativeCancellation = true)]
    public async Task A_board_comes_back_from_a_power_cut_at_every_instant()
    {
        var (status, output, error) = await AgentProcess.RunAsync(Stopping, "prove", "powercut", "--share", "60", "--json");

        Assert.AreEqual(0, status, output + error);
        var figures = JsonDocument.Parse(output).RootElement;
        var cuts = figures.GetProperty("cuts").GetInt32();
        Assert.IsGreaterThan(1_000, cuts);
        Assert.AreEqual(cuts, figures.GetProperty("recovered").GetInt32());
        Assert.AreEqual(cuts, figures.GetProperty("singles").GetInt32() + figures.GetProperty("pairs").GetInt32());
        Assert.AreEqual(0, figures.GetProperty("strayCertificates").GetInt32());
        Assert.AreEqual(0, figures.GetProperty("identitiesLost").GetInt32());
        Assert.AreEqual(20, figures.GetProperty("scenarios").GetArrayLength());
        Assert.IsTrue(figures.GetProperty("scenarios").EnumerateArray().All(scenario => scenario.GetProperty("singles").GetInt32() > 0 && scenario.GetProperty("pairs").GetInt32() > 0));

        (status, output, error) = await AgentProcess.RunAsync(Stopping, "prove", "powercut", "--only", "first-boot/no-cut");

        Assert.AreEqual(2, status);
        Assert.IsTrue(error.Contains("journal-registered-strict", StringComparison.Ordinal), error);
    }

    [TestMethod]
    [Timeout(120_000, CooperativeCancellation = true)]
    public async Task The_ledger_of_days_in_the_field_adds_up_and_is_the_same_for_the_same_seed()
    {
        var (status, output, error) = await AgentProcess.RunAsync(Stopping, "prove", "soak", "--days", "2", "--seed", "5", "--json");

        Assert.AreEqual(0, status, output + error);
        var figures = JsonDocument.Parse(output).RootElement;
        var taken = Figure("taken");
        Assert.IsGreaterThan(1_000, taken);
        Assert.AreEqual(taken, Figure("received") + Figure("dropped"));
        Assert.AreEqual(0, Figure("missing"));
        Assert.AreEqual(0, Figure("outOfOrder"));
        Assert.IsGreaterThan(0, Figure("duplicates"));
        Assert.IsTrue(new[] { "wifiLosses", "brokerRestarts", "faultRules", "clockJumps", "powerCuts", "commands" }.All(kind => Figure(kind) > 0), output);

        var (_, again, _) = await AgentProcess.RunAsync(Stopping, "prove", "soak", "--days", "2", "--seed", "5", "--json");

        Assert.AreEqual(taken, JsonDocument.Parse(again).RootElement.GetProperty("taken").GetInt32());
        Assert.AreEqual(Figure("duplicates"), JsonDocument.Parse(again).RootElement.GetProperty("duplicates").GetInt32());

        int Figure(string name) => figures.GetProperty(name).GetInt32();
    }

    [TestMethod]
    [Timeout(120_000, CooperativeCancellation = true)]
    public async Task The_bench_measures_LocalCloud_and_says_what_it_leaves_out()
    {
        var (status, output, error) = await AgentProcess.RunAsync(
            Stopping, "bench", "cloud", "--clients", "2", "--seconds", "1", "--rounds", "1", "--aedes", AppContext.BaseDirectory, "--json");

        Assert.AreEqual(0, status, output + error);
        var figures = JsonDocument.Parse(output).RootElement;
        var cloud = figures.GetProperty("brokers")[0];
        Assert.AreEqual("LocalCloud", cloud.GetProperty("broker").GetString());
        Assert.IsGreaterThan(0, cloud.GetProperty("connectionsPerSecond").GetDouble());
        Assert.IsGreaterThan(0, cloud.GetProperty("messagesPerSecond").GetDouble());
        Assert.AreEqual(1, cloud.GetProperty("messagesOfLocalCloud").GetDouble());
        Assert.IsTrue(figures.GetProperty("leftOut").EnumerateArray().Any(name => name.GetString() == "aedes"));
        Assert.IsTrue(error.Contains("aedes is left out", StringComparison.Ordinal), error);
    }

    [TestMethod]
    [Timeout(120_000, CooperativeCancellation = true)]
    public async Task A_proof_without_a_good_number_is_bad_use()
    {
        var (status, _, error) = await AgentProcess.RunAsync(Stopping, "prove", "listener", "--inputs", "none");

        Assert.AreEqual(2, status);
        Assert.IsTrue(error.Contains("--inputs", StringComparison.Ordinal), error);
    }
}
