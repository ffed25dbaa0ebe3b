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

/// <summary>Boards that carry certificates of their owner's CA get in by LocalCloud's just-in-time provisioning and registration, over real sockets and TLS.</summary>
[TestClass]
public sealed class OwnCertificateTests
{
    private const string Dropped = "the first connections are dropped while the cloud registers the certificate, so it is tried again";

    private const string Template = $$"""
        {
          "Parameters": { "AWS::IoT::Certificate::CommonName": { "Type": "String" }, "AWS::IoT::Certificate::Id": { "Type": "String" } },
          "Resources": {
            "thing": { "Type": "AWS::IoT::Thing", "Properties": { "ThingName": { "Ref": "AWS::IoT::Certificate::CommonName" } } },
            "certificate": { "Type": "AWS::IoT::Certificate", "Properties": { "CertificateId": { "Ref": "AWS::IoT::Certificate::Id" }, "Status": "ACTIVE" } },
            "policy": { "Type": "AWS::IoT::Policy", "Properties": { "PolicyName": "{{SeedDocuments.DevicePolicyName}}" } }
          }
        }
        """;

    public TestContext TestContext { get; set; }

    private CancellationToken Stopping => TestContext.CancellationToken;

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task A_board_is_dropped_at_first_and_then_publishes_and_so_does_the_next()
    {
        await using var field = await OpenAsync();
        using var ca = JustInTimeTests.MakeAuthority("CN=Owner");
        await RegisterAsync(field, ca, Template);
        using var certificate = JustInTimeTests.MakeCertificate(ca, "C=JP, CN=" + Field.Thing);
        FlashCertificate(field.Flash, certificate, ca);
        var board = field.MakeBoard();

        _ = board.PowerOn();
        await field.LineAsync(Dropped, Stopping);
        await field.ReadingAsync(Stopping);
        await field.LineAsync("acknowledged, 0 waiting", Stopping);
        await board.PowerOffAsync().WaitAsync(Stopping);

        Assert.AreEqual(1, field.Log.Count(line => line.Contains(Dropped, StringComparison.Ordinal)), "the second connection is let in");
        AssertIs(field.Flash, certificate, Field.Thing, "");
        Assert.AreEqual(0, field.Accepted(ProvisioningOperation.CreateKeysAndCertificate) + field.Accepted(ProvisioningOperation.RegisterThing));
        CollectionAssert.AreEqual(new[] { IdOf(certificate) }, field.Cloud.Registry.FindCertificatesOfThing(Field.Thing).Select(other => other.Id).ToArray());

        // The next board of the same factory, with RSA.
        using var next = MakeRsaCertificate(ca, "CN=board-2");
        using var folder = new TemporaryDirectory();
        var flash = new DirectoryStorage(folder.File("flash"));
        foreach (var name in new[] { "agent.json", PemFile.RootCa })
        {
            flash.Write(name, field.Flash.Read(name));
        }

        FlashCertificate(flash, next);
        var other = field.MakeBoard(flash);
        var dropped = field.NextLineAsync(Dropped, Stopping);
        var acknowledged = field.NextLineAsync("acknowledged, 0 waiting", Stopping);
        _ = other.PowerOn();
        await dropped;
        await acknowledged;
        await other.PowerOffAsync().WaitAsync(Stopping);
        AssertIs(flash, next, "board-2", "");

        // A later boot provisions nothing, and leaves the flash alone.
        var lines = field.Log.Count();
        var again = new DirectoryStorage(field.Flash.Folder);
        board = field.MakeBoard(again);
        acknowledged = field.NextLineAsync("acknowledged, 0 waiting", Stopping);
        _ = board.PowerOn();
        await acknowledged;
        await board.PowerOffAsync().WaitAsync(Stopping);
        Assert.AreEqual(0, again.Changes);
        Assert.IsFalse(field.Log.Skip(lines).Any(line => line.Contains("provisioning:", StringComparison.Ordinal)));
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task Without_a_template_a_board_waits_until_its_owner_activates_the_certificate()
    {
        await using var field = await OpenAsync(isHasty: true);
        using var ca = JustInTimeTests.MakeAuthority("CN=Owner");
        await RegisterAsync(field, ca, null);
        using var certificate = JustInTimeTests.MakeCertificate(ca, "CN=" + Field.Thing);
        FlashCertificate(field.Flash, certificate);
        var board = field.MakeBoard();

        _ = board.PowerOn();
        var told = await field.LineAsync("5 times now", Stopping);
        StringAssert.Contains(told, "is the certificate waiting to be activated");
        Assert.AreEqual(CertificateStatus.PendingActivation, field.Cloud.Registry.FindCertificate(IdOf(certificate)).Status);
        Assert.IsNull(new IdentityStore(field.Flash).Load());

        field.Cloud.Registry.PutThing(new Thing(Field.Thing, null));
        field.Cloud.Registry.AttachThing(Field.Thing, IdOf(certificate));
        field.Cloud.Registry.AttachPolicy(SeedDocuments.DevicePolicyName, IdOf(certificate));
        field.Cloud.Registry.SetCertificateStatus(IdOf(certificate), CertificateStatus.Active);
        await field.ReadingAsync(Stopping);
        await board.PowerOffAsync().WaitAsync(Stopping);
        AssertIs(field.Flash, certificate, Field.Thing, "");
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task Where_the_CA_is_deactivated_a_board_is_refused_until_it_is_active_again()
    {
        await using var field = await OpenAsync(isHasty: true);
        using var ca = JustInTimeTests.MakeAuthority("CN=Owner");
        var caId = await RegisterAsync(field, ca, Template);
        using var aws = new ControlPlaneClient(field.Cloud.ControlPlaneUrl, Stopping);
        await aws.AskAsync("PUT", $"/cacertificate/{caId}?newStatus=INACTIVE");
        using var certificate = JustInTimeTests.MakeCertificate(ca, "CN=" + Field.Thing);
        FlashCertificate(field.Flash, certificate);
        var board = field.MakeBoard();

        _ = board.PowerOn();
        var told = await field.LineAsync("5 times now", Stopping);
        StringAssert.Contains(told, "is the certificate's CA registered, active and with auto-registration on");
        await field.CloudLog.WaitAsync($"CA {caId[..8]}, which signed it, is INACTIVE", Stopping);
        Assert.IsNull(field.Cloud.Registry.FindCertificate(IdOf(certificate)));
        Assert.IsNull(new IdentityStore(field.Flash).Load());

        await aws.AskAsync("PUT", $"/cacertificate/{caId}?newStatus=ACTIVE");
        await field.ReadingAsync(Stopping);
        await board.PowerOffAsync().WaitAsync(Stopping);
        AssertIs(field.Flash, certificate, Field.Thing, "");
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task A_certificate_that_was_flashed_since_replaces_the_one_in_use_once_it_is_asked_for()
    {
        await using var field = await OpenAsync();
        using var ca = JustInTimeTests.MakeAuthority("CN=Owner");
        await RegisterAsync(field, ca, Template);
        using var certificate = JustInTimeTests.MakeCertificate(ca, "CN=" + Field.Thing);
        FlashCertificate(field.Flash, certificate);
        var board = field.MakeBoard();
        _ = board.PowerOn();
        await field.ReadingAsync(Stopping);

        // With the same certificate it ends at once.
        var ended = field.NextLineAsync("it is not replaced", Stopping);
        Assert.AreEqual("ok", (string)(await field.CommandAsync("""{"id":"1","command":"reprovision"}""", Stopping))["RESULT"]);
        await ended;
        StringAssert.Contains((string)(await field.CommandAsync("""{"id":"2","command":"report"}""", Stopping))["LAST_ERROR"], "device.pem.crt is the certificate that the device has already");

        using var newer = JustInTimeTests.MakeCertificate(ca, "CN=" + Field.Thing);
        FlashCertificate(field.Flash, newer);
        var proved = field.NextLineAsync("can be deactivated", Stopping);
        Assert.AreEqual("ok", (string)(await field.CommandAsync("""{"id":"3","command":"reprovision"}""", Stopping))["RESULT"]);
        await proved;
        AssertIs(field.Flash, newer, Field.Thing, IdOf(certificate));
        field.Cloud.Registry.SetCertificateStatus(IdOf(certificate), CertificateStatus.Inactive);
        var report = await field.CommandAsync("""{"id":"4","command":"report"}""", Stopping);
        Assert.AreEqual((IdOf(newer), IdOf(certificate)), ((string)report["CERTIFICATE_ID"], (string)report["REPLACED_CERTIFICATE_ID"]));
        await field.NextLineAsync("acknowledged, 0 waiting", Stopping);
        await board.PowerOffAsync().WaitAsync(Stopping);
        Assert.AreEqual(board.Status.Publisher.Taken, board.Status.Publisher.Published);
    }

    private async Task<Field> OpenAsync(bool isHasty = false)
    {
        var field = await Field.OpenAsync(
            Stopping,
            settings =>
            {
                settings.Remove("thingName");
                settings["provisioning"] = new JsonObject { ["method"] = "jitp" };
            },
            isHasty);
        field.Flash.Delete(PemFile.ClaimCertificate);
        field.Flash.Delete(PemFile.ClaimKey);
        return field;
    }

    private async Task<string> RegisterAsync(Field field, X509Certificate2 ca, string template)
    {
        using var aws = new ControlPlaneClient(field.Cloud.ControlPlaneUrl, Stopping);
        return await JustInTimeTests.RegisterAsync(aws, ca, template is null ? null : new JsonObject { ["templateBody"] = template });
    }

    /// <summary>What the factory puts there: the certificate, its chain, and the key.</summary>
    private static void FlashCertificate(IStorage flash, X509Certificate2 certificate, params X509Certificate2[] chain)
    {
        using AsymmetricAlgorithm key = (AsymmetricAlgorithm)certificate.GetECDsaPrivateKey() ?? certificate.GetRSAPrivateKey();
        flash.Write(PemFile.DeviceCertificate, Encoding.ASCII.GetBytes(string.Concat(chain.Prepend(certificate).Select(part => part.ExportCertificatePem() + "\n"))));
        flash.Write(PemFile.DeviceKey, Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem() + "\n"));
    }

    private static void AssertIs(IStorage flash, X509Certificate2 certificate, string thing, string replaced)
    {
        var identity = new IdentityStore(flash).Load();
        Assert.AreEqual((thing, IdOf(certificate), replaced), (identity.ThingName, identity.CertificateId, identity.ReplacedCertificateId));
        StringAssert.StartsWith(Encoding.ASCII.GetString(identity.Certificate), certificate.ExportCertificatePem());
    }

    private static string IdOf(X509Certificate2 certificate) => Convert.ToHexStringLower(SHA256.HashData(certificate.RawData));

    private static X509Certificate2 MakeRsaCertificate(X509Certificate2 ca, string subject)
    {
        using var key = RSA.Create(2048);
        using var signer = ca.GetECDsaPrivateKey();
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var certificate = request.Create(ca.SubjectName, X509SignatureGenerator.CreateForECDsa(signer), DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(10), RandomNumberGenerator.GetBytes(8));
        return certificate.CopyWithPrivateKey(key);
    }
}
