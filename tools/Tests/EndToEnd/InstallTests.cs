using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using DeviceAgent.Board;
using DeviceAgent.Identity;
using LocalCloud;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Tests.LocalCloud;
using VirtualDevice.Board;

namespace Tests.EndToEnd;

/// <summary>Provisioning by a trusted user: a board that waits at a pseudo-terminal, and the installer's command as a process of its own.</summary>
[TestClass]
[OSCondition(ConditionMode.Exclude, OperatingSystems.Windows)]
public sealed class InstallTests
{
    private readonly TemporaryDirectory _folder = new();

    public TestContext TestContext { get; set; }

    private CancellationToken Stopping => TestContext.CancellationToken;

    [TestCleanup]
    public void Clean() => _folder.Dispose();

    [TestMethod]
    [Timeout(120_000, CooperativeCancellation = true)]
    public async Task An_installers_claim_makes_a_thing_of_a_board_and_is_kept_nowhere()
    {
        await using var field = await OpenAsync();
        var claim = await ClaimAsync(field);
        var port = PathOf("tty");
        await using var board = AgentProcess.Start("run", "--flash", field.Flash.Folder, "--serial", port, "--readings", "1", "--json");
        var ended = board.Output.ReadToEndAsync(Stopping);
        while (!File.Exists(port))
        {
            await Task.Delay(50, Stopping); // the command makes it: there is nothing else to wait on
        }

        var (status, output, error) = await InstallAsync(port, claim);

        Assert.AreEqual(0, status, error);
        var result = JsonNode.Parse(output);
        Assert.IsTrue((bool)result["ok"]);
        Assert.AreEqual(Field.Thing, (string)result["thing"]);
        Assert.AreEqual((string)result["certificateId"], new IdentityStore(field.Flash).Load().CertificateId);
        Assert.Contains("waits for a claim: it is sent", error);
        Assert.Contains($"connecting as thing {Field.Thing}", error);
        await field.ReadingAsync(Stopping);
        Assert.AreEqual(1, (int)JsonNode.Parse((await ended).TrimEnd().Split('\n')[^1])["succeeded"]);
        Assert.IsFalse(File.Exists(port), "the link is gone with the board");
        AssertNowhere(field, claim, output + error);
    }

    [TestMethod]
    [Timeout(120_000, CooperativeCancellation = true)]
    public async Task A_power_cut_in_the_middle_costs_no_second_certificate_and_the_claim_is_sent_again()
    {
        await using var field = await OpenAsync();
        using var terminal = new PseudoTerminal();

        // The power goes when RegisterThing has been answered, and the identity is not written yet
        var dead = field.MakeBoard(new DyingFlash(field.Flash.Folder, IdentityStore.FileName(0)), serial: terminal);
        var died = field.NextLineAsync("storing the identity", Stopping);
        _ = dead.PowerOn();
        var installed = InstallAsync(terminal.Path, await ClaimAsync(field));
        await died;
        await dead.PowerOffAsync().WaitAsync(Stopping);
        Assert.IsNotNull(field.Flash.Read("provisioning"), "there is a journal");

        var board = field.MakeBoard(serial: terminal);
        _ = board.PowerOn();
        var (status, _, error) = await installed;

        Assert.AreEqual(0, status, error);
        Assert.Contains("the board has started anew: the claim is sent again", error);
        Assert.AreEqual(1, field.Accepted(ProvisioningOperation.CreateKeysAndCertificate), "the board asked for a second certificate");
        await field.ReadingAsync(Stopping);
        await board.PowerOffAsync().WaitAsync(Stopping);

        // And a later boot waits for nobody
        board = field.MakeBoard();
        var connected = field.NextLineAsync("connected to", Stopping);
        _ = board.PowerOn();
        await connected;
        await board.PowerOffAsync().WaitAsync(Stopping);
    }

    [TestMethod]
    [Timeout(120_000, CooperativeCancellation = true)]
    public async Task A_claim_that_has_ended_is_turned_away_and_the_next_one_is_taken()
    {
        await using var field = await OpenAsync();
        using var terminal = new PseudoTerminal();
        var board = field.MakeBoard(serial: terminal);
        _ = board.PowerOn();

        // By what it says itself it is not even sent
        var late = await ClaimAsync(field);
        late["expiration"] = DateTimeOffset.UtcNow.AddSeconds(-1).ToString("O");
        var (status, output, error) = await InstallAsync(terminal.Path, late);
        Assert.AreEqual(1, status);
        Assert.Contains("make another", (string)JsonNode.Parse(output)["error"]);
        Assert.DoesNotContain("it is sent", error);

        // And where only the cloud knows, which forgets a claim that has ended, the board tries three times and says why
        (status, output, error) = await InstallAsync(terminal.Path, UnknownClaim());
        Assert.AreEqual(1, status);
        Assert.Contains("connecting with the claim certificate", (string)JsonNode.Parse(output)["error"]);
        Assert.Contains("it is tried again", error);
        Assert.IsNull(new IdentityStore(field.Flash).Load());

        (status, _, error) = await InstallAsync(terminal.Path, await ClaimAsync(field));
        Assert.AreEqual(0, status, error);
        await board.PowerOffAsync().WaitAsync(Stopping);
    }

    [TestMethod]
    [Timeout(120_000, CooperativeCancellation = true)]
    public async Task A_claim_for_another_template_fails_by_name_and_another_line_takes_its_place()
    {
        await using var field = await OpenAsync();
        using (var aws = new ControlPlaneClient(field.Cloud.ControlPlaneUrl, Stopping))
        {
            var template = await aws.AskAsync("GET", $"/provisioning-templates/{field.Cloud.TemplateName}");
            await aws.AskAsync("POST", "/provisioning-templates", new JsonObject
            {
                ["templateName"] = "another",
                ["templateBody"] = (string)template["templateBody"],
                ["provisioningRoleArn"] = (string)template["provisioningRoleArn"],
            });
        }

        using var terminal = new PseudoTerminal();
        var board = field.MakeBoard(serial: terminal);
        _ = board.PowerOn();

        var (status, output, error) = await InstallAsync(terminal.Path, await ClaimAsync(field, "another"), "--timeout", "10");
        Assert.AreEqual(1, status);
        Assert.Contains($"subscribing to the answers for template {field.Cloud.TemplateName}", (string)JsonNode.Parse(output)["error"]);
        Assert.Contains("not done within 10 s", (string)JsonNode.Parse(output)["error"]);

        (status, _, error) = await InstallAsync(terminal.Path, await ClaimAsync(field));
        Assert.AreEqual(0, status, error);
        await board.PowerOffAsync().WaitAsync(Stopping);
    }

    [TestMethod]
    [Timeout(120_000, CooperativeCancellation = true)]
    public async Task Wifi_comes_with_the_claim_and_stays_with_the_board()
    {
        await using var field = await OpenAsync();
        using var terminal = new PseudoTerminal();
        var wifi = new StoredWifi("field", "correct horse");
        var board = field.MakeBoard(serial: terminal, network: wifi);
        _ = board.PowerOn();
        var claim = await ClaimAsync(field);

        await File.WriteAllTextAsync(PathOf("password"), "wrong\n", Stopping);
        var (status, output, _) = await InstallAsync(terminal.Path, claim, "--wifi-ssid", "field", "--wifi-password-file", PathOf("password"), "--timeout", "8");
        Assert.AreEqual(1, status);
        Assert.Contains("network: the password is wrong", (string)JsonNode.Parse(output)["error"]);

        await File.WriteAllTextAsync(PathOf("password"), "correct horse\n", Stopping);
        (status, output, var error) = await InstallAsync(terminal.Path, claim, "--wifi-ssid", "field", "--wifi-password-file", PathOf("password"));
        Assert.AreEqual(0, status, error);
        await board.PowerOffAsync().WaitAsync(Stopping);
        AssertNowhere(field, claim, output + error, "correct horse");

        board = field.MakeBoard(network: wifi);
        var connected = field.NextLineAsync("connected to", Stopping);
        _ = board.PowerOn();
        await connected;
        await board.PowerOffAsync().WaitAsync(Stopping);
    }

    [TestMethod]
    [Timeout(120_000, CooperativeCancellation = true)]
    public async Task A_line_by_hand_is_answered_and_CreateProvisioningClaims_own_answer_is_one()
    {
        await using var field = await OpenAsync();
        using var terminal = new PseudoTerminal();
        var board = field.MakeBoard(serial: terminal);
        _ = board.PowerOn();
        await using var port = new FileStream(terminal.Path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, 0);
        using var reader = new StreamReader(port);

        await port.WriteAsync("hello\n"u8.ToArray(), Stopping);
        var refused = await NextAsync(reader, "refused");
        Assert.StartsWith("it is no JSON object", (string)refused["error"]);
        var waiting = await NextAsync(reader, "waiting");
        Assert.AreEqual("02a1b2c3d4e5", (string)waiting["hardwareId"]);
        Assert.AreEqual(Field.Thing, (string)waiting["thingName"]);

        await port.WriteAsync(Encoding.UTF8.GetBytes((await ClaimAsync(field)).ToJsonString() + "\n"), Stopping);
        var done = await NextAsync(reader, "done");
        Assert.AreEqual(Field.Thing, (string)done["thingName"]);
        await board.PowerOffAsync().WaitAsync(Stopping);
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task Bad_use_is_told_before_a_port_is_opened()
    {
        var (status, _, error) = await AgentProcess.RunAsync(Stopping, "install", "--port", PathOf("none"), "--claim-cert", PathOf("x"));
        Assert.AreEqual(2, status);
        Assert.Contains("give either --claim FILE or both", error);

        await File.WriteAllTextAsync(PathOf("claim.json"), """{"certificatePem":"secret"}""", Stopping);
        (status, _, error) = await AgentProcess.RunAsync(Stopping, "install", "--port", PathOf("none"), "--claim", PathOf("claim.json"));
        Assert.AreEqual(2, status);
        Assert.Contains("aws iot create-provisioning-claim", error);
        Assert.DoesNotContain("secret", error);

        await File.WriteAllTextAsync(PathOf("claim.json"), UnknownClaim().ToJsonString(), Stopping);
        (status, _, error) = await AgentProcess.RunAsync(Stopping, "install", "--port", PathOf("none"), "--claim", PathOf("claim.json"));
        Assert.AreEqual(1, status);
        Assert.Contains("cannot be opened", error);

        (status, _, error) = await AgentProcess.RunAsync(Stopping, "run", "--fleet", PathOf("none"), "--serial", PathOf("tty"));
        Assert.AreEqual(2, status);
        Assert.Contains("--serial goes with --flash", error);
    }

    private static JsonObject UnknownClaim()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=unknown", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return new JsonObject { ["certificatePem"] = certificate.ExportCertificatePem(), ["keyPair"] = new JsonObject { ["PrivateKey"] = key.ExportRSAPrivateKeyPem() } };
    }

    /// <summary>No line of the key, and no password, is in the flash, the log or what was printed.</summary>
    private static void AssertNowhere(Field field, JsonObject claim, string printed, params string[] secrets)
    {
        string[] lines = [((string)claim["keyPair"]["PrivateKey"]).Split('\n')[1], ((string)claim["certificatePem"]).Split('\n')[8], .. secrets];
        var places = field.Flash.List().Where(name => name != "agent.json").Select(name => Encoding.Latin1.GetString(field.Flash.Read(name))).Concat(field.Log).Append(printed).ToArray();
        foreach (var line in lines)
        {
            Assert.IsFalse(places.Any(place => place.Contains(line, StringComparison.Ordinal)), "a secret was kept or told");
        }
    }

    private static async Task<JsonObject> NextAsync(StreamReader reader, string state)
    {
        while (true)
        {
            var line = JsonNode.Parse(await reader.ReadLineAsync()).AsObject();
            if ((string)line["state"] == state)
            {
                return line;
            }
        }
    }

    private async Task<Field> OpenAsync()
    {
        var field = await Field.OpenAsync(Stopping, settings => settings["provisioning"]["method"] = "trusted-user");
        field.Flash.Delete(PemFile.ClaimCertificate);
        field.Flash.Delete(PemFile.ClaimKey);
        return field;
    }

    private async Task<JsonObject> ClaimAsync(Field field, string template = null)
    {
        using var aws = new ControlPlaneClient(field.Cloud.ControlPlaneUrl, Stopping);
        return await aws.AskAsync("POST", $"/provisioning-templates/{template ?? field.Cloud.TemplateName}/provisioning-claim");
    }

    private async Task<(int Status, string Output, string Error)> InstallAsync(string port, JsonObject claim, params string[] more)
    {
        await File.WriteAllTextAsync(PathOf("claim.json"), claim.ToJsonString(), Stopping);
        return await AgentProcess.RunAsync(Stopping, ["install", "--port", port, "--claim", PathOf("claim.json"), "--json", .. more]);
    }

    private string PathOf(string name) => Path.Combine(_folder.Path, name);

    /// <summary>A WiFi network whose credentials the board's firmware stores.</summary>
    private sealed class StoredWifi(string ssid, string password) : INetwork
    {
        private string _ssid;
        private string _password;

        public string Connect(string name, string secret, int timeoutSeconds)
        {
            _ssid = name ?? _ssid;
            _password = name is null ? _password : secret;
            return _ssid != ssid ? "no WiFi network is stored" : _password != password ? "the password is wrong" : null;
        }
    }
}
