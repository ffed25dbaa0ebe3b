using System.Net;
using System.Security.Authentication;
using System.Text;
using System.Text.Json.Nodes;
using DeviceAgent.Identity;
using DeviceAgent.Settings;
using LocalCloud;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Mqtt;
using Tests.EndToEnd;
using VirtualDevice;
using VirtualDevice.Board;

namespace Tests.LocalCloud;

/// <summary>Several regions in one process: what is one's is none of the others', and the name that a client asks for says which one it gets.</summary>
[TestClass]
public sealed class RegionTests
{
    private const string Home = "ap-northeast-1";
    private const string Abroad = "eu-central-1";
    private const string HomeEndpoint = "localcloud-ats.iot.ap-northeast-1.localhost";
    private const string AbroadEndpoint = "localcloud-ats.iot.eu-central-1.localhost";
    private const string CustomDomain = "devices.example.com";

    private static readonly LocalCloudOptions s_two = new() { FurtherRegions = [Abroad] };

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Stopping => TestContext.CancellationToken;

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task A_certificate_is_taken_at_home_and_refused_abroad_as_any_unknown_one()
    {
        await using var cloud = await TestCloud.StartAsync(Stopping, s_two);
        var abroad = cloud.Server.FindRegion(Abroad);
        var traveller = await abroad.CreateOperatorCredentialsAsync("all-", Stopping);

        Assert.AreEqual(HomeEndpoint, cloud.Server.Endpoint);
        Assert.AreEqual(AbroadEndpoint, abroad.Endpoint);
        await using (await cloud.ConnectAsync(traveller, "all-1", Stopping, serverName: AbroadEndpoint))
        await using (await cloud.ConnectAsync(cloud.Operator, "all-1", Stopping, serverName: HomeEndpoint))
        {
            CollectionAssert.AreEqual(new[] { "all-1" }, abroad.ConnectedClientIds.ToArray());
            CollectionAssert.AreEqual(new[] { "all-1" }, cloud.Server.Regions[0].ConnectedClientIds.ToArray(), "one does not take the other's place");
        }

        await RefusedAsync(cloud, traveller, HomeEndpoint);
        await cloud.Log.WaitAsync($"{Home}: a connection from", Stopping);
        await cloud.Log.WaitAsync($"certificate {traveller.CertificateId[..8]} is not registered here, but in {Abroad}", Stopping);
        await RefusedAsync(cloud, cloud.Operator, AbroadEndpoint);
        await cloud.Log.WaitAsync($"certificate {cloud.Operator.CertificateId[..8]} is not registered here, but in {Home}", Stopping);
        await using (await cloud.ConnectAsync(cloud.Operator, "all-2", Stopping, serverName: "localhost"))
        {
            Assert.Contains("all-2", cloud.Server.Regions[0].ConnectedClientIds, "this machine's own name is the default region's");
        }
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task A_name_leads_to_the_region_that_the_table_says_and_says_another_one_later()
    {
        await using var cloud = await TestCloud.StartAsync(Stopping, s_two with { Names = new Dictionary<string, string> { ["Devices.example.com"] = Home } });
        var traveller = await cloud.Server.FindRegion(Abroad).CreateOperatorCredentialsAsync("all-", Stopping);

        await using var stays = await cloud.ConnectAsync(cloud.Operator, "all-1", Stopping, serverName: CustomDomain);
        await RefusedAsync(cloud, traveller, CustomDomain);
        cloud.Server.SetName(CustomDomain, Abroad);
        await RefusedAsync(cloud, cloud.Operator, CustomDomain);
        await using var came = await cloud.ConnectAsync(traveller, "all-2", Stopping, serverName: CustomDomain);
        await stays.PublishAsync("a", "still here"u8.ToArray(), cancellationToken: Stopping);

        Assert.AreEqual(Abroad, cloud.Server.Names.Single().Value);
        Assert.IsTrue(cloud.Server.RemoveName("DEVICES.example.com"));
        Assert.IsFalse(cloud.Server.RemoveName(CustomDomain));
        await RefusedAsync(cloud, traveller, CustomDomain);
        var line = await cloud.Log.WaitAsync("which leads to no region", Stopping);
        Assert.Contains(CustomDomain, line);
        Assert.Contains($"{AbroadEndpoint} ({Abroad})", line);
        Assert.Contains($"{HomeEndpoint} ({Home})", line);
        Assert.Contains($"localhost ({Home})", line);

        // This machine's own name, too, where somebody has use for that
        cloud.Server.SetName("localhost", Abroad);
        await using var local = await cloud.ConnectAsync(traveller, "all-3", Stopping, serverName: "localhost");
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task One_region_alone_keeps_its_own_name_and_can_have_others()
    {
        await using var cloud = await TestCloud.StartAsync(Stopping, new LocalCloudOptions { Names = new Dictionary<string, string> { [CustomDomain] = Home } });

        Assert.AreEqual("localhost", cloud.Server.Endpoint);
        await using var named = await cloud.ConnectAsync(cloud.Operator, "all-1", Stopping, serverName: CustomDomain);
        await using var usual = await cloud.ConnectAsync(cloud.Operator, "all-2", Stopping);

        // A name that is not its own gets the usual certificate, which does not prove it, as before there were names
        await Assert.ThrowsExactlyAsync<AuthenticationException>(() => cloud.ConnectAsync(cloud.Operator, "all-3", Stopping, serverName: "elsewhere.example.com"));
        Assert.DoesNotContain(line => line.StartsWith(Home + ":", StringComparison.Ordinal), cloud.Log.Lines);
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task What_cannot_be_a_name_is_refused_with_the_reason()
    {
        await using var cloud = await TestCloud.StartAsync(Stopping, s_two);

        Assert.Contains("is no host name", Assert.ThrowsExactly<ArgumentException>(() => cloud.Server.SetName("a b", Abroad)).Message);
        Assert.Contains("is no host name", Assert.ThrowsExactly<ArgumentException>(() => cloud.Server.SetName("127.0.0.1", Abroad)).Message);
        Assert.Contains($"is the endpoint of {Home} itself", Assert.ThrowsExactly<ArgumentException>(() => cloud.Server.SetName(HomeEndpoint, Abroad)).Message);
        Assert.Contains($"'us-east-1' is no region of this LocalCloud: {Home}, {Abroad}", Assert.ThrowsExactly<ArgumentException>(() => cloud.Server.SetName(CustomDomain, "us-east-1")).Message);
        Assert.ThrowsExactly<KeyNotFoundException>(() => cloud.Server.FindRegion("us-east-1"));
        Assert.IsEmpty(cloud.Server.Names);
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task A_region_that_is_switched_off_is_not_reached_and_the_other_one_is()
    {
        await using var cloud = await TestCloud.StartAsync(Stopping, s_two);
        var abroad = cloud.Server.FindRegion(Abroad);
        var traveller = await abroad.CreateOperatorCredentialsAsync("all-", Stopping);
        await using var cut = await cloud.ConnectAsync(traveller, "all-1", Stopping, serverName: AbroadEndpoint);
        await using var stays = await cloud.ConnectAsync(cloud.Operator, "all-1", Stopping);

        await abroad.SwitchOffAsync();

        Assert.IsFalse(abroad.IsReachable);
        Assert.IsEmpty(abroad.ConnectedClientIds);
        await Assert.ThrowsAsync<IOException>(() => cut.Messages.Completion.WaitAsync(Stopping));
        await RefusedAsync(cloud, traveller, AbroadEndpoint);
        await cloud.Log.WaitAsync("is refused: the region is switched off", Stopping);
        await stays.PublishAsync("a", "still here"u8.ToArray(), cancellationToken: Stopping);

        abroad.SwitchOn();
        await using var back = await cloud.ConnectAsync(traveller, "all-2", Stopping, serverName: AbroadEndpoint);
        Assert.IsTrue(abroad.IsReachable);
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task Messages_and_things_of_one_are_unknown_in_the_other()
    {
        await using var cloud = await TestCloud.StartAsync(Stopping, s_two);
        var abroad = cloud.Server.FindRegion(Abroad);
        var traveller = await abroad.CreateOperatorCredentialsAsync("all-", Stopping);
        await using var home = await cloud.ConnectAsync(cloud.Operator, "all-1", Stopping);
        await using var away = await cloud.ConnectAsync(traveller, "all-1", Stopping, serverName: AbroadEndpoint);
        await away.SubscribeAsync("live", cancellationToken: Stopping);

        await home.PublishAsync("kept", "home"u8.ToArray(), retain: true, cancellationToken: Stopping);
        await home.PublishAsync("live", "home"u8.ToArray(), cancellationToken: Stopping);
        await away.SubscribeAsync("kept", cancellationToken: Stopping);
        await away.PublishAsync("kept", "abroad"u8.ToArray(), cancellationToken: Stopping);
        cloud.Registry.PutThing(new Thing("lamp", TypeName: null));

        Assert.AreEqual("abroad", Encoding.UTF8.GetString((await away.Messages.ReadAsync(Stopping)).Payload.Span), "what was kept or sent at home would have come before");
        Assert.IsNull(abroad.Registry.FindThing("lamp"));
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task The_control_plane_works_on_the_region_that_a_request_is_signed_for()
    {
        await using var cloud = await TestCloud.StartAsync(Stopping, s_two);
        using var home = new ControlPlaneClient(cloud.Server.ControlPlaneUrl, Stopping);
        using var abroad = new ControlPlaneClient(cloud.Server.ControlPlaneUrl, Stopping, Abroad);
        using var nowhere = new ControlPlaneClient(cloud.Server.ControlPlaneUrl, Stopping, "us-east-1");

        Assert.AreEqual(HomeEndpoint, (string?)(await home.AskAsync("GET", "/endpoint"))["endpointAddress"]);
        Assert.AreEqual(AbroadEndpoint, (string?)(await abroad.AskAsync("GET", "/endpoint"))["endpointAddress"]);
        await abroad.AskAsync("POST", "/things/lamp", []);
        Assert.AreEqual($"arn:aws:iot:{Abroad}:123456789012:thing/lamp", (string?)(await abroad.AskAsync("GET", "/things/lamp"))["thingArn"]);
        Assert.AreEqual("404 ResourceNotFoundException", await home.RefusalAsync("GET", "/things/lamp"));
        Assert.AreNotEqual(
            (string?)(await home.AskAsync("GET", "/registrationcode"))["registrationCode"],
            (string?)(await abroad.AskAsync("GET", "/registrationcode"))["registrationCode"]);
        Assert.AreEqual("403 InvalidSignatureException", await nowhere.RefusalAsync("GET", "/things/lamp"));
        await cloud.Log.WaitAsync($"LocalCloud has no us-east-1, but {Home}, {Abroad}", Stopping);

        // A certificate of one is none of the other's, not even by its ARN
        var made = await abroad.AskAsync("POST", "/keys-and-certificate?setAsActive=true");
        Assert.AreEqual("400 InvalidRequestException", await home.RefusalAsync("PUT", "/target-policies/smpl-krsk-iot-core-policy-devices", new() { ["target"] = (string)made["certificateArn"]! }));
        var policy = await abroad.AskAsync("GET", "/policies/smpl-krsk-iot-core-policy-devices");
        Assert.Contains($"arn:aws:iot:{Abroad}:", (string)policy["policyDocument"]!);
        Assert.DoesNotContain(Home, (string)policy["policyDocument"]!);
        await using (await cloud.ConnectAsync(cloud.Operator, "all-1", Stopping))
        {
            var counters = await nowhere.AskAsync("GET", "/localcloud/counters");
            Assert.AreEqual(1, (int)counters["connections"]!["accepted"]!);
            Assert.AreEqual(1, (int)counters["regions"]![Home]!["connections"]!["now"]!);
            Assert.AreEqual(0, (int)counters["regions"]![Abroad]!["connections"]!["accepted"]!);
            Assert.AreEqual(1, (int)counters["regions"]![Abroad]!["things"]!);
        }
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task Names_and_outages_are_ordered_over_the_control_plane()
    {
        await using var cloud = await TestCloud.StartAsync(Stopping, s_two);
        using var http = new ControlPlaneClient(cloud.Server.ControlPlaneUrl, Stopping);

        await http.AskAsync("PUT", "/localcloud/names/" + CustomDomain, new() { ["region"] = Abroad });
        Assert.AreEqual($$$"""{"names":{"{{{CustomDomain}}}":"{{{Abroad}}}"}}""", (await http.AskAsync("GET", "/localcloud/names")).ToJsonString());
        Assert.AreEqual("400 InvalidRequestException", await http.RefusalAsync("PUT", "/localcloud/names/" + CustomDomain, []));
        Assert.AreEqual("400 InvalidRequestException", await http.RefusalAsync("PUT", "/localcloud/names/" + CustomDomain, new() { ["region"] = "us-east-1" }));
        Assert.AreEqual("400 InvalidRequestException", await http.RefusalAsync("PUT", "/localcloud/names/" + HomeEndpoint, new() { ["region"] = Abroad }));
        Assert.AreEqual(Abroad, cloud.Server.Names[CustomDomain]);
        await http.AskAsync("DELETE", "/localcloud/names/" + CustomDomain);
        Assert.AreEqual("404 ResourceNotFoundException", await http.RefusalAsync("DELETE", "/localcloud/names/" + CustomDomain));

        await http.AskAsync("PUT", "/localcloud/regions/" + Abroad, new() { ["reachable"] = false });
        var regions = (await http.AskAsync("GET", "/localcloud/regions"))["regions"]!.AsArray();
        CollectionAssert.AreEqual(new[] { Home, Abroad }, regions.Select(region => (string)region!["region"]!).ToArray());
        CollectionAssert.AreEqual(new[] { HomeEndpoint, AbroadEndpoint }, regions.Select(region => (string)region!["endpoint"]!).ToArray());
        CollectionAssert.AreEqual(new[] { true, false }, regions.Select(region => (bool)region!["reachable"]!).ToArray());
        await http.AskAsync("PUT", "/localcloud/regions/" + Abroad, new() { ["reachable"] = true });
        Assert.IsTrue(cloud.Server.FindRegion(Abroad).IsReachable);
        Assert.AreEqual("400 InvalidRequestException", await http.RefusalAsync("PUT", "/localcloud/regions/" + Abroad, []));
        Assert.AreEqual("404 ResourceNotFoundException", await http.RefusalAsync("PUT", "/localcloud/regions/us-east-1", new() { ["reachable"] = true }));
        Assert.AreEqual("404 UnknownOperationException", await http.RefusalAsync("GET", "/localcloud/nothing"));
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task A_restart_keeps_both_regions_and_the_names_in_whatever_order_they_are_given()
    {
        using var directory = new TemporaryDirectory();
        var one = new LocalCloudOptions { DataDirectory = directory.Path };
        ClientCredentials home;
        ClientCredentials traveller;
        await using (var cloud = await TestCloud.StartAsync(Stopping, one))
        {
            // As a directory is that knows of one region only
            home = await cloud.Server.CreateOperatorCredentialsAsync("all-", Stopping);
        }

        var two = one with { FurtherRegions = [Abroad] };
        await using (var cloud = await TestCloud.StartAsync(Stopping, two))
        {
            var abroad = cloud.Server.FindRegion(Abroad);
            Assert.IsNotNull(abroad.Registry.FindCertificate(cloud.Server.ClaimCredentials.CertificateId), "the claim is good for both");
            traveller = await abroad.CreateOperatorCredentialsAsync("all-", Stopping);
            cloud.Server.SetName(CustomDomain, Abroad);
            await using var away = await cloud.ConnectAsync(traveller, "all-1", Stopping, serverName: CustomDomain);
            await away.PublishAsync("kept", "abroad"u8.ToArray(), retain: true, cancellationToken: Stopping);

            // The owner's word
            abroad.Registry.DeleteCertificate(cloud.Server.ClaimCredentials.CertificateId);
        }

        foreach (var options in new[] { two, one with { Region = Abroad, FurtherRegions = [Home] } })
        {
            await using var cloud = await TestCloud.StartAsync(Stopping, options);
            await using var there = await cloud.ConnectAsync(home, "all-1", Stopping, serverName: HomeEndpoint);
            await using var away = await cloud.ConnectAsync(traveller, "all-1", Stopping, serverName: CustomDomain);
            await away.SubscribeAsync("kept", cancellationToken: Stopping);
            Assert.AreEqual("abroad", Encoding.UTF8.GetString((await away.Messages.ReadAsync(Stopping)).Payload.Span));
            Assert.AreEqual(options.Region, cloud.Server.Region);
            Assert.IsNull(cloud.Server.FindRegion(Abroad).Registry.FindCertificate(cloud.Server.ClaimCredentials.CertificateId));
            Assert.IsNotNull(cloud.Server.FindRegion(Home).Registry.FindCertificate(cloud.Server.ClaimCredentials.CertificateId));
        }

        await using (var cloud = await TestCloud.StartAsync(Stopping, one with { Region = Abroad }))
        {
            await using var away = await cloud.ConnectAsync(traveller, "all-1", Stopping);
            Assert.IsNull(cloud.Registry.FindCertificate(home.CertificateId), "the directory of several is not given to one of them");
        }

        await using (var cloud = await TestCloud.StartAsync(Stopping, one))
        {
            await using var there = await cloud.ConnectAsync(home, "all-1", Stopping);
            await cloud.Log.WaitAsync($"the name {CustomDomain} leads to {Abroad}, which this LocalCloud does not have", Stopping);
        }
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    [DataRow("{", "names.json is damaged")]
    [DataRow("""{"a b":"ap-northeast-1"}""", null)]
    [DataRow("""{"a":null}""", null)]
    public async Task Names_that_cannot_be_read_are_told(string content, string? message)
    {
        using var directory = new TemporaryDirectory();
        var options = new LocalCloudOptions { DataDirectory = directory.Path };
        await File.WriteAllTextAsync(directory.File("names.json"), content, Stopping);

        if (message is not null)
        {
            Assert.Contains(message, (await Assert.ThrowsExactlyAsync<DataDirectoryException>(() => TestCloud.StartAsync(Stopping, options))).Message);
            return;
        }

        await using var cloud = await TestCloud.StartAsync(Stopping, options);
        await cloud.Log.WaitAsync("which this LocalCloud does not have", Stopping);
    }

    [TestMethod]
    [Timeout(120_000, CooperativeCancellation = true)]
    public async Task One_image_provisions_in_whichever_region_its_name_leads_to()
    {
        var log = new LogRecorder();
        await using var cloud = await LocalCloudServer.StartAsync(s_two with { Log = log.Add, Names = new Dictionary<string, string> { [CustomDomain] = Home } }, Stopping);
        var abroad = cloud.FindRegion(Abroad);
        using var folder = new TemporaryDirectory();

        var (first, atHome) = await BootAsync(cloud, folder.File("first"), "board-1", cloud.Regions[0]);
        cloud.SetName(CustomDomain, Abroad);
        var (second, away) = await BootAsync(cloud, folder.File("second"), "board-2", abroad);

        Assert.IsNotNull(cloud.Registry.FindCertificate(atHome));
        Assert.IsNull(abroad.Registry.FindCertificate(atHome));
        Assert.IsNotNull(abroad.Registry.FindCertificate(away));
        Assert.IsNull(cloud.Registry.FindCertificate(away));

        // A board whose name leads elsewhere now is led to a region that does not know it
        var refused = log.WaitAsync($"certificate {atHome[..8]} is not registered here, but in {Home}", Stopping);
        _ = first.PowerOn();
        await refused;
        await first.PowerOffAsync().WaitAsync(Stopping);
        await second.PowerOffAsync().WaitAsync(Stopping);
    }

    [TestMethod]
    [Timeout(120_000, CooperativeCancellation = true)]
    public async Task The_command_line_opens_regions_and_runs_a_fleet_in_them()
    {
        using var directory = new TemporaryDirectory();
        await using var cloud = AgentProcess.Start(
            "cloud", "--data", directory.File("cloud"), "--mqtt-port", "0", "--json", "--region", Home, "--region", Abroad, "--name", $"{CustomDomain}={Abroad}");
        var connection = JsonNode.Parse((await cloud.Output.ReadLineAsync(Stopping))!)!;

        Assert.AreEqual(HomeEndpoint, (string?)connection["endpoint"]);
        Assert.AreEqual(Home, (string?)connection["region"]);
        Assert.AreEqual(
            $$"""[{"region":"{{Home}}","endpoint":"{{HomeEndpoint}}","names":[]},{"region":"{{Abroad}}","endpoint":"{{AbroadEndpoint}}","names":["{{CustomDomain}}"]}]""",
            connection["regions"]!.ToJsonString());
        var fleet = new JsonObject
        {
            ["endpoint"] = CustomDomain,
            ["claim_cert"] = (string?)connection["claimCertificate"],
            ["claim_key"] = (string?)connection["claimKey"],
            ["root_ca"] = (string?)connection["rootCa"],
            ["template_name"] = (string?)connection["template"],
            ["output_dir"] = directory.File("devices"),
            ["devices"] = new JsonArray([.. new[] { "lamp-1", "lamp-2" }.Select(id => new JsonObject { ["client_id"] = id, ["topic"] = "dt/smpl-krsk/tokyo/" + id })]),
        };
        await File.WriteAllTextAsync(directory.File("fleet.json"), fleet.ToJsonString(), Stopping);
        string[] run = ["run", "--fleet", directory.File("fleet.json"), "--port", connection["port"]!.ToString(), "--readings", "1", "--interval", "1", "--json"];

        var lost = await AgentProcess.RunAsync(Stopping, run);
        Assert.AreEqual(1, lost.Status, "the name is nobody's on this machine: " + lost.Error);
        var done = await AgentProcess.RunAsync(Stopping, [.. run, "--connect-to", "127.0.0.1"]);

        Assert.AreEqual(0, done.Status, done.Error);
        using var home = new ControlPlaneClient((string)connection["controlPlane"]!, Stopping);
        using var abroad = new ControlPlaneClient((string)connection["controlPlane"]!, Stopping, Abroad);
        Assert.HasCount(2, (await abroad.AskAsync("GET", "/things"))["things"]!.AsArray());
        Assert.IsEmpty((await home.AskAsync("GET", "/things"))["things"]!.AsArray());
        Assert.AreEqual(0, await cloud.TerminateAsync(Stopping));
    }

    private static async Task RefusedAsync(TestCloud cloud, ClientCredentials credentials, string serverName)
    {
        try
        {
            await using var client = await cloud.ConnectAsync(credentials, "all-9", CancellationToken.None, serverName: serverName);
        }
        catch (Exception e) when (e is AuthenticationException or IOException)
        {
            return;
        }

        Assert.Fail($"{serverName} let certificate {credentials.CertificateId[..8]} in.");
    }

    /// <summary>Starts a board fresh from the factory, whose DNS has every name at this machine, and waits until it publishes in a region.</summary>
    private async Task<(Device Board, string CertificateId)> BootAsync(LocalCloudServer cloud, string folder, string thing, CloudRegion region)
    {
        var flash = new DirectoryStorage(folder);
        var settings = new JsonObject
        {
            ["endpoint"] = CustomDomain,
            ["port"] = cloud.Port,
            ["product"] = "smpl-krsk",
            ["location"] = "tokyo/hibiya/lab",
            ["thingName"] = thing,
            ["provisioning"] = new JsonObject { ["template"] = cloud.TemplateName },
            ["telemetry"] = new JsonObject { ["intervalSeconds"] = 1 },
        };
        flash.Write(SettingsReader.FileName, Encoding.UTF8.GetBytes(settings.ToJsonString()));
        flash.Write(PemFile.RootCa, Encoding.ASCII.GetBytes(cloud.RootCaPem));
        flash.Write(PemFile.ClaimCertificate, Encoding.ASCII.GetBytes(cloud.ClaimCredentials.CertificatePem));
        flash.Write(PemFile.ClaimKey, Encoding.ASCII.GetBytes(cloud.ClaimCredentials.PrivateKeyPem));
        var @operator = await region.CreateOperatorCredentialsAsync("operator", Stopping);
        await using var watcher = await MqttStreamClient.ConnectAsync(
            new MqttStreamClientOptions
            {
                Host = region.Endpoint,
                ConnectTo = "localhost",
                Port = cloud.Port,
                Tls = new MqttTls([System.Security.Cryptography.X509Certificates.X509Certificate2.CreateFromPem(cloud.RootCaPem)], TestCloud.CertificateOf(@operator)),
                Connect = new ConnectPacket("operator-1", KeepAliveSeconds: 0),
            },
            Stopping);
        await watcher.SubscribeAsync("dt/#", cancellationToken: Stopping);
        var board = new Device(flash, "02a1b2c3d4e5", new PcNetwork(), new TlsMqttClients { Resolve = _ => [IPAddress.Loopback] });
        _ = board.PowerOn();
        Assert.EndsWith("/" + thing, (await watcher.Messages.ReadAsync(Stopping)).Topic);
        await board.PowerOffAsync().WaitAsync(Stopping);
        return (board, new IdentityStore(flash).Load()!.CertificateId);
    }
}
