using System.Diagnostics;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using LocalCloud;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Mqtt;

namespace Tests.LocalCloud;

/// <summary>Certificates of an owner's own CA: registered (JITR) or provisioned (JITP) when devices first connect with them.</summary>
[TestClass]
public sealed class JustInTimeTests
{
    private const string Events = "$aws/events/certificates/registered/";

    private const string Template = """
        {
          "Parameters": {
            "AWS::IoT::Certificate::CommonName": { "Type": "String" },
            "AWS::IoT::Certificate::SerialNumber": { "Type": "String" },
            "AWS::IoT::Certificate::Country": { "Type": "String", "Default": "JP" },
            "AWS::IoT::Certificate::Id": { "Type": "String" }
          },
          "Resources": {
            "thing": {
              "Type": "AWS::IoT::Thing",
              "Properties": {
                "ThingName": { "Ref": "AWS::IoT::Certificate::CommonName" },
                "AttributePayload": { "serial": { "Ref": "AWS::IoT::Certificate::SerialNumber" }, "country": { "Ref": "AWS::IoT::Certificate::Country" } }
              }
            },
            "certificate": {
              "Type": "AWS::IoT::Certificate",
              "Properties": { "CertificateId": { "Ref": "AWS::IoT::Certificate::Id" }, "Status": "ACTIVE" }
            },
            "policy": {
              "Type": "AWS::IoT::Policy",
              "Properties": { "PolicyDocument": "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":[\"iot:Connect\",\"iot:Publish\"],\"Resource\":[\"arn:aws:iot:ap-northeast-1:123456789012:client/${iot:Connection.Thing.ThingName}\",\"arn:aws:iot:ap-northeast-1:123456789012:topic/dt/*\"]}]}" }
            }
          }
        }
        """;

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Stopping => TestContext.CancellationToken;

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    [DataRow(SslProtocols.Tls12)]
    [DataRow(SslProtocols.Tls13)]
    public async Task A_first_connection_registers_and_is_dropped_and_the_owner_is_told(SslProtocols protocol)
    {
        await using var cloud = await TestCloud.StartAsync(Stopping);
        using var aws = new ControlPlaneClient(cloud.Server.ControlPlaneUrl, Stopping);
        using var ca = MakeAuthority("CN=Owner");
        var caId = await RegisterAsync(aws, ca);
        await using var owner = await cloud.ConnectAsync(cloud.Operator, "all-1", Stopping);
        await owner.SubscribeAsync(Events + caId, cancellationToken: Stopping);
        using var certificate = MakeCertificate(ca, "CN=lamp-1");
        var id = Convert.ToHexStringLower(SHA256.HashData(certificate.RawData));

        // As long as it is not activated, each connection tells again.
        for (var connection = 0; connection < 2; connection++)
        {
            await AssertDroppedAsync(cloud, certificate, protocol);
            var message = await owner.Messages.ReadAsync(Stopping);
            var told = JsonNode.Parse(message.Payload.Span)!.AsObject();
            Assert.AreEqual(Events + caId, message.Topic);
            CollectionAssert.AreEqual(
                new[] { "certificateId", "caCertificateId", "timestamp", "certificateStatus", "awsAccountId", "certificateRegistrationTimestamp" },
                told.Select(member => member.Key).ToArray());
            Assert.AreEqual(id, (string)told["certificateId"]!);
            Assert.AreEqual(caId, (string)told["caCertificateId"]!);
            Assert.AreEqual("PENDING_ACTIVATION", (string)told["certificateStatus"]!);
            Assert.AreEqual("123456789012", (string)told["awsAccountId"]!);
            Assert.AreEqual(cloud.Clock.GetUtcNow().ToUnixTimeMilliseconds(), (long)told["timestamp"]!);
            Assert.AreEqual(cloud.Registry.FindCertificate(id)!.CreatedAt.ToUnixTimeMilliseconds(), long.Parse((string)told["certificateRegistrationTimestamp"]!));
            cloud.Clock.Advance(TimeSpan.FromSeconds(2));
        }

        var description = (await aws.AskAsync("GET", "/certificates/" + id))["certificateDescription"]!;
        Assert.AreEqual(("PENDING_ACTIVATION", caId, "SNI_ONLY"), ((string)description["status"]!, (string)description["caCertificateId"]!, (string)description["certificateMode"]!));
        Assert.AreEqual(id, (string)(await aws.AskAsync("GET", "/certificates-by-ca/" + caId))["certificates"]!.AsArray().Single()!["certificateId"]!);

        await aws.AskAsync("PUT", $"/certificates/{id}?newStatus=ACTIVE");
        cloud.Registry.AttachPolicy("localcloud-operator-all-", id);
        await using var device = await cloud.ConnectAsync(CredentialsOf(certificate), "all-lamp", Stopping);
        await device.PublishAsync("dt/lamp", default, cancellationToken: Stopping);

        // The owner's word holds: what was revoked is not registered again.
        await aws.AskAsync("PUT", $"/certificates/{id}?newStatus=REVOKED");
        await AssertRefusedAsync(cloud, certificate, protocol, $"certificate {id[..8]} is REVOKED");
        Assert.AreEqual(CertificateStatus.Revoked, cloud.Registry.FindCertificate(id)!.Status);
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    [DataRow(SslProtocols.Tls12, false)]
    [DataRow(SslProtocols.Tls13, true)]
    public async Task A_template_provisions_by_the_subject_and_the_second_connection_is_let_in(SslProtocols protocol, bool byName)
    {
        await using var cloud = await TestCloud.StartAsync(Stopping);
        using var aws = new ControlPlaneClient(cloud.Server.ControlPlaneUrl, Stopping);
        using var ca = MakeAuthority("CN=Owner");
        var configuration = new JsonObject { ["templateBody"] = Template };
        if (byName)
        {
            await aws.AskAsync("POST", "/provisioning-templates", new()
            {
                ["templateName"] = "lamps", ["templateBody"] = Template, ["type"] = "JITP", ["enabled"] = true, ["provisioningRoleArn"] = "arn:aws:iam::123456789012:role/r",
            });
            Assert.AreEqual("JITP", (string)(await aws.AskAsync("GET", "/provisioning-templates/lamps"))["type"]!);
            Assert.IsFalse(cloud.Registry.Templates.Any(template => template.Name == "lamps"), "devices cannot register by it");
            configuration = new JsonObject { ["templateName"] = "lamps" };
        }

        await RegisterAsync(aws, ca, configuration);
        using var certificate = MakeCertificate(ca, "CN=lamp-1, SERIALNUMBER=4711, C=DE");
        var id = Convert.ToHexStringLower(SHA256.HashData(certificate.RawData));

        await AssertDroppedAsync(cloud, certificate, protocol);

        var registered = cloud.Registry.FindCertificate(id)!;
        Assert.AreEqual(CertificateStatus.Active, registered.Status);
        CollectionAssert.AreEqual(new[] { "lamp-1" }, registered.Things.ToArray());
        Assert.HasCount(1, registered.Policies);
        var attributes = cloud.Registry.FindThing("lamp-1")!.Attributes;
        Assert.AreEqual(("4711", "DE"), (attributes["serial"], attributes["country"]));
        await cloud.Log.WaitAsync($"certificate {id[..8]} of CA {Convert.ToHexStringLower(SHA256.HashData(ca.RawData))[..8]} is provisioned: thing lamp-1, the certificate is ACTIVE", Stopping);
        await using var device = await cloud.ConnectAsync(CredentialsOf(certificate), "lamp-1", Stopping);
        await device.PublishAsync("dt/lamp-1", default, cancellationToken: Stopping);

        // The next one too, with a parameter's default.
        using var next = MakeCertificate(ca, "CN=lamp-2, SERIALNUMBER=4712");
        await AssertDroppedAsync(cloud, next, protocol);
        await using var other = await cloud.ConnectAsync(CredentialsOf(next), "lamp-2", Stopping);
        Assert.AreEqual("JP", cloud.Registry.FindThing("lamp-2")!.Attributes["country"]);
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task A_subject_that_lacks_what_the_template_declares_provisions_nothing_until_the_template_is_mended()
    {
        await using var cloud = await TestCloud.StartAsync(Stopping);
        using var aws = new ControlPlaneClient(cloud.Server.ControlPlaneUrl, Stopping);
        using var ca = MakeAuthority("CN=Owner");
        var caId = await RegisterAsync(aws, ca, new JsonObject { ["templateBody"] = Template });
        using var certificate = MakeCertificate(ca, "CN=lamp-1");
        var id = Convert.ToHexStringLower(SHA256.HashData(certificate.RawData));

        await AssertDroppedAsync(cloud, certificate, SslProtocols.Tls13);

        await cloud.Log.WaitAsync("the template declares AWS::IoT::Certificate::SerialNumber, which the certificate's subject does not have", Stopping);
        Assert.AreEqual(CertificateStatus.PendingActivation, cloud.Registry.FindCertificate(id)!.Status);
        Assert.IsEmpty(cloud.Registry.FindCertificate(id)!.Policies);
        Assert.IsNull(cloud.Registry.FindThing("lamp-1"));

        var mended = Template.Replace("""SerialNumber": { "Type": "String" }""", """SerialNumber": { "Type": "String", "Default": "none" }""", StringComparison.Ordinal);
        await aws.AskAsync("PUT", "/cacertificate/" + caId, new() { ["registrationConfig"] = new JsonObject { ["templateBody"] = mended } });
        await AssertDroppedAsync(cloud, certificate, SslProtocols.Tls13);
        await using var device = await cloud.ConnectAsync(CredentialsOf(certificate), "lamp-1", Stopping);
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    [DataRow(SslProtocols.Tls12)]
    [DataRow(SslProtocols.Tls13)]
    public async Task Who_was_not_signed_by_a_registered_CA_that_registers_is_refused_in_the_handshake(SslProtocols protocol)
    {
        await using var cloud = await TestCloud.StartAsync(Stopping);
        using var aws = new ControlPlaneClient(cloud.Server.ControlPlaneUrl, Stopping);
        using var ca = MakeAuthority("CN=Owner");
        var caId = await RegisterAsync(aws, ca);

        // The same name and key identifier, another key; a CA of the CA's; the CA itself; one whose time is over.
        using var impostor = MakeAuthority("CN=Owner", likeness: ca);
        using var forged = MakeCertificate(impostor, "CN=lamp-1");
        using var subordinate = MakeAuthority("CN=Workshop", issuer: ca);
        using var indirect = MakeCertificate(subordinate, "CN=lamp-1");
        using var expired = MakeCertificate(ca, "CN=lamp-1", DateTimeOffset.UtcNow.AddHours(-1));
        foreach (var certificate in new[] { forged, indirect, expired, ca })
        {
            await AssertRefusedAsync(cloud, certificate, protocol, $"certificate {Convert.ToHexStringLower(SHA256.HashData(certificate.RawData))[..8]} is not registered");
        }

        using var good = MakeCertificate(ca, "CN=lamp-1");
        await aws.AskAsync("PUT", $"/cacertificate/{caId}?newAutoRegistrationStatus=DISABLE");
        await AssertRefusedAsync(cloud, good, protocol, $"CA {caId[..8]}, which signed it, has auto registration disabled");
        await aws.AskAsync("PUT", $"/cacertificate/{caId}?newAutoRegistrationStatus=ENABLE&newStatus=INACTIVE");
        await AssertRefusedAsync(cloud, good, protocol, $"CA {caId[..8]}, which signed it, is INACTIVE");
        Assert.IsFalse(cloud.Registry.Certificates.Any(certificate => certificate.CaCertificateId is not null));

        // A CA that another one has signed counts as one where its owner registers it.
        await RegisterAsync(aws, subordinate);
        await AssertDroppedAsync(cloud, indirect, protocol);
        using var forgedIndirect = MakeCertificate(impostorOf(subordinate), "CN=lamp-2");
        await AssertRefusedAsync(cloud, forgedIndirect, protocol, $"certificate {Convert.ToHexStringLower(SHA256.HashData(forgedIndirect.RawData))[..8]} is not registered");

        static X509Certificate2 impostorOf(X509Certificate2 authority) => MakeAuthority(authority.Subject, likeness: authority);
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task Authorities_and_what_they_registered_outlive_a_restart()
    {
        using var directory = new TemporaryDirectory();
        using var ca = MakeAuthority("CN=Owner");
        using var certificate = MakeCertificate(ca, "CN=lamp-1, SERIALNUMBER=1");
        using var next = MakeCertificate(ca, "CN=lamp-2, SERIALNUMBER=2");
        var options = new LocalCloudOptions { DataDirectory = directory.Path };
        JsonObject before;
        string caId;
        await using (var cloud = await TestCloud.StartAsync(Stopping, options))
        {
            using var aws = new ControlPlaneClient(cloud.Server.ControlPlaneUrl, Stopping);
            await aws.AskAsync("POST", "/provisioning-templates", new()
            {
                ["templateName"] = "lamps", ["templateBody"] = Template, ["type"] = "JITP", ["enabled"] = true, ["provisioningRoleArn"] = "arn:aws:iam::123456789012:role/r",
            });
            caId = await RegisterAsync(aws, ca, new JsonObject { ["templateName"] = "lamps", ["roleArn"] = "arn:aws:iam::123456789012:role/r" });
            await AssertDroppedAsync(cloud, certificate, SslProtocols.Tls13);
            before = await aws.AskAsync("GET", "/cacertificate/" + caId);
        }

        await using (var cloud = await TestCloud.StartAsync(Stopping, options))
        {
            using var aws = new ControlPlaneClient(cloud.Server.ControlPlaneUrl, Stopping);
            Assert.AreEqual(before.ToJsonString(), (await aws.AskAsync("GET", "/cacertificate/" + caId)).ToJsonString());
            await using var device = await cloud.ConnectAsync(CredentialsOf(certificate), "lamp-1", Stopping);
            await AssertDroppedAsync(cloud, next, SslProtocols.Tls13);
            await using var other = await cloud.ConnectAsync(CredentialsOf(next), "lamp-2", Stopping);
            await aws.AskAsync("PUT", $"/cacertificate/{caId}?newStatus=INACTIVE");
            await aws.AskAsync("DELETE", "/cacertificate/" + caId);
        }

        await using (var cloud = await TestCloud.StartAsync(Stopping, options))
        {
            using var aws = new ControlPlaneClient(cloud.Server.ControlPlaneUrl, Stopping);
            Assert.AreEqual("404 ResourceNotFoundException", await aws.RefusalAsync("GET", "/cacertificate/" + caId));
        }
    }

    /// <summary>Developer guide, "Deactivate a CA certificate": what it has signed and is registered works on, until it is revoked itself.</summary>
    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task A_CA_that_is_deactivated_registers_nothing_more_and_leaves_its_devices_alone_until_they_are_revoked()
    {
        await using var cloud = await TestCloud.StartAsync(Stopping);
        using var aws = new ControlPlaneClient(cloud.Server.ControlPlaneUrl, Stopping);
        using var ca = MakeAuthority("CN=Owner");
        var caId = await RegisterAsync(aws, ca, new JsonObject { ["templateBody"] = Template });
        using var lamp = MakeCertificate(ca, "CN=lamp-1, SERIALNUMBER=1");
        using var bell = MakeCertificate(ca, "CN=bell-1, SERIALNUMBER=2");
        using var late = MakeCertificate(ca, "CN=late-1, SERIALNUMBER=3");
        await AssertDroppedAsync(cloud, lamp, SslProtocols.Tls13);
        await AssertDroppedAsync(cloud, bell, SslProtocols.Tls13);
        await using var first = await cloud.ConnectAsync(CredentialsOf(lamp), "lamp-1", Stopping);
        var second = await cloud.OpenConnectedAsync(CredentialsOf(bell), "bell-1", Stopping);

        await aws.AskAsync("PUT", $"/cacertificate/{caId}?newStatus=INACTIVE");
        await first.PublishAsync("dt/lamp-1", default, cancellationToken: Stopping);
        await AssertRefusedAsync(cloud, late, SslProtocols.Tls13, $"CA {caId[..8]}, which signed it, is INACTIVE");
        await aws.AskAsync("DELETE", $"/cacertificate/{caId}");
        await first.PublishAsync("dt/lamp-1", default, cancellationToken: Stopping);

        // A status of their own cuts them, each by itself, and lets them in again.
        var bellId = CredentialsOf(bell).CertificateId;
        await aws.AskAsync("PUT", $"/certificates/{bellId}?newStatus=INACTIVE");
        Assert.IsNull(await second.ReadAsync(Stopping));
        await cloud.Log.WaitAsync($"bell-1 is cut: certificate {bellId[..8]} is INACTIVE", Stopping);
        await AssertRefusedAsync(cloud, bell, SslProtocols.Tls13, $"certificate {bellId[..8]} is INACTIVE");
        await first.PublishAsync("dt/lamp-1", default, cancellationToken: Stopping);
        await aws.AskAsync("PUT", $"/certificates/{bellId}?newStatus=ACTIVE");
        cloud.Clock.Advance(BrokerLimits.ConnectInterval);
        var again = await cloud.OpenConnectedAsync(CredentialsOf(bell), "bell-1", Stopping);
        await aws.AskAsync("PUT", $"/certificates/{bellId}?newStatus=REVOKED");
        Assert.IsNull(await again.ReadAsync(Stopping));
        await cloud.Log.WaitAsync($"bell-1 is cut: certificate {bellId[..8]} is REVOKED", Stopping);
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task A_registration_code_that_is_deleted_proves_nothing_any_more()
    {
        using var directory = new TemporaryDirectory();
        var options = new LocalCloudOptions { DataDirectory = directory.Path };
        using var ca = MakeAuthority("CN=Owner");
        string before;
        string after;
        await using (var cloud = await TestCloud.StartAsync(Stopping, options))
        {
            using var aws = new ControlPlaneClient(cloud.Server.ControlPlaneUrl, Stopping);
            before = (string)(await aws.AskAsync("GET", "/registrationcode"))["registrationCode"]!;
            await aws.AskAsync("DELETE", "/registrationcode");
            after = (string)(await aws.AskAsync("GET", "/registrationcode"))["registrationCode"]!;
            Assert.AreEqual(64, after.Length);
            Assert.AreNotEqual(before, after);
        }

        await using (var cloud = await TestCloud.StartAsync(Stopping, options))
        {
            using var aws = new ControlPlaneClient(cloud.Server.ControlPlaneUrl, Stopping);
            Assert.AreEqual(after, (string)(await aws.AskAsync("GET", "/registrationcode"))["registrationCode"]!);
            using var late = MakeCertificate(ca, "CN=" + before);
            using var verification = MakeCertificate(ca, "CN=" + after);
            Assert.AreEqual("400 RegistrationCodeValidationException", await aws.RefusalAsync("POST", "/cacertificate", Body(ca, late)));
            await aws.AskAsync("POST", "/cacertificate", Body(ca, verification));
        }
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task The_control_plane_takes_a_CA_whose_owner_has_its_key()
    {
        await using var cloud = await TestCloud.StartAsync(Stopping);
        using var aws = new ControlPlaneClient(cloud.Server.ControlPlaneUrl, Stopping);
        using var ca = MakeAuthority("CN=Owner");
        using var impostor = MakeAuthority("CN=Owner", likeness: ca);
        var code = (string)(await aws.AskAsync("GET", "/registrationcode"))["registrationCode"]!;
        using var verification = MakeCertificate(ca, "CN=" + code);
        using var wrongCode = MakeCertificate(ca, "CN=" + new string('0', 64));
        using var wrongKey = MakeCertificate(impostor, "CN=" + code);
        using var leaf = MakeCertificate(ca, "CN=lamp-1");
        const string Path = "/cacertificate?setAsActive=true";

        Assert.AreEqual("400 InvalidRequestException", await aws.RefusalAsync("POST", Path, Body(ca)));
        Assert.AreEqual("400 InvalidRequestException", await aws.RefusalAsync("POST", Path, Body(ca, verification, "SNI_ONLY")));
        Assert.AreEqual("400 InvalidRequestException", await aws.RefusalAsync("POST", Path, Body(ca, verification, "BOTH")));
        Assert.AreEqual("400 RegistrationCodeValidationException", await aws.RefusalAsync("POST", Path, Body(ca, wrongCode)));
        Assert.AreEqual("400 CertificateValidationException", await aws.RefusalAsync("POST", Path, Body(ca, wrongKey)));
        Assert.AreEqual("400 CertificateValidationException", await aws.RefusalAsync("POST", Path, Body(leaf, mode: "SNI_ONLY")));
        Assert.AreEqual("400 CertificateValidationException", await aws.RefusalAsync("POST", Path, new() { ["caCertificate"] = "none", ["certificateMode"] = "SNI_ONLY" }));
        var twice = Body(ca, verification);
        twice["registrationConfig"] = new JsonObject { ["templateBody"] = Template, ["templateName"] = "lamps" };
        Assert.AreEqual("400 InvalidRequestException", await aws.RefusalAsync("POST", Path, twice));
        twice["registrationConfig"] = new JsonObject { ["templateBody"] = "{}" };
        Assert.AreEqual("400 InvalidRequestException", await aws.RefusalAsync("POST", Path, twice));
        twice["registrationConfig"] = new JsonObject { ["templateName"] = cloud.Server.TemplateName };
        Assert.AreEqual("404 ResourceNotFoundException", await aws.RefusalAsync("POST", Path, twice));

        var registered = await aws.AskAsync("POST", Path, Body(ca, verification));
        var id = (string)registered["certificateId"]!;
        Assert.AreEqual("arn:aws:iot:ap-northeast-1:123456789012:cacert/" + id, (string)registered["certificateArn"]!);
        Assert.AreEqual("409 ResourceAlreadyExistsException", await aws.RefusalAsync("POST", Path, Body(ca, verification)));
        var description = (await aws.AskAsync("GET", "/cacertificate/" + id))["certificateDescription"]!;
        Assert.AreEqual(("ACTIVE", "DISABLE", "DEFAULT"), ((string)description["status"]!, (string)description["autoRegistrationStatus"]!, (string)description["certificateMode"]!));
        Assert.AreEqual(id, (string)(await aws.AskAsync("GET", "/cacertificates"))["certificates"]!.AsArray().Single()!["certificateId"]!);

        // Without auto registration the owner registers each.
        using var stranger = MakeCertificate(impostor, "CN=lamp-1");
        Assert.AreEqual("400 CertificateValidationException", await aws.RefusalAsync("POST", "/certificate/register", new() { ["certificatePem"] = stranger.ExportCertificatePem() }));
        var byOwner = await aws.AskAsync("POST", "/certificate/register", new() { ["certificatePem"] = leaf.ExportCertificatePem(), ["caCertificatePem"] = ca.ExportCertificatePem(), ["status"] = "ACTIVE" });
        Assert.AreEqual(id, cloud.Registry.FindCertificate((string)byOwner["certificateId"]!)!.CaCertificateId);

        Assert.AreEqual("406 CertificateStateException", await aws.RefusalAsync("DELETE", "/cacertificate/" + id));
        Assert.AreEqual("400 InvalidRequestException", await aws.RefusalAsync("PUT", $"/cacertificate/{id}?newStatus=REVOKED"));
        await aws.AskAsync("PUT", $"/cacertificate/{id}?newAutoRegistrationStatus=ENABLE", new() { ["registrationConfig"] = new JsonObject { ["templateBody"] = Template } });
        Assert.AreEqual(Template, (string)(await aws.AskAsync("GET", "/cacertificate/" + id))["registrationConfig"]!["templateBody"]!);
        await aws.AskAsync("PUT", $"/cacertificate/{id}?newStatus=INACTIVE", new() { ["removeAutoRegistration"] = true });
        var removed = await aws.AskAsync("GET", "/cacertificate/" + id);
        Assert.IsNull(removed["registrationConfig"]);
        Assert.AreEqual(("INACTIVE", "DISABLE"), ((string)removed["certificateDescription"]!["status"]!, (string)removed["certificateDescription"]!["autoRegistrationStatus"]!));
        using var late = MakeCertificate(ca, "CN=lamp-2");
        Assert.AreEqual("406 CertificateStateException", await aws.RefusalAsync("POST", "/certificate/register", new() { ["certificatePem"] = late.ExportCertificatePem() }));
        await aws.AskAsync("DELETE", "/cacertificate/" + id);
        Assert.AreEqual("404 ResourceNotFoundException", await aws.RefusalAsync("PUT", $"/cacertificate/{id}?newStatus=ACTIVE"));
    }

    [TestMethod]
    [Timeout(180_000, CooperativeCancellation = true)]
    public async Task The_aws_command_line_registers_a_CA_that_openssl_made()
    {
        if (Environment.GetEnvironmentVariable("AGENT_AWSCLI") != "1")
        {
            Assert.Inconclusive("Set AGENT_AWSCLI=1 where the aws command line (Debian: awscli) and openssl are installed to run them against LocalCloud.");
        }

        using var directory = new TemporaryDirectory();
        await using var cloud = await TestCloud.StartAsync(Stopping);

        // What openssl makes is valid from the second on in which it does.
        cloud.Clock.Advance(TimeSpan.FromMinutes(3));
        var configuration = new JsonObject { ["templateBody"] = Template, ["roleArn"] = "arn:aws:iam::123456789012:role/r" };
        await File.WriteAllTextAsync(directory.File("config.json"), configuration.ToJsonString(), Stopping);

        // RSA, with AWS's proof of the key, and just-in-time provisioning.
        await OpenSslAsync("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/O=Lamps/CN=Lamps CA", "-keyout", "ca.key", "-out", "ca.pem");
        var code = (await AwsAsync("get-registration-code", "--query", "registrationCode", "--output", "text")).Trim();
        await SignAsync("ca", "verification", "/CN=" + code);
        var id = (await AwsAsync(
            "register-ca-certificate", "--ca-certificate", "file://ca.pem", "--verification-certificate", "file://verification.pem",
            "--set-as-active", "--allow-auto-registration", "--registration-config", "file://config.json", "--query", "certificateId", "--output", "text")).Trim();
        await SignAsync("ca", "lamp", "/O=Lamps/CN=lamp-1/serialNumber=4711");
        using var lamp = X509Certificate2.CreateFromPemFile(directory.File("lamp.pem"), directory.File("lamp.key"));
        await AssertDroppedAsync(cloud, lamp, SslProtocols.Tls12);
        await using var device = await cloud.ConnectAsync(CredentialsOf(lamp), "lamp-1", Stopping);
        Assert.Contains("4711", await AwsAsync("describe-thing", "--thing-name", "lamp-1"));
        Assert.Contains("\"certificateMode\": \"DEFAULT\"", await AwsAsync("describe-ca-certificate", "--certificate-id", id));
        Assert.Contains(Convert.ToHexStringLower(SHA256.HashData(lamp.RawData)), await AwsAsync("list-certificates-by-ca", "--ca-certificate-id", id));

        // P-256, without it, and just-in-time registration.
        await OpenSslAsync("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", "/CN=Bells CA", "-keyout", "bells.key", "-out", "bells.pem");
        await AwsAsync("register-ca-certificate", "--ca-certificate", "file://bells.pem", "--certificate-mode", "SNI_ONLY", "--set-as-active", "--allow-auto-registration");
        await SignAsync("bells", "bell", "/CN=bell-1");
        using var bell = X509Certificate2.CreateFromPemFile(directory.File("bell.pem"), directory.File("bell.key"));
        await AssertDroppedAsync(cloud, bell, SslProtocols.Tls13);
        var bellId = Convert.ToHexStringLower(SHA256.HashData(bell.RawData));
        Assert.Contains("PENDING_ACTIVATION", await AwsAsync("describe-certificate", "--certificate-id", bellId));
        await AwsAsync("update-certificate", "--certificate-id", bellId, "--new-status", "ACTIVE");
        cloud.Registry.AttachPolicy("localcloud-operator-all-", bellId);
        await using var ringing = await cloud.ConnectAsync(CredentialsOf(bell), "all-bell", Stopping);

        Assert.Contains(id, await AwsAsync("list-ca-certificates"));
        await AwsAsync("update-ca-certificate", "--certificate-id", id, "--new-status", "INACTIVE", "--remove-auto-registration");
        await AwsAsync("delete-ca-certificate", "--certificate-id", id);
        Assert.DoesNotContain(id, await AwsAsync("list-ca-certificates"));

        async Task SignAsync(string authority, string name, string subject)
        {
            await OpenSslAsync("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", subject, "-keyout", name + ".key", "-out", name + ".csr");
            await OpenSslAsync("x509", "-req", "-in", name + ".csr", "-CA", authority + ".pem", "-CAkey", authority + ".key", "-CAcreateserial", "-days", "30", "-sha256", "-out", name + ".pem");
        }

        Task<string> OpenSslAsync(params string[] arguments) => RunAsync(directory, "openssl", arguments);

        Task<string> AwsAsync(params string[] arguments) => RunAsync(directory, "aws", ["--endpoint-url", cloud.Server.ControlPlaneUrl, "iot", .. arguments]);
    }

    private async Task<string> RunAsync(TemporaryDirectory directory, string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = directory.Path, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["AWS_ACCESS_KEY_ID"] = start.Environment["AWS_SECRET_ACCESS_KEY"] = "test";
        start.Environment["AWS_REGION"] = start.Environment["AWS_DEFAULT_REGION"] = "ap-northeast-1";
        start.Environment["AWS_PAGER"] = "";
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync(Stopping);
        var output = await process.StandardOutput.ReadToEndAsync(Stopping);
        await process.WaitForExitAsync(Stopping);
        Assert.AreEqual(0, process.ExitCode, output + await errors);
        return output;
    }

    internal static async Task<string> RegisterAsync(ControlPlaneClient aws, X509Certificate2 authority, JsonObject? configuration = null)
    {
        var body = Body(authority, mode: "SNI_ONLY");
        body["registrationConfig"] = configuration;
        return (string)(await aws.AskAsync("POST", "/cacertificate?setAsActive=true&allowAutoRegistration=true", body))["certificateId"]!;
    }

    private static JsonObject Body(X509Certificate2 authority, X509Certificate2? verification = null, string? mode = null) => new()
    {
        ["caCertificate"] = authority.ExportCertificatePem(),
        ["verificationCertificate"] = verification?.ExportCertificatePem(),
        ["certificateMode"] = mode,
    };

    /// <summary>A CA: a root, or one that another has signed. One that looks like another has its key identifier too, and not its key.</summary>
    internal static X509Certificate2 MakeAuthority(string subject, X509Certificate2? issuer = null, X509Certificate2? likeness = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(likeness is null
            ? new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false)
            : new X509SubjectKeyIdentifierExtension(likeness.Extensions.OfType<X509SubjectKeyIdentifierExtension>().Single().SubjectKeyIdentifierBytes.Span, critical: false));
        if (issuer is null)
        {
            return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-2), DateTimeOffset.UtcNow.AddDays(30));
        }

        using var certificate = request.Create(issuer, DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(20), RandomNumberGenerator.GetBytes(8));
        return certificate.CopyWithPrivateKey(key);
    }

    internal static X509Certificate2 MakeCertificate(X509Certificate2 authority, string subject, DateTimeOffset? end = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(authority, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        using var certificate = request.Create(authority, DateTimeOffset.UtcNow.AddDays(-1), end ?? DateTimeOffset.UtcNow.AddDays(10), RandomNumberGenerator.GetBytes(8));
        return certificate.CopyWithPrivateKey(key);
    }

    private static ClientCredentials CredentialsOf(X509Certificate2 certificate)
    {
        using var key = certificate.GetECDsaPrivateKey()!;
        return new ClientCredentials(Convert.ToHexStringLower(SHA256.HashData(certificate.RawData)), certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }

    /// <summary>The handshake is done, and the connection ends without an answer.</summary>
    private async Task AssertDroppedAsync(TestCloud cloud, X509Certificate2 certificate, SslProtocols protocol)
    {
        await using var stream = await cloud.OpenStreamAsync(certificate, Stopping, protocol);
        Assert.AreEqual(0, await ReadAsync(stream));
        var id = Convert.ToHexStringLower(SHA256.HashData(certificate.RawData));
        Assert.IsNotNull(cloud.Registry.FindCertificate(id), "it was refused, and not registered");
    }

    private async Task AssertRefusedAsync(TestCloud cloud, X509Certificate2 certificate, SslProtocols protocol, string reason)
    {
        try
        {
            await using var stream = await cloud.OpenStreamAsync(certificate, Stopping, protocol);
            Assert.AreEqual(0, await ReadAsync(stream));
            Assert.AreEqual(SslProtocols.Tls13, protocol, "with TLS 1.2 the handshake itself must fail");
        }
        catch (Exception e) when (e is AuthenticationException or IOException)
        {
            // As it should be.
        }

        await cloud.Log.WaitAsync(reason, Stopping);
    }

    private async Task<int> ReadAsync(SslStream stream)
    {
        try
        {
            return await stream.ReadAsync(new byte[1], Stopping);
        }
        catch (IOException)
        {
            return 0;
        }
    }
}
