using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using LocalCloud;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Tests.LocalCloud;

namespace Tests.EndToEnd;

/// <summary>The command line as a user meets it, with right input and with wrong.</summary>
[TestClass]
public sealed class CommandLineTests
{
    private readonly TemporaryDirectory _folder = new();

    public TestContext TestContext { get; set; }

    private CancellationToken Stopping => TestContext.CancellationToken;

    [TestCleanup]
    public void Clean() => _folder.Dispose();

    [TestMethod]
    [Timeout(120_000, CooperativeCancellation = true)]
    public async Task Demo_ends_as_promised()
    {
        var (status, output, error) = await AgentProcess.RunAsync(Stopping, "demo", "--devices", "2", "--readings", "1", "--json");

        Assert.AreEqual(0, status, error);
        var result = JsonNode.Parse(output);
        Assert.IsTrue((bool)result["ok"]);
        Assert.HasCount(2, result["devices"].AsArray());
        foreach (var device in result["devices"].AsArray())
        {
            Assert.AreEqual(1, (int)device["certificates"]);
            Assert.AreEqual(0, (int)device["secondBootFlashWrites"]);
            Assert.AreEqual(2, (int)device["received"]);
        }
    }

    [TestMethod]
    [Timeout(120_000, CooperativeCancellation = true)]
    public async Task The_seeds_fleet_is_provisioned_once_and_publishes_on_its_own_topics()
    {
        await using var cloud = AgentProcess.Start("cloud", "--data", PathOf("cloud"), "--mqtt-port", "0", "--json");
        var connection = JsonNode.Parse(await cloud.Output.ReadLineAsync(Stopping));
        File.Copy((string)connection["rootCa"], PathOf("root-ca.pem"));
        File.Copy((string)connection["claimCertificate"], PathOf("claim-cert.pem"));
        File.Copy((string)connection["claimKey"], PathOf("claim-private.key"));
        File.Copy(Path.Combine(AppContext.BaseDirectory, "EndToEnd", "devices.json"), PathOf("devices.json"));
        string[] run = ["run", "--fleet", PathOf("devices.json"), "--endpoint", "localhost", "--port", connection["port"].ToString(), "--readings", "1", "--interval", "1", "--json"];

        var first = await AgentProcess.RunAsync(Stopping, run);
        Assert.AreEqual(0, first.Status, first.Error);
        var devices = JsonNode.Parse(first.Output)["devices"].AsArray();
        Assert.HasCount(7, devices);
        foreach (var device in devices)
        {
            var clientId = (string)device["clientId"];
            Assert.AreEqual(clientId, (string)device["thing"]);
            Assert.IsTrue((bool)device["provisioned"]);
            Assert.AreEqual(1, (int)device["published"]);
            StringAssert.StartsWith(File.ReadAllText(PathOf("certs", clientId, "device-cert.pem")), "-----BEGIN CERTIFICATE-----");
            StringAssert.Contains(File.ReadAllText(PathOf("certs", clientId, "device-private.key")), "PRIVATE KEY-----");
            if (!OperatingSystem.IsWindows())
            {
                Assert.AreEqual(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(PathOf("certs", clientId, "device-private.key")));
            }
        }

        var second = await AgentProcess.RunAsync(Stopping, run);
        Assert.AreEqual(0, second.Status, second.Error);
        foreach (var (device, before) in JsonNode.Parse(second.Output)["devices"].AsArray().Zip(devices))
        {
            Assert.IsFalse((bool)device["provisioned"]);
            Assert.AreEqual((string)before["certificateId"], (string)device["certificateId"]);
        }

        // The two files alone are a device's identity too, as another program may have left them
        Directory.Delete(PathOf("certs", "device-001_AP1", ".flash"), recursive: true);
        var third = await AgentProcess.RunAsync(Stopping, run);
        Assert.AreEqual(0, third.Status, third.Error);
        Assert.IsFalse(JsonNode.Parse(third.Output)["devices"].AsArray().Any(device => (bool)device["provisioned"]));

        if (!OperatingSystem.IsWindows())
        {
            Assert.AreEqual(0, await cloud.TerminateAsync(Stopping));
        }
    }

    [TestMethod]
    [Timeout(120_000, CooperativeCancellation = true)]
    public async Task Each_device_gets_its_identity_by_the_method_that_the_file_gives_it()
    {
        await using var cloud = await LocalCloudServer.StartAsync(new LocalCloudOptions { DataDirectory = PathOf("cloud"), AllowCsr = true }, Stopping);
        using var factoryKey = RSA.Create(2048);
        File.WriteAllText(PathOf("c.key"), factoryKey.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(PathOf("c.csr"), new CertificateRequest("CN=c", factoryKey, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSigningRequestPem());
        WriteFleet(
            cloud,
            """
            { "client_id": "a", "topic": "dt/smpl-krsk/lab/a" },
            { "client_id": "b", "topic": "dt/smpl-krsk/lab/b", "method": "claim-csr" },
            { "client_id": "c", "topic": "dt/smpl-krsk/lab/c", "method": "claim-csr", "device_key": "c.key", "device_csr": "c.csr" },
            { "client_id": "d", "topic": "dt/smpl-krsk/lab/the-d", "parameters": { "ThingName": "the-${thingName}" } },
            { "client_id": "e", "topic": "dt/smpl-krsk/lab/e", "method": "trusted-user" }
            """);

        var (status, output, error) = await AgentProcess.RunAsync(Stopping, "run", "--fleet", PathOf("fleet.json"), "--port", $"{cloud.Port}", "--readings", "1", "--json");

        Assert.AreEqual(0, status, error);
        CollectionAssert.AreEqual((string[])["a", "b", "c", "the-d", "e"], JsonNode.Parse(output)["devices"].AsArray().Select(device => (string)device["thing"]).ToArray());
        StringAssert.StartsWith(File.ReadAllText(PathOf("devices", "b", "device-private.key")), "-----BEGIN EC PRIVATE KEY-----");
        Assert.AreEqual(factoryKey.ExportPkcs8PrivateKeyPem(), File.ReadAllText(PathOf("devices", "c", "device-private.key")));
        foreach (var device in (string[])["a", "b", "c", "d", "e"])
        {
            X509Certificate2.CreateFromPemFile(PathOf("devices", device, "device-cert.pem"), PathOf("devices", device, "device-private.key")).Dispose();
        }
    }

    [TestMethod]
    [Timeout(120_000, CooperativeCancellation = true)]
    public async Task Where_a_device_fails_the_others_go_on()
    {
        await using var cloud = await LocalCloudServer.StartAsync(new LocalCloudOptions { DataDirectory = PathOf("cloud") }, Stopping);
        WriteFleet(cloud, """{ "client_id": "a", "topic": "dt/smpl-krsk/lab/a" }, { "client_id": "b", "claim_cert": "nowhere.pem" }, { "client_id": "c", "endpoint": "nowhere.invalid" }, { "client_id": "d" }""");

        var (status, output, _) = await AgentProcess.RunAsync(Stopping, "run", "--fleet", PathOf("fleet.json"), "--port", $"{cloud.Port}", "--readings", "1", "--json");

        Assert.AreEqual(1, status);
        var result = JsonNode.Parse(output);
        Assert.AreEqual(1, (int)result["succeeded"]);
        Assert.AreEqual(3, (int)result["failed"]);
        Assert.IsNull(result["devices"][0]["error"]);
        StringAssert.Contains((string)result["devices"][1]["error"], "nowhere.pem");
        StringAssert.Contains((string)result["devices"][2]["error"], "nowhere.invalid");

        // A topic of the default form data/<client id> is outside the seed's device policy, which LocalCloud enforces
        StringAssert.Contains((string)result["devices"][3]["error"], "data/d");
    }

    [TestMethod]
    [Timeout(120_000, CooperativeCancellation = true)]
    [DataRow("claim-cert.pem", "claim_cert", DisplayName = "a missing claim file")]
    [DataRow("root-ca.pem", "root_ca", DisplayName = "a wrong root CA")]
    [DataRow("template", "template_name", DisplayName = "an unknown template")]
    [DataRow("endpoint", "port 1", DisplayName = "an unreachable endpoint")]
    public async Task Wrong_input_to_run_ends_in_a_message_that_names_it(string what, string named)
    {
        await using var cloud = await LocalCloudServer.StartAsync(new LocalCloudOptions { DataDirectory = PathOf("cloud") }, Stopping);
        WriteFleet(cloud, """{ "client_id": "a" }, { "client_id": "b" }""", what == "template" ? "nowhere" : cloud.TemplateName);
        if (what == "claim-cert.pem")
        {
            File.Delete(PathOf("claim-cert.pem"));
        }

        if (what == "root-ca.pem")
        {
            await using var other = await LocalCloudServer.StartAsync(new LocalCloudOptions(), Stopping);
            File.WriteAllText(PathOf("root-ca.pem"), other.RootCaPem);
        }

        var (status, _, error) = await AgentProcess.RunAsync(Stopping, "run", "--fleet", PathOf("fleet.json"), "--port", what == "endpoint" ? "1" : $"{cloud.Port}");

        Assert.AreEqual(1, status);
        StringAssert.Contains(error, named);
        Assert.IsFalse(error.Contains("   at ", StringComparison.Ordinal), "a stack trace is no message");
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task A_malformed_fleet_file_is_told_key_by_key()
    {
        File.WriteAllText(PathOf("fleet.json"), """{ "endpoint": 5, "claim_key": "k", "root_ca": "r", "template_name": "t", "output_dir": "o", "devices": [ 1, { "client_id": "a b" }, { "topic": "x/#" }, { "method": "magic", "parameters": { "ThingName": 1 } } ] }""");

        var (status, _, error) = await AgentProcess.RunAsync(Stopping, "run", "--fleet", PathOf("fleet.json"));

        Assert.AreEqual(2, status);
        foreach (var named in (string[])["endpoint", "claim_cert", "devices[0]", "devices[1].client_id", "devices[2].topic", "devices[3].method", "devices[3].parameters"])
        {
            StringAssert.Contains(error, named);
        }
    }

    [TestMethod]
    [Timeout(120_000, CooperativeCancellation = true)]
    public async Task With_patience_a_board_gets_through_once_what_it_is_refused_for_is_mended()
    {
        await using var cloud = await LocalCloudServer.StartAsync(new LocalCloudOptions { DataDirectory = PathOf("cloud") }, Stopping);
        Directory.CreateDirectory(PathOf("flash"));
        foreach (var file in (string[])["root-ca.pem", "claim.pem.crt", "claim.pem.key"])
        {
            File.Copy(PathOf("cloud", file), PathOf("flash", file));
        }

        File.WriteAllText(
            PathOf("flash", "agent.json"),
            $$"""{ "endpoint": "localhost", "port": {{cloud.Port}}, "product": "smpl-krsk", "location": "lab", "thingName": "patient", "provisioning": { "method": "claim-csr", "template": "smpl-krsk-iot-core-prov-temp" } }""");
        await using var board = AgentProcess.Start("run", "--flash", PathOf("flash"), "--readings", "1", "--patience", "100");
        for (int failures = 0; failures < 4;)
        {
            var line = await board.Output.ReadLineAsync(Stopping);
            Assert.IsNotNull(line, $"it has given up after {failures} failures");
            failures += line.StartsWith("provisioning: ", StringComparison.Ordinal) && line.Contains("closed the connection", StringComparison.Ordinal) ? 1 : 0;
        }

        cloud.Registry.PutPolicy(new Policy("csr", PolicyDocument.Parse("""{ "Version": "2012-10-17", "Statement": [ { "Effect": "Allow", "Action": ["iot:Publish", "iot:Receive", "iot:Subscribe"], "Resource": "*" } ] }""")));
        cloud.Registry.AttachPolicy("csr", cloud.ClaimCredentials.CertificateId);

        StringAssert.Contains(await board.Output.ReadToEndAsync(Stopping), "1 succeeded, 0 failed, 1 provisioned");
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task A_malformed_agent_json_is_told_key_by_key()
    {
        Directory.CreateDirectory(PathOf("flash"));
        File.WriteAllText(PathOf("flash", "agent.json"), """{ "endpoint": "h:1", "prodict": "p", "location": "a//b", "telemetry": { "intervalSeconds": 0 } }""");

        var (status, output, _) = await AgentProcess.RunAsync(Stopping, "run", "--flash", PathOf("flash"));

        Assert.AreEqual(1, status);
        foreach (var named in (string[])["endpoint", "prodict", "a//b", "telemetry.intervalSeconds", "provisioning.template"])
        {
            StringAssert.Contains(output, named);
        }
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task A_board_that_waits_for_an_installer_is_not_run_without_a_serial_port()
    {
        Directory.CreateDirectory(PathOf("flash"));
        File.WriteAllText(PathOf("flash", "agent.json"), """{ "endpoint": "localhost", "product": "p", "location": "l", "provisioning": { "method": "trusted-user", "template": "t" } }""");

        var (status, _, error) = await AgentProcess.RunAsync(Stopping, "run", "--flash", PathOf("flash"));

        Assert.AreEqual(2, status);
        Assert.Contains("--serial", error);
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    [DataRow("run")]
    [DataRow("run --fleet x --flash y")]
    [DataRow("run --fleet x --port 70000")]
    [DataRow("demo --devices 0")]
    [DataRow("demo --devices many")]
    [DataRow("cloud")]
    [DataRow("explode")]
    [DataRow("run --fleet nowhere.json")]
    public async Task Bad_use_ends_in_2_and_a_message(string commandLine)
    {
        var (status, _, error) = await AgentProcess.RunAsync(Stopping, commandLine.Split(' '));

        Assert.AreEqual(2, status);
        Assert.AreNotEqual("", error);
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task Bad_use_of_a_command_of_a_command_names_both()
    {
        var (status, _, error) = await AgentProcess.RunAsync(Stopping, "prove", "herd", "--devices", "0");

        Assert.AreEqual(2, status);
        StringAssert.Contains(error, "Try: agent prove herd --help");
    }

    private string PathOf(params string[] names) => Path.Combine([_folder.Path, .. names]);

    private void WriteFleet(LocalCloudServer cloud, string devices, string template = null)
    {
        File.Copy(cloud.RootCaFile, PathOf("root-ca.pem"));
        File.Copy(cloud.ClaimCertificatePath, PathOf("claim-cert.pem"));
        File.Copy(cloud.ClaimKeyPath, PathOf("claim-private.key"));
        File.WriteAllText(
            PathOf("fleet.json"),
            $$"""
            {
              "endpoint": "localhost", "claim_cert": "claim-cert.pem", "claim_key": "claim-private.key", "root_ca": "root-ca.pem",
              "template_name": "{{template ?? cloud.TemplateName}}", "output_dir": "devices", "devices": [ {{devices}} ]
            }
            """);
    }
}
