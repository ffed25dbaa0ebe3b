using System.Security.Cryptography.X509Certificates;
using System.Text;
using DeviceAgent.Board;
using DeviceAgent.Identity;
using LocalCloud;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Mqtt;
using Tests.LocalCloud;
using VirtualDevice;
using VirtualDevice.Board;

namespace Tests.EndToEnd;

/// <summary>The firmware's own sources get another certificate from LocalCloud, over real sockets and TLS.</summary>
[TestClass]
public sealed class ReprovisioningTests
{
    private const string Reprovision = """{"id":"n","command":"reprovision"}""";
    private const string Rotate = """{"id":"n","command":"rotate-certificate"}""";

    public TestContext TestContext { get; set; }

    private CancellationToken Stopping => TestContext.CancellationToken;

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task A_command_gets_another_certificate_and_the_old_one_can_be_used_until_its_owner_deactivates_it()
    {
        await using var field = await Field.OpenAsync(Stopping);
        var board = field.MakeBoard();
        _ = board.PowerOn();
        await field.ReadingAsync(Stopping);
        var old = new IdentityStore(field.Flash).Load();
        var stored = field.NextLineAsync("provisioning: done", Stopping);
        var proved = field.NextLineAsync("can be deactivated", Stopping);

        Assert.AreEqual("ok", (string)(await field.CommandAsync(Reprovision, Stopping))["RESULT"]);
        await stored;
        Assert.AreEqual(CertificateStatus.Active, field.Cloud.Registry.FindCertificate(old.CertificateId).Status);
        await proved;

        var report = await field.CommandAsync("""{"id":"r","command":"report"}""", Stopping);
        Assert.AreEqual(old.CertificateId, (string)report["REPLACED_CERTIFICATE_ID"]);
        Assert.AreEqual("", (string)report["LAST_ERROR"]);
        await AssertReplacedAsync(field, old);
        await field.NextLineAsync("acknowledged, 0 waiting", Stopping);
        await board.PowerOffAsync().WaitAsync(Stopping);
        Assert.AreEqual(board.Status.Publisher.Taken, board.Status.Publisher.Published);
        Assert.AreEqual(0, board.Status.Publisher.Dropped);
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task The_button_gets_another_certificate()
    {
        await using var field = await Field.OpenAsync(Stopping);
        var board = field.MakeBoard();
        _ = board.PowerOn();
        await field.ReadingAsync(Stopping);
        await board.PowerOffAsync().WaitAsync(Stopping);
        var old = new IdentityStore(field.Flash).Load();

        board.IsResetButtonHeld = true;
        var proved = field.NextLineAsync("can be deactivated", Stopping);
        _ = board.PowerOn();
        await proved;
        await field.ReadingAsync(Stopping);

        await AssertReplacedAsync(field, old);
        await board.PowerOffAsync().WaitAsync(Stopping);
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task A_revoked_identity_is_replaced_after_the_hours_that_the_settings_say()
    {
        await using var field = await Field.OpenAsync(Stopping, settings =>
        {
            settings["provisioning"]["reprovisionAfterHours"] = 3;
            settings["telemetry"]["intervalSeconds"] = 3600;
        });
        var clock = new SkippingClock();
        var board = field.MakeBoard(makeClock: () => clock);
        board.Logged += line => clock.IsSkipping &= !line.Contains("is provisioned again", StringComparison.Ordinal);
        _ = board.PowerOn();
        await field.ReadingAsync(Stopping);
        var old = new IdentityStore(field.Flash).Load();
        var began = clock.Milliseconds;

        var wanted = field.NextLineAsync("refused for 3 hours (provisioning.reprovisionAfterHours)", Stopping);
        var proved = field.NextLineAsync("can be deactivated", Stopping);
        var refused = field.NextLineAsync("does not accept the client certificate", Stopping);
        field.Cloud.Registry.RevokeCertificate(old.CertificateId);
        await refused;
        clock.IsSkipping = true;
        await wanted;
        Assert.AreEqual(1, field.Accepted(ProvisioningOperation.CreateKeysAndCertificate), "not before the hours are over");
        Assert.IsGreaterThanOrEqualTo(3 * 3600 * 1000, clock.Milliseconds - began);
        await proved;
        await field.ReadingAsync(Stopping);

        Assert.AreEqual(old.CertificateId, new IdentityStore(field.Flash).Load().ReplacedCertificateId);
        Assert.AreEqual(2, field.Accepted(ProvisioningOperation.CreateKeysAndCertificate));
        await board.PowerOffAsync().WaitAsync(Stopping);
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task A_new_certificate_that_is_turned_away_is_given_up_and_the_old_one_used_again()
    {
        await using var field = await Field.OpenAsync(Stopping, isHasty: true);
        var board = field.MakeBoard();
        _ = board.PowerOn();
        await field.ReadingAsync(Stopping);
        var old = new IdentityStore(field.Flash).Load();
        field.Cloud.ProvisioningAnswered += outcome =>
        {
            if (outcome is { Operation: ProvisioningOperation.RegisterThing, IsAccepted: true })
            {
                field.Cloud.Registry.RevokeCertificate(outcome.CertificateId);
            }
        };
        var meanwhile = field.NextLineAsync("is registered again", Stopping);
        var back = field.NextLineAsync("it is not replaced", Stopping);

        await field.CommandAsync(Reprovision, Stopping);
        StringAssert.Contains(await meanwhile, old.CertificateId + " is used meanwhile");
        await back;
        var report = await field.CommandAsync("""{"id":"r","command":"report"}""", Stopping);
        await board.PowerOffAsync().WaitAsync(Stopping);

        Assert.AreEqual(old.CertificateId, (string)report["CERTIFICATE_ID"]);
        StringAssert.Contains((string)report["LAST_ERROR"], "it is given up");
        Assert.AreEqual(old.CertificateId, new IdentityStore(field.Flash).Load().CertificateId);
        Assert.AreEqual(2, field.Accepted(ProvisioningOperation.CreateKeysAndCertificate));
        Assert.IsNull(field.Flash.Read("provisioning"));
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task Where_the_claim_is_deactivated_the_board_works_on_and_says_why()
    {
        await using var field = await Field.OpenAsync(Stopping);
        var board = field.MakeBoard();
        _ = board.PowerOn();
        await field.ReadingAsync(Stopping);
        field.Cloud.Registry.SetCertificateStatus(field.Cloud.ClaimCredentials.CertificateId, CertificateStatus.Inactive);
        var given = field.NextLineAsync("it is not replaced", Stopping);

        await field.CommandAsync(Reprovision, Stopping);
        await given;
        var report = await field.CommandAsync("""{"id":"r","command":"report"}""", Stopping);
        await field.NextLineAsync("acknowledged, 0 waiting", Stopping);
        await board.PowerOffAsync().WaitAsync(Stopping);

        StringAssert.Contains((string)report["LAST_ERROR"], "connecting with the claim certificate");
        Assert.AreEqual("", (string)report["REPLACED_CERTIFICATE_ID"]);
        Assert.AreEqual(board.Status.Publisher.Taken, board.Status.Publisher.Published);
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task A_rotation_needs_no_claim_and_carries_out_what_comes_meanwhile()
    {
        await using var field = await Field.OpenAsync(Stopping, allowsRotation: true);
        var board = field.MakeBoard();
        _ = board.PowerOn();
        await field.ReadingAsync(Stopping);
        var old = new IdentityStore(field.Flash).Load();
        field.Cloud.Registry.SetCertificateStatus(field.Cloud.ClaimCredentials.CertificateId, CertificateStatus.Inactive);
        var journalled = field.NextLineAsync("received and journalled", Stopping);
        var proved = field.NextLineAsync("can be deactivated", Stopping);

        Assert.AreEqual("ok", (string)(await field.CommandAsync(Rotate, Stopping))["RESULT"]);
        await journalled;
        var report = await field.CommandAsync("""{"id":"r","command":"report"}""", Stopping);
        await proved;

        // By the broker's order of things it may have come before the exchange was over, or after it
        var identity = new IdentityStore(field.Flash).Load();
        Assert.AreEqual("", (string)report["LAST_ERROR"]);
        Assert.AreEqual(identity.CertificateId, (string)report["CERTIFICATE_ID"]);
        Assert.AreEqual(old.CertificateId, (string)report["REPLACED_CERTIFICATE_ID"]);
        using var certificate = X509Certificate2.CreateFromPem(Text(identity.Certificate));
        Assert.AreEqual(certificate.NotBefore.ToUniversalTime().ToString("s"), (string)report["CERTIFICATE_NOT_BEFORE"]);
        await AssertReplacedAsync(field, old);
        await field.NextLineAsync("acknowledged, 0 waiting", Stopping);
        await board.PowerOffAsync().WaitAsync(Stopping);
        Assert.AreEqual(board.Status.Publisher.Taken, board.Status.Publisher.Published);
        Assert.AreEqual(0, board.Status.Publisher.Dropped);
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task A_rotation_by_claim_csr_is_for_another_key_of_the_devices_own()
    {
        await using var field = await Field.OpenAsync(Stopping, settings => settings["provisioning"]["method"] = "claim-csr", allowsRotation: true);
        var board = field.MakeBoard();
        _ = board.PowerOn();
        await field.ReadingAsync(Stopping);
        var old = new IdentityStore(field.Flash).Load();
        field.Cloud.Registry.SetCertificateStatus(field.Cloud.ClaimCredentials.CertificateId, CertificateStatus.Inactive);
        var proved = field.NextLineAsync("can be deactivated", Stopping);

        Assert.AreEqual("ok", (string)(await field.CommandAsync(Rotate, Stopping))["RESULT"]);
        await proved;
        var identity = new IdentityStore(field.Flash).Load();
        Assert.AreEqual(old.CertificateId, identity.ReplacedCertificateId);
        Assert.AreNotEqual(Text(old.Key), Text(identity.Key));
        using (X509Certificate2.CreateFromPem(Text(identity.Certificate), Text(identity.Key)))
        {
        }

        Assert.AreEqual(2, field.Accepted(ProvisioningOperation.CreateCertificateFromCsr));
        Assert.AreEqual(0, field.Accepted(ProvisioningOperation.CreateKeysAndCertificate));
        Assert.IsNull(field.Flash.Read("device.key"), "an identity has it");
        await field.NextLineAsync("acknowledged, 0 waiting", Stopping);
        await board.PowerOffAsync().WaitAsync(Stopping);
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task A_device_policy_that_does_not_allow_rotation_is_named_and_the_board_works_on()
    {
        await using var field = await Field.OpenAsync(Stopping);
        var board = field.MakeBoard();
        _ = board.PowerOn();
        await field.ReadingAsync(Stopping);
        var old = new IdentityStore(field.Flash).Load();
        var given = field.NextLineAsync("the rotation is given up, and certificate " + old.CertificateId, Stopping);

        await field.CommandAsync(Rotate, Stopping);
        await given;
        var report = await field.CommandAsync("""{"id":"r","command":"report"}""", Stopping);
        await field.NextLineAsync("acknowledged, 0 waiting", Stopping);
        await board.PowerOffAsync().WaitAsync(Stopping);

        var template = field.Cloud.TemplateName;
        StringAssert.EndsWith(
            (string)report["LAST_ERROR"],
            $"the broker closed the connection; the device policy must allow iot:Publish and iot:Receive on topic/$aws/certificates/create/* and topic/$aws/provisioning-templates/{template}/provision/*,"
                + $" and iot:Subscribe on topicfilter/$aws/certificates/create/* and topicfilter/$aws/provisioning-templates/{template}/provision/*");
        await field.CloudLog.WaitAsync("with --rotation, cloud and tools/aws/setup allow devices all that they need", Stopping);
        Assert.AreEqual(old.CertificateId, (string)report["CERTIFICATE_ID"]);
        Assert.AreEqual(3, (int)report["CONNECTIONS"], "the first, and one after each of two tries");
        Assert.AreEqual(1, field.Accepted(ProvisioningOperation.CreateKeysAndCertificate));
        Assert.AreEqual(board.Status.Publisher.Taken, board.Status.Publisher.Published);
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task A_certificate_is_rotated_when_it_is_as_old_as_the_settings_say()
    {
        await using var field = await Field.OpenAsync(Stopping, settings => settings["provisioning"]["rotateAfterDays"] = 30, allowsRotation: true);
        var clock = new AheadClock();
        var board = field.MakeBoard(makeClock: () => clock);
        _ = board.PowerOn();
        await field.ReadingAsync(Stopping);
        await board.PowerOffAsync().WaitAsync(Stopping);
        var old = new IdentityStore(field.Flash).Load();
        Assert.AreEqual("", old.ReplacedCertificateId);

        // The new one is as old by this clock; a third is not asked for on the same day, nor would the second have been
        clock.Ahead = TimeSpan.FromDays(32);
        field.Flash.Delete("attempts.0");
        var proved = field.NextLineAsync("can be deactivated", Stopping);
        _ = board.PowerOn();
        await proved;
        await AssertReplacedAsync(field, old);
        await board.PowerOffAsync().WaitAsync(Stopping);
        Assert.IsTrue(field.Log.Any(line => line.Contains("is older than 30 days (provisioning.rotateAfterDays)", StringComparison.Ordinal)));
    }

    private async Task AssertReplacedAsync(Field field, DeviceIdentity old)
    {
        var identity = new IdentityStore(field.Flash).Load();
        Assert.AreNotEqual(old.CertificateId, identity.CertificateId);
        Assert.AreEqual(old.CertificateId, identity.ReplacedCertificateId);
        Assert.AreEqual(old.ThingName, identity.ThingName);
        Assert.AreEqual(2, field.Accepted(ProvisioningOperation.CreateKeysAndCertificate));
        Assert.IsNull(field.Flash.Read("provisioning"), "the journal has done its work");

        // The broker takes the old certificate still, until its owner says otherwise; the board does not mind.
        // A client id connects once a second: that is over when the second after the first reading that was due is taken.
        for (var i = 0; i < 3; i++)
        {
            await field.NextLineAsync("acknowledged, 0 waiting", Stopping);
        }

        await using (await ConnectAsync(field, old))
        {
        }

        field.Cloud.Registry.SetCertificateStatus(old.CertificateId, CertificateStatus.Inactive);
        await field.NextLineAsync("acknowledged, 0 waiting", Stopping);
    }

    private Task<MqttStreamClient> ConnectAsync(Field field, DeviceIdentity identity) => MqttStreamClient.ConnectAsync(
        new MqttStreamClientOptions
        {
            Host = "localhost",
            Port = field.Cloud.Port,
            Tls = new MqttTls(
                [X509Certificate2.CreateFromPem(field.Cloud.RootCaPem)],
                TestCloud.CertificateOf(new ClientCredentials(identity.CertificateId, Text(identity.Certificate), Text(identity.Key)))),
            Connect = new ConnectPacket(identity.ThingName),
        },
        Stopping);

    private static string Text(byte[] pem) => Encoding.ASCII.GetString(pem, 0, pem.Length - 1);

    /// <summary>The PC's clock, whose time of day is ahead.</summary>
    private sealed class AheadClock : IClock
    {
        private readonly RealClock _clock = new();

        public TimeSpan Ahead { get; set; }

        public DateTime UtcNow => _clock.UtcNow + Ahead;

        public bool IsSet => true;

        public long Milliseconds => _clock.Milliseconds;

        public bool Wait(AutoResetEvent signal, int milliseconds) => _clock.Wait(signal, milliseconds);
    }
}
