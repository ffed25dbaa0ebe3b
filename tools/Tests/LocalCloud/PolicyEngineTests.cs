using System.Text.Json.Nodes;
using LocalCloud;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Tests.LocalCloud;

[TestClass]
public sealed class PolicyEngineTests
{
    private static readonly IotArns s_arns = new("us-east-1", "123456789012");

    // Developer guide, "Publish/Subscribe policy examples", registered and unregistered devices.
    private const string PublishUnderThingName = """
        [{ "Effect": "Allow", "Action": ["iot:Connect"], "Resource": ["arn:aws:iot:us-east-1:123456789012:client/${iot:Connection.Thing.ThingName}"] },
         { "Effect": "Allow", "Action": ["iot:Publish"], "Resource": ["arn:aws:iot:us-east-1:123456789012:topic/${iot:Connection.Thing.ThingName}/*"] }]
        """;

    private const string ThreeClients = """
        [{ "Effect": "Allow", "Action": ["iot:Connect"], "Resource": ["arn:aws:iot:us-east-1:123456789012:client/client1", "arn:aws:iot:us-east-1:123456789012:client/client2", "arn:aws:iot:us-east-1:123456789012:client/client3"] },
         { "Effect": "Allow", "Action": ["iot:Publish"], "Resource": ["arn:aws:iot:us-east-1:123456789012:topic/${iot:ClientId}/*"] }]
        """;

    private const string Rooms = """
        [{ "Effect": "Allow", "Action": ["iot:Subscribe"], "Resource": ["arn:aws:iot:us-east-1:123456789012:topicfilter/${iot:ClientId}/room*"] },
         { "Effect": "Allow", "Action": ["iot:Receive"], "Resource": ["arn:aws:iot:us-east-1:123456789012:topic/${iot:ClientId}/room*"] }]
        """;

    private const string LiteralPlus = """[{ "Effect": "Allow", "Action": ["iot:Subscribe"], "Resource": ["arn:aws:iot:us-east-1:123456789012:topicfilter/some/+/topic"] }]""";

    private const string StarInTheMiddle = """[{ "Effect": "Allow", "Action": ["iot:Subscribe"], "Resource": ["arn:aws:iot:us-east-1:123456789012:topicfilter/some/*/topic"] }]""";

    private const string AllButBar = """
        [{ "Effect": "Allow", "Action": ["iot:Publish"], "Resource": ["arn:aws:iot:us-east-1:123456789012:topic/${iot:ClientId}/*"] },
         { "Sid": "NotBar", "Effect": "Deny", "Action": ["iot:Publish"], "Resource": ["arn:aws:iot:us-east-1:123456789012:topic/${iot:ClientId}/bar"] }]
        """;

    // Developer guide, "Basic AWS IoT Core policy variables": the trap of a client that calls itself "+".
    private const string ClientIdInFilter = """
        [{ "Effect": "Allow", "Action": ["iot:Subscribe"], "Resource": ["arn:aws:iot:us-east-1:123456789012:topicfilter/my/${iot:ClientId}/topic"] }]
        """;

    private const string DenyUnderThingName = """
        [{ "Effect": "Allow", "Action": "iot:Publish", "Resource": "*" },
         { "Effect": "Deny", "Action": "iot:Publish", "Resource": "arn:aws:iot:us-east-1:123456789012:topic/${iot:Connection.Thing.ThingName}" }]
        """;

    private const string OneOfTwoResolves = """
        [{ "Effect": "Allow", "Action": "iot:Publish", "Resource": ["arn:aws:iot:us-east-1:123456789012:topic/${iot:Connection.Thing.ThingName}", "arn:aws:iot:us-east-1:123456789012:topic/common"] }]
        """;

    private const string Everything = """[{ "Effect": "Allow", "Action": "*", "Resource": "*" }]""";
    private const string AllOfIot = """[{ "Effect": "Allow", "Action": "iot:*", "Resource": "*" }]""";
    private const string OtherCase = """[{ "Effect": "Allow", "Action": "IOT:publish", "Resource": "*" }]""";
    private const string Pub = """[{ "Effect": "Allow", "Action": "iot:Pub*", "Resource": "*" }]""";
    private const string OtherService = """[{ "Effect": "Allow", "Action": "greengrass:*", "Resource": "*" }]""";
    private const string QuestionMark = """[{ "Effect": "Allow", "Action": "iot:Publish", "Resource": "arn:aws:iot:us-east-1:123456789012:topic/room-?" }]""";
    private const string WrittenStar = """[{ "Effect": "Allow", "Action": "iot:Publish", "Resource": "arn:aws:iot:us-east-1:123456789012:topic/a${*}b${?}c${$}d" }]""";
    private const string ManyStars = """[{ "Effect": "Allow", "Action": "iot:Publish", "Resource": "arn:aws:iot:us-east-1:123456789012:topic/*a*b*c" }]""";

    [TestMethod]

    // What AWS documents.
    [DataRow(PublishUnderThingName, "Connect", "lamp", "lamp", "lamp", true)]
    [DataRow(PublishUnderThingName, "Connect", "other", "lamp", null, false)]
    [DataRow(PublishUnderThingName, "Publish", "lamp/a/b", "lamp", "lamp", true)]
    [DataRow(PublishUnderThingName, "Publish", "lamp", "lamp", "lamp", false)]
    [DataRow(PublishUnderThingName, "Publish", "other/a", "lamp", "lamp", false)]
    [DataRow(PublishUnderThingName, "Publish", "lamp/a", "lamp", null, false)]
    [DataRow(ThreeClients, "Connect", "client2", "client2", null, true)]
    [DataRow(ThreeClients, "Connect", "client4", "client4", null, false)]
    [DataRow(ThreeClients, "Publish", "client1/x", "client1", null, true)]
    [DataRow(ThreeClients, "Publish", "client2/x", "client1", null, false)]
    [DataRow(Rooms, "Subscribe", "thing1/room1", "thing1", null, true)]
    [DataRow(Rooms, "Subscribe", "thing1/room/+", "thing1", null, true)]
    [DataRow(Rooms, "Subscribe", "thing1/#", "thing1", null, false)]
    [DataRow(Rooms, "Receive", "thing1/room2", "thing1", null, true)]
    [DataRow(Rooms, "Receive", "thing2/room2", "thing1", null, false)]
    [DataRow(LiteralPlus, "Subscribe", "some/+/topic", "x", null, true)]
    [DataRow(LiteralPlus, "Subscribe", "some/any/topic", "x", null, false)]
    [DataRow(StarInTheMiddle, "Subscribe", "some/string1/topic", "x", null, true)]
    [DataRow(StarInTheMiddle, "Subscribe", "some/a/b/topic", "x", null, true)]
    [DataRow(StarInTheMiddle, "Subscribe", "some/topic", "x", null, false)]
    [DataRow(AllButBar, "Publish", "client1/foo", "client1", null, true)]
    [DataRow(AllButBar, "Publish", "client1/bar", "client1", null, false)]
    [DataRow(ClientIdInFilter, "Subscribe", "my/+/topic", "+", null, true)]

    // Values stand for themselves, never for a pattern.
    [DataRow(ClientIdInFilter, "Subscribe", "my/*/topic", "*", null, false)]
    [DataRow(ClientIdInFilter, "Subscribe", "my/anything/topic", "*", null, false)]
    [DataRow(ClientIdInFilter, "Subscribe", "my/a/topic", "?", null, false)]
    [DataRow(ClientIdInFilter, "Subscribe", "my/${iot:ClientId}/topic", "*", null, false)]
    [DataRow(DenyUnderThingName, "Publish", "lamp", "lamp", "lamp", false)]
    [DataRow(DenyUnderThingName, "Publish", "lamp", "lamp", null, true)]
    [DataRow(OneOfTwoResolves, "Publish", "common", "lamp", null, true)]
    [DataRow(OneOfTwoResolves, "Publish", "lamp", "lamp", null, false)]

    // Actions.
    [DataRow(Everything, "Publish", "any/thing", "x", null, true)]
    [DataRow(AllOfIot, "RetainPublish", "any/thing", "x", null, true)]
    [DataRow(OtherCase, "Publish", "any/thing", "x", null, true)]
    [DataRow(Pub, "Publish", "any/thing", "x", null, true)]
    [DataRow(Pub, "RetainPublish", "any/thing", "x", null, false)]
    [DataRow(OtherService, "Publish", "any/thing", "x", null, false)]

    // Wildcards.
    [DataRow(QuestionMark, "Publish", "room-1", "x", null, true)]
    [DataRow(QuestionMark, "Publish", "room-", "x", null, false)]
    [DataRow(QuestionMark, "Publish", "room-12", "x", null, false)]
    [DataRow(QuestionMark, "Publish", "room-/", "x", null, true)]
    [DataRow(WrittenStar, "Publish", "a*b?c$d", "x", null, true)]
    [DataRow(WrittenStar, "Publish", "aXbYc$d", "x", null, false)]
    [DataRow(ManyStars, "Publish", "xxaxxbxxbxxc", "x", null, true)]
    [DataRow(ManyStars, "Publish", "abc", "x", null, true)]
    [DataRow(ManyStars, "Publish", "acb", "x", null, false)]
    [DataRow(ManyStars, "Publish", "abcd", "x", null, false)]
    public void The_table(string statements, string action, string subject, string clientId, string? thingName, bool isAllowed)
    {
        var decision = PolicyEngine.Evaluate([Named("P", statements)], "iot:" + action, Resource(action, subject), new PolicyContext(clientId, thingName is null ? null : new Thing(thingName, TypeName: null)));

        Assert.AreEqual(isAllowed, decision.IsAllowed, decision.Reason);
    }

    [TestMethod]
    [DataRow("Connect", "any-client", true)]
    [DataRow("Publish", "$aws/certificates/create/json", true)]
    [DataRow("Publish", "$aws/certificates/create/cbor", true)]
    [DataRow("Subscribe", "$aws/certificates/create/json/accepted", true)]
    [DataRow("Receive", "$aws/certificates/create/json/rejected", true)]
    [DataRow("Publish", "$aws/provisioning-templates/smpl-krsk-iot-core-prov-temp/provision/json", true)]
    [DataRow("Subscribe", "$aws/provisioning-templates/smpl-krsk-iot-core-prov-temp/provision/json/accepted", true)]
    [DataRow("Receive", "$aws/provisioning-templates/smpl-krsk-iot-core-prov-temp/provision/json/accepted", true)]

    // create/* is not create-from-csr/…: users meet it (aws/aws-iot-device-sdk-embedded-C issue 1833).
    [DataRow("Publish", "$aws/certificates/create-from-csr/json", false)]
    [DataRow("Subscribe", "$aws/certificates/create-from-csr/json/accepted", false)]
    [DataRow("Publish", "$aws/provisioning-templates/other/provision/json", false)]
    [DataRow("Publish", "$aws/provisioning-templates/smpl-krsk-iot-core-prov-temp-serial/provision/json", false)]
    [DataRow("Subscribe", "#", false)]
    [DataRow("Publish", "dt/smpl-krsk/tokyo/x", false)]
    public void The_seeds_claim_policy(string action, string subject, bool isAllowed)
    {
        var options = new LocalCloudOptions();
        var policy = SeedDocuments.Policies(options).Single(policy => policy.Name == SeedDocuments.ClaimPolicyName);

        AssertSeed(policy, action, subject, "any-client", thingName: null, isAllowed);
    }

    [TestMethod]
    [DataRow("Connect", "device-001_TEMP1", "device-001_TEMP1", true)]
    [DataRow("Connect", "device-001_RH1", "device-001_TEMP1", false)]
    [DataRow("Connect", "device-001_TEMP1", null, false)]
    [DataRow("Publish", "dt/smpl-krsk/tokyo/hibiya/lab/device-001_TEMP1", "device-001_TEMP1", true)]
    [DataRow("Publish", "dt/smpl-krsk/device-001_TEMP1", "device-001_TEMP1", false)]
    [DataRow("Publish", "dt/smpl-krsk/tokyo/hibiya/lab/device-001_RH1", "device-001_TEMP1", false)]
    [DataRow("Publish", "dt/smpl-krsk/tokyo/device-001_TEMP1/more", "device-001_TEMP1", false)]
    [DataRow("Publish", "dt/other/tokyo/device-001_TEMP1", "device-001_TEMP1", false)]
    [DataRow("Subscribe", "cmd/smpl-krsk/tokyo/hibiya/lab/device-001_TEMP1", "device-001_TEMP1", true)]
    [DataRow("Subscribe", "cmd/smpl-krsk/#", "device-001_TEMP1", false)]
    [DataRow("Subscribe", "cmd/smpl-krsk/+/device-001_TEMP1", "device-001_TEMP1", true)]
    [DataRow("Receive", "cmd/smpl-krsk/tokyo/device-001_TEMP1", "device-001_TEMP1", true)]
    [DataRow("Receive", "cmd/smpl-krsk/tokyo/device-001_RH1", "device-001_TEMP1", false)]
    [DataRow("RetainPublish", "dt/smpl-krsk/tokyo/hibiya/lab/device-001_TEMP1", "device-001_TEMP1", false)]
    public void The_seeds_device_policy(string action, string subject, string? thingName, bool isAllowed)
    {
        var policy = SeedDocuments.Policies(new LocalCloudOptions()).Single(policy => policy.Name == SeedDocuments.DevicePolicyName);

        AssertSeed(policy, action, subject, "device-001_TEMP1", thingName, isAllowed);
    }

    [TestMethod]
    public void The_seeds_documents_follow_the_options()
    {
        var options = new LocalCloudOptions { Region = "eu-west-1", AccountId = "999999999999", ProductName = "lamps", TemplateName = "T" };
        var policies = SeedDocuments.Policies(options).ToDictionary(policy => policy.Name);
        var arns = new IotArns(options.Region, options.AccountId);
        var context = new PolicyContext("lamp-1", new Thing("lamp-1", TypeName: null));

        Assert.IsTrue(PolicyEngine.Evaluate([policies[SeedDocuments.DevicePolicyName]], PolicyActions.Publish, arns.Topic("dt/lamps/x/lamp-1"), context).IsAllowed);
        Assert.IsTrue(PolicyEngine.Evaluate([policies[SeedDocuments.ClaimPolicyName]], PolicyActions.Publish, arns.Topic("$aws/provisioning-templates/T/provision/json"), context).IsAllowed);
        Assert.DoesNotContain("ap-northeast-1", string.Concat(policies.Values.Select(policy => policy.Document.Text)));
    }

    [TestMethod]
    public void The_wider_documents_allow_what_the_others_do_and_the_provisioning_API_beside_it()
    {
        var narrow = SeedDocuments.Policies(new LocalCloudOptions()).ToDictionary(policy => policy.Name, policy => policy.Document.Text);
        foreach (var wide in SeedDocuments.Policies(new LocalCloudOptions { AllowCsr = true, AllowRotation = true }))
        {
            var arns = new IotArns("ap-northeast-1", "123456789012");
            var isClaim = wide.Name.Contains("claim", StringComparison.Ordinal);
            var template = wide.Name is SeedDocuments.SerialClaimPolicyName or SeedDocuments.SerialDevicePolicyName ? SeedDocuments.SerialTemplateName : new LocalCloudOptions().TemplateName;
            var provisioning = $"$aws/provisioning-templates/{template}/provision/";

            // Statement by statement: nothing but these is added.
            string[] added = isClaim ? ["$aws/certificates/create-from-csr/"] : ["$aws/certificates/create/", "$aws/certificates/create-from-csr/", provisioning];
            var ofNarrow = Permissions(narrow[wide.Name]);
            CollectionAssert.AreEquivalent(
                ofNarrow.Concat(added.SelectMany(topic => new[]
                {
                    "iot:Publish " + arns.Topic(topic) + "*", "iot:Receive " + arns.Topic(topic) + "*", "iot:Subscribe " + arns.TopicFilter(topic) + "*",
                })).ToArray(),
                Permissions(wide.Document.Text),
                wide.Name);
        }

        static string[] Permissions(string document) =>
        [
            .. from statement in JsonNode.Parse(document)!["Statement"]!.AsArray()
               from action in Texts(statement!["Action"]!)
               from resource in Texts(statement["Resource"]!)
               select $"{action} {resource}",
        ];

        static IEnumerable<string> Texts(JsonNode node) => node is JsonArray many ? many.Select(item => (string)item!) : [(string)node!];
    }

    [TestMethod]
    public void One_policys_denial_outweighs_anothers_permission()
    {
        var decision = PolicyEngine.Evaluate(
            [Named("Open", Everything), Named("Closed", """[{ "Sid": "Never", "Effect": "Deny", "Action": "iot:Publish", "Resource": "*" }]""")],
            PolicyActions.Publish,
            s_arns.Topic("x"),
            new PolicyContext("c", null));

        Assert.IsFalse(decision.IsAllowed);
        Assert.AreEqual("statement 1 (Never) of policy Closed denies iot:Publish on arn:aws:iot:us-east-1:123456789012:topic/x", decision.Reason);
    }

    [TestMethod]
    [DataRow(PolicyActions.Publish, "topic/$aws/certificates/create/json", "topic/$aws/certificates/create/jsonx")]
    [DataRow(PolicyActions.Publish, "topic/a*b?c/${iot:ClientId}", "topic/aXb?c/${iot:ClientId}")]
    [DataRow(PolicyActions.Publish, "topic/a*b?c/${iot:ClientId}", "topic/a*b?c/c")]
    [DataRow(PolicyActions.Publish, "topic/\"quoted\"/\u00e9", "topic/quoted")]
    [DataRow(PolicyActions.Subscribe, "topicfilter/a/+/#", "topicfilter/a/b/#")]
    [DataRow(PolicyActions.Connect, "client/c", "client/cc")]
    public void The_statement_that_a_refusal_names_allows_just_that_when_it_is_put_in(string action, string resource, string other)
    {
        var context = new PolicyContext("c", null);
        const string Account = "arn:aws:iot:us-east-1:123456789012:";
        var reason = PolicyEngine.Evaluate([], action, Account + resource, context).Reason;
        var mended = Named("Mended", "[" + reason[reason.IndexOf('{', reason.IndexOf("this one would: ", StringComparison.Ordinal))..] + "]");

        Assert.IsTrue(PolicyEngine.Evaluate([mended], action, Account + resource, context).IsAllowed, reason);
        Assert.IsFalse(PolicyEngine.Evaluate([mended], action, Account + other, context).IsAllowed, reason);
        Assert.IsFalse(PolicyEngine.Evaluate([mended], PolicyActions.Receive, Account + resource, context).IsAllowed, reason);
    }

    [TestMethod]
    public void A_refusal_says_what_was_missing()
    {
        var context = new PolicyContext("c", null);
        string Reason(params Policy[] policies) => PolicyEngine.Evaluate(policies, PolicyActions.Publish, s_arns.Topic("x"), context).Reason;

        const string Missing = """; this one would: {"Effect":"Allow","Action":"iot:Publish","Resource":"arn:aws:iot:us-east-1:123456789012:topic/x"}""";
        Assert.AreEqual("the certificate has no policy attached, so nothing allows iot:Publish on arn:aws:iot:us-east-1:123456789012:topic/x" + Missing, Reason());
        Assert.AreEqual("no statement of policy P allows iot:Publish on arn:aws:iot:us-east-1:123456789012:topic/x" + Missing, Reason(Named("P", LiteralPlus)));
        Assert.Contains("statement 2 of policy P needs ${iot:Connection.Thing.ThingName}, which has no value: the certificate is attached to no thing named c", Reason(Named("P", PublishUnderThingName)));
    }

    [TestMethod]
    [Timeout(10_000)]
    public void A_pattern_cannot_be_made_slow()
    {
        var pattern = string.Concat(Enumerable.Repeat("a*", 200));
        var policy = Named("P", $$"""[{ "Effect": "Allow", "Action": "iot:Publish", "Resource": "arn:aws:iot:us-east-1:123456789012:topic/{{pattern}}b" }]""");

        Assert.IsFalse(PolicyEngine.Evaluate([policy], PolicyActions.Publish, s_arns.Topic(new string('a', 20_000)), new PolicyContext("c", null)).IsAllowed);
    }

    private static Policy Named(string name, string statements) =>
        new(name, PolicyDocument.Parse($$"""{ "Version": "2012-10-17", "Statement": {{statements}} }"""));

    private static string Resource(string action, string subject) => Resource(s_arns, action, subject);

    private static string Resource(IotArns arns, string action, string subject) => action switch
    {
        "Connect" => arns.Client(subject),
        "Subscribe" => arns.TopicFilter(subject),
        _ => arns.Topic(subject),
    };

    private static void AssertSeed(Policy policy, string action, string subject, string clientId, string? thingName, bool isAllowed)
    {
        var options = new LocalCloudOptions();
        var resource = Resource(new IotArns(options.Region, options.AccountId), action, subject);
        var decision = PolicyEngine.Evaluate([policy], "iot:" + action, resource, new PolicyContext(clientId, thingName is null ? null : new Thing(thingName, TypeName: null)));
        Assert.AreEqual(isAllowed, decision.IsAllowed, decision.Reason);
    }
}
