using System.Diagnostics;
using System.Formats.Cbor;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using LocalCloud;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Mqtt;

namespace Tests.LocalCloud;

/// <summary>CreateCertificateFromCsr, and all of the provisioning API in CBOR, as a device meets them over TLS and MQTT.</summary>
[TestClass]
public sealed class CertificateFromCsrTests
{
    private const string Create = "$aws/certificates/create-from-csr/";
    private const string CreateKeys = "$aws/certificates/create/";
    private const string Register = "$aws/provisioning-templates/smpl-krsk-iot-core-prov-temp/provision/";

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Stopping => TestContext.CancellationToken;

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    [DataRow("json", "RSA 2048")]
    [DataRow("json", "nistP256")]
    [DataRow("json", "nistP384")]
    [DataRow("json", "nistP521")]
    [DataRow("cbor", "RSA 2048")]
    [DataRow("cbor", "nistP256")]
    public async Task From_a_request_of_the_device_to_its_first_reading(string format, string kind)
    {
        await using var cloud = await TestCloud.StartAsync(Stopping, new LocalCloudOptions { AllowCsr = true });
        using var key = MakeKey(kind);
        var pem = RequestOf(key, "CN=lamp-1, O=Lamps").CreateSigningRequestPem();

        var certificate = await ProvisionAsync(cloud, format, pem);

        Assert.AreEqual("CN=lamp-1, O=Lamps", certificate.Subject);
        Assert.AreEqual(new DateTime(2049, 12, 31, 23, 59, 59, DateTimeKind.Utc), certificate.NotAfter.ToUniversalTime());
        CollectionAssert.AreEqual(key.ExportSubjectPublicKeyInfo(), certificate.PublicKey.ExportSubjectPublicKeyInfo());
        await PublishAsync(cloud, certificate, key);
        using var aws = new ControlPlaneClient(cloud.Server.ControlPlaneUrl, Stopping);
        var counters = await aws.AskAsync("GET", "/localcloud/counters");
        Assert.AreEqual(1, (int)counters["provisioning"]!["accepted"]!["CreateCertificateFromCsr"]!);
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    [DataRow("json", "ec -pkeyopt ec_paramgen_curve:P-256", "-sha256", DisplayName = "P-256, SHA-256, JSON")]
    [DataRow("cbor", "ec -pkeyopt ec_paramgen_curve:P-384", "-sha384", DisplayName = "P-384, SHA-384, CBOR")]
    [DataRow("json", "rsa:2048", "-sha512", DisplayName = "RSA 2048, SHA-512")]
    [DataRow("json", "rsa:2048", "-sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:-1", DisplayName = "RSA 2048, RSASSA-PSS")]
    public async Task From_a_request_of_OpenSSL_to_the_first_reading(string format, string key, string signature)
    {
        using var directory = new TemporaryDirectory();
        await OpenSslAsync($"req -new -nodes -newkey {key} {signature} -subj /CN=lamp-1 -keyout {directory.File("key")} -out {directory.File("csr")}");
        await using var cloud = await TestCloud.StartAsync(Stopping, new LocalCloudOptions { AllowCsr = true });

        var certificate = await ProvisionAsync(cloud, format, await File.ReadAllTextAsync(directory.File("csr"), Stopping));

        using var made = key.StartsWith("rsa", StringComparison.Ordinal) ? (AsymmetricAlgorithm)RSA.Create() : ECDsa.Create();
        made.ImportFromPem(await File.ReadAllTextAsync(directory.File("key"), Stopping));
        await PublishAsync(cloud, certificate, made);
        await File.WriteAllTextAsync(directory.File("root"), cloud.Server.RootCaPem, Stopping);
        await File.WriteAllTextAsync(directory.File("crt"), certificate.ExportCertificatePem(), Stopping);
        await OpenSslAsync($"verify -x509_strict -purpose sslclient -CAfile {directory.File("root")} {directory.File("crt")}");
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task What_AWS_refuses_is_refused_and_the_message_says_why()
    {
        await using var cloud = await TestCloud.StartAsync(Stopping, new LocalCloudOptions { ProvisioningQuotas = null });
        await using var client = await cloud.ConnectAsync(cloud.Operator, "all-1", Stopping);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var bitcoin = ECDsa.Create(ECCurve.CreateFromFriendlyName("secp256k1"));
        using var shortRsa = RSA.Create(1024);
        using var rsa = RSA.Create(2048);
        using var directory = new TemporaryDirectory();
        var subject = new X500DistinguishedName("CN=lamp-1");
        var good = RequestOf(key, "CN=lamp-1").CreateSigningRequestPem();
        var stolen = new CertificateRequest(subject, new PublicKey(key), HashAlgorithmName.SHA256).CreateSigningRequestPem(X509SignatureGenerator.CreateForECDsa(other));
        var curveless = new CertificateRequest(subject, new PublicKey(new Oid("1.2.840.10045.2.1"), null, new PublicKey(key).EncodedKeyValue), HashAlgorithmName.SHA256).CreateSigningRequestPem(X509SignatureGenerator.CreateForECDsa(key));
        var tampered = RequestOf(key, "CN=lamp-1").CreateSigningRequest();
        tampered[^1] ^= 1;
        await OpenSslAsync($"req -new -nodes -newkey rsa:2048 -sha1 -subj /CN=lamp-1 -keyout {directory.File("key")} -out {directory.File("sha1")}");
        await OpenSslAsync($"req -new -nodes -newkey ed25519 -subj /CN=lamp-1 -keyout {directory.File("key")} -out {directory.File("ed25519")}");
        await OpenSslAsync($"req -new -nodes -newkey ec -pkeyopt ec_paramgen_curve:prime192v1 -subj /CN=lamp-1 -keyout {directory.File("key")} -out {directory.File("p192")}");
        await OpenSslAsync($"req -new -nodes -newkey ec -pkeyopt ec_paramgen_curve:P-256 -sha1 -subj /CN=lamp-1 -keyout {directory.File("key")} -out {directory.File("ecsha1")}");
        await OpenSslAsync($"ec -in {directory.File("key")} -conv_form compressed -out {directory.File("small")}");
        await OpenSslAsync($"req -new -key {directory.File("small")} -subj /CN=lamp-1 -out {directory.File("compressed")}");
        await OpenSslAsync($"ecparam -name prime256v1 -genkey -param_enc explicit -out {directory.File("key")}");
        await OpenSslAsync($"req -new -key {directory.File("key")} -subj /CN=lamp-1 -out {directory.File("explicit")}");
        (string Request, string Said)[] refused =
        [
            (Ask(stolen), "does not verify"),
            (Ask(curveless), "cannot be read: RSA keys"),
            (Ask(PemEncoding.WriteString("CERTIFICATE REQUEST", tampered)), "does not verify"),
            (Ask(RequestOf(shortRsa, "CN=lamp-1").CreateSigningRequestPem()), "RSA key of 1024 bits"),
            (Ask(RequestOf(bitcoin, "CN=lamp-1").CreateSigningRequestPem()), "curve 1.3.132.0.10"),
            (Ask(await File.ReadAllTextAsync(directory.File("sha1"), Stopping)), "signed by an algorithm (1.2.840.113549.1.1.5)"),
            (Ask(await File.ReadAllTextAsync(directory.File("ed25519"), Stopping)), "of the kind 1.3.101.112"),
            (Ask(await File.ReadAllTextAsync(directory.File("p192"), Stopping)), "curve 1.2.840.10045.3.1.1"),
            (Ask(await File.ReadAllTextAsync(directory.File("ecsha1"), Stopping)), "signed by an algorithm (1.2.840.10045.4.1)"),
            (Ask(await File.ReadAllTextAsync(directory.File("compressed"), Stopping)), "is a compressed point"),
            (Ask(await File.ReadAllTextAsync(directory.File("explicit"), Stopping)), "cannot be read: RSA keys"),
            (Ask(Convert.ToBase64String(RequestOf(key, "CN=lamp-1").CreateSigningRequest())), "is no PEM"),
            (Ask(key.ExportPkcs8PrivateKeyPem() + "\n" + good), "a PEM of PRIVATE KEY, not of CERTIFICATE REQUEST"),
            ("""{"certificateSigningRequest":null}""", "certificateSigningRequest must be a string"),
            (Ask(cloud.Operator.CertificatePem), "a PEM of CERTIFICATE, not of CERTIFICATE REQUEST"),
            (Ask(PemEncoding.WriteString("CERTIFICATE REQUEST", rsa.ExportSubjectPublicKeyInfo())), "no PKCS#10"),
            (Ask(PemEncoding.WriteString("CERTIFICATE REQUEST", [.. RequestOf(key, "CN=lamp-1").CreateSigningRequest(), 0])), "no PKCS#10"),
            (Ask(good.Replace('\n', ' ').Replace("-----END", "", StringComparison.Ordinal)), "is no PEM"),
            (Ask(""), "is no PEM"),
            (Ask(good + new string(' ', 4096)), "may have 4096"),
            ("{}", "certificateSigningRequest is missing"),
            ("""{"certificateSigningRequest":["a"]}""", "certificateSigningRequest must be a string"),
            ("""{"certificateSigningRequest":""", "not valid JSON"),
            ("", "not valid JSON"),
        ];
        await SubscribeAsync(client, "json", Create);
        var before = cloud.Registry.Certificates.Count;

        foreach (var (request, said) in refused)
        {
            var rejected = await AskAsync(client, Create, "json", Encoding.UTF8.GetBytes(request));
            CollectionAssert.AreEquivalent(new[] { "statusCode", "errorCode", "errorMessage" }, rejected.Select(member => member.Key).ToArray(), said);
            Assert.AreEqual(400, (int)rejected["statusCode"]!, said);
            Assert.AreEqual("InvalidRequest", (string)rejected["errorCode"]!, said);
            Assert.Contains(said, (string)rejected["errorMessage"]!);
        }

        Assert.HasCount(before, cloud.Registry.Certificates);
        Assert.IsNull((await AskAsync(client, Create, "json", Encoding.UTF8.GetBytes(Ask(good))))["statusCode"], "the good one is taken");
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task What_people_send_besides_is_taken()
    {
        await using var cloud = await TestCloud.StartAsync(Stopping, new LocalCloudOptions { ProvisioningQuotas = null });
        await using var client = await cloud.ConnectAsync(cloud.Operator, "all-1", Stopping);
        await SubscribeAsync(client, "json", Create);
        using var directory = new TemporaryDirectory();
        const string New = "req -new -nodes -newkey ec -pkeyopt ec_paramgen_curve:P-256";
        await OpenSslAsync($"{New} -subj /CN=lamp-1 -newhdr -text -keyout {directory.File("key")} -out {directory.File("text")}");
        await OpenSslAsync($"{New} -subj / -keyout {directory.File("key")} -out {directory.File("nobody")}");
        await OpenSslAsync($"{New} -subj /CN=lamp-1 -addext subjectAltName=DNS:a.example -addext basicConstraints=critical,CA:TRUE -addext keyUsage=keyCertSign -keyout {directory.File("key")} -out {directory.File("extensions")}");
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var plain = RequestOf(key, "CN=lamp-1").CreateSigningRequestPem();
        var longest = "CN=" + string.Join(", OU=", Enumerable.Repeat(new string('x', 64), 20));
        (string Pem, string Subject)[] taken =
        [
            (plain.ReplaceLineEndings("\r\n") + "\r\n", "CN=lamp-1"),
            (plain.Replace("CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST", StringComparison.Ordinal), "CN=lamp-1"),
            (plain.ReplaceLineEndings(""), "CN=lamp-1"),
            ("Bag Attributes\n    friendlyName: lamp\n" + plain + "\ngarbage", "CN=lamp-1"),
            (await File.ReadAllTextAsync(directory.File("text"), Stopping), "CN=lamp-1"),
            (await File.ReadAllTextAsync(directory.File("nobody"), Stopping), ""),
            (await File.ReadAllTextAsync(directory.File("extensions"), Stopping), "CN=lamp-1"),
            (RequestOf(key, longest).CreateSigningRequestPem(), longest),
            (RequestOf(key, "CN=l\u00E4mp-\u65E5\u672C").CreateSigningRequestPem(), "CN=l\u00E4mp-\u65E5\u672C"),
        ];

        foreach (var (pem, subject) in taken)
        {
            var answer = await AskAsync(client, Create, "json", Encoding.UTF8.GetBytes(Ask(pem)));
            Assert.IsNull(answer["statusCode"], $"{answer.ToJsonString()} to {pem}");
            using var certificate = X509Certificate2.CreateFromPem((string)answer["certificatePem"]!);
            Assert.AreEqual(subject, certificate.Subject);

            // Whatever the request asks for, what comes is for a client.
            Assert.IsFalse(certificate.Extensions.OfType<X509BasicConstraintsExtension>().Single().CertificateAuthority);
            Assert.AreEqual(X509KeyUsageFlags.DigitalSignature, certificate.Extensions.OfType<X509KeyUsageExtension>().Single().KeyUsages);
            Assert.IsFalse(certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().Any());
        }
    }

    [TestMethod]
    [DataRow("RSA 2048")]
    [DataRow("nistP256")]
    [DataRow("nistP521")]
    public void A_request_that_was_changed_anywhere_is_refused_with_a_sentence(string kind)
    {
        using var key = MakeKey(kind);
        var good = RequestOf(key, "CN=lamp-1, O=Lamps").CreateSigningRequest();
        Assert.IsTrue(SigningRequest.TryRead(PemEncoding.WriteString("CERTIFICATE REQUEST", good), out _, out _));
        var random = new Random(1);
        for (var index = 0; index < good.Length; index++)
        {
            // Each byte once in each of these ways: another one, none, one more.
            byte[][] changed =
            [
                [.. good[..index], (byte)(good[index] ^ (1 << random.Next(8))), .. good[(index + 1)..]],
                [.. good[..index], (byte)random.Next(256), .. good[(index + 1)..]],
                [.. good[..index], .. good[(index + 1)..]],
                [.. good[..index], (byte)random.Next(256), .. good[index..]],
                good[..index],
            ];
            foreach (var der in changed.Where(der => !der.AsSpan().SequenceEqual(good)))
            {
                Assert.IsFalse(SigningRequest.TryRead(PemEncoding.WriteString("CERTIFICATE REQUEST", der), out _, out var fault), $"byte {index}: {Convert.ToHexString(der)}");
                Assert.EndsWith(".", fault);
            }
        }
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task The_same_request_again_is_another_certificate_and_the_21st_in_a_second_is_too_many()
    {
        await using var cloud = await TestCloud.StartAsync(Stopping);
        await using var client = await cloud.ConnectAsync(cloud.Operator, "all-1", Stopping);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = Encoding.UTF8.GetBytes(Ask(RequestOf(key, "CN=lamp-1").CreateSigningRequestPem()));
        await SubscribeAsync(client, "json", Create);
        var ids = new HashSet<string>();
        for (var index = 0; index < 20; index++)
        {
            ids.Add((string)(await AskAsync(client, Create, "json", request))["certificateId"]!);
        }

        var rejected = await AskAsync(client, Create, "json", request);

        Assert.HasCount(20, ids);
        Assert.AreEqual(429, (int)rejected["statusCode"]!);
        Assert.IsTrue(ids.All(id => cloud.Registry.FindCertificate(id)!.Status == CertificateStatus.PendingActivation));
        cloud.Clock.Advance(TimeSpan.FromHours(1));
        Assert.IsTrue(ids.All(id => cloud.Registry.FindCertificate(id) is null), "nobody registered them");
    }

    /// <summary>AWS's own sample policy covers create/*, which is not create-from-csr: users meet it (aws/aws-iot-device-sdk-embedded-C issue 1833).</summary>
    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    [DataRow("json")]
    [DataRow("cbor")]
    public async Task The_sample_claim_policy_does_not_allow_it_and_the_log_says_what_would(string format)
    {
        await using var cloud = await TestCloud.StartAsync(Stopping);
        var subscribing = await cloud.OpenConnectedAsync(cloud.Server.ClaimCredentials, "lamp-1", Stopping);
        await subscribing.WriteAsync(new SubscribePacket(1, [new TopicFilterRequest($"{Create}{format}/accepted", QualityOfService.AtLeastOnce)]), Stopping);
        Assert.IsNull(await subscribing.ReadAsync(Stopping));
        await cloud.Log.WaitAsync(
            $$"""this one would: {"Effect":"Allow","Action":"iot:Subscribe","Resource":"arn:aws:iot:ap-northeast-1:123456789012:topicfilter/{{Create}}{{format}}/accepted"}; the claim policy of tools/aws is AWS's sample, whose create/* does not cover create-from-csr: with --csr, cloud and tools/aws/setup allow""",
            Stopping);

        var publishing = await cloud.OpenConnectedAsync(cloud.Server.ClaimCredentials, "lamp-2", Stopping);
        await publishing.WriteAsync(new PublishPacket(Create + format, default), Stopping);
        Assert.IsNull(await publishing.ReadAsync(Stopping));
        await cloud.Log.WaitAsync(
            $$"""this one would: {"Effect":"Allow","Action":"iot:Publish","Resource":"arn:aws:iot:ap-northeast-1:123456789012:topic/{{Create}}{{format}}"}; the claim policy of tools/aws is AWS's sample, whose create/* does not cover create-from-csr: with --csr, cloud and tools/aws/setup allow""",
            Stopping);
        Assert.IsTrue(
            cloud.Log.Lines.Where(line => line.Contains("this one would", StringComparison.Ordinal)).All(line => line.Contains($"no statement of the policies {SeedDocuments.ClaimPolicyName}, {SeedDocuments.SerialClaimPolicyName} allows", StringComparison.Ordinal)),
            "the policies that lack it are named");
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task Keys_and_certificate_in_CBOR_and_the_thing_registered_with_byte_strings()
    {
        await using var cloud = await TestCloud.StartAsync(Stopping);
        await using var client = await cloud.ConnectAsync(cloud.Server.ClaimCredentials, "lamp-1", Stopping);
        await SubscribeAsync(client, "cbor", CreateKeys, Register);

        // As AWS's embedded demo and rustot send it: nothing.
        var created = await AskAsync(client, CreateKeys, "cbor", []);
        var writer = new CborWriter(CborConformanceMode.Lax);
        writer.WriteTag(CborTag.SelfDescribeCbor);
        writer.WriteStartMap(null);
        writer.WriteTextString("certificateOwnershipToken");
        writer.WriteByteString(Encoding.UTF8.GetBytes((string)created["certificateOwnershipToken"]!));
        writer.WriteTextString("parameters");
        writer.WriteStartMap(1);
        writer.WriteTextString("ThingName");
        writer.WriteStartIndefiniteLengthTextString();
        writer.WriteTextString("lamp");
        writer.WriteTextString("-1");
        writer.WriteEndIndefiniteLengthTextString();
        writer.WriteEndMap();
        writer.WriteTextString("unknown");
        writer.WriteStartArray(null);
        writer.WriteInt32(-5);
        writer.WriteDouble(double.PositiveInfinity);
        writer.WriteSimpleValue(CborSimpleValue.Undefined);
        writer.WriteEndArray();
        writer.WriteEndMap();
        var registered = await AskAsync(client, Register, "cbor", writer.Encode());

        Assert.AreEqual("lamp-1", (string)registered["thingName"]!, registered.ToJsonString());
        Assert.IsInstanceOfType<JsonObject>(registered["deviceConfiguration"]);
        var identity = new ClientCredentials((string)created["certificateId"]!, (string)created["certificatePem"]!, (string)created["privateKey"]!);
        cloud.Clock.Advance(BrokerLimits.ConnectInterval);
        await using var lamp = await cloud.ConnectAsync(identity, "lamp-1", Stopping);
        await lamp.PublishAsync("dt/smpl-krsk/x/lamp-1", default, cancellationToken: Stopping);
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task What_is_wrong_in_CBOR_is_rejected_in_CBOR()
    {
        await using var cloud = await TestCloud.StartAsync(Stopping, new LocalCloudOptions { ProvisioningQuotas = null });
        await using var client = await cloud.ConnectAsync(cloud.Operator, "all-1", Stopping);
        await SubscribeAsync(client, "cbor", CreateKeys, Create, Register);
        var nested = new byte[100];
        nested[0] = 0xA1;
        nested[1] = 0x61;
        nested[2] = (byte)'a';
        nested.AsSpan(3).Fill(0x81);
        (string Topic, byte[] Payload, string Code, string Said)[] refused =
        [
            (Create, [], "InvalidRequest", "not valid CBOR"),
            (Create, [0xA1], "InvalidRequest", "not valid CBOR"),
            (Create, [0xFF], "InvalidRequest", "not valid CBOR"),
            (Create, "{}"u8.ToArray(), "InvalidRequest", "must be a CBOR map"),
            (Create, [0x80], "InvalidRequest", "must be a CBOR map"),
            (Create, [0xA0, 0xA0], "InvalidRequest", "bytes follow the map"),
            (Create, [0xA1, 0x01, 0x02], "InvalidRequest", "keys of maps must be text strings"),
            (Create, [0xA1, 0x61, 0xFF, 0x02], "InvalidRequest", "not valid CBOR"),
            (Create, [0xA1, 0x61, (byte)'a', 0x41, 0xFF], "InvalidRequest", "not valid CBOR"),
            (Create, [0xA2, 0x61, (byte)'a', 0x01, 0x61, (byte)'a', 0x01], "InvalidRequest", "not valid CBOR"),
            (Create, [0xBB, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], "InvalidRequest", "not valid CBOR"),
            (Create, nested, "InvalidRequest", "deeper than 64"),
            (Create, [0xA0], "InvalidRequest", "certificateSigningRequest is missing"),
            (Create, InCbor("""{"certificateSigningRequest":5}"""), "InvalidRequest", "certificateSigningRequest must be a string"),
            (Create, InCbor(Ask("no PEM")), "InvalidRequest", "is no PEM"),
            (CreateKeys, [0x01], "InvalidRequest", "must be a CBOR map"),
            (Register, [0xA0], "InvalidCertificateOwnershipToken", "cannot be empty"),
            (Register, InCbor("""{"certificateOwnershipToken":"x"}"""), "InvalidCertificateOwnershipToken", "not valid"),
            (Register, InCbor("""{"certificateOwnershipToken":"x","parameters":{"ThingName":5}}"""), "InvalidRequest", "ThingName must be a string"),
            (Register, InCbor("""{"certificateOwnershipToken":"x","parameters":-5}"""), "InvalidRequest", "parameters must be"),
        ];

        foreach (var (topic, payload, code, said) in refused)
        {
            var what = $"{topic} {Convert.ToHexString(payload)}";
            await client.PublishAsync(topic + "cbor", payload, QualityOfService.AtMostOnce, cancellationToken: Stopping);
            var answer = await client.Messages.ReadAsync(Stopping);
            Assert.AreEqual(topic + "cbor/rejected", answer.Topic, what);
            var reader = new CborReader(answer.Payload);
            Assert.AreEqual(3, reader.ReadStartMap(), what);
            Assert.AreEqual("statusCode", reader.ReadTextString(), what);
            Assert.AreEqual(400, reader.ReadInt32(), what);
            Assert.AreEqual("errorCode", reader.ReadTextString(), what);
            Assert.AreEqual(code, reader.ReadTextString(), what);
            Assert.AreEqual("errorMessage", reader.ReadTextString(), what);
            Assert.Contains(said, reader.ReadTextString(), what);
            reader.ReadEndMap();
            Assert.AreEqual(0, reader.BytesRemaining, what);
        }

        // {} in CBOR, as the SDKs send it in JSON.
        Assert.IsNull((await AskAsync(client, CreateKeys, "cbor", [0xA0]))["statusCode"]);
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    [DataRow(FaultAction.Refuse)]
    [DataRow(FaultAction.Foreign)]
    [DataRow(FaultAction.Malformed)]
    [DataRow(FaultAction.Truncated)]
    [DataRow(FaultAction.Oversized)]
    [DataRow(FaultAction.Unusual)]
    public async Task Faults_on_order_are_in_the_form_of_the_request_too(FaultAction action)
    {
        var at = action == FaultAction.Refuse ? FaultStep.CreateCertificateFromCsr : FaultStep.CreateCertificateFromCsrAnswer;
        await using var cloud = await TestCloud.StartAsync(Stopping, new LocalCloudOptions { Faults = new FaultPlan(new FaultRule(at, action)) });
        await using var client = await cloud.ConnectAsync(cloud.Operator, "all-1", Stopping);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await SubscribeAsync(client, "cbor", Create);

        await client.PublishAsync(Create + "cbor", InCbor(Ask(RequestOf(key, "CN=lamp-1").CreateSigningRequestPem())), cancellationToken: Stopping);
        var answer = await client.Messages.ReadAsync(Stopping);

        switch (action)
        {
            case FaultAction.Refuse:
                Assert.AreEqual(400, (int)FromCbor(answer.Payload)["statusCode"]!);
                break;

            case FaultAction.Foreign:
                Assert.AreEqual("CN=another-device", X509Certificate2.CreateFromPem((string)FromCbor(answer.Payload)["certificatePem"]!).Subject);
                break;

            case FaultAction.Malformed or FaultAction.Truncated:
                Assert.ThrowsExactly<CborContentException>(() => FromCbor(answer.Payload));
                break;

            default:
                Assert.AreEqual("CN=lamp-1", X509Certificate2.CreateFromPem((string)FromCbor(answer.Payload)["certificatePem"]!).Subject);
                Assert.AreEqual(action == FaultAction.Oversized ? "padding" : "unknown", FromCbor(answer.Payload).First().Key);
                Assert.IsTrue(action != FaultAction.Oversized || answer.Payload.Length == 16_384, $"{answer.Payload.Length} bytes");
                break;
        }
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task The_control_plane_makes_one_that_connects()
    {
        await using var cloud = await TestCloud.StartAsync(Stopping);
        using var aws = new ControlPlaneClient(cloud.Server.ControlPlaneUrl, Stopping);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        JsonObject request() => new() { ["certificateSigningRequest"] = RequestOf(key, "CN=lamp-1").CreateSigningRequestPem() };

        var inactive = await aws.AskAsync("POST", "/certificates", request());
        Assert.AreEqual("INACTIVE", (string?)(await aws.AskAsync("GET", $"/certificates/{(string?)inactive["certificateId"]}"))["certificateDescription"]!["status"]);
        var made = await aws.AskAsync("POST", "/certificates?setAsActive=true", request());
        CollectionAssert.AreEquivalent(new[] { "certificateArn", "certificateId", "certificatePem" }, made.Select(member => member.Key).ToArray());
        cloud.Registry.AttachPolicy(SeedDocuments.ClaimPolicyName, (string)made["certificateId"]!);

        await using var client = await ConnectAsync(cloud, X509Certificate2.CreateFromPem((string)made["certificatePem"]!), key, "lamp-1");
        Assert.AreEqual("400 InvalidRequestException", await aws.RefusalAsync("POST", "/certificates", new() { ["certificateSigningRequest"] = "x" }));
        Assert.AreEqual("400 InvalidRequestException", await aws.RefusalAsync("POST", "/certificates", []));
    }

    private static string Ask(string pem) => new JsonObject { ["certificateSigningRequest"] = pem }.ToJsonString();

    private static AsymmetricAlgorithm MakeKey(string kind) => kind == "RSA 2048" ? RSA.Create(2048) : ECDsa.Create(ECCurve.CreateFromFriendlyName(kind));

    private static CertificateRequest RequestOf(AsymmetricAlgorithm key, string subject) => key is RSA rsa
        ? new CertificateRequest(subject, rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
        : new CertificateRequest(subject, (ECDsa)key, HashAlgorithmName.SHA256);

    /// <summary>CBOR by .NET's own writer, not by LocalCloud's.</summary>
    private static byte[] InCbor(string json)
    {
        var writer = new CborWriter();
        Write(JsonNode.Parse(json)!);
        return writer.Encode();

        void Write(JsonNode node)
        {
            switch (node)
            {
                case JsonObject map:
                    writer.WriteStartMap(map.Count);
                    foreach (var (name, value) in map)
                    {
                        writer.WriteTextString(name);
                        Write(value!);
                    }

                    writer.WriteEndMap();
                    break;

                case JsonValue value when value.TryGetValue(out int number):
                    writer.WriteInt32(number);
                    break;

                default:
                    writer.WriteTextString((string)node!);
                    break;
            }
        }
    }

    private static JsonObject FromCbor(ReadOnlyMemory<byte> payload)
    {
        var reader = new CborReader(payload, CborConformanceMode.Strict);
        var map = (JsonObject)Read()!;
        Assert.AreEqual(0, reader.BytesRemaining);
        return map;

        JsonNode? Read()
        {
            switch (reader.PeekState())
            {
                case CborReaderState.StartMap:
                    var members = new JsonObject();
                    reader.ReadStartMap();
                    while (reader.PeekState() != CborReaderState.EndMap)
                    {
                        members[reader.ReadTextString()] = Read();
                    }

                    reader.ReadEndMap();
                    return members;

                case CborReaderState.TextString:
                    return reader.ReadTextString();

                case CborReaderState.UnsignedInteger:
                    return reader.ReadInt32();

                default:
                    // What only a fault on order puts in.
                    reader.SkipValue();
                    return null;
            }
        }
    }

    private async Task<X509Certificate2> ProvisionAsync(TestCloud cloud, string format, string pem)
    {
        await using var client = await cloud.ConnectAsync(cloud.Server.ClaimCredentials, "lamp-1", Stopping);
        await SubscribeAsync(client, format, Create, Register);
        var created = await AskAsync(client, Create, format, Encode(Ask(pem)));
        CollectionAssert.AreEquivalent(
            new[] { "certificateOwnershipToken", "certificateId", "certificatePem" },
            created.Select(member => member.Key).ToArray(),
            created.ToJsonString());
        var certificateId = (string)created["certificateId"]!;
        Assert.AreEqual(CertificateStatus.PendingActivation, cloud.Registry.FindCertificate(certificateId)!.Status);
        var registered = await AskAsync(client, Register, format, Encode(new JsonObject
        {
            ["certificateOwnershipToken"] = (string)created["certificateOwnershipToken"]!,
            ["parameters"] = new JsonObject { ["ThingName"] = "lamp-1" },
        }.ToJsonString()));
        Assert.AreEqual("lamp-1", (string)registered["thingName"]!, registered.ToJsonString());
        Assert.AreEqual(CertificateStatus.Active, cloud.Registry.FindCertificate(certificateId)!.Status);
        var certificate = X509Certificate2.CreateFromPem((string)created["certificatePem"]!);
        Assert.AreEqual(Convert.ToHexStringLower(SHA256.HashData(certificate.RawData)), certificateId);
        return certificate;

        byte[] Encode(string json) => format == "cbor" ? InCbor(json) : Encoding.UTF8.GetBytes(json);
    }

    private async Task PublishAsync(TestCloud cloud, X509Certificate2 certificate, AsymmetricAlgorithm key)
    {
        await using var watcher = await cloud.ConnectAsync(cloud.Operator, "all-2", Stopping);
        await watcher.SubscribeAsync("dt/#", cancellationToken: Stopping);
        cloud.Clock.Advance(BrokerLimits.ConnectInterval);
        await using var lamp = await ConnectAsync(cloud, certificate, key, "lamp-1");
        await lamp.PublishAsync("dt/smpl-krsk/x/lamp-1", "20.5"u8.ToArray(), cancellationToken: Stopping);
        Assert.AreEqual("dt/smpl-krsk/x/lamp-1", (await watcher.Messages.ReadAsync(Stopping)).Topic);
    }

    private Task<MqttStreamClient> ConnectAsync(TestCloud cloud, X509Certificate2 certificate, AsymmetricAlgorithm key, string clientId) =>
        cloud.ConnectAsync(new ClientCredentials("", certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem()), clientId, Stopping);

    private async Task SubscribeAsync(MqttStreamClient client, string format, params string[] topics)
    {
        foreach (var topic in topics)
        {
            await client.SubscribeAsync($"{topic}{format}/accepted", cancellationToken: Stopping);
            await client.SubscribeAsync($"{topic}{format}/rejected", cancellationToken: Stopping);
        }
    }

    private async Task<JsonObject> AskAsync(MqttStreamClient client, string topic, string format, byte[] payload)
    {
        await client.PublishAsync(topic + format, payload, QualityOfService.AtMostOnce, cancellationToken: Stopping);
        var answer = await client.Messages.ReadAsync(Stopping);
        Assert.StartsWith($"{topic}{format}/", answer.Topic);
        return format == "cbor" ? FromCbor(answer.Payload) : (JsonObject)JsonNode.Parse(answer.Payload.Span)!;
    }

    private async Task OpenSslAsync(string arguments)
    {
        var start = new ProcessStartInfo("openssl", arguments) { RedirectStandardError = true, RedirectStandardOutput = true };
        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Inconclusive("openssl is not installed.");
            return;
        }

        using (process)
        {
            var errors = process.StandardError.ReadToEndAsync(Stopping);
            var output = await process.StandardOutput.ReadToEndAsync(Stopping);
            await process.WaitForExitAsync(Stopping);
            Assert.AreEqual(0, process.ExitCode, $"openssl {arguments}: {output}{await errors}");
        }
    }
}
