using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using LocalCloud;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Tests.LocalCloud;

[TestClass]
public sealed class ProvisioningServiceTests
{
    private const string Template = "smpl-krsk-iot-core-prov-temp";

    private static readonly ProvisioningTopic s_create = new(ProvisioningOperation.CreateKeysAndCertificate, null, PayloadFormat.Json);

    /// <summary>One for all tests: its keys take time to make.</summary>
    private static CertificateAuthority s_authority = null!;

    private readonly ManualTime _clock = new();
    private readonly LogRecorder _log = new();
    private readonly List<ProvisioningOutcome> _outcomes = [];
    private DeviceRegistry _registry = null!;
    private ProvisioningService _service = null!;

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Stopping => TestContext.CancellationToken;

    [ClassInitialize]
    public static async Task MakeAuthority(TestContext context) =>
        s_authority = await CertificateAuthority.OpenAsync(directory: null, TimeProvider.System, context.CancellationToken);

    [ClassCleanup]
    public static void DisposeAuthority() => s_authority.Dispose();

    [TestInitialize]
    public void Start() => Open(directory: null);

    [TestCleanup]
    public void Stop() => _service.Dispose();

    [TestMethod]
    [DataRow("")]
    [DataRow("{}")]
    [DataRow("""{ "unknown": ["and", 1, null] }""")]
    public async Task Keys_and_certificate_are_made_as_on_AWS(string payload)
    {
        var accepted = await CreateAsync(payload);

        CollectionAssert.AreEquivalent(
            new[] { "certificateId", "certificatePem", "privateKey", "certificateOwnershipToken" },
            accepted.Select(member => member.Key).ToArray());
        var pem = (string)accepted["certificatePem"]!;
        var keyPem = (string)accepted["privateKey"]!;
        using var certificate = X509Certificate2.CreateFromPem(pem, keyPem);
        using var key = certificate.GetRSAPublicKey()!;
        Assert.AreEqual(2048, key.KeySize);
        Assert.AreEqual("CN=AWS IoT Certificate", certificate.Subject);
        Assert.AreEqual(new DateTime(2049, 12, 31, 23, 59, 59, DateTimeKind.Utc), certificate.NotAfter.ToUniversalTime());
        Assert.AreEqual(Convert.ToHexStringLower(SHA256.HashData(certificate.RawData)), (string)accepted["certificateId"]!);
        Assert.StartsWith("-----BEGIN RSA PRIVATE KEY-----\n", keyPem);
        Assert.EndsWith("-----END RSA PRIVATE KEY-----\n", keyPem);
        Assert.EndsWith("-----END CERTIFICATE-----\n", pem);
        Assert.IsInRange(300, 500, ((string)accepted["certificateOwnershipToken"]!).Length);
        Assert.AreEqual(CertificateStatus.PendingActivation, _registry.FindCertificate((string)accepted["certificateId"]!)!.Status);
    }

    [TestMethod]
    public async Task The_answers_text_is_as_AWS_writes_it()
    {
        var answer = await _service.AnswerAsync(s_create, default, Caller, Stopping);
        var text = Encoding.UTF8.GetString(answer.Payload.Span);

        Assert.AreEqual("$aws/certificates/create/json/accepted", answer.Topic);
        Assert.Contains("-----BEGIN CERTIFICATE-----\\n", text);
        Assert.DoesNotContain("\\u002B", text);
        Assert.DoesNotContain("\\/", text);
    }

    [TestMethod]
    public async Task No_two_devices_get_the_same_keys_or_tokens()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 24).Select(_ => CreateAsync("")));

        foreach (var member in new[] { "certificateId", "privateKey", "certificateOwnershipToken" })
        {
            Assert.HasCount(24, answers.Select(answer => (string)answer[member]!).Distinct().ToList(), member);
        }
    }

    [TestMethod]
    [DataRow("{")]
    [DataRow("[]")]
    [DataRow("null")]
    [DataRow("\"\\ud800\"")]
    public async Task A_malformed_request_for_keys_is_rejected(string payload)
    {
        var (topic, rejected) = await AskAsync(s_create, payload);

        Assert.AreEqual("$aws/certificates/create/json/rejected", topic);
        AssertRejection(rejected, 400, "InvalidRequest", "");
        Assert.IsEmpty(_registry.Certificates);
    }

    [TestMethod]
    public async Task A_thing_is_registered_and_its_certificate_made_active()
    {
        var created = await CreateAsync();
        var (topic, accepted) = await RegisterAsync(Request(created, ("ThingName", "lamp-1")));

        Assert.AreEqual($"$aws/provisioning-templates/{Template}/provision/json/accepted", topic);
        Assert.AreEqual("""{"deviceConfiguration":{},"thingName":"lamp-1"}""", accepted.ToJsonString());
        var certificate = _registry.FindCertificate((string)created["certificateId"]!)!;
        Assert.AreEqual(CertificateStatus.Active, certificate.Status);
        CollectionAssert.AreEqual(new[] { "lamp-1" }, certificate.Things.ToArray());
        CollectionAssert.AreEqual(new[] { SeedDocuments.DevicePolicyName }, certificate.Policies.ToArray());
        Assert.AreEqual("lamp-1", _registry.FindThing("lamp-1")!.Name);
        Assert.HasCount(1, _registry.FindCertificatesOfThing("lamp-1"));

        Assert.HasCount(2, _outcomes);
        Assert.AreEqual(ProvisioningOperation.CreateKeysAndCertificate, _outcomes[0].Operation);
        Assert.AreEqual(new ProvisioningOutcome(ProvisioningOperation.RegisterThing, "device", "claim", Template) { CertificateId = certificate.Id, ThingName = "lamp-1" }, _outcomes[1]);
        Assert.IsTrue(_outcomes[1].IsAccepted);
    }

    [TestMethod]
    public async Task The_device_configuration_goes_back_with_the_composed_name()
    {
        var created = await CreateAsync();
        var (_, accepted) = await RegisterAsync(Request(created, ("SerialNumber", "4711")), SeedDocuments.SerialTemplateName);

        Assert.AreEqual("""{"deviceConfiguration":{"MyDeviceOption":"Normal"},"thingName":"MyThing_4711"}""", accepted.ToJsonString());
        Assert.AreEqual("Bulb", _registry.FindThing("MyThing_4711")!.TypeName);
    }

    [TestMethod]
    [DataRow("{", "InvalidRequest", "not valid JSON")]
    [DataRow("", "InvalidRequest", "not valid JSON")]
    [DataRow("[]", "InvalidRequest", "JSON object")]
    [DataRow("""{ "certificateOwnershipToken": "\ud800" }""", "InvalidRequest", "not valid JSON")]
    [DataRow("{}", "InvalidCertificateOwnershipToken", "Certificate ownership token cannot be empty.")]
    [DataRow("""{ "certificateOwnershipToken": "", "parameters": { "ThingName": "x" } }""", "InvalidCertificateOwnershipToken", "Certificate ownership token cannot be empty.")]
    [DataRow("""{ "certificateOwnershipToken": null, "parameters": { "ThingName": "x" } }""", "InvalidCertificateOwnershipToken", "cannot be empty")]
    [DataRow("""{ "certificateOwnershipToken": "made-up", "parameters": { "ThingName": "x" } }""", "InvalidCertificateOwnershipToken", "not valid")]
    [DataRow("""{ "certificateOwnershipToken": 7, "parameters": { "ThingName": "x" } }""", "InvalidRequest", "certificateOwnershipToken must be a string")]
    [DataRow("""{ "certificateOwnershipToken": "TOKEN", "parameters": ["ThingName"] }""", "InvalidRequest", "parameters must be an object of strings")]
    [DataRow("""{ "certificateOwnershipToken": "TOKEN", "parameters": { "ThingName": 7 } }""", "InvalidRequest", "Parameter ThingName must be a string")]
    [DataRow("""{ "certificateOwnershipToken": "TOKEN", "parameters": { "ThingName": "LONG" } }""", "InvalidRequest", "Parameter ThingName is longer than 4096")]
    [DataRow("""{ "certificateOwnershipToken": "TOKEN", "parameters": { "KEY": "x" } }""", "InvalidRequest", "The name of a parameter is longer than 2048")]
    [DataRow("""{ "certificateOwnershipToken": "TOKEN" }""", "InvalidParameters", "Cannot resolve reference value: ThingName")]
    [DataRow("""{ "certificateOwnershipToken": "TOKEN", "parameters": { "thingName": "x" } }""", "InvalidParameters", "Cannot resolve reference value: ThingName")]
    [DataRow("""{ "certificateOwnershipToken": "TOKEN", "parameters": { "ThingName": "" } }""", "InvalidParameters", "no name of a thing")]
    [DataRow("""{ "certificateOwnershipToken": "TOKEN", "parameters": { "ThingName": "a b" } }""", "InvalidParameters", "no name of a thing")]
    [DataRow("""{ "certificateOwnershipToken": "TOKEN", "parameters": { "ThingName": "a/b" } }""", "InvalidParameters", "no name of a thing")]
    [DataRow("""{ "certificateOwnershipToken": "TOKEN", "parameters": { "ThingName": "129" } }""", "InvalidParameters", "no name of a thing")]
    public async Task Every_fault_of_a_registration_has_its_rejection(string payload, string errorCode, string message)
    {
        var created = await CreateAsync();
        payload = payload
            .Replace("TOKEN", (string)created["certificateOwnershipToken"]!)
            .Replace("KEY", new string('k', 2049))
            .Replace("LONG", new string('x', 4097))
            .Replace("129", new string('x', 129));

        var (topic, rejected) = await RegisterAsync(payload);

        Assert.AreEqual($"$aws/provisioning-templates/{Template}/provision/json/rejected", topic);
        AssertRejection(rejected, 400, errorCode, message);
        Assert.AreEqual(CertificateStatus.PendingActivation, _registry.Certificates.Single().Status);
        Assert.IsEmpty(_registry.Things);
        var outcome = _outcomes.Last();
        Assert.IsFalse(outcome.IsAccepted);
        Assert.AreEqual(errorCode, outcome.ErrorCode);
    }

    [TestMethod]
    public async Task A_refused_registration_can_be_mended_with_the_same_token()
    {
        var created = await CreateAsync();
        await RegisterAsync(Request(created, ("ThingName", "not a name")));

        var (_, accepted) = await RegisterAsync(Request(created, ("ThingName", "a-name")));

        Assert.AreEqual("a-name", (string)accepted["thingName"]!);
    }

    [TestMethod]
    [DataRow("nobody-knows-it", 404, "ResourceNotFound")]
    [DataRow("1234567890123456789012345678901234567", 400, "InvalidRequest")]
    [DataRow("a b", 400, "InvalidRequest")]
    public async Task A_template_that_is_none_is_rejected(string template, int statusCode, string errorCode)
    {
        var created = await CreateAsync();

        var (_, rejected) = await RegisterAsync(Request(created, ("ThingName", "x")), template);

        AssertRejection(rejected, statusCode, errorCode, "");
    }

    [TestMethod]
    public async Task A_token_lives_an_hour_and_its_certificate_goes_with_it()
    {
        var inTime = await CreateAsync();
        var tooLate = await CreateAsync();

        _clock.Advance(TimeSpan.FromHours(1) - TimeSpan.FromTicks(1));
        var (_, accepted) = await RegisterAsync(Request(inTime, ("ThingName", "in-time")));
        Assert.IsNotNull(accepted["thingName"]);
        Assert.IsNotNull(_registry.FindCertificate((string)tooLate["certificateId"]!));

        _clock.Advance(TimeSpan.FromTicks(1));
        var (_, rejected) = await RegisterAsync(Request(tooLate, ("ThingName", "too-late")));
        AssertRejection(rejected, 400, "InvalidCertificateOwnershipToken", "");
        Assert.IsNull(_registry.FindCertificate((string)tooLate["certificateId"]!), "AWS deletes it");
        Assert.AreEqual(CertificateStatus.Active, _registry.FindCertificate((string)inTime["certificateId"]!)!.Status);
    }

    [TestMethod]
    public async Task What_expired_while_LocalCloud_was_down_is_deleted_at_its_start()
    {
        using var directory = new TemporaryDirectory();
        Open(directory.Path);
        await CreateAsync();
        _service.Dispose();
        _clock.Advance(TimeSpan.FromHours(2));

        Open(directory.Path);
        await _registry.SaveAsync();

        Assert.IsEmpty(_registry.Certificates);
    }

    [TestMethod]
    public async Task A_repeated_registration_gets_the_same_answer_and_changes_nothing()
    {
        var created = await CreateAsync();
        var request = Request(created, ("ThingName", "lamp-1"));
        var (_, first) = await RegisterAsync(request);
        _registry.SetCertificateStatus((string)created["certificateId"]!, CertificateStatus.Inactive);

        var (topic, second) = await RegisterAsync(request);

        Assert.EndsWith("/accepted", topic);
        Assert.AreEqual(first.ToJsonString(), second.ToJsonString());
        Assert.AreEqual(CertificateStatus.Inactive, _registry.FindCertificate((string)created["certificateId"]!)!.Status, "what the owner said stands");
        Assert.IsTrue(_outcomes.Last().IsRepeat);
    }

    [TestMethod]
    public async Task A_token_does_not_register_a_second_thing()
    {
        var created = await CreateAsync();
        await RegisterAsync(Request(created, ("ThingName", "lamp-1")));

        var (_, otherName) = await RegisterAsync(Request(created, ("ThingName", "lamp-2")));
        var (_, otherTemplate) = await RegisterAsync(Request(created, ("SerialNumber", "1")), SeedDocuments.SerialTemplateName);

        AssertRejection(otherName, 400, "InvalidCertificateOwnershipToken", "was used before");
        AssertRejection(otherTemplate, 400, "InvalidCertificateOwnershipToken", "was used before");
        Assert.HasCount(1, _registry.Things);
    }

    [TestMethod]
    public async Task Whether_a_repetition_is_accepted_is_a_switch()
    {
        Open(directory: null, RepeatedRegistration.Refuse);
        var created = await CreateAsync();
        await RegisterAsync(Request(created, ("ThingName", "lamp-1")));

        var (_, rejected) = await RegisterAsync(Request(created, ("ThingName", "lamp-1")));

        AssertRejection(rejected, 400, "InvalidCertificateOwnershipToken", "was used before");
    }

    [TestMethod]
    public async Task A_revoked_certificate_is_not_registered()
    {
        var created = await CreateAsync();
        _registry.RevokeCertificate((string)created["certificateId"]!);

        var (_, rejected) = await RegisterAsync(Request(created, ("ThingName", "lamp-1")));

        AssertRejection(rejected, 400, "InvalidCertificateOwnershipToken", "revoked");
    }

    [TestMethod]
    public async Task A_token_is_good_for_its_own_certificate_only()
    {
        _registry.PutTemplate(ProvisioningTemplate.Parse("ByParameter", """
            {
              "Parameters": { "CertificateId": { "Type": "String" } },
              "Resources": { "c": { "Type": "AWS::IoT::Certificate", "Properties": { "CertificateId": { "Ref": "CertificateId" } } } }
            }
            """));
        var own = await CreateAsync();
        var others = await CreateAsync();

        var (_, rejected) = await RegisterAsync(Request(own, ("CertificateId", (string)others["certificateId"]!)), "ByParameter");
        var (_, accepted) = await RegisterAsync(Request(own, ("CertificateId", (string)own["certificateId"]!)), "ByParameter");

        AssertRejection(rejected, 400, "InvalidCertificateOwnershipToken", "another certificate");
        Assert.AreEqual("""{"deviceConfiguration":{}}""", accepted.ToJsonString(), "no thing, no thing name");
    }

    [TestMethod]
    public async Task A_template_whose_policy_does_not_exist_registers_nothing()
    {
        PutTemplate("NoPolicy", overrides: "{}", attributes: "{}", policy: "nobody-made-it");
        var created = await CreateAsync();

        var (_, rejected) = await RegisterAsync(Request(created, ("ThingName", "lamp-1")), "NoPolicy");

        AssertRejection(rejected, 400, "ResourceRegistrationFailure", "nobody-made-it");
        Assert.IsEmpty(_registry.Things);
    }

    [TestMethod]
    [DataRow("thing type", "Thing type new, which the template names, does not exist.")]
    [DataRow("deprecated", "Thing type new, which the template names, is deprecated.")]
    [DataRow("thing group", "Thing group g-new, which the template names, does not exist.")]
    [DataRow("billing group", "Billing group bills, which the template names, does not exist.")]
    public async Task A_template_that_names_what_does_not_exist_registers_nothing(string what, string message)
    {
        _registry.Update(state => what switch
        {
            "thing type" => state.WithoutThingType("new"),
            "deprecated" => state.With(state.ThingTypes["new"] with { DeprecatedAt = state.Time }),
            "thing group" => state.WithoutThingGroup("g-new"),
            _ => state.WithoutBillingGroup("bills"),
        });
        PutTemplate("Named", """{ "ThingTypeName": "REPLACE", "ThingGroups": "REPLACE" }""", "{}", billingGroup: "bills");
        var created = await CreateAsync();

        var (_, rejected) = await RegisterAsync(Request(created, ("ThingName", "lamp-1")), "Named");
        AssertRejection(rejected, 400, "ResourceRegistrationFailure", message);
        Assert.IsEmpty(_registry.Things);

        // One that exists is asked for the same, but where it has it already.
        _registry.PutThing(new Thing("lamp-1", TypeName: null));
        (_, rejected) = await RegisterAsync(Request(created, ("ThingName", "lamp-1")), "Named");
        AssertRejection(rejected, 400, "ResourceRegistrationFailure", message);
        _registry.PutThing(new Thing("lamp-2", "new") { Groups = ["g-new"], BillingGroup = "bills" });
        var (accepted, _) = await RegisterAsync(Request(created, ("ThingName", "lamp-2")), "Named");
        Assert.EndsWith("/accepted", accepted);

        // The token of a registration that was refused serves again once the fault is mended.
        var second = await CreateAsync();
        (_, rejected) = await RegisterAsync(Request(second, ("ThingName", "lamp-3")), "Named");
        AssertRejection(rejected, 400, "ResourceRegistrationFailure", message);
        PutWhatTemplatesName();
        (accepted, _) = await RegisterAsync(Request(second, ("ThingName", "lamp-3")), "Named");
        Assert.EndsWith("/accepted", accepted);
        var thing = _registry.FindThing("lamp-3")!;
        Assert.AreEqual(("new", "g-new", "bills"), (thing.TypeName, thing.Groups.Single(), thing.BillingGroup));
    }

    [TestMethod]
    [DataRow("{}", "a=1,b=2", "old", "g-old")]
    [DataRow("""{ "AttributePayload": "DO_NOTHING", "ThingTypeName": "DO_NOTHING", "ThingGroups": "DO_NOTHING" }""", "a=1,b=2", "old", "g-old")]
    [DataRow("""{ "AttributePayload": "MERGE", "ThingTypeName": "REPLACE", "ThingGroups": "MERGE" }""", "a=1,b=3,c=4", "new", "g-new,g-old")]
    [DataRow("""{ "AttributePayload": "REPLACE", "ThingTypeName": "REPLACE", "ThingGroups": "REPLACE" }""", "b=3,c=4", "new", "g-new")]
    public async Task Override_settings_say_what_becomes_of_a_thing_that_exists(string overrides, string attributes, string type, string groups)
    {
        PutTemplate("Overrides", overrides, """{ "b": "3", "c": "4" }""");
        _registry.PutThing(new Thing("lamp-1", "old") { Attributes = Attributes(("a", "1"), ("b", "2")), Groups = ["g-old"] });
        var created = await CreateAsync();

        var (topic, _) = await RegisterAsync(Request(created, ("ThingName", "lamp-1")), "Overrides");

        Assert.EndsWith("/accepted", topic);
        var thing = _registry.FindThing("lamp-1")!;
        Assert.AreEqual(attributes, string.Join(',', thing.Attributes.Select(attribute => $"{attribute.Key}={attribute.Value}")));
        Assert.AreEqual(type, thing.TypeName);
        Assert.AreEqual(groups, string.Join(',', thing.Groups));
    }

    [TestMethod]
    [DataRow("AttributePayload")]
    [DataRow("ThingTypeName")]
    [DataRow("ThingGroups")]
    public async Task Override_settings_can_refuse_a_thing_that_exists(string setting)
    {
        PutTemplate("Fails", $$"""{ "{{setting}}": "FAIL" }""", """{ "b": "3" }""");
        var first = await CreateAsync();
        var second = await CreateAsync();

        var (accepted, _) = await RegisterAsync(Request(first, ("ThingName", "lamp-1")), "Fails");
        var (_, rejected) = await RegisterAsync(Request(second, ("ThingName", "lamp-1")), "Fails");

        Assert.EndsWith("/accepted", accepted);
        AssertRejection(rejected, 400, "ResourceConflicts", setting);
        Assert.AreEqual(CertificateStatus.PendingActivation, _registry.FindCertificate((string)second["certificateId"]!)!.Status);
    }

    [TestMethod]
    public async Task A_policy_that_the_template_brings_along_is_made_once_and_attached()
    {
        _registry.PutTemplate(ProvisioningTemplate.Parse("Own", """
            {
              "Parameters": { "ThingName": { "Type": "String" } },
              "Resources": {
                "t": { "Type": "AWS::IoT::Thing", "Properties": { "ThingName": { "Ref": "ThingName" }, "BillingGroup": "bills" } },
                "c": { "Type": "AWS::IoT::Certificate", "Properties": { "CertificateId": { "Ref": "AWS::IoT::Certificate::Id" } } },
                "p": { "Type": "AWS::IoT::Policy", "Properties": { "PolicyDocument": {
                    "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "iot:Connect", "Resource": "*" }] } } }
              }
            }
            """));
        var before = _registry.Policies.Count;
        foreach (var name in new[] { "one", "two" })
        {
            var (_, accepted) = await RegisterAsync(Request(await CreateAsync(), ("ThingName", name)), "Own");
            Assert.AreEqual(name, (string)accepted["thingName"]!);
        }

        Assert.HasCount(before + 1, _registry.Policies);
        Assert.AreEqual("bills", _registry.FindThing("one")!.BillingGroup);
        var policy = _registry.FindCertificatesOfThing("one").Single().Policies.Single();
        Assert.AreEqual(policy, _registry.FindCertificatesOfThing("two").Single().Policies.Single());
        Assert.Contains("iot:Connect", _registry.FindPolicy(policy)!.Document.Text);
    }

    [TestMethod]
    [DataRow("DO_NOTHING", CertificateStatus.Inactive)]
    [DataRow("REPLACE", CertificateStatus.Active)]
    [DataRow("FAIL", null)]
    public async Task A_status_that_is_there_already_is_treated_as_the_template_says(string setting, CertificateStatus? status)
    {
        _registry.PutTemplate(ProvisioningTemplate.Parse("Status", $$"""
            { "Resources": { "c": {
                "Type": "AWS::IoT::Certificate",
                "OverrideSettings": { "Status": "{{setting}}" },
                "Properties": { "CertificateId": { "Ref": "AWS::IoT::Certificate::Id" }, "Status": "ACTIVE" } } } }
            """));
        var pending = await CreateAsync();
        var (_, fresh) = await RegisterAsync(Request(pending), "Status");
        Assert.IsNull(fresh["statusCode"]);
        Assert.AreEqual(CertificateStatus.Active, _registry.FindCertificate((string)pending["certificateId"]!)!.Status);

        var created = await CreateAsync();
        _registry.SetCertificateStatus((string)created["certificateId"]!, CertificateStatus.Inactive);
        var (_, answer) = await RegisterAsync(Request(created), "Status");

        Assert.AreEqual(status ?? CertificateStatus.Inactive, _registry.FindCertificate((string)created["certificateId"]!)!.Status);
        if (status is null)
        {
            AssertRejection(answer, 400, "ResourceConflicts", "Status");
        }
    }

    [TestMethod]
    public async Task More_policies_than_a_certificate_may_have_are_refused()
    {
        var policies = string.Join(", ", Enumerable.Range(0, 11).Select(index => $$"""
            "p{{index}}": { "Type": "AWS::IoT::Policy", "Properties": { "PolicyDocument": {
                "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "iot:Connect", "Resource": "arn:aws:iot:r:a:client/{{index}}" }] } } }
            """));
        _registry.PutTemplate(ProvisioningTemplate.Parse("Many", $$"""
            { "Resources": { "c": { "Type": "AWS::IoT::Certificate", "Properties": { "CertificateId": { "Ref": "AWS::IoT::Certificate::Id" } } }, {{policies}} } }
            """));
        var before = _registry.Policies.Count;

        var (_, rejected) = await RegisterAsync(Request(await CreateAsync()), "Many");

        AssertRejection(rejected, 400, "ResourceRegistrationFailure", "11 policies");
        Assert.HasCount(before, _registry.Policies, "all of it or nothing");
    }

    [TestMethod]
    public async Task Requests_beyond_the_quota_of_a_second_are_answered_429()
    {
        Open(directory: null, quotas: new ProvisioningQuotas(CreateKeysAndCertificate: 3, CreateCertificateFromCsr: 1, RegisterThing: 1));
        await CreateAsync();
        _clock.Advance(TimeSpan.FromMilliseconds(400));
        var second = await CreateAsync();
        var third = await CreateAsync();
        var (topic, rejected) = await AskAsync(s_create, "");
        Assert.AreEqual("$aws/certificates/create/json/rejected", topic);
        AssertRejection(rejected, 429, "Throttling", "Rate exceeded");
        Assert.AreEqual(429, _outcomes.Last().StatusCode);

        // Each operation has its own.
        Assert.IsNull((await RegisterAsync(Request(second, ("ThingName", "two")))).Answer["statusCode"]);
        AssertRejection((await RegisterAsync(Request(third, ("ThingName", "three")))).Answer, 429, "Throttling", "");

        // What was refused does not count, and what passed counts for a second.
        _clock.Advance(TimeSpan.FromMilliseconds(600));
        await CreateAsync();
        AssertRejection((await AskAsync(s_create, "")).Answer, 429, "Throttling", "");
        _clock.Advance(TimeSpan.FromMilliseconds(400));
        Assert.IsNull((await RegisterAsync(Request(third, ("ThingName", "three")))).Answer["statusCode"], "the token is still good");
        Assert.HasCount(4, _registry.Certificates);
    }

    [TestMethod]
    public void Quotas_are_those_of_AWS_unless_told_otherwise()
    {
        Assert.AreEqual(new ProvisioningQuotas(10, 20, 10), new LocalCloudOptions().ProvisioningQuotas);
        Assert.AreEqual(
            nameof(LocalCloudOptions.ProvisioningQuotas),
            new LocalCloudOptions { ProvisioningQuotas = new ProvisioningQuotas(10, 0, 10) }.FindFaults().Single().Key);
        Assert.IsEmpty(new LocalCloudOptions { ProvisioningQuotas = null }.FindFaults());
    }

    [TestMethod]
    public async Task What_cannot_be_kept_is_not_given()
    {
        string path;
        using (var directory = new TemporaryDirectory())
        {
            path = directory.Path;
            Open(directory.Path);
        }

        Assert.IsFalse(Directory.Exists(path));
        var (_, rejected) = await AskAsync(s_create, "");

        AssertRejection(rejected, 500, "InternalFailure", "");
        Assert.IsFalse(rejected.ContainsKey("privateKey"));
    }

    [TestMethod]
    public async Task The_log_and_the_registry_hold_no_secret()
    {
        using var directory = new TemporaryDirectory();
        Open(directory.Path);
        var created = await CreateAsync();
        await RegisterAsync(Request(created, ("ThingName", "lamp-1")));

        var written = string.Join('\n', _log.Lines) + await File.ReadAllTextAsync(directory.File("registry.json"), Stopping);

        Assert.Contains((string)created["certificateId"]!, written);
        Assert.DoesNotContain((string)created["certificateOwnershipToken"]!, written);
        Assert.DoesNotContain("PRIVATE KEY", written);
    }

    private static ProvisioningCaller Caller => new("device", "claim");

    private static string Request(JsonObject created, params (string Name, string Value)[] parameters)
    {
        var values = new JsonObject();
        foreach (var (name, value) in parameters)
        {
            values.Add(name, value);
        }

        return new JsonObject { ["certificateOwnershipToken"] = (string)created["certificateOwnershipToken"]!, ["parameters"] = values }.ToJsonString();
    }

    private static ImmutableSortedDictionary<string, string> Attributes(params (string Name, string Value)[] attributes) =>
        attributes.ToImmutableSortedDictionary(attribute => attribute.Name, attribute => attribute.Value);

    private static void AssertRejection(JsonObject rejected, int statusCode, string errorCode, string message)
    {
        CollectionAssert.AreEquivalent(new[] { "statusCode", "errorCode", "errorMessage" }, rejected.Select(member => member.Key).ToArray(), rejected.ToJsonString());
        Assert.AreEqual(statusCode, (int)rejected["statusCode"]!, rejected.ToJsonString());
        Assert.AreEqual(errorCode, (string)rejected["errorCode"]!, rejected.ToJsonString());
        Assert.Contains(message, (string)rejected["errorMessage"]!);
    }

    private void Open(string? directory, RepeatedRegistration repeated = RepeatedRegistration.AcceptAgain, ProvisioningQuotas? quotas = null)
    {
        _service?.Dispose();
        _registry = DeviceRegistry.Open(directory, _clock);
        foreach (var policy in SeedDocuments.Policies(new LocalCloudOptions()))
        {
            _registry.PutPolicy(policy);
        }

        PutWhatTemplatesName();
        foreach (var template in SeedDocuments.Templates(new LocalCloudOptions()))
        {
            _registry.PutTemplate(template);
        }

        _service = new ProvisioningService(_registry, s_authority, repeated, quotas, _clock, new CloudLog(_log.Add, _clock));
        _service.Answered += _outcomes.Add;
    }

    private void PutWhatTemplatesName() => _registry.Update(state => state
        .With(new ThingType(SeedDocuments.SerialThingTypeName, "1", Description: null, [], state.Time))
        .With(new ThingType("new", "2", Description: null, [], state.Time))
        .With(new ThingGroup("g-new", "3", ParentName: null, Description: null, state.Time))
        .With(new BillingGroup("bills", "4", Description: null, state.Time)));

    private void PutTemplate(string name, string overrides, string attributes, string policy = SeedDocuments.DevicePolicyName, string? billingGroup = null) =>
        _registry.PutTemplate(ProvisioningTemplate.Parse(name, $$"""
            {
              "Parameters": { "ThingName": { "Type": "String" } },
              "Resources": {
                "t": {
                  "Type": "AWS::IoT::Thing",
                  "OverrideSettings": {{overrides}},
                  "Properties": { "ThingName": { "Ref": "ThingName" }, "ThingTypeName": "new", "ThingGroups": ["g-new"], "AttributePayload": {{attributes}}{{(billingGroup is null ? "" : $", \"BillingGroup\": \"{billingGroup}\"")}} }
                },
                "c": { "Type": "AWS::IoT::Certificate", "Properties": { "CertificateId": { "Ref": "AWS::IoT::Certificate::Id" } } },
                "p": { "Type": "AWS::IoT::Policy", "Properties": { "PolicyName": "{{policy}}" } }
              }
            }
            """));

    private async Task<JsonObject> CreateAsync(string payload = "")
    {
        var (topic, answer) = await AskAsync(s_create, payload);
        Assert.AreEqual("$aws/certificates/create/json/accepted", topic, answer.ToJsonString());
        return answer;
    }

    private Task<(string Topic, JsonObject Answer)> RegisterAsync(string payload, string template = Template) =>
        AskAsync(new ProvisioningTopic(ProvisioningOperation.RegisterThing, template, PayloadFormat.Json), payload);

    private async Task<(string Topic, JsonObject Answer)> AskAsync(ProvisioningTopic topic, string payload)
    {
        var answer = await _service.AnswerAsync(topic, Encoding.UTF8.GetBytes(payload), Caller, Stopping);
        return (answer.Topic, (JsonObject)JsonNode.Parse(answer.Payload.Span)!);
    }
}
