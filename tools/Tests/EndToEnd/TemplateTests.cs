using System.Text.Json.Nodes;
using DeviceAgent.Identity;
using LocalCloud;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using VirtualDevice;
using VirtualDevice.Board;

namespace Tests.EndToEnd;

/// <summary>What a provisioning template decides of a board: its thing's name, and its device configuration.</summary>
[TestClass]
public sealed class TemplateTests
{
    private const string Thing = "MyThing_SN-0042";
    private const string Place = "tokyo/hibiya/lab/" + Thing;
    private const string Report = """{"id":"r","command":"report"}""";

    public TestContext TestContext { get; set; }

    private CancellationToken Stopping => TestContext.CancellationToken;

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task With_the_seeds_template_by_serial_number_the_thing_is_what_the_cloud_composes_and_all_topics_follow()
    {
        await using var field = await Field.OpenAsync(Stopping, BySerialNumber);
        var board = field.MakeBoard();
        _ = board.PowerOn();
        var message = await field.Operator.Messages.ReadAsync(Stopping);
        Assert.AreEqual("dt/smpl-krsk/" + Place, message.Topic);
        Assert.AreEqual(Thing, (string)JsonNode.Parse(message.Payload.Span)["CLIENT_ID"]);
        CollectionAssert.Contains(field.Cloud.ConnectedClientIds.ToList(), Thing);
        var thing = field.Cloud.Registry.FindThing(Thing);
        Assert.AreEqual("Bulb", thing.TypeName);
        Assert.AreEqual("Sony", thing.Attributes["Make"]);
        CollectionAssert.AreEqual(new[] { "My_IoT_Policy" }, field.Cloud.Registry.FindCertificatesOfThing(Thing).Single().Policies.ToList());

        // What the template configures and the firmware does not know is kept, and reported, also after a boot that writes nothing
        await board.PowerOffAsync().WaitAsync(Stopping);
        var flash = new DirectoryStorage(field.Flash.Folder);
        board = field.MakeBoard(flash);
        _ = board.PowerOn();
        await field.LineAsync("device configuration: unknown here, kept: MyDeviceOption", Stopping);
        await field.ReadingAsync(Stopping);
        var report = await field.CommandAsync(Report, Stopping, Place);
        Assert.AreEqual("""{"MyDeviceOption":"Normal"}""", report["CONFIGURATION"].ToJsonString());
        Assert.AreEqual("{}", report["CONFIGURATION_REFUSED"].ToJsonString());
        Assert.AreEqual("localhost", (string)report["ENDPOINT"]);
        Assert.AreEqual(0, flash.Changes);

        // And another certificate is for the same thing
        var proved = field.NextLineAsync("can be deactivated", Stopping);
        await field.CommandAsync("""{"id":"n","command":"reprovision"}""", Stopping, Place);
        await proved;
        await field.NextLineAsync("acknowledged, 0 waiting", Stopping);
        await board.PowerOffAsync().WaitAsync(Stopping);
        Assert.AreEqual(Thing, new IdentityStore(field.Flash).Load().ThingName);
        Assert.AreEqual(2, field.Cloud.Registry.FindCertificatesOfThing(Thing).Count);
        Assert.AreEqual(board.Status.Publisher.Taken, board.Status.Publisher.Published);
    }

    [TestMethod]
    [DataRow(RepeatedRegistration.AcceptAgain, null)]
    [DataRow(RepeatedRegistration.AcceptAgain, "MyThing_${serial}")]
    [DataRow(RepeatedRegistration.Refuse, "MyThing_${serial}")]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task A_composed_name_outlives_a_power_cut_before_it_is_stored(RepeatedRegistration repeated, string thingName)
    {
        await using var field = await CutAsync(repeated, thingName);
        var board = field.MakeBoard();
        _ = board.PowerOn();
        await field.ReadingAsync(Stopping);
        await board.PowerOffAsync().WaitAsync(Stopping);

        var identity = new IdentityStore(field.Flash).Load();
        Assert.AreEqual(Thing, identity.ThingName);
        Assert.AreEqual(identity.CertificateId, field.Cloud.Registry.FindCertificatesOfThing(Thing).Single().Id);
        Assert.AreEqual(1, field.Accepted(ProvisioningOperation.CreateKeysAndCertificate));
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task Where_a_composed_name_cannot_be_found_out_the_certificate_that_may_be_in_force_is_reported()
    {
        await using var field = await CutAsync(RepeatedRegistration.Refuse, thingName: null);
        var stray = field.Cloud.Registry.FindCertificatesOfThing(Thing).Single();
        var board = field.MakeBoard();
        _ = board.PowerOn();
        await field.ReadingAsync(Stopping);
        var report = await field.CommandAsync(Report, Stopping, Place);
        await board.PowerOffAsync().WaitAsync(Stopping);

        Assert.AreEqual(stray.Id, (string)report["REPLACED_CERTIFICATE_ID"]);
        Assert.AreNotEqual(stray.Id, (string)report["CERTIFICATE_ID"]);
        Assert.IsTrue(field.Log.Any(line => line.Contains("(thingName in the settings could tell it); it is given up", StringComparison.Ordinal)));
        Assert.AreEqual(2, field.Accepted(ProvisioningOperation.CreateKeysAndCertificate));
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task What_the_template_configures_is_applied_kept_and_reported()
    {
        await using var field = await Field.OpenAsync(Stopping);
        var body = JsonNode.Parse(field.Cloud.Registry.State.Templates[field.Cloud.TemplateName].Body).AsObject();
        body["DeviceConfiguration"] = JsonNode.Parse("""
            {
              "location": { "Fn::Join": ["/", ["osaka", { "Fn::Sub": "of-${ThingName}" }]] },
              "intervalSeconds": "3600", "layout": "wide", "colour": "blue", "endpoint": "https://iot.example", "much": "
            """ + new string('m', 2100) + """
            " }
            """);
        field.Cloud.Registry.PutTemplate(ProvisioningTemplate.Parse(field.Cloud.TemplateName, body.ToJsonString()));
        const string place = "osaka/of-board-1/board-1";

        for (var boot = 1; boot <= 2; boot++)
        {
            var board = field.MakeBoard();
            _ = board.PowerOn();
            await field.ReadingAsync(Stopping);
            var report = await field.CommandAsync(Report, Stopping, place);
            Assert.AreEqual("osaka/of-board-1", (string)report["CONFIGURATION"]["location"]);
            Assert.AreEqual("blue", (string)report["CONFIGURATION"]["colour"]);
            Assert.AreEqual(boot == 1 ? "3600" : "1800", (string)report["CONFIGURATION"]["intervalSeconds"]);
            Assert.AreEqual(boot == 1 ? 3600 : 1800, (int)report["INTERVAL_SECONDS"]);
            Assert.HasCount(5, report["CONFIGURATION"].AsObject());
            Assert.AreEqual("layout is neither combined nor perType: wide", (string)report["CONFIGURATION_REFUSED"]["layout"]);
            Assert.AreEqual("endpoint is not a host name: https://iot.example", (string)report["CONFIGURATION_REFUSED"]["endpoint"]);
            Assert.HasCount(2, report["CONFIGURATION_REFUSED"].AsObject());
            Assert.AreEqual("much", (string)report["CONFIGURATION_LEFT_OUT"]);
            await field.CommandAsync("""{"id":"i","command":"set-interval","intervalSeconds":1800}""", Stopping, place);
            await board.PowerOffAsync().WaitAsync(Stopping);
        }

        Assert.IsTrue(field.Log.Any(line => line.Contains("device configuration: applied: intervalSeconds location", StringComparison.Ordinal)));
        Assert.AreEqual(1, field.Accepted(ProvisioningOperation.RegisterThing));
    }

    /// <summary>A field whose board lost its power when its registration had been answered, and was not stored yet.</summary>
    private async Task<Field> CutAsync(RepeatedRegistration repeated, string thingName)
    {
        var field = await Field.OpenAsync(
            Stopping,
            settings =>
            {
                BySerialNumber(settings);
                if (thingName is not null)
                {
                    settings["thingName"] = thingName;
                }
            },
            isHasty: true,
            repeated: repeated);
        var dead = field.MakeBoard(new DyingFlash(field.Flash.Folder, IdentityStore.FileName(0)));
        var died = field.NextLineAsync("storing the identity", Stopping);
        _ = dead.PowerOn();
        await died;
        await dead.PowerOffAsync().WaitAsync(Stopping);
        Assert.IsNotNull(field.Flash.Read("provisioning"), "there is a journal");
        return field;
    }

    private static void BySerialNumber(JsonObject settings)
    {
        settings.Remove("thingName");
        settings["serial"] = "SN-0042";
        settings["provisioning"]["template"] = "smpl-krsk-iot-core-prov-temp-serial";
        settings["provisioning"]["parameters"] = new JsonObject { ["SerialNumber"] = "${serial}" };
    }
}
