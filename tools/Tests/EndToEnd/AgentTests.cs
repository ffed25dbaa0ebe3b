using System.Text.Json.Nodes;
using DeviceAgent.Identity;
using LocalCloud;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using VirtualDevice;

namespace Tests.EndToEnd;

/// <summary>The firmware's own sources against LocalCloud, over real sockets and TLS.</summary>
[TestClass]
public sealed class AgentTests
{
    public TestContext TestContext { get; set; }

    private CancellationToken Stopping => TestContext.CancellationToken;

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task A_board_with_nothing_but_its_factory_files_provisions_itself_and_publishes()
    {
        await using var field = await Field.OpenAsync(Stopping);
        var board = field.MakeBoard();

        _ = board.PowerOn();
        var reading = await field.ReadingAsync(Stopping);
        await board.PowerOffAsync().WaitAsync(Stopping);

        Assert.AreEqual(Field.Thing, (string)reading["CLIENT_ID"]);
        Assert.IsInRange(15.0, 25.0, (double)reading["TEMPERATURE"]);
        Assert.IsInRange(40.0, 60.0, (double)reading["HUMIDITY"]);
        var taken = DateTime.ParseExact((string)reading["TIMESTAMP"], "yyyy-MM-ddTHH:mm:ss", null);
        Assert.IsInRange(TimeSpan.FromMinutes(-1), TimeSpan.FromMinutes(1), DateTime.UtcNow - taken);
        Assert.AreEqual(1, field.Accepted(ProvisioningOperation.CreateKeysAndCertificate));
        Assert.AreEqual(1, field.Accepted(ProvisioningOperation.RegisterThing));
        var identity = new IdentityStore(field.Flash).Load();
        Assert.AreEqual(CertificateStatus.Active, field.Cloud.Registry.FindCertificate(identity.CertificateId).Status);
        Assert.IsNull(field.Flash.Read("provisioning"), "the journal has done its work");
        Assert.IsFalse(field.Log.Concat(field.CloudLog.Lines).Any(line => line.Contains("PRIVATE KEY", StringComparison.Ordinal)), "a key is in a log");
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task The_second_boot_asks_for_no_certificate_and_writes_nothing_to_flash()
    {
        await using var field = await Field.OpenAsync(Stopping);
        await BootAsync(field, field.MakeBoard());
        var flash = new global::VirtualDevice.Board.DirectoryStorage(field.Flash.Folder);

        await BootAsync(field, field.MakeBoard(flash));

        Assert.AreEqual(0, flash.Changes);
        Assert.AreEqual(1, field.Accepted(ProvisioningOperation.CreateKeysAndCertificate));
        Assert.AreEqual(1, field.Accepted(ProvisioningOperation.RegisterThing));
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task A_certificate_that_was_journalled_when_the_power_went_is_the_one_that_is_used()
    {
        await using var field = await Field.OpenAsync(Stopping);

        // The power goes when RegisterThing has been answered, and the identity is not written yet
        var dead = field.MakeBoard(new DyingFlash(field.Flash.Folder, IdentityStore.FileName(0)));
        var died = field.NextLineAsync("storing the identity", Stopping);
        _ = dead.PowerOn();
        await died;
        await dead.PowerOffAsync().WaitAsync(Stopping);
        Assert.IsNotNull(field.Flash.Read("provisioning"), "there is a journal");
        Assert.IsNull(new IdentityStore(field.Flash).Load());

        await BootAsync(field, field.MakeBoard());

        Assert.AreEqual(1, field.Accepted(ProvisioningOperation.CreateKeysAndCertificate), "the board asked for a second certificate");
        Assert.IsNull(field.Flash.Read("provisioning"));
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task Readings_taken_while_the_broker_is_away_arrive_when_it_is_back()
    {
        await using var field = await Field.OpenAsync(Stopping);
        var board = field.MakeBoard();
        _ = board.PowerOn();
        await field.ReadingAsync(Stopping);

        await field.Operator.DisposeAsync();
        await field.RestartCloudAsync(Stopping);
        await field.NextLineAsync("acknowledged, 0 waiting", Stopping);
        await board.PowerOffAsync().WaitAsync(Stopping);

        Assert.AreEqual(board.Status.Publisher.Taken, board.Status.Publisher.Published);
        Assert.AreEqual(0, board.Status.Publisher.Dropped);
        Assert.AreEqual(2, board.Status.Connections);
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task Commands_are_answered_and_an_interval_is_kept_across_a_reboot()
    {
        await using var field = await Field.OpenAsync(Stopping);
        var board = field.MakeBoard();
        _ = board.PowerOn();
        await field.ReadingAsync(Stopping);

        var pong = await field.CommandAsync("""{"id":"a-1","command":"ping"}""", Stopping);
        Assert.AreEqual("a-1", (string)pong["COMMAND_ID"]);
        Assert.AreEqual("ok", (string)pong["RESULT"]);
        Assert.AreEqual(Field.Thing, (string)pong["CLIENT_ID"]);

        Assert.AreEqual("ok", (string)(await field.CommandAsync("""{"id":"2","command":"set-interval","intervalSeconds":2}""", Stopping))["RESULT"]);

        // A client id connects once a second, and this board reboots in less: a reading later that second is over.
        await field.ReadingAsync(Stopping);
        var again = field.NextLineAsync("connected to", Stopping);
        Assert.AreEqual("ok", (string)(await field.CommandAsync("""{"id":"3","command":"reboot"}""", Stopping))["RESULT"]);
        await again;
        await field.ReadingAsync(Stopping);

        var report = await field.CommandAsync("""{"id":"4","command":"report"}""", Stopping);
        Assert.AreEqual(2, (int)report["INTERVAL_SECONDS"]);
        Assert.AreEqual(0, (int)report["READINGS_DROPPED"]);
        Assert.AreEqual("", (string)report["LAST_ERROR"]);
        Assert.IsNotNull(report["UPTIME_SECONDS"]);
        Assert.IsNotNull(report["FREE_MEMORY"]);
        Assert.AreEqual("1.0.0", (string)report["FIRMWARE_VERSION"]);
        Assert.AreEqual(2, board.Boots);

        await ExpectErrorAsync(field, """{"id":"5","command":"explode"}""", "unknown command", "5");
        await ExpectErrorAsync(field, """{"id":"6","command":"set-interval","intervalSeconds":0}""", "1 to 86400", "6");
        await ExpectErrorAsync(field, """{"id":"7","command":""", "JSON", "7");
        await ExpectErrorAsync(field, """{"command":"ping"}""", "id is missing", null);
        await ExpectErrorAsync(field, $$"""{"id":"8","command":"ping","x":"{{new string('x', 1100)}}"}""", "too large", null);
        await board.PowerOffAsync().WaitAsync(Stopping);
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task A_denial_of_the_device_policy_is_named_in_the_log()
    {
        // The seed's device policy allows dt/smpl-krsk/…/thing and nothing below it
        await using var field = await Field.OpenAsync(Stopping, settings => settings["telemetry"]["layout"] = "perType");
        var board = field.MakeBoard();
        var named = field.NextLineAsync("probably does not allow iot:Publish", Stopping);

        _ = board.PowerOn();
        var line = await named;
        await board.PowerOffAsync().WaitAsync(Stopping);

        StringAssert.Contains(line, Field.Topic);
        Assert.IsTrue(board.Status.Publisher.Waiting > 0, "the readings wait");
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task A_revoked_identity_is_kept_and_never_replaced_by_itself()
    {
        await using var field = await Field.OpenAsync(Stopping);
        var board = field.MakeBoard();
        _ = board.PowerOn();
        await field.ReadingAsync(Stopping);
        var identity = new IdentityStore(field.Flash).Load();

        var refused = field.NextLineAsync("does not accept the client certificate", Stopping);
        field.Cloud.Registry.RevokeCertificate(identity.CertificateId);
        await refused;
        await board.PowerOffAsync().WaitAsync(Stopping);

        Assert.AreEqual(1, field.Accepted(ProvisioningOperation.CreateKeysAndCertificate));
        Assert.AreEqual(identity.CertificateId, new IdentityStore(field.Flash).Load().CertificateId);
    }

    private async Task BootAsync(Field field, Device board)
    {
        _ = board.PowerOn();
        await field.ReadingAsync(Stopping);
        await board.PowerOffAsync().WaitAsync(Stopping);
    }

    private async Task ExpectErrorAsync(Field field, string command, string problem, string id)
    {
        JsonObject answer = await field.CommandAsync(command, Stopping);
        Assert.AreEqual("error", (string)answer["RESULT"]);
        StringAssert.Contains((string)answer["ERROR"], problem);
        Assert.AreEqual(id, (string)answer["COMMAND_ID"]);
    }
}
