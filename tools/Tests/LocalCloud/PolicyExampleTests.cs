using System.Collections.Immutable;
using System.Net;
using LocalCloud;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Tests.LocalCloud;

/// <summary>The policies of the AWS IoT developer guide, and what it says that they do.</summary>
[TestClass]
public sealed class PolicyExampleTests
{
    private const string Account = "arn:aws:iot:us-east-1:123456789012:";

    // "Connect policy examples".
    private const string AllButTwoClients = $$"""
        { "Effect": "Deny", "Action": ["iot:Connect"], "Resource": ["{{Account}}client/client1", "{{Account}}client/client2"] },
        { "Effect": "Allow", "Action": ["iot:Connect"], "Resource": ["{{Account}}client/${iot:Connection.Thing.ThingName}"] }
        """;

    private const string Connect = """ "Effect": "Allow", "Action": ["iot:Connect"], "Resource": "*" """;
    private const string DenyConnect = """ "Effect": "Deny", "Action": ["iot:Connect"], "Resource": "*" """;
    private const string AllPersistent = """ "Condition": { "ForAllValues:StringEquals": { "iot:ConnectAttributes": ["PersistentConnect"] } } """;
    private const string AllWill = """ "Condition": { "ForAllValues:StringEquals": { "iot:ConnectAttributes": ["LastWill"] } } """;
    private const string AllBoth = """ "Condition": { "ForAllValues:StringEquals": { "iot:ConnectAttributes": ["PersistentConnect", "LastWill"] } } """;
    private const string AllNone = """ "Condition": { "ForAllValues:StringEquals": { "iot:ConnectAttributes": [] } } """;
    private const string AnyPersistent = """ "Condition": { "ForAnyValue:StringEquals": { "iot:ConnectAttributes": ["PersistentConnect"] } } """;
    private const string WillTopic = $$""" "Condition": { "ArnEquals": { "iot:LastWillTopic": "{{Account}}topic/my/lastwill/topicName" } } """;

    private const string PersistentAllowed = $$"""{ {{Connect}}, {{AllPersistent}} }""";
    private const string PersistentDisallowed = $$"""{ {{Connect}}, "Condition": { "ForAllValues:StringNotEquals": { "iot:ConnectAttributes": ["PersistentConnect"] } } }""";
    private const string PersistentDenied = $$"""{ {{Connect}} }, { {{DenyConnect}}, {{AnyPersistent}} }""";
    private const string BothAllowed = $$"""{ {{Connect}}, {{AllBoth}} }""";
    private const string CleanOnly = $$"""{ {{Connect}}, {{AllWill}} }""";
    private const string DefaultOnly = $$"""{ {{Connect}}, {{AllNone}} }""";
    private const string PersistentOnly = $$"""{ {{Connect}}, {{AnyPersistent}} }""";
    private const string BothDemanded = $$"""{ {{Connect}}, {{AllBoth}} }, { {{DenyConnect}}, {{AllPersistent}} }, { {{DenyConnect}}, {{AllWill}} }, { {{DenyConnect}}, {{AllNone}} }""";
    private const string CleanWithWill = $$"""{ {{DenyConnect}}, {{AnyPersistent}} }, { {{Connect}}, {{AllWill}} }""";
    private const string OneWillTopic = $$"""{ {{Connect}}, {{WillTopic}} }""";
    private const string OneWillTopicClean = $$"""{ {{Connect}}, {{WillTopic}} }, { {{DenyConnect}}, {{AnyPersistent}} }""";

    // "Retained message policy examples".
    private const string RetainedWill = $$"""
        { "Effect": "Allow", "Action": ["iot:Connect"], "Resource": ["{{Account}}client/*"], {{AllWill}} },
        { "Effect": "Allow", "Action": ["iot:Publish", "iot:RetainPublish"], "Resource": ["{{Account}}topic/will"] }
        """;

    private const string ListRetained = $$"""
        { "Effect": "Allow", "Action": ["iot:ListRetainedMessages"], "Resource": ["*"] },
        { "Effect": "Allow", "Action": ["iot:GetRetainedMessage"], "Resource": ["{{Account}}topic/foo"] }
        """;

    // "Thing policy examples".
    private const string Attached = $$"""{ {{Connect}}, "Condition": { "Bool": { "iot:Connection.Thing.IsAttached": ["true"] } } }""";

    private const string TypeAndAttribute = $$"""
        { "Effect": "Allow", "Action": ["iot:Publish"], "Resource": "{{Account}}topic/device/stats", "Condition": {
            "StringEquals": { "iot:Connection.Thing.Attributes[attributeName]": "attributeValue", "iot:Connection.Thing.ThingTypeName": "Thing_Type_Name" },
            "Bool": { "iot:Connection.Thing.IsAttached": "true" } } }
        """;

    private const string AttributeInTopic = $$"""
        { "Effect": "Allow", "Action": ["iot:Publish"], "Resource": "{{Account}}topic/${iot:Connection.Thing.Attributes[attributeName]}/*" }
        """;

    // "Certificate policy examples".
    private const string CertificateIdTopic = $$"""{ "Effect": "Allow", "Action": ["iot:Publish"], "Resource": ["{{Account}}topic/${iot:CertificateId}"] }""";
    private const string CommonNameTopic = $$"""{ "Effect": "Allow", "Action": ["iot:Publish"], "Resource": ["{{Account}}topic/${iot:Certificate.Subject.CommonName}"] }""";

    private const string ThirdCommonName = $$"""
        { "Effect": "Allow", "Action": ["iot:Publish"], "Resource": ["{{Account}}topic/admin/*"], "Condition": { "StringEquals": { "iot:Certificate.Subject.CommonName.2": "Administrator" } } }
        """;

    private const string AnyCommonName = $$"""
        { "Effect": "Allow", "Action": ["iot:Publish"], "Resource": ["{{Account}}topic/admin/${iot:Connection.Thing.ThingName}"],
          "Condition": { "ForAnyValue:StringEquals": { "iot:Certificate.Subject.CommonName.List": "Administrator" } } }
        """;

    // "X.509 certificate AWS IoT Core policy variables" and "Using X.509 certificate policy variables".
    private const string Organizations = $$"""
        { "Effect": "Allow", "Action": ["iot:Publish"], "Resource": ["{{Account}}topic/my/topic/${iot:Connection.Thing.ThingName}"],
          "Condition": { "ForAllValues:StringEquals": { "iot:Certificate.Subject.Organization.List": ["Example Corp", "AnyCompany"] } } }
        """;

    private const string SerialNumberClient = $$"""
        { "Effect": "Allow", "Action": ["iot:Connect"], "Resource": ["{{Account}}client/${iot:Certificate.SerialNumber}"] },
        { "Effect": "Allow", "Action": ["iot:Publish"], "Resource": ["{{Account}}topic/${iot:Certificate.Subject.Organization}/device-stats/${iot:ClientId}/*"] }
        """;

    private const string NotNull = $$"""
        { "Effect": "Allow", "Action": ["iot:Connect"], "Resource": ["{{Account}}client/*"],
          "Condition": { "Null": { "iot:Certificate.SerialNumber": "false", "iot:Certificate.Subject.CommonName": "false" } } }
        """;

    // "Publish/Subscribe policy examples".
    private const string DenyIsNotEnough = $$"""
        { "Effect": "Allow", "Action": "iot:Subscribe", "Resource": "{{Account}}topicfilter/a/*" },
        { "Effect": "Deny", "Action": "iot:Subscribe", "Resource": "{{Account}}topicfilter/a/restricted/*" },
        { "Effect": "Allow", "Action": "iot:Receive", "NotResource": "{{Account}}topic/a/restricted/*" }
        """;

    private const string ReceiveDenied = $$"""
        { "Effect": "Allow", "Action": "iot:Subscribe", "Resource": "{{Account}}topicfilter/device/update" },
        { "Effect": "Deny", "Action": "iot:Receive", "Resource": "{{Account}}topic/device/update" }
        """;

    private const string SubscribeOnly = $$"""
        { "Effect": "Allow", "Action": ["iot:Connect"], "Resource": ["{{Account}}client/${iot:Connection.Thing.ThingName}"] },
        { "Effect": "Allow", "Action": ["iot:Subscribe"], "Resource": ["{{Account}}topicfilter/my/topic"] },
        { "Effect": "Deny", "Action": ["iot:Publish"], "Resource": ["{{Account}}topic/${iot:Connection.Thing.ThingName}/bar"] }
        """;

    private const string FiveCharacters = $$"""
        { "Effect": "Allow", "Action": "iot:Publish", "Resource": "{{Account}}topic/some/?????/topic" },
        { "Effect": "Allow", "Action": "iot:Subscribe", "Resource": "{{Account}}topicfilter/some/sensor???/topic" }
        """;

    // "Basic AWS IoT Core policy variables": aws:SourceIp "can be used in the Condition element … within a specific address range".
    private const string Addresses = $$"""
        { {{Connect}}, "Condition": { "IpAddress": { "aws:SourceIp": ["123.45.167.89/24", "2001:db8::/32"] } } },
        { "Effect": "Deny", "Action": "*", "Resource": "*", "Condition": { "IpAddress": { "aws:SourceIp": "123.45.167.9" } } }
        """;

    // Not of the guide: what the documents allow beside.
    private const string AllButConnect = """{ "Effect": "Allow", "NotAction": ["iot:Connect", "iot:Retain*"], "Resource": "*" }""";
    private const string NotOwnTopic = $$"""{ "Effect": "Allow", "Action": "iot:Publish", "NotResource": "{{Account}}topic/${iot:Connection.Thing.ThingName}" }""";

    private const string DenyAllButOwnTopic = $$"""
        { "Effect": "Allow", "Action": "*", "Resource": "*" },
        { "Effect": "Deny", "Action": "iot:Publish", "NotResource": "{{Account}}topic/${iot:Connection.Thing.ThingName}/*" }
        """;

    private const string LikeBulbs = $$"""{ {{Connect}}, "Condition": { "StringLike": { "iot:Connection.Thing.ThingTypeName": ["Bulb*", "L?mp"] } } }""";
    private const string UnlikeBulbs = $$"""{ {{Connect}}, "Condition": { "StringNotLike": { "iot:Connection.Thing.ThingTypeName": "Bulb*" } } }""";
    private const string StarIsAStar = $$"""{ {{Connect}}, "Condition": { "StringEquals": { "iot:Connection.Thing.ThingTypeName": "Bulb*" } } }""";
    private const string AnyCase = $$"""{ {{Connect}}, "Condition": { "StringEqualsIgnoreCase": { "iot:Connection.Thing.ThingTypeName": "BULB" } } }""";
    private const string NotThere = $$"""{ {{Connect}}, "Condition": { "NotIpAddress": { "aws:SourceIp": "10.0.0.0/8" } } }""";
    private const string Unattached = $$"""{ {{Connect}}, "Condition": { "Bool": { "iot:Connection.Thing.IsAttached": false } } }""";
    private const string NameIsType = $$"""{ {{Connect}}, "Condition": { "StringEquals": { "iot:ClientId": "${iot:Connection.Thing.ThingTypeName}-1" } } }""";
    private const string NameIsNotType = $$"""{ {{Connect}}, "Condition": { "StringNotEquals": { "iot:ClientId": "${iot:Connection.Thing.ThingTypeName}" } } }""";
    private const string DenyUnlessType = $$"""{ {{Connect}} }, { {{DenyConnect}}, "Condition": { "StringNotEquals": { "iot:ClientId": "${iot:Connection.Thing.ThingTypeName}" } } }""";
    private const string OwnWill = $$"""{ {{Connect}}, "Condition": { "ArnLike": { "iot:LastWillTopic": "arn:*:iot:*:123456789012:topic/${iot:Connection.Thing.ThingName}/*" } } }""";

    private static readonly string s_administrator = Certificate(("2.5.4.10", "Example Corp"), ("2.5.4.3", "device"), ("2.5.4.3", "second"), ("2.5.4.3", "Administrator"));
    private static readonly string s_second = Certificate(("2.5.4.10", "AnyCompany"), ("2.5.4.10", "Others"), ("2.5.4.3", "device"), ("2.5.4.3", "Administrator"));
    private static readonly string s_nameless = Certificate(("2.5.4.11", "unit"));

    [TestMethod]
    [DataRow(AllButTwoClients, "Connect", "client1", "thing", false)]
    [DataRow(AllButTwoClients, "Connect", "client3", "thing", true)]
    [DataRow(AllButTwoClients, "Connect", "client3", "", false)]
    [DataRow(PersistentAllowed, "Connect", "c", "persistent", true)]
    [DataRow(PersistentAllowed, "Connect", "c", "", true)]
    [DataRow(PersistentAllowed, "Connect", "c", "will=w", false)]
    [DataRow(PersistentAllowed, "Connect", "c", "persistent will=w", false)]
    [DataRow(PersistentDisallowed, "Connect", "c", "persistent", false)]
    [DataRow(PersistentDisallowed, "Connect", "c", "will=w", true)]
    [DataRow(PersistentDisallowed, "Connect", "c", "", true)]
    [DataRow(PersistentDenied, "Connect", "c", "persistent", false)]
    [DataRow(PersistentDenied, "Connect", "c", "persistent will=w", false)]
    [DataRow(PersistentDenied, "Connect", "c", "will=w", true)]
    [DataRow(BothAllowed, "Connect", "c", "persistent will=w", true)]
    [DataRow(BothAllowed, "Connect", "c", "", true)]
    [DataRow(CleanOnly, "Connect", "c", "", true)]
    [DataRow(CleanOnly, "Connect", "c", "will=w", true)]
    [DataRow(CleanOnly, "Connect", "c", "persistent", false)]
    [DataRow(DefaultOnly, "Connect", "c", "", true)]
    [DataRow(DefaultOnly, "Connect", "c", "will=w", false)]
    [DataRow(DefaultOnly, "Connect", "c", "persistent", false)]
    [DataRow(PersistentOnly, "Connect", "c", "", false)]
    [DataRow(PersistentOnly, "Connect", "c", "will=w", false)]
    [DataRow(PersistentOnly, "Connect", "c", "persistent", true)]
    [DataRow(PersistentOnly, "Connect", "c", "persistent will=w", true)]
    [DataRow(BothDemanded, "Connect", "c", "persistent will=w", true)]
    [DataRow(BothDemanded, "Connect", "c", "persistent", false)]
    [DataRow(BothDemanded, "Connect", "c", "will=w", false)]
    [DataRow(BothDemanded, "Connect", "c", "", false)]
    [DataRow(CleanWithWill, "Connect", "c", "will=w", true)]
    [DataRow(CleanWithWill, "Connect", "c", "", true)]
    [DataRow(CleanWithWill, "Connect", "c", "persistent will=w", false)]
    [DataRow(OneWillTopic, "Connect", "c", "will=my/lastwill/topicName", true)]
    [DataRow(OneWillTopic, "Connect", "c", "persistent will=my/lastwill/topicName", true)]
    [DataRow(OneWillTopic, "Connect", "c", "will=another", false)]
    [DataRow(OneWillTopic, "Connect", "c", "", false)]
    [DataRow(OneWillTopicClean, "Connect", "c", "will=my/lastwill/topicName", true)]
    [DataRow(OneWillTopicClean, "Connect", "c", "persistent will=my/lastwill/topicName", false)]
    [DataRow(RetainedWill, "Connect", "any", "will=will", true)]
    [DataRow(RetainedWill, "RetainPublish", "will", "will=will", true)]
    [DataRow(RetainedWill, "RetainPublish", "other", "will=will", false)]
    [DataRow(ListRetained, "GetRetainedMessage", "foo", "", true)]
    [DataRow(ListRetained, "Receive", "foo", "", false)]
    [DataRow(Attached, "Connect", "c", "thing", true)]
    [DataRow(Attached, "Connect", "c", "", false)]
    [DataRow(TypeAndAttribute, "Publish", "device/stats", "thing type=Thing_Type_Name attribute=attributeValue", true)]
    [DataRow(TypeAndAttribute, "Publish", "device/stats", "thing type=Thing_Type_Name attribute=other", false)]
    [DataRow(TypeAndAttribute, "Publish", "device/stats", "thing type=other attribute=attributeValue", false)]
    [DataRow(TypeAndAttribute, "Publish", "device/stats", "thing type=Thing_Type_Name", false)]
    [DataRow(TypeAndAttribute, "Publish", "device/stats", "", false)]
    [DataRow(TypeAndAttribute, "Publish", "device/other", "thing type=Thing_Type_Name attribute=attributeValue", false)]
    [DataRow(AttributeInTopic, "Publish", "kitchen/a/b", "thing attribute=kitchen", true)]
    [DataRow(AttributeInTopic, "Publish", "hall/a", "thing attribute=kitchen", false)]
    [DataRow(AttributeInTopic, "Publish", "kitchen/a", "", false)]
    [DataRow(CertificateIdTopic, "Publish", "cafe", "", true)]
    [DataRow(CertificateIdTopic, "Publish", "feed", "", false)]
    [DataRow(CommonNameTopic, "Publish", "device", "", true)]
    [DataRow(CommonNameTopic, "Publish", "second", "", false)]
    [DataRow(CommonNameTopic, "Publish", "${iot:Certificate.Subject.CommonName}", "certificate=nameless", false)]
    [DataRow(ThirdCommonName, "Publish", "admin/x", "", true)]
    [DataRow(ThirdCommonName, "Publish", "admin/x", "certificate=second", false)]
    [DataRow(ThirdCommonName, "Publish", "admin/x", "certificate=nameless", false)]
    [DataRow(AnyCommonName, "Publish", "admin/c", "thing", true)]
    [DataRow(AnyCommonName, "Publish", "admin/c", "thing certificate=second", true)]
    [DataRow(AnyCommonName, "Publish", "admin/c", "thing certificate=nameless", false)]
    [DataRow(AnyCommonName, "Publish", "admin/c", "", false)]
    [DataRow(Organizations, "Publish", "my/topic/c", "thing", true)]
    [DataRow(Organizations, "Publish", "my/topic/c", "thing certificate=second", false)]
    [DataRow(SerialNumberClient, "Connect", "4660", "", true)]
    [DataRow(SerialNumberClient, "Connect", "1234", "", false)]
    [DataRow(SerialNumberClient, "Publish", "Example Corp/device-stats/c/x", "", true)]
    [DataRow(SerialNumberClient, "Publish", "Example Corp/device-stats/other/x", "", false)]
    [DataRow(SerialNumberClient, "Publish", "x/device-stats/c/x", "certificate=nameless", false)]
    [DataRow(NotNull, "Connect", "c", "", true)]
    [DataRow(NotNull, "Connect", "c", "certificate=nameless", false)]
    [DataRow(DenyIsNotEnough, "Subscribe", "a/#", "", true)]
    [DataRow(DenyIsNotEnough, "Subscribe", "a/restricted/#", "", false)]
    [DataRow(DenyIsNotEnough, "Receive", "a/b", "", true)]
    [DataRow(DenyIsNotEnough, "Receive", "a/restricted/b", "", false)]
    [DataRow(ReceiveDenied, "Subscribe", "device/update", "", true)]
    [DataRow(ReceiveDenied, "Receive", "device/update", "", false)]
    [DataRow(SubscribeOnly, "Subscribe", "my/topic", "thing", true)]
    [DataRow(SubscribeOnly, "Publish", "c/bar", "thing", false)]
    [DataRow(FiveCharacters, "Publish", "some/12345/topic", "", true)]
    [DataRow(FiveCharacters, "Publish", "some/1234/topic", "", false)]
    [DataRow(FiveCharacters, "Subscribe", "some/sensor123/topic", "", true)]
    [DataRow(Addresses, "Connect", "c", "from=123.45.167.1", true)]
    [DataRow(Addresses, "Connect", "c", "from=::ffff:123.45.167.1", true)]
    [DataRow(Addresses, "Connect", "c", "from=2001:db8:1::1", true)]
    [DataRow(Addresses, "Connect", "c", "from=123.45.168.1", false)]
    [DataRow(Addresses, "Connect", "c", "from=123.45.167.9", false)]
    [DataRow(Addresses, "Connect", "c", "", false)]
    [DataRow(AllButConnect, "Publish", "t", "", true)]
    [DataRow(AllButConnect, "Connect", "c", "", false)]
    [DataRow(AllButConnect, "RetainPublish", "t", "", false)]
    [DataRow(NotOwnTopic, "Publish", "t", "thing", true)]
    [DataRow(NotOwnTopic, "Publish", "c", "thing", false)]
    [DataRow(NotOwnTopic, "Publish", "t", "", false)]
    [DataRow(DenyAllButOwnTopic, "Publish", "c/x", "thing", true)]
    [DataRow(DenyAllButOwnTopic, "Publish", "d/x", "thing", false)]
    [DataRow(DenyAllButOwnTopic, "Publish", "c/x", "", false)]
    [DataRow(LikeBulbs, "Connect", "c", "thing type=Bulb-2", true)]
    [DataRow(LikeBulbs, "Connect", "c", "thing type=Lamp", true)]
    [DataRow(LikeBulbs, "Connect", "c", "thing type=Tube", false)]
    [DataRow(LikeBulbs, "Connect", "c", "", false)]
    [DataRow(UnlikeBulbs, "Connect", "c", "thing type=Tube", true)]
    [DataRow(UnlikeBulbs, "Connect", "c", "thing type=Bulb-2", false)]
    [DataRow(UnlikeBulbs, "Connect", "c", "thing", true)]
    [DataRow(StarIsAStar, "Connect", "c", "thing type=Bulb-2", false)]
    [DataRow(AnyCase, "Connect", "c", "thing type=Bulb", true)]
    [DataRow(NotThere, "Connect", "c", "from=192.0.2.1", true)]
    [DataRow(NotThere, "Connect", "c", "from=10.1.2.3", false)]
    [DataRow(Unattached, "Connect", "c", "", true)]
    [DataRow(Unattached, "Connect", "c", "thing", false)]
    [DataRow(NameIsType, "Connect", "Bulb-1", "thing type=Bulb", true)]
    [DataRow(NameIsType, "Connect", "Bulb-1", "", false)]
    [DataRow(NameIsNotType, "Connect", "c", "thing type=Bulb", true)]
    [DataRow(NameIsNotType, "Connect", "c", "", false)]
    [DataRow(DenyUnlessType, "Connect", "Bulb", "thing type=Bulb", true)]
    [DataRow(DenyUnlessType, "Connect", "c", "", false)]
    [DataRow(OwnWill, "Connect", "c", "thing will=c/gone", true)]
    [DataRow(OwnWill, "Connect", "c", "thing will=d/gone", false)]
    [DataRow(OwnWill, "Connect", "c", "will=c/gone", false)]
    public void The_table(string statements, string action, string subject, string connection, bool isAllowed)
    {
        var decision = Decide(statements, action, subject, connection);

        Assert.AreEqual(isAllowed, decision.IsAllowed, decision.Reason);
    }

    [TestMethod]
    public void A_condition_that_does_not_hold_is_told()
    {
        var decision = Decide(CleanOnly, "Connect", "c", "persistent will=w");

        Assert.AreEqual(
            $"no statement of policy P allows iot:Connect on {Account}client/c (statement 1 of policy P does where ForAllValues:StringEquals iot:ConnectAttributes [LastWill], "
            + $"and here iot:ConnectAttributes is PersistentConnect, LastWill); this one would: {{\"Effect\":\"Allow\",\"Action\":\"iot:Connect\",\"Resource\":\"{Account}client/c\"}}",
            decision.Reason);
    }

    [TestMethod]
    public void An_attribute_that_is_missing_is_told() => Assert.Contains(
        "needs ${iot:Connection.Thing.Attributes[attributeName]}, which has no value: thing c has no attribute attributeName",
        Decide(AttributeInTopic, "Publish", "kitchen/a", "thing").Reason);

    private static PolicyDecision Decide(string statements, string action, string subject, string connection)
    {
        var facts = connection.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(fact => fact.Split('=', 2)).ToDictionary(fact => fact[0], fact => fact.ElementAtOrDefault(1) ?? "");
        var clientId = action == "Connect" ? subject : "c";
        var attributes = facts.TryGetValue("attribute", out var value)
            ? ImmutableSortedDictionary<string, string>.Empty.Add("attributeName", value)
            : ImmutableSortedDictionary<string, string>.Empty;
        var asked = new PolicyConnection(
            clientId,
            facts.TryGetValue("from", out var from) ? IPAddress.Parse(from) : null,
            facts.ContainsKey("persistent"),
            facts.GetValueOrDefault("will"));
        var context = new PolicyContext(clientId, facts.ContainsKey("thing") ? new Thing(clientId, facts.GetValueOrDefault("type")) { Attributes = attributes } : null)
        {
            CertificateId = "cafe",
            CertificatePem = facts.GetValueOrDefault("certificate") switch { "second" => s_second, "nameless" => s_nameless, _ => s_administrator },
            SourceAddress = asked.SourceAddress,
            ConnectAttributes = asked.Attributes,
            LastWillTopic = asked.LastWillTopic is { } topic ? $"{Account}topic/{topic}" : null,
        };
        var resource = Account + action switch { "Connect" => "client/", "Subscribe" => "topicfilter/", _ => "topic/" } + subject;
        var policy = new Policy("P", PolicyDocument.Parse($$"""{ "Version": "2012-10-17", "Statement": [{{statements}}] }"""));
        return PolicyEngine.Evaluate([policy], "iot:" + action, resource, context);
    }

    private static string Certificate(params (string Type, string Value)[] subject) => TestCertificate.Create([0x12, 0x34], subject, [("2.5.4.3", "CA")]);
}
