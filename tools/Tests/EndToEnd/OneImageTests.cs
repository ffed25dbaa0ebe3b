using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using DeviceAgent.Identity;
using LocalCloud;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Mqtt;
using Tests.LocalCloud;
using VirtualDevice;
using VirtualDevice.Board;

namespace Tests.EndToEnd;

/// <summary>
/// One image for two regions: its endpoint is a name whose DNS leads to the one or the other, and each region's template gives that region's own
/// endpoint as device configuration.
/// </summary>
[TestClass]
public sealed class OneImageTests
{
    private const string Abroad = "eu-central-1";
    private const string CustomDomain = "devices.example.com";
    private const string Report = """{"id":"r","command":"report"}""";

    public TestContext TestContext { get; set; }

    private CancellationToken Stopping => TestContext.CancellationToken;

    [TestMethod]
    [Timeout(90_000, CooperativeCancellation = true)]
    public async Task A_board_that_travels_publishes_to_the_region_that_knows_it_and_the_same_image_provisions_in_either()
    {
        await using var field = await OpenAsync();
        var image = Files(field.Flash);
        var abroad = field.Cloud.FindRegion(Abroad);
        await using var watcher = await WatchAsync(field, abroad);
        var board = field.MakeBoard();
        _ = board.PowerOn();
        await field.ReadingAsync(Stopping);
        Assert.AreEqual(field.Cloud.Endpoint, (string)(await field.CommandAsync(Report, Stopping))["CONFIGURATION"]["endpoint"]);
        await board.PowerOffAsync().WaitAsync(Stopping);

        // The name leads elsewhere now: for a fresh board with the same files, and not for this one
        field.Cloud.SetName(CustomDomain, Abroad);
        using var folder = new TemporaryDirectory();
        var flash = new DirectoryStorage(folder.File("second"));
        foreach (var (name, content) in image)
        {
            flash.Write(name, content);
        }

        var second = field.MakeBoard(flash);
        _ = second.PowerOn();
        await watcher.Messages.ReadAsync(Stopping);
        await second.PowerOffAsync().WaitAsync(Stopping);
        Assert.AreEqual(abroad.Endpoint, second.Status.Endpoint);
        Assert.AreEqual(new IdentityStore(flash).Load().CertificateId, abroad.Registry.FindCertificatesOfThing(Field.Thing).Single().Id);

        board = field.MakeBoard();
        var published = field.NextLineAsync("acknowledged, 0 waiting", Stopping);
        _ = board.PowerOn();
        await published;
        await board.PowerOffAsync().WaitAsync(Stopping);
        var identity = new IdentityStore(field.Flash).Load();
        Assert.AreEqual(field.Cloud.Endpoint, board.Status.Endpoint);
        Assert.AreEqual(board.Status.Publisher.Taken, board.Status.Publisher.Published);
        Assert.AreEqual(identity.CertificateId, field.Cloud.Registry.FindCertificatesOfThing(Field.Thing).Single().Id);

        // Until it is provisioned again: that is done where the name leads, and what is pinned from then on is that region's endpoint
        board.IsResetButtonHeld = true;
        var proved = field.NextLineAsync("can be deactivated", Stopping);
        published = field.NextLineAsync("acknowledged, 0 waiting", Stopping);
        _ = board.PowerOn();
        await proved;
        await published;
        await board.PowerOffAsync().WaitAsync(Stopping);
        Assert.AreEqual(abroad.Endpoint, board.Status.Endpoint);
        Assert.AreEqual(identity.CertificateId, board.Status.Identity.ReplacedCertificateId);
        Assert.HasCount(2, abroad.Registry.FindCertificatesOfThing(Field.Thing));
    }

    [TestMethod]
    [Timeout(90_000, CooperativeCancellation = true)]
    public async Task While_the_pinned_endpoint_has_no_DNS_the_name_leads_to_the_same_region_by_another_way()
    {
        await using var field = await OpenAsync();
        var isThere = false;
        field.Dns = host => isThere || host != field.Cloud.Endpoint ? [IPAddress.Loopback] : throw new SocketException((int)SocketError.HostNotFound);

        // From the first connection on: a candidate proves itself by the name, too
        var board = field.MakeBoard();
        _ = board.PowerOn();
        await field.ReadingAsync(Stopping);
        var report = await field.CommandAsync(Report, Stopping);
        Assert.AreEqual(CustomDomain, (string)report["ENDPOINT"]);
        StringAssert.Contains((string)report["LAST_ERROR"], "cannot be resolved");
        Assert.IsNull(field.Flash.Read("provisioning"), "the candidate has not proved itself");

        isThere = true;
        var back = field.NextLineAsync("connected to " + field.Cloud.Endpoint, Stopping);
        await field.Cloud.FindRegion(field.Cloud.Region).SwitchOffAsync();
        field.Cloud.FindRegion(field.Cloud.Region).SwitchOn();
        await back;
        await field.NextLineAsync("acknowledged, 0 waiting", Stopping);
        await board.PowerOffAsync().WaitAsync(Stopping);
        Assert.AreEqual(board.Status.Publisher.Taken, board.Status.Publisher.Published);
        Assert.AreEqual(1, field.Accepted(ProvisioningOperation.CreateKeysAndCertificate));
    }

    [TestMethod]
    [DataRow(0)]
    [DataRow(1)]
    [Timeout(90_000, CooperativeCancellation = true)]
    public async Task A_name_that_leads_to_the_wrong_region_while_the_right_one_is_down_does_no_harm(int reprovisionAfterHours)
    {
        await using var field = await OpenAsync(reprovisionAfterHours);
        var home = field.Cloud.FindRegion(field.Cloud.Region);
        var abroad = field.Cloud.FindRegion(Abroad);
        var board = field.MakeBoard();
        _ = board.PowerOn();
        await field.ReadingAsync(Stopping);
        var identity = new IdentityStore(field.Flash).Load();

        field.Cloud.SetName(CustomDomain, Abroad);
        var tried = field.NextLineAsync("; and connecting: ", Stopping);
        await home.SwitchOffAsync();
        StringAssert.Contains(await tried, CustomDomain);
        for (var i = 0; i < 4; i++)
        {
            await field.NextLineAsync("; and connecting: ", Stopping);
        }

        var back = field.NextLineAsync("connected to " + home.Endpoint, Stopping);
        home.SwitchOn();
        await back;
        await field.NextLineAsync("acknowledged, 0 waiting", Stopping);
        await board.PowerOffAsync().WaitAsync(Stopping);
        Assert.AreEqual(board.Status.Publisher.Taken, board.Status.Publisher.Published);
        Assert.AreEqual(0, board.Status.Publisher.Dropped);
        Assert.AreEqual(identity.CertificateId, new IdentityStore(field.Flash).Load().CertificateId);
        Assert.IsNull(abroad.Registry.FindThing(Field.Thing));
        Assert.AreEqual(1, field.Accepted(ProvisioningOperation.CreateKeysAndCertificate));
    }

    [TestMethod]
    [Timeout(90_000, CooperativeCancellation = true)]
    public async Task An_identity_that_its_own_region_refuses_is_not_tried_abroad_for_good()
    {
        await using var field = await OpenAsync();
        var board = field.MakeBoard();
        _ = board.PowerOn();
        await field.ReadingAsync(Stopping);
        var identity = new IdentityStore(field.Flash).Load();
        field.Cloud.SetName(CustomDomain, Abroad);

        var refused = field.NextLineAsync("; and connecting: ", Stopping);
        field.Cloud.Registry.RevokeCertificate(identity.CertificateId);
        await refused;
        await field.NextLineAsync("; and connecting: ", Stopping);
        await board.PowerOffAsync().WaitAsync(Stopping);
        Assert.AreEqual(identity.CertificateId, new IdentityStore(field.Flash).Load().CertificateId);
        Assert.IsNull(field.Cloud.FindRegion(Abroad).Registry.FindThing(Field.Thing));
        Assert.AreEqual(1, field.Accepted(ProvisioningOperation.CreateKeysAndCertificate));
    }

    /// <summary>Two regions, and a board fresh from the factory whose name leads to the first.</summary>
    private async Task<Field> OpenAsync(int reprovisionAfterHours = 0)
    {
        var field = await Field.OpenAsync(
            Stopping,
            settings =>
            {
                settings["endpoint"] = CustomDomain;
                settings["provisioning"]["reprovisionAfterHours"] = reprovisionAfterHours;
            },
            isHasty: true,
            furtherRegion: Abroad);
        field.Dns = _ => [IPAddress.Loopback];
        field.Cloud.SetName(CustomDomain, field.Cloud.Region);
        foreach (var region in field.Cloud.Regions)
        {
            var body = JsonNode.Parse(region.Registry.State.Templates[field.Cloud.TemplateName].Body).AsObject();
            body["DeviceConfiguration"] = new JsonObject { ["endpoint"] = region.Endpoint };
            region.Registry.PutTemplate(ProvisioningTemplate.Parse(field.Cloud.TemplateName, body.ToJsonString()));
        }

        return field;
    }

    private static Dictionary<string, byte[]> Files(DirectoryStorage flash) => flash.List().ToDictionary(name => name, flash.Read);

    private async Task<MqttStreamClient> WatchAsync(Field field, CloudRegion region)
    {
        var watcher = await MqttStreamClient.ConnectAsync(
            new MqttStreamClientOptions
            {
                Host = region.Endpoint,
                ConnectTo = "localhost",
                Port = field.Cloud.Port,
                Tls = new MqttTls([X509Certificate2.CreateFromPem(field.Cloud.RootCaPem)], TestCloud.CertificateOf(await region.CreateOperatorCredentialsAsync("operator", Stopping))),
                Connect = new ConnectPacket("operator-1", KeepAliveSeconds: 0),
            },
            Stopping);
        await watcher.SubscribeAsync("dt/#", cancellationToken: Stopping);
        return watcher;
    }
}
