using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using DeviceAgent.Identity;
using DeviceAgent.Provisioning;
using LocalCloud;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using VirtualDevice.Board;

namespace Tests.EndToEnd;

/// <summary>The firmware's own sources get a certificate for a key of the board's own from LocalCloud, over real sockets and TLS.</summary>
[TestClass]
public sealed class ClaimCsrTests
{
    private const string Permission = "the claim policy must allow iot:Publish and iot:Receive on topic/$aws/certificates/create-from-csr/* and iot:Subscribe on topicfilter/$aws/certificates/create-from-csr/*";

    public TestContext TestContext { get; set; }

    private CancellationToken Stopping => TestContext.CancellationToken;

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task A_board_makes_its_key_and_gets_a_certificate_for_it()
    {
        await using var field = await OpenAsync(isAllowed: true);
        await BootAsync(field);

        var identity = new IdentityStore(field.Flash).Load();
        StringAssert.StartsWith(Encoding.ASCII.GetString(identity.Key), "-----BEGIN EC PRIVATE KEY-----");
        AssertIssued(field, identity, Encoding.ASCII.GetString(identity.Key).TrimEnd('\0'));
        Assert.AreEqual("CN=" + Field.Thing, X509Certificate2.CreateFromPem(Encoding.ASCII.GetString(identity.Certificate)).Subject);
        Assert.AreEqual(CertificateStatus.Active, field.Cloud.Registry.FindCertificate(identity.CertificateId).Status);
        Assert.IsNull(field.Flash.Read(DeviceKey.FileName), "the key has found its place");
        Assert.IsNull(field.Flash.Read(ProvisioningJournal.FileName));
        Assert.IsFalse(field.Log.Concat(field.CloudLog.Lines).Any(line => line.Contains("PRIVATE KEY", StringComparison.Ordinal)), "a key is in a log");

        // The second boot asks for nothing and writes nothing
        var flash = new DirectoryStorage(field.Flash.Folder);
        await BootAsync(field, flash);
        Assert.AreEqual(0, flash.Changes);
        Assert.AreEqual(1, field.Accepted(ProvisioningOperation.CreateCertificateFromCsr));
    }

    [TestMethod]
    [DataRow("RSA")]
    [DataRow("P-256")]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task The_factorys_key_is_used(string kind)
    {
        await using var field = await OpenAsync(isAllowed: true);
        using var key = kind == "RSA" ? (AsymmetricAlgorithm)RSA.Create(2048) : ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = key is RSA rsa
            ? new CertificateRequest("CN=factory-1", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : new CertificateRequest("CN=factory-1", (ECDsa)key, HashAlgorithmName.SHA256);
        var pem = key is RSA ? ((RSA)key).ExportRSAPrivateKeyPem() : key.ExportPkcs8PrivateKeyPem() + "\r\n";
        field.Flash.Write(DeviceKey.FactoryKey, Encoding.ASCII.GetBytes(pem));
        field.Flash.Write(DeviceKey.FactoryRequest, Encoding.ASCII.GetBytes(request.CreateSigningRequestPem().ReplaceLineEndings(kind == "RSA" ? "\r\n" : "\n")));

        await BootAsync(field);

        var identity = new IdentityStore(field.Flash).Load();
        Assert.AreEqual(pem, Encoding.ASCII.GetString(identity.Key).TrimEnd('\0'));
        AssertIssued(field, identity, pem);
        Assert.AreEqual("CN=factory-1", X509Certificate2.CreateFromPem(Encoding.ASCII.GetString(identity.Certificate)).Subject);
        Assert.IsNull(field.Flash.Read(DeviceKey.FileName));
    }

    [TestMethod]
    [DataRow("RSA")]
    [DataRow("P-256")]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task A_key_and_a_request_of_two_boards_are_told_before_a_certificate_is_asked_for(string kind)
    {
        await using var field = await OpenAsync(isAllowed: true);
        using var rsa = RSA.Create(2048);
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=a", ECDsa.Create(ECCurve.NamedCurves.nistP256), HashAlgorithmName.SHA256);
        field.Flash.Write(DeviceKey.FactoryKey, Encoding.ASCII.GetBytes(kind == "RSA" ? rsa.ExportPkcs8PrivateKeyPem() : other.ExportECPrivateKeyPem()));
        field.Flash.Write(DeviceKey.FactoryRequest, Encoding.ASCII.GetBytes(request.CreateSigningRequestPem()));

        var board = field.MakeBoard();
        var told = field.NextLineAsync("device.pem.key is not the key that device.pem.csr is for", Stopping);
        _ = board.PowerOn();
        await told;
        await board.PowerOffAsync().WaitAsync(Stopping);

        Assert.AreEqual(0, field.Accepted(ProvisioningOperation.CreateCertificateFromCsr));
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task Another_certificate_gets_another_key()
    {
        await using var field = await OpenAsync(isAllowed: true);
        var board = field.MakeBoard();
        _ = board.PowerOn();
        await field.ReadingAsync(Stopping);
        var first = new IdentityStore(field.Flash).Load();
        var proved = field.NextLineAsync("can be deactivated", Stopping);

        await field.CommandAsync("""{"id":"n","command":"reprovision"}""", Stopping);
        await proved;
        await field.ReadingAsync(Stopping);
        await board.PowerOffAsync().WaitAsync(Stopping);

        var second = new IdentityStore(field.Flash).Load();
        Assert.AreEqual(first.CertificateId, second.ReplacedCertificateId);
        CollectionAssert.AreNotEqual(first.Key, second.Key);
        AssertIssued(field, second, Encoding.ASCII.GetString(second.Key).TrimEnd('\0'), times: 2);
        Assert.IsNull(field.Flash.Read(DeviceKey.FileName));
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task A_certificate_for_another_devices_key_is_refused()
    {
        await using var field = await OpenAsync(isAllowed: true, isHasty: true);
        field.Faults.Add(new FaultRule(FaultStep.CreateCertificateFromCsrAnswer, FaultAction.Foreign));
        var told = field.NextLineAsync("its certificate is for another key than the device's", Stopping);

        await BootAsync(field);

        await told;
        var identity = new IdentityStore(field.Flash).Load();
        AssertIssued(field, identity, Encoding.ASCII.GetString(identity.Key).TrimEnd('\0'), times: 3); // the other device's is one of them
    }

    /// <summary>The trap in AWS's own sample of a claim policy: <c>create/*</c> does not cover <c>create-from-csr</c>.</summary>
    [TestMethod]
    [DataRow(false, DisplayName = "as it is, where SUBSCRIBE is denied")]
    [DataRow(true, DisplayName = "with the subscription alone, where PUBLISH is")]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task The_sample_claim_policy_fails_both_logs_say_what_to_allow_and_then_the_waiting_board_gets_through(bool canSubscribe)
    {
        await using var field = await OpenAsync(isAllowed: false, isHasty: true);
        if (canSubscribe)
        {
            Allow(field, "Subscribe", "iot:Subscribe", "topicfilter");
        }

        var told = field.NextLineAsync(Permission, Stopping);
        var board = field.MakeBoard();
        _ = board.PowerOn();
        StringAssert.StartsWith(await told, canSubscribe ? "provisioning: CreateCertificateFromCsr: the broker closed the connection; " : "provisioning: subscribing to the answers");
        StringAssert.Contains(await told, "which AWS's sample policy for claims does not");
        var denied = field.CloudLog.Lines.FirstOrDefault(line => line.Contains("$aws/certificates/create-from-csr/", StringComparison.Ordinal) && line.Contains("with --csr", StringComparison.Ordinal));
        Assert.IsNotNull(denied, string.Join('\n', field.CloudLog.Lines));
        StringAssert.Contains(denied, canSubscribe ? "iot:Publish" : "iot:Subscribe");
        Assert.AreEqual(0, field.Accepted(ProvisioningOperation.CreateCertificateFromCsr));

        Allow(field, "Csr", "iot:Publish\", \"iot:Receive", "topic");
        Allow(field, "Csr filter", "iot:Subscribe", "topicfilter");
        await field.ReadingAsync(Stopping);
        await board.PowerOffAsync().WaitAsync(Stopping);

        var identity = new IdentityStore(field.Flash).Load();
        AssertIssued(field, identity, Encoding.ASCII.GetString(identity.Key).TrimEnd('\0'));
    }

    private static void Allow(Field field, string name, string actions, string resource)
    {
        name = name.Replace(' ', '-');
        field.Cloud.Registry.PutPolicy(new Policy(name, PolicyDocument.Parse($$"""
            { "Version": "2012-10-17", "Statement": [ { "Effect": "Allow", "Action": ["{{actions}}"], "Resource": "arn:aws:iot:ap-northeast-1:123456789012:{{resource}}/$aws/certificates/create-from-csr/*" } ] }
            """)));
        field.Cloud.Registry.AttachPolicy(name, field.Cloud.ClaimCredentials.CertificateId);
    }

    /// <summary>The certificate that LocalCloud has is for the key that the board has, and no key was made for the board.</summary>
    private static void AssertIssued(Field field, DeviceIdentity identity, string keyPem, int times = 1)
    {
        using var issued = X509Certificate2.CreateFromPem(field.Cloud.Registry.FindCertificate(identity.CertificateId).Pem);
        using var key = keyPem.Contains("RSA", StringComparison.Ordinal) ? (AsymmetricAlgorithm)RSA.Create() : ECDsa.Create();
        key.ImportFromPem(keyPem);
        CollectionAssert.AreEqual(key.ExportSubjectPublicKeyInfo(), issued.PublicKey.ExportSubjectPublicKeyInfo());
        Assert.AreEqual(times, field.Accepted(ProvisioningOperation.CreateCertificateFromCsr));
        Assert.AreEqual(0, field.Accepted(ProvisioningOperation.CreateKeysAndCertificate), "the cloud has made a key");
    }

    private async Task BootAsync(Field field, DirectoryStorage flash = null)
    {
        var board = field.MakeBoard(flash);
        _ = board.PowerOn();
        await field.ReadingAsync(Stopping);
        await board.PowerOffAsync().WaitAsync(Stopping);
    }

    private async Task<Field> OpenAsync(bool isAllowed, bool isHasty = false)
    {
        var field = await Field.OpenAsync(
            Stopping,
            settings =>
            {
                settings["provisioning"]["method"] = "claim-csr";
                settings["provisioning"]["maxCertificatesPerDay"] = 20;
            },
            isHasty);
        if (isAllowed)
        {
            Allow(field, "Csr", "iot:Publish\", \"iot:Receive", "topic");
            Allow(field, "Csr filter", "iot:Subscribe", "topicfilter");
        }

        return field;
    }
}
