using System.Text;
using System.Text.Json.Nodes;
using LocalCloud;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Mqtt;

namespace Tests.LocalCloud;

/// <summary>Provisioning by a trusted user: a claim that the control plane makes for one template, and that lives five minutes.</summary>
[TestClass]
public sealed class ProvisioningClaimTests
{
    private const string Create = "$aws/certificates/create/json";
    private const string Template = "smpl-krsk-iot-core-prov-temp";
    private const string Register = $"$aws/provisioning-templates/{Template}/provision/json";

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Stopping => TestContext.CancellationToken;

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task It_provisions_a_device_is_in_no_list_and_ends_after_five_minutes()
    {
        await using var cloud = await TestCloud.StartAsync(Stopping);
        using var aws = new ControlPlaneClient(cloud.Server.ControlPlaneUrl, Stopping);
        var (claim, made) = await MakeAsync(aws);
        Assert.AreEqual((cloud.Clock.GetUtcNow() + TimeSpan.FromMinutes(5)).ToUnixTimeMilliseconds() / 1000.0, (double)made["expiration"]!);
        Assert.Contains("BEGIN PUBLIC KEY", (string)made["keyPair"]!["PublicKey"]!);
        var listed = (await aws.AskAsync("GET", "/certificates"))["certificates"]!.AsArray();
        Assert.IsFalse(listed.Any(certificate => (string)certificate!["certificateId"]! == claim.CertificateId));

        await using var client = await cloud.ConnectAsync(claim, "lamp-1", Stopping);
        foreach (var topic in new[] { Create, Register })
        {
            await client.SubscribeAsync(topic + "/accepted", cancellationToken: Stopping);
            await client.SubscribeAsync(topic + "/rejected", cancellationToken: Stopping);
        }

        await client.SubscribeAsync("$aws/certificates/create-from-csr/json/accepted", cancellationToken: Stopping);
        var created = await AskAsync(client, Create, "{}");
        var registered = await AskAsync(client, Register, new JsonObject
        {
            ["certificateOwnershipToken"] = (string)created["certificateOwnershipToken"]!,
            ["parameters"] = new JsonObject { ["ThingName"] = "lamp-1" },
        }.ToJsonString());
        Assert.AreEqual("lamp-1", (string)registered["thingName"]!, registered.ToJsonString());

        cloud.Clock.Advance(TimeSpan.FromMinutes(5));
        await cloud.Log.WaitAsync($"lamp-1 is cut: certificate {claim.CertificateId[..8]} was deleted", Stopping);
        await Assert.ThrowsAsync<IOException>(async () =>
        {
            // An answer may have come again in the meantime: its PUBACK is on the way.
            await foreach (var _ in client.Messages.ReadAllAsync(Stopping))
            {
            }
        });
        await Assert.ThrowsAsync<Exception>(() => cloud.ConnectAsync(claim, "lamp-1", Stopping));
        await cloud.Log.WaitAsync($"certificate {claim.CertificateId[..8]} is not registered", Stopping);

        // What it was used for stays.
        var identity = new ClientCredentials((string)created["certificateId"]!, (string)created["certificatePem"]!, (string)created["privateKey"]!);
        await using var lamp = await cloud.ConnectAsync(identity, "lamp-1", Stopping);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    [DataRow("dt/smpl-krsk/x/lamp-1")]
    [DataRow("$aws/provisioning-templates/smpl-krsk-iot-core-prov-temp-serial/provision/json")]
    public async Task It_permits_nothing_but_the_exchange_with_its_template(string topic)
    {
        await using var cloud = await TestCloud.StartAsync(Stopping);
        using var aws = new ControlPlaneClient(cloud.Server.ControlPlaneUrl, Stopping);
        var (claim, _) = await MakeAsync(aws);
        var connection = await cloud.OpenConnectedAsync(claim, "lamp-1", Stopping);

        await connection.WriteAsync(new PublishPacket(topic, default), Stopping);

        Assert.IsNull(await connection.ReadAsync(Stopping));
        await cloud.Log.WaitAsync("no statement of policy provisioning-claim allows iot:Publish", Stopping);
        Assert.AreEqual("404 ResourceNotFoundException", await aws.RefusalAsync("POST", "/provisioning-templates/none/provisioning-claim"));
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task Its_owner_can_end_it_early_and_there_is_none_for_a_template_of_just_in_time_provisioning()
    {
        await using var cloud = await TestCloud.StartAsync(Stopping);
        using var aws = new ControlPlaneClient(cloud.Server.ControlPlaneUrl, Stopping);
        var (claim, _) = await MakeAsync(aws);
        var connection = await cloud.OpenConnectedAsync(claim, "lamp-1", Stopping);

        await aws.AskAsync("PUT", $"/certificates/{claim.CertificateId}?newStatus=INACTIVE");

        Assert.IsNull(await connection.ReadAsync(Stopping));
        await cloud.Log.WaitAsync($"lamp-1 is cut: certificate {claim.CertificateId[..8]} is INACTIVE", Stopping);
        await aws.AskAsync("POST", "/provisioning-templates", new()
        {
            ["templateName"] = "lamps", ["templateBody"] = cloud.Registry.Templates[0].Body, ["type"] = "JITP", ["enabled"] = true, ["provisioningRoleArn"] = "arn:aws:iam::123456789012:role/r",
        });
        Assert.AreEqual("400 InvalidRequestException", await aws.RefusalAsync("POST", "/provisioning-templates/lamps/provisioning-claim"));
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task It_lives_through_a_restart_and_ends_at_its_time()
    {
        using var directory = new TemporaryDirectory();
        var options = new LocalCloudOptions { DataDirectory = directory.Path };
        ClientCredentials claim;
        await using (var cloud = await TestCloud.StartAsync(Stopping, options))
        {
            using var aws = new ControlPlaneClient(cloud.Server.ControlPlaneUrl, Stopping);
            (claim, _) = await MakeAsync(aws);
        }

        await using (var cloud = await TestCloud.StartAsync(Stopping, options))
        {
            await using (await cloud.ConnectAsync(claim, "lamp-1", Stopping))
            {
            }

            cloud.Clock.Advance(TimeSpan.FromMinutes(5));
            await cloud.Log.WaitAsync($"provisioning claim {claim.CertificateId[..8]} ends", Stopping);
            Assert.IsNull(cloud.Registry.FindCertificate(claim.CertificateId));
        }
    }

    private static async Task<(ClientCredentials Claim, JsonObject Made)> MakeAsync(ControlPlaneClient aws)
    {
        var made = await aws.AskAsync("POST", $"/provisioning-templates/{Template}/provisioning-claim");
        return (new ClientCredentials((string)made["certificateId"]!, (string)made["certificatePem"]!, (string)made["keyPair"]!["PrivateKey"]!), made);
    }

    private async Task<JsonObject> AskAsync(MqttStreamClient client, string topic, string payload)
    {
        await client.PublishAsync(topic, Encoding.UTF8.GetBytes(payload), QualityOfService.AtMostOnce, cancellationToken: Stopping);
        var answer = await client.Messages.ReadAsync(Stopping);
        Assert.StartsWith(topic + "/", answer.Topic);
        return (JsonObject)JsonNode.Parse(answer.Payload.Span)!;
    }
}
