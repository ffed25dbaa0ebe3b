using System.Net;
using System.Text.Json.Nodes;
using LocalCloud;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Mqtt;

namespace Tests.LocalCloud;

/// <summary>AWS IoT's HTTP API as its reference has it: paths, names, status codes, errors.</summary>
[TestClass]
public sealed class ControlPlaneTests
{
    private const string Document = """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iot:*","Resource":"*"}]}""";
    private const string Arn = "arn:aws:iot:ap-northeast-1:123456789012:";

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Stopping => TestContext.CancellationToken;

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task A_certificate_made_there_connects_until_it_is_revoked()
    {
        await using var cloud = await TestCloud.StartAsync(Stopping);
        using var aws = new ControlPlaneClient(cloud.Server.ControlPlaneUrl, Stopping);

        Assert.AreEqual("localhost", (string?)(await aws.AskAsync("GET", "/endpoint?endpointType=iot:Data-ATS"))["endpointAddress"]);
        var made = await aws.AskAsync("POST", "/keys-and-certificate?setAsActive=true");
        var (id, arn) = ((string)made["certificateId"]!, (string)made["certificateArn"]!);
        Assert.AreEqual(Arn + "cert/" + id, arn);
        Assert.Contains("BEGIN PUBLIC KEY", (string)made["keyPair"]!["PublicKey"]!);
        await aws.AskAsync("POST", "/policies/all", new() { ["policyDocument"] = Document });
        await aws.AskAsync("PUT", "/target-policies/all", new() { ["target"] = arn });
        await aws.AskAsync("POST", "/things/lamp", new() { ["attributePayload"] = new JsonObject { ["attributes"] = new JsonObject { ["room"] = "attic" } } });
        await aws.AskAsync("PUT", "/things/lamp/principals", principal: arn);
        Assert.AreEqual(arn, (string?)(await aws.AskAsync("GET", "/things/lamp/principals"))["principals"]![0]);
        Assert.AreEqual("lamp", (string?)(await aws.AskAsync("GET", "/principals/things", principal: arn))["things"]![0]);
        Assert.AreEqual("all", (string?)(await aws.AskAsync("POST", "/attached-policies/" + Uri.EscapeDataString(arn)))["policies"]![0]!["policyName"]);

        var credentials = new ClientCredentials(id, (string)made["certificatePem"]!, (string)made["keyPair"]!["PrivateKey"]!);
        await using var client = await cloud.ConnectAsync(credentials, "lamp", Stopping);
        await aws.AskAsync("PUT", $"/certificates/{id}?newStatus=REVOKED");
        await cloud.Log.WaitAsync("lamp is cut: certificate " + id[..8] + " is REVOKED", Stopping);
        Assert.AreEqual("REVOKED", (string?)(await aws.AskAsync("GET", "/certificates/" + id))["certificateDescription"]!["status"]);

        var principals = await aws.AskAsync("GET", "/policy-principals", policy: "all");
        Assert.AreEqual(arn, (string?)principals["principals"]!.AsArray().Single());
        Assert.AreEqual("404 ResourceNotFoundException", await aws.RefusalAsync("GET", "/policy-principals", policy: "none"));

        Assert.AreEqual("409 DeleteConflictException", await aws.RefusalAsync("DELETE", $"/certificates/{id}?forceDelete=true"));
        Assert.AreEqual("400 InvalidRequestException", await aws.RefusalAsync("DELETE", "/things/lamp"));
        await aws.AskAsync("DELETE", "/things/lamp/principals", principal: arn);
        await aws.AskAsync("DELETE", "/things/lamp");
        Assert.AreEqual("409 DeleteConflictException", await aws.RefusalAsync("DELETE", "/policies/all"));
        Assert.AreEqual("409 DeleteConflictException", await aws.RefusalAsync("DELETE", "/certificates/" + id));
        await aws.AskAsync("POST", "/target-policies/all", new() { ["target"] = arn });
        await aws.AskAsync("DELETE", "/certificates/" + id);
        await aws.AskAsync("DELETE", "/policies/all");
        Assert.AreEqual("404 ResourceNotFoundException", await aws.RefusalAsync("GET", "/certificates/" + id));
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task Policies_have_five_versions_of_which_one_is_in_effect()
    {
        await using var cloud = await TestCloud.StartAsync(Stopping);
        using var aws = new ControlPlaneClient(cloud.Server.ControlPlaneUrl, Stopping);
        JsonObject body() => new() { ["policyDocument"] = Document };

        Assert.AreEqual("1", (string?)(await aws.AskAsync("POST", "/policies/p", body()))["policyVersionId"]);
        Assert.AreEqual("409 ResourceAlreadyExistsException", await aws.RefusalAsync("POST", "/policies/p", body()));
        Assert.AreEqual("400 MalformedPolicyException", await aws.RefusalAsync("POST", "/policies/q", new() { ["policyDocument"] = "{}" }));
        Assert.AreEqual("400 InvalidRequestException", await aws.RefusalAsync("POST", "/policies/a%20b", body()));
        for (var version = 2; version <= 5; version++)
        {
            await aws.AskAsync("POST", "/policies/p/version", body());
        }

        Assert.AreEqual("409 VersionsLimitExceededException", await aws.RefusalAsync("POST", "/policies/p/version", body()));
        Assert.AreEqual("409 DeleteConflictException", await aws.RefusalAsync("DELETE", "/policies/p"));
        Assert.AreEqual("409 DeleteConflictException", await aws.RefusalAsync("DELETE", "/policies/p/version/1"));
        await aws.AskAsync("PATCH", "/policies/p/version/3");
        Assert.AreEqual("3", (string?)(await aws.AskAsync("GET", "/policies/p"))["defaultVersionId"]);
        await aws.AskAsync("DELETE", "/policies/p/version/1");
        Assert.AreEqual("404 ResourceNotFoundException", await aws.RefusalAsync("GET", "/policies/p/version/1"));
        Assert.HasCount(4, (await aws.AskAsync("GET", "/policies/p/version"))["policyVersions"]!.AsArray());
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task Templates_have_versions_too_and_only_an_enabled_one_registers()
    {
        await using var cloud = await TestCloud.StartAsync(Stopping);
        using var aws = new ControlPlaneClient(cloud.Server.ControlPlaneUrl, Stopping);
        var seed = cloud.Registry.Templates[0].Body;
        JsonObject body(string name) => new() { ["templateName"] = name, ["templateBody"] = seed, ["provisioningRoleArn"] = "arn:aws:iam::123456789012:role/r", ["enabled"] = false };

        Assert.AreEqual(Arn + "provisioningtemplate/t", (string?)(await aws.AskAsync("POST", "/provisioning-templates", body("t")))["templateArn"]);
        Assert.AreEqual("409 ResourceAlreadyExistsException", await aws.RefusalAsync("POST", "/provisioning-templates", body("t")));
        Assert.AreEqual("400 InvalidRequestException", await aws.RefusalAsync("POST", "/provisioning-templates", new() { ["templateName"] = "u", ["templateBody"] = "{}", ["provisioningRoleArn"] = "arn:aws:iam::123456789012:role/r" }));
        Assert.IsFalse(cloud.Registry.Templates.Any(template => template.Name == "t"));
        await aws.AskAsync("PATCH", "/provisioning-templates/t", new() { ["enabled"] = true });
        Assert.IsTrue(cloud.Registry.Templates.Any(template => template.Name == "t"));
        Assert.AreEqual(2, (int)(await aws.AskAsync("POST", "/provisioning-templates/t/versions?setAsDefault=true", new() { ["templateBody"] = seed }))["versionId"]!);
        Assert.AreEqual(2, (int)(await aws.AskAsync("GET", "/provisioning-templates/t"))["defaultVersionId"]!);
        Assert.AreEqual("409 DeleteConflictException", await aws.RefusalAsync("DELETE", "/provisioning-templates/t/versions/2"));
        await aws.AskAsync("DELETE", "/provisioning-templates/t/versions/1");
        await aws.AskAsync("DELETE", "/provisioning-templates/t");
        Assert.AreEqual("404 ResourceNotFoundException", await aws.RefusalAsync("GET", "/provisioning-templates/t"));
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task Things_types_and_groups_are_made_listed_in_pages_and_deleted()
    {
        await using var cloud = await TestCloud.StartAsync(Stopping);
        using var aws = new ControlPlaneClient(cloud.Server.ControlPlaneUrl, Stopping);

        Assert.AreEqual("Bulb", (string?)(await aws.AskAsync("GET", "/thing-types/Bulb"))["thingTypeName"], "the template by serial number names it");
        Assert.AreEqual("404 ResourceNotFoundException", await aws.RefusalAsync("POST", "/things/a", new() { ["thingTypeName"] = "Lamp" }));
        await aws.AskAsync("POST", "/thing-types/Lamp");
        await aws.AskAsync("POST", "/thing-types/Bulb");
        var id = (string?)(await aws.AskAsync("POST", "/things/a", new() { ["thingTypeName"] = "Bulb" }))["thingId"];
        Assert.AreEqual(id, (string?)(await aws.AskAsync("POST", "/things/a", new() { ["thingTypeName"] = "Bulb" }))["thingId"], "the same once more");
        Assert.AreEqual("409 ResourceAlreadyExistsException", await aws.RefusalAsync("POST", "/things/a"));
        await aws.AskAsync("POST", "/things/b");
        await aws.AskAsync("POST", "/things/c");
        var first = await aws.AskAsync("GET", "/things?maxResults=2");
        Assert.HasCount(2, first["things"]!.AsArray());
        var second = await aws.AskAsync("GET", "/things?maxResults=2&nextToken=" + Uri.EscapeDataString((string)first["nextToken"]!));
        Assert.AreEqual("c", (string?)second["things"]!.AsArray().Single()!["thingName"]);
        Assert.IsFalse(second.ContainsKey("nextToken"));
        Assert.AreEqual("400 InvalidRequestException", await aws.RefusalAsync("GET", "/things?nextToken=%21"));

        Assert.AreEqual("409 VersionConflictException", await aws.RefusalAsync("PATCH", "/things/b", new() { ["expectedVersion"] = 7 }));
        await aws.AskAsync("PATCH", "/things/b", new() { ["expectedVersion"] = 1, ["attributePayload"] = new JsonObject { ["attributes"] = new JsonObject { ["k"] = "v" }, ["merge"] = true } });
        Assert.AreEqual(2, (int)(await aws.AskAsync("GET", "/things/b"))["version"]!);
        await aws.AskAsync("POST", "/thing-groups/g");
        await aws.AskAsync("PUT", "/thing-groups/addThingToThingGroup", new() { ["thingName"] = "b", ["thingGroupName"] = "g" });
        Assert.AreEqual("b", (string?)(await aws.AskAsync("GET", "/thing-groups/g/things"))["things"]![0]);
        await aws.AskAsync("PUT", "/thing-groups/updateThingGroupsForThing", new() { ["thingName"] = "c", ["thingGroupsToAdd"] = new JsonArray("g") });
        Assert.HasCount(2, (await aws.AskAsync("GET", "/thing-groups/g/things"))["things"]!.AsArray());
        await aws.AskAsync("PUT", "/thing-groups/updateThingGroupsForThing", new() { ["thingName"] = "c", ["thingGroupsToRemove"] = new JsonArray("g") });
        Assert.HasCount(1, (await aws.AskAsync("GET", "/thing-groups/g/things"))["things"]!.AsArray());
        Assert.AreEqual("404 ResourceNotFoundException", await aws.RefusalAsync("PUT", "/thing-groups/updateThingGroupsForThing", new() { ["thingName"] = "c", ["thingGroupsToAdd"] = new JsonArray("none") }));
        Assert.AreEqual("400 InvalidRequestException", await aws.RefusalAsync("PUT", "/thing-groups/updateThingGroupsForThing", new() { ["thingName"] = "c", ["thingGroupsToAdd"] = "g" }));
        JsonObject description(int version) => new() { ["thingGroupProperties"] = new JsonObject { ["thingGroupDescription"] = "ground floor" }, ["expectedVersion"] = version };
        Assert.AreEqual("409 VersionConflictException", await aws.RefusalAsync("PATCH", "/thing-groups/g", description(2)));
        Assert.AreEqual(2, (int)(await aws.AskAsync("PATCH", "/thing-groups/g", description(1)))["version"]!);
        Assert.AreEqual("ground floor", (string?)(await aws.AskAsync("GET", "/thing-groups/g"))["thingGroupProperties"]!["thingGroupDescription"]);
        for (var index = 1; index <= 10; index++)
        {
            await aws.AskAsync("POST", $"/thing-groups/g{index}");
        }

        var ten = new JsonArray([.. Enumerable.Range(1, 10).Select(index => (JsonNode)$"g{index}")]);
        Assert.AreEqual("400 InvalidRequestException", await aws.RefusalAsync("PUT", "/thing-groups/updateThingGroupsForThing", new() { ["thingName"] = "b", ["thingGroupsToAdd"] = ten }), "eleven groups");
        await aws.AskAsync("DELETE", "/thing-groups/g");
        Assert.IsEmpty(cloud.Registry.FindThing("b")!.Groups);
        Assert.AreEqual("400 InvalidRequestException", await aws.RefusalAsync("DELETE", "/thing-types/Bulb"));
        await aws.AskAsync("DELETE", "/things/none");
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task A_certificate_attached_exclusively_is_that_thing_under_any_client_id()
    {
        await using var cloud = await TestCloud.StartAsync(Stopping);
        using var aws = new ControlPlaneClient(cloud.Server.ControlPlaneUrl, Stopping);
        var made = await aws.AskAsync("POST", "/keys-and-certificate?setAsActive=true");
        var (id, arn) = ((string)made["certificateId"]!, (string)made["certificateArn"]!);
        var credentials = new ClientCredentials(id, (string)made["certificatePem"]!, (string)made["keyPair"]!["PrivateKey"]!);
        const string ByThing = """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iot:Connect","Resource":"*","Condition":{"StringEquals":{"iot:Connection.Thing.ThingName":"lamp"}}}]}""";
        await aws.AskAsync("POST", "/policies/by-thing", new() { ["policyDocument"] = ByThing });
        await aws.AskAsync("PUT", "/target-policies/by-thing", new() { ["target"] = arn });
        await cloud.Log.WaitAsync($"control plane: AttachPolicy by-thing target={arn} is done", Stopping);
        await aws.AskAsync("POST", "/things/lamp");
        await aws.AskAsync("POST", "/things/other");
        await using var watcher = await cloud.ConnectAsync(cloud.Operator, "all-watcher", Stopping);
        await watcher.SubscribeAsync("$aws/events/presence/connected/anything", cancellationToken: Stopping);

        await aws.AskAsync("PUT", "/things/lamp/principals", principal: arn);
        await Assert.ThrowsAsync<Exception>(() => cloud.ConnectAsync(credentials, "anything", Stopping));
        await Assert.ThrowsExactlyAsync<InvalidOperationException>(() => aws.AskAsync("PUT", "/things/other/principals?thingPrincipalType=EXCLUSIVE_THING", principal: arn));
        await Assert.ThrowsExactlyAsync<InvalidOperationException>(() => aws.AskAsync("PUT", "/things/lamp/principals?thingPrincipalType=SOME", principal: arn));
        await aws.AskAsync("DELETE", "/things/lamp/principals", principal: arn);
        await aws.AskAsync("PUT", "/things/lamp/principals?thingPrincipalType=EXCLUSIVE_THING", principal: arn);
        await aws.AskAsync("PUT", "/things/lamp/principals", principal: arn);
        var refused = await Assert.ThrowsExactlyAsync<InvalidOperationException>(() => aws.AskAsync("PUT", "/things/other/principals", principal: arn));
        Assert.Contains("400 InvalidRequestException", refused.Message);
        Assert.AreEqual("EXCLUSIVE_THING", (string?)(await aws.AskAsync("GET", "/things/lamp/principals-v2"))["thingPrincipalObjects"]!.AsArray().Single()!["thingPrincipalType"]);
        Assert.AreEqual("lamp", (string?)(await aws.AskAsync("GET", "/principals/things-v2", principal: arn))["principalThingObjects"]!.AsArray().Single()!["thingName"]);
        Assert.IsEmpty((await aws.AskAsync("GET", "/principals/things-v2?thingPrincipalType=NON_EXCLUSIVE_THING", principal: arn))["principalThingObjects"]!.AsArray());

        cloud.Clock.Advance(TimeSpan.FromSeconds(2));
        await using var client = await cloud.ConnectAsync(credentials, "anything", Stopping);
        var told = JsonNode.Parse((await watcher.Messages.ReadAsync(Stopping)).Payload.Span)!;
        Assert.AreEqual(("anything", "lamp"), ((string?)told["clientId"], (string?)told["thingName"]));

        await aws.AskAsync("DELETE", "/things/lamp/principals", principal: arn);
        await aws.AskAsync("PUT", "/things/lamp/principals", principal: arn);
        Assert.AreEqual("NON_EXCLUSIVE_THING", (string?)(await aws.AskAsync("GET", "/things/lamp/principals-v2"))["thingPrincipalObjects"]!.AsArray().Single()!["thingPrincipalType"]);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task Billing_groups_are_made_filled_and_deleted()
    {
        await using var cloud = await TestCloud.StartAsync(Stopping);
        using var aws = new ControlPlaneClient(cloud.Server.ControlPlaneUrl, Stopping);
        JsonObject lamp() => new() { ["thingName"] = "lamp", ["billingGroupName"] = "bills" };

        Assert.AreEqual("404 ResourceNotFoundException", await aws.RefusalAsync("POST", "/things/lamp", new() { ["billingGroupName"] = "bills" }));
        var id = (string?)(await aws.AskAsync("POST", "/billing-groups/bills", new() { ["billingGroupProperties"] = new JsonObject { ["billingGroupDescription"] = "d" } }))["billingGroupId"];
        Assert.AreEqual("409 ResourceAlreadyExistsException", await aws.RefusalAsync("POST", "/billing-groups/bills"));
        Assert.AreEqual("400 InvalidRequestException", await aws.RefusalAsync("POST", "/billing-groups/a%20b"));
        var described = await aws.AskAsync("GET", "/billing-groups/bills");
        Assert.AreEqual((id, Arn + "billinggroup/bills", "d", 1), ((string?)described["billingGroupId"], (string?)described["billingGroupArn"], (string?)described["billingGroupProperties"]!["billingGroupDescription"], (int)described["version"]!));

        await aws.AskAsync("POST", "/things/lamp", new() { ["billingGroupName"] = "bills" });
        Assert.AreEqual("bills", (string?)(await aws.AskAsync("GET", "/things/lamp"))["billingGroupName"]);
        await aws.AskAsync("PUT", "/billing-groups/removeThingFromBillingGroup", lamp());
        Assert.IsEmpty((await aws.AskAsync("GET", "/billing-groups/bills/things"))["things"]!.AsArray());
        await aws.AskAsync("PUT", "/billing-groups/addThingToBillingGroup", lamp());
        Assert.AreEqual("lamp", (string?)(await aws.AskAsync("GET", "/billing-groups/bills/things"))["things"]!.AsArray().Single());
        Assert.AreEqual("bills", (string?)(await aws.AskAsync("GET", "/billing-groups?namePrefixFilter=b"))["billingGroups"]!.AsArray().Single()!["groupName"]);
        Assert.AreEqual(2, (int)(await aws.AskAsync("PATCH", "/billing-groups/bills", new() { ["billingGroupProperties"] = new JsonObject() }))["version"]!);
        Assert.AreEqual("409 VersionConflictException", await aws.RefusalAsync("DELETE", "/billing-groups/bills?expectedVersion=1"));
        await aws.AskAsync("DELETE", "/billing-groups/bills?expectedVersion=2");
        Assert.IsNull(cloud.Registry.FindThing("lamp")!.BillingGroup);
        Assert.AreEqual("404 ResourceNotFoundException", await aws.RefusalAsync("GET", "/billing-groups/bills"));
        Assert.AreEqual("404 ResourceNotFoundException", await aws.RefusalAsync("PUT", "/billing-groups/addThingToBillingGroup", lamp()));
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task What_is_not_signed_or_not_known_is_refused_and_counters_are_for_everyone()
    {
        await using var cloud = await TestCloud.StartAsync(Stopping);
        using var aws = new ControlPlaneClient(cloud.Server.ControlPlaneUrl, Stopping);
        using var http = new HttpClient { BaseAddress = new Uri(cloud.Server.ControlPlaneUrl) };

        Assert.AreEqual("404 UnknownOperationException", await aws.RefusalAsync("GET", "/jobs"));
        using (var unsigned = await http.GetAsync("/policies", Stopping))
        {
            Assert.AreEqual(HttpStatusCode.Forbidden, unsigned.StatusCode);
            Assert.AreEqual("MissingAuthenticationTokenException", unsigned.Headers.GetValues("x-amzn-errortype").Single());
        }

        http.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", "Bearer x");
        using (var other = await http.GetAsync("/policies", Stopping))
        {
            Assert.AreEqual("IncompleteSignatureException", other.Headers.GetValues("x-amzn-errortype").Single());
        }

        var counters = JsonNode.Parse(await http.GetStringAsync("/localcloud/counters", Stopping))!;
        Assert.AreEqual(cloud.Registry.Certificates.Count(certificate => certificate.Status == CertificateStatus.Active), (int)counters["certificates"]!["ACTIVE"]!);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task What_clients_do_and_are_refused_is_counted()
    {
        await using var cloud = await TestCloud.StartAsync(Stopping);
        using var http = new HttpClient { BaseAddress = new Uri(cloud.Server.ControlPlaneUrl) };

        await using var watcher = await cloud.ConnectAsync(cloud.Operator, "all-1", Stopping);
        await watcher.SubscribeAsync("a/b", cancellationToken: Stopping);
        await watcher.PublishAsync("a/b", "hello"u8.ToArray(), cancellationToken: Stopping);
        await watcher.Messages.ReadAsync(Stopping);
        await Assert.ThrowsExactlyAsync<MqttRefusedException>(() => cloud.ConnectAsync(cloud.Operator, "other", Stopping));
        await cloud.Log.WaitAsync("CONNECT as other is refused", Stopping);
        await using var claim = await cloud.ConnectAsync(cloud.Server.ClaimCredentials, "claim", Stopping);
        await claim.SubscribeAsync("$aws/certificates/create/json/+", cancellationToken: Stopping);
        await claim.PublishAsync("$aws/certificates/create/json", "x"u8.ToArray(), cancellationToken: Stopping);
        await claim.Messages.ReadAsync(Stopping);

        var counters = JsonNode.Parse(await http.GetStringAsync("/localcloud/counters", Stopping))!;
        Assert.AreEqual((2, 2), ((int)counters["connections"]!["now"]!, (int)counters["connections"]!["accepted"]!));
        Assert.AreEqual(1, (int)counters["connections"]!["refused"]!["AUTH_ERROR"]!);
        Assert.AreEqual(1, (int)counters["denials"]!["iot:Connect"]!);
        Assert.AreEqual((2, 2), ((int)counters["messages"]!["in"]!, (int)counters["messages"]!["out"]!));
        Assert.AreEqual(1, (int)counters["provisioning"]!["rejected"]!["400 InvalidRequest"]!);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task A_certificate_of_another_authority_is_registered_once()
    {
        await using var cloud = await TestCloud.StartAsync(Stopping);
        using var aws = new ControlPlaneClient(cloud.Server.ControlPlaneUrl, Stopping);
        using var certificates = new Tests.Mqtt.TestCertificates();
        JsonObject body(string pem) => new() { ["certificatePem"] = pem, ["status"] = "ACTIVE" };
        var pem = certificates.RootPem;

        var id = (string?)(await aws.AskAsync("POST", "/certificate/register-no-ca", body(pem)))["certificateId"];
        Assert.AreEqual(CertificateStatus.Active, cloud.Registry.FindCertificate(id!)!.Status);
        Assert.AreEqual("409 ResourceAlreadyExistsException", await aws.RefusalAsync("POST", "/certificate/register-no-ca", body(pem)));
        Assert.AreEqual("400 CertificateValidationException", await aws.RefusalAsync("POST", "/certificate/register-no-ca", body("PEM")));
        Assert.AreEqual("406 CertificateStateException", await aws.RefusalAsync("DELETE", "/certificates/" + id));
        Assert.AreEqual("400 InvalidRequestException", await aws.RefusalAsync("PUT", $"/certificates/{id}?newStatus=PENDING_ACTIVATION"));
    }
}
