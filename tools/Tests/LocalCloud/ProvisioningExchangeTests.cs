using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using LocalCloud;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Mqtt;

namespace Tests.LocalCloud;

/// <summary>Fleet provisioning as a device sees it: over TLS and MQTT.</summary>
[TestClass]
public sealed class ProvisioningExchangeTests
{
    private const string Create = "$aws/certificates/create/json";
    private const string Register = "$aws/provisioning-templates/smpl-krsk-iot-core-prov-temp/provision/json";

    private static readonly string[] s_answers = [Create + "/accepted", Create + "/rejected", Register + "/accepted", Register + "/rejected"];

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Stopping => TestContext.CancellationToken;

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task From_the_claim_to_the_first_reading()
    {
        await using var cloud = await TestCloud.StartAsync(Stopping);
        await using var subscriber = await cloud.ConnectAsync(cloud.Operator, "all-1", Stopping);
        await subscriber.SubscribeAsync("dt/#", cancellationToken: Stopping);

        var identity = await ProvisionAsync(cloud, "device-001_TEMP1");
        cloud.Clock.Advance(BrokerLimits.ConnectInterval);
        await using var device = await cloud.ConnectAsync(identity, "device-001_TEMP1", Stopping);
        await device.PublishAsync("dt/smpl-krsk/tokyo/hibiya/lab/device-001_TEMP1", "20.5"u8.ToArray(), cancellationToken: Stopping);

        var reading = await subscriber.Messages.ReadAsync(Stopping);
        Assert.AreEqual("dt/smpl-krsk/tokyo/hibiya/lab/device-001_TEMP1", reading.Topic);
        Assert.AreEqual("20.5", Encoding.UTF8.GetString(reading.Payload.Span));
        Assert.AreEqual(QualityOfService.AtLeastOnce, reading.QoS);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task Each_of_many_devices_gets_its_own_answers_and_no_others()
    {
        const int Devices = 8;
        await using var cloud = await TestCloud.StartAsync(Stopping);
        var outcomes = new System.Collections.Concurrent.ConcurrentBag<ProvisioningOutcome>();
        cloud.Server.ProvisioningAnswered += outcomes.Add;
        var clients = new List<MqttStreamClient>();
        for (var index = 0; index < Devices; index++)
        {
            // One claim for all, as boards have it, and all subscribed before any asks.
            var client = await cloud.ConnectAsync(cloud.Server.ClaimCredentials, $"device-{index}", Stopping);
            clients.Add(client);
            foreach (var topic in s_answers)
            {
                await client.SubscribeAsync(topic, cancellationToken: Stopping);
            }
        }

        var certificateIds = await Task.WhenAll(clients.Select(async (client, index) =>
        {
            var created = await AskAsync(client, Create, "");
            var registered = await AskAsync(client, Register, RegisterRequest(created, $"device-{index}"));
            Assert.AreEqual($"device-{index}", (string)registered["thingName"]!);
            return (string)created["certificateId"]!;
        }));

        for (var index = 0; index < Devices; index++)
        {
            var certificate = cloud.Registry.FindCertificate(certificateIds[index])!;
            CollectionAssert.AreEqual(new[] { $"device-{index}" }, certificate.Things.ToArray());

            // The server has handled all that this client sent when it is gone: nothing else came in the meantime.
            await clients[index].DisposeAsync();
            Assert.IsFalse(clients[index].Messages.TryRead(out _), $"device-{index} got an answer that was not its own");
            Assert.AreEqual(1, outcomes.Count(outcome => outcome is { Operation: ProvisioningOperation.CreateKeysAndCertificate, IsAccepted: true } && outcome.ClientId == $"device-{index}"));
            Assert.AreEqual(1, outcomes.Count(outcome => outcome is { Operation: ProvisioningOperation.RegisterThing, IsAccepted: true } && outcome.ThingName == $"device-{index}"));
        }

        Assert.HasCount(Devices, certificateIds.Distinct().ToList());
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task An_answer_is_not_for_who_only_watches()
    {
        await using var cloud = await TestCloud.StartAsync(Stopping);
        await using var watcher = await cloud.ConnectAsync(cloud.Operator, "all-1", Stopping);
        await watcher.SubscribeAsync("$aws/certificates/#", cancellationToken: Stopping);
        await watcher.SubscribeAsync("$aws/provisioning-templates/#", cancellationToken: Stopping);
        await watcher.SubscribeAsync("end", cancellationToken: Stopping);

        await ProvisionAsync(cloud, "device-1");
        await watcher.PublishAsync("end", default, cancellationToken: Stopping);

        Assert.AreEqual("end", (await watcher.Messages.ReadAsync(Stopping)).Topic);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task Who_has_not_subscribed_gets_no_answer()
    {
        await using var cloud = await TestCloud.StartAsync(Stopping);
        await using var client = await cloud.ConnectAsync(cloud.Server.ClaimCredentials, "device-1", Stopping);
        await client.SubscribeAsync(Create + "/rejected", cancellationToken: Stopping);

        await client.PublishAsync(Create, default, cancellationToken: Stopping);
        await cloud.Log.WaitAsync("device-1 does not get the answer on $aws/certificates/create/json/accepted: it has not subscribed to it", Stopping);
        var rejected = await AskAsync(client, Create, "{");

        Assert.AreEqual(400, (int)rejected["statusCode"]!);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    [DataRow("$aws/certificates/create/+/accepted", QualityOfService.AtMostOnce)]
    [DataRow("$aws/certificates/create/#", QualityOfService.AtLeastOnce)]
    public async Task Wildcards_and_granted_quality_of_service_hold_for_answers_too(string filter, QualityOfService granted)
    {
        await using var cloud = await TestCloud.StartAsync(Stopping);
        await using var client = await cloud.ConnectAsync(cloud.Server.ClaimCredentials, "device-1", Stopping);
        await client.SubscribeAsync(filter, granted, Stopping);

        await client.PublishAsync(Create, default, QualityOfService.AtMostOnce, cancellationToken: Stopping);
        var answer = await client.Messages.ReadAsync(Stopping);

        Assert.AreEqual(Create + "/accepted", answer.Topic);
        Assert.AreEqual(granted, answer.QoS);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task An_answer_that_the_policy_lets_nobody_receive_is_withheld()
    {
        await using var cloud = await TestCloud.StartAsync(Stopping);
        cloud.Registry.PutPolicy(new Policy("Deaf", PolicyDocument.Parse("""
            { "Version": "2012-10-17", "Statement": [
              { "Effect": "Allow", "Action": ["iot:Connect", "iot:Publish", "iot:Subscribe"], "Resource": "*" },
              { "Effect": "Allow", "Action": "iot:Receive", "Resource": "arn:aws:iot:ap-northeast-1:123456789012:topic/end" } ] }
            """)));
        await using var client = await cloud.ConnectAsync(await cloud.Server.CreateCredentialsAsync(CertificateStatus.Active, ["Deaf"], Stopping), "deaf", Stopping);
        await client.SubscribeAsync("#", cancellationToken: Stopping);
        await client.SubscribeAsync(Create + "/accepted", cancellationToken: Stopping);

        await client.PublishAsync(Create, default, cancellationToken: Stopping);
        await client.PublishAsync("other", default, cancellationToken: Stopping);
        await client.PublishAsync("end", default, cancellationToken: Stopping);

        Assert.AreEqual("end", (await client.Messages.ReadAsync(Stopping)).Topic);
        await cloud.Log.WaitAsync("deaf is not sent what comes to $aws/certificates/create/json/accepted: no statement of policy Deaf allows iot:Receive", Stopping);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task A_restart_on_the_same_directory_forgets_nothing()
    {
        using var directory = new TemporaryDirectory();
        var options = new LocalCloudOptions { DataDirectory = directory.Path };
        ClientCredentials identity;
        ClientCredentials claim;
        string rootCa;
        JsonObject created;
        await using (var cloud = await TestCloud.StartAsync(Stopping, options))
        {
            claim = cloud.Server.ClaimCredentials;
            rootCa = cloud.Server.RootCaPem;
            identity = await ProvisionAsync(cloud, "device-1");
            await using var unfinished = await cloud.ConnectAsync(claim, "device-2", Stopping);
            await unfinished.SubscribeAsync(Create + "/accepted", cancellationToken: Stopping);
            created = await AskAsync(unfinished, Create, "");
        }

        await using (var cloud = await TestCloud.StartAsync(Stopping, options))
        {
            Assert.AreEqual(rootCa, cloud.Server.RootCaPem);
            Assert.AreEqual(claim, cloud.Server.ClaimCredentials);
            await using var device = await cloud.ConnectAsync(identity, "device-1", Stopping);
            await device.PublishAsync("dt/smpl-krsk/x/device-1", default, cancellationToken: Stopping);

            // The one in the middle of it goes on with its token.
            await using var unfinished = await cloud.ConnectAsync(claim, "device-2", Stopping);
            await unfinished.SubscribeAsync(Register + "/accepted", cancellationToken: Stopping);
            var registered = await AskAsync(unfinished, Register, RegisterRequest(created, "device-2"));
            Assert.AreEqual("device-2", (string)registered["thingName"]!);
        }
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task A_claim_that_was_revoked_stays_revoked_over_a_restart()
    {
        using var directory = new TemporaryDirectory();
        var options = new LocalCloudOptions { DataDirectory = directory.Path };
        string claimId;
        await using (var cloud = await TestCloud.StartAsync(Stopping, options))
        {
            claimId = cloud.Server.ClaimCredentials.CertificateId;
            cloud.Registry.RevokeCertificate(claimId);
        }

        await using (var cloud = await TestCloud.StartAsync(Stopping, options))
        {
            Assert.AreEqual(claimId, cloud.Server.ClaimCredentials.CertificateId);
            Assert.AreEqual(CertificateStatus.Revoked, cloud.Registry.FindCertificate(claimId)!.Status);
            await cloud.Log.WaitAsync("is REVOKED: no device can provision itself with it", Stopping);
        }
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task A_registration_that_makes_a_certificate_inactive_cuts_its_connections()
    {
        await using var cloud = await TestCloud.StartAsync(Stopping);
        cloud.Registry.Update(state => state.With(ProvisioningTemplate.Parse(
            cloud.Server.TemplateName,
            state.Templates[cloud.Server.TemplateName].Body.Replace("\"Active\"", "\"INACTIVE\"", StringComparison.Ordinal))));
        await using var client = await cloud.ConnectAsync(cloud.Server.ClaimCredentials, "device-1", Stopping);
        foreach (var topic in s_answers)
        {
            await client.SubscribeAsync(topic, cancellationToken: Stopping);
        }

        // Its owner was faster than the device.
        var created = await AskAsync(client, Create, "{}");
        var id = (string)created["certificateId"]!;
        cloud.Registry.SetCertificateStatus(id, CertificateStatus.Active);
        cloud.Registry.AttachPolicy("localcloud-operator-all-", id);
        var early = await cloud.OpenConnectedAsync(CredentialsOf(created), "all-1", Stopping);

        await AskAsync(client, Register, RegisterRequest(created, "device-1"));

        Assert.AreEqual(CertificateStatus.Inactive, cloud.Registry.FindCertificate(id)!.Status);
        Assert.IsNull(await early.ReadAsync(Stopping));
        await cloud.Log.WaitAsync($"all-1 is cut: certificate {id[..8]} is INACTIVE", Stopping);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task The_claim_serves_the_template_by_serial_number_too()
    {
        const string BySerial = "$aws/provisioning-templates/smpl-krsk-iot-core-prov-temp-serial/provision/json";
        await using var cloud = await TestCloud.StartAsync(Stopping);
        await using var client = await cloud.ConnectAsync(cloud.Server.ClaimCredentials, "device-1", Stopping);
        await client.SubscribeAsync(Create + "/accepted", cancellationToken: Stopping);
        await client.SubscribeAsync(BySerial + "/accepted", cancellationToken: Stopping);

        var created = await AskAsync(client, Create, "{}");
        var registered = await AskAsync(client, BySerial, new JsonObject
        {
            ["certificateOwnershipToken"] = (string)created["certificateOwnershipToken"]!,
            ["parameters"] = new JsonObject { ["SerialNumber"] = "4711" },
        }.ToJsonString());

        Assert.AreEqual("Normal", (string)registered["deviceConfiguration"]!["MyDeviceOption"]!);
        await using var device = await cloud.ConnectAsync(CredentialsOf(created), "MyThing_4711", Stopping);
        await device.PublishAsync("dt/smpl-krsk/x/MyThing_4711", default, cancellationToken: Stopping);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task Where_it_is_allowed_a_device_gets_its_next_certificate_over_its_own_connection()
    {
        await using var cloud = await TestCloud.StartAsync(Stopping, new LocalCloudOptions { AllowRotation = true });
        var first = await ProvisionAsync(cloud, "device-1");
        cloud.Clock.Advance(BrokerLimits.ConnectInterval);
        JsonObject second;
        await using (var device = await cloud.ConnectAsync(first, "device-1", Stopping))
        {
            foreach (var topic in s_answers)
            {
                await device.SubscribeAsync(topic, cancellationToken: Stopping);
            }

            second = await AskAsync(device, Create, "{}");
            Assert.AreEqual("device-1", (string)(await AskAsync(device, Register, RegisterRequest(second, "device-1")))["thingName"]!);

            // By a request of its own as well.
            const string FromCsr = "$aws/certificates/create-from-csr/json";
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            await device.SubscribeAsync(FromCsr + "/accepted", cancellationToken: Stopping);
            var third = await AskAsync(device, FromCsr, new JsonObject { ["certificateSigningRequest"] = new CertificateRequest("CN=device-1", key, HashAlgorithmName.SHA256).CreateSigningRequestPem() }.ToJsonString());
            await AskAsync(device, Register, RegisterRequest(third, "device-1"));
            await device.PublishAsync("dt/smpl-krsk/x/device-1", default, cancellationToken: Stopping);
        }

        Assert.AreEqual(3, cloud.Registry.Certificates.Count(certificate => certificate.Things.Contains("device-1") && certificate.Status == CertificateStatus.Active));
        cloud.Registry.SetCertificateStatus(first.CertificateId, CertificateStatus.Inactive);
        cloud.Clock.Advance(BrokerLimits.ConnectInterval);
        await using var renewed = await cloud.ConnectAsync(CredentialsOf(second), "device-1", Stopping);
        await renewed.PublishAsync("dt/smpl-krsk/x/device-1", default, cancellationToken: Stopping);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    [DataRow("$aws/certificates/create/json")]
    [DataRow("$aws/certificates/create-from-csr/json")]
    [DataRow(Register)]
    public async Task Where_it_is_not_a_device_that_tries_is_cut_and_the_log_says_what_allows_it(string topic)
    {
        await using var cloud = await TestCloud.StartAsync(Stopping);
        var identity = await ProvisionAsync(cloud, "device-1");
        const string Advice = "; with --rotation, cloud and tools/aws/setup allow devices all that they need to get their next certificate over their own connection";
        cloud.Clock.Advance(BrokerLimits.ConnectInterval);
        var subscribing = await cloud.OpenConnectedAsync(identity, "device-1", Stopping);
        await subscribing.WriteAsync(new SubscribePacket(1, [new TopicFilterRequest(topic + "/accepted", QualityOfService.AtLeastOnce)]), Stopping);
        Assert.IsNull(await subscribing.ReadAsync(Stopping));
        await cloud.Log.WaitAsync(
            $$"""no statement of policy {{SeedDocuments.DevicePolicyName}} allows iot:Subscribe on arn:aws:iot:ap-northeast-1:123456789012:topicfilter/{{topic}}/accepted; this one would: {"Effect":"Allow","Action":"iot:Subscribe","Resource":"arn:aws:iot:ap-northeast-1:123456789012:topicfilter/{{topic}}/accepted"}{{Advice}}""",
            Stopping);

        cloud.Clock.Advance(BrokerLimits.ConnectInterval);
        var publishing = await cloud.OpenConnectedAsync(identity, "device-1", Stopping);
        await publishing.WriteAsync(new PublishPacket(topic, default), Stopping);
        Assert.IsNull(await publishing.ReadAsync(Stopping));
        await cloud.Log.WaitAsync(
            $$"""this one would: {"Effect":"Allow","Action":"iot:Publish","Resource":"arn:aws:iot:ap-northeast-1:123456789012:topic/{{topic}}"}{{Advice}}""",
            Stopping);
    }

    private static string RegisterRequest(JsonObject created, string thingName) => new JsonObject
    {
        ["certificateOwnershipToken"] = (string)created["certificateOwnershipToken"]!,
        ["parameters"] = new JsonObject { ["ThingName"] = thingName },
    }.ToJsonString();

    private static ClientCredentials CredentialsOf(JsonObject created) =>
        new((string)created["certificateId"]!, (string)created["certificatePem"]!, (string)created["privateKey"]!);

    private async Task<ClientCredentials> ProvisionAsync(TestCloud cloud, string thingName)
    {
        await using var client = await cloud.ConnectAsync(cloud.Server.ClaimCredentials, thingName, Stopping);
        foreach (var topic in s_answers)
        {
            await client.SubscribeAsync(topic, cancellationToken: Stopping);
        }

        var created = await AskAsync(client, Create, "{}");
        var registered = await AskAsync(client, Register, RegisterRequest(created, thingName));
        Assert.AreEqual(thingName, (string)registered["thingName"]!);
        return CredentialsOf(created);
    }

    private async Task<JsonObject> AskAsync(MqttStreamClient client, string topic, string payload)
    {
        await client.PublishAsync(topic, Encoding.UTF8.GetBytes(payload), QualityOfService.AtMostOnce, cancellationToken: Stopping);
        var answer = await client.Messages.ReadAsync(Stopping);
        Assert.StartsWith(topic + "/", answer.Topic);
        return (JsonObject)JsonNode.Parse(answer.Payload.Span)!;
    }
}
