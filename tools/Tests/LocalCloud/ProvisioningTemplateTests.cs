using LocalCloud;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Tests.LocalCloud;

[TestClass]
public sealed class ProvisioningTemplateTests
{
    private const string Certificate = """
        "c": { "Type": "AWS::IoT::Certificate", "Properties": { "CertificateId": { "Ref": "AWS::IoT::Certificate::Id" } } }
        """;

    [TestMethod]
    public void The_seeds_template_by_thing_name()
    {
        var template = Seed(new LocalCloudOptions().TemplateName);

        var result = template.Evaluate(Parameters(("ThingName", "lamp-1")), "cafe");

        Assert.AreEqual("smpl-krsk-iot-core-prov-temp", template.Name);
        Assert.AreEqual("lamp-1", result.Thing!.Name);
        Assert.IsEmpty(result.Thing.Attributes!);
        Assert.IsNull(result.Thing.TypeName);
        Assert.AreEqual(OverrideAction.Merge, result.Thing.AttributesOverride);
        Assert.AreEqual(OverrideAction.Replace, result.Thing.TypeOverride);
        Assert.AreEqual(OverrideAction.DoNothing, result.Thing.GroupsOverride);
        Assert.AreEqual("cafe", result.CertificateId);
        Assert.AreEqual(CertificateStatus.Active, result.CertificateStatus);
        CollectionAssert.AreEqual(new[] { "smpl-krsk-iot-core-policy-devices" }, result.PolicyNames.ToArray());
        Assert.IsEmpty(result.DeviceConfiguration);
    }

    [TestMethod]
    public void The_seeds_template_by_serial_number()
    {
        var result = Seed(SeedDocuments.SerialTemplateName).Evaluate(Parameters(("SerialNumber", "4711")), "cafe");

        Assert.AreEqual("MyThing_4711", result.Thing!.Name);
        Assert.AreEqual("Bulb", result.Thing.TypeName);
        Assert.AreEqual("Sony", result.Thing.Attributes!["Make"]);
        CollectionAssert.AreEqual(new[] { "My_IoT_Policy" }, result.PolicyNames.ToArray());
        Assert.AreEqual("Normal", result.DeviceConfiguration["MyDeviceOption"]);
    }

    [TestMethod]
    public void Functions_nest_and_defaults_step_in()
    {
        var template = ProvisioningTemplate.Parse("T", """
            {
              "Resources": {
                "any name": { "Properties": { "PolicyName": "P" }, "Type": "AWS::IoT::Policy" },
                "c": { "Type": "AWS::IoT::Certificate", "Properties": { "Status": { "Ref": "Status" }, "CertificateId": { "Ref": "AWS::IoT::Certificate::Id" } } },
                "t": { "Type": "AWS::IoT::Thing", "Properties": {
                    "ThingName": { "Fn::Join": ["-", ["lamp", { "Fn::Join": ["", [{ "Ref": "City" }, "_", { "Ref": "Number" }]] }]] },
                    "AttributePayload": { "city": { "Ref": "City" } },
                    "ThingGroups": ["lamps", { "Ref": "City" }] } }
              },
              "DeviceConfiguration": { "id": { "Ref": "AWS::IoT::Certificate::Id" } },
              "Parameters": { "City": { "Type": "String", "Default": "tokyo" }, "Number": { "Type": "String" }, "Status": { "Type": "String", "Default": "Inactive" } }
            }
            """);

        var result = template.Evaluate(Parameters(("Number", "7"), ("Unknown", "of no use to anyone")), "cafe");

        Assert.AreEqual("lamp-tokyo_7", result.Thing!.Name);
        Assert.AreEqual("tokyo", result.Thing.Attributes!["city"]);
        CollectionAssert.AreEqual(new[] { "lamps", "tokyo" }, result.Thing.Groups!.ToArray());
        Assert.AreEqual(CertificateStatus.Inactive, result.CertificateStatus);
        Assert.AreEqual("cafe", result.DeviceConfiguration["id"]);
        Assert.AreEqual("lamp-osaka_7", template.Evaluate(Parameters(("Number", "7"), ("City", "osaka")), "cafe").Thing!.Name);
    }

    [TestMethod]
    public void A_missing_parameter_is_named_as_AWS_names_it()
    {
        var refusal = Assert.ThrowsExactly<TemplateEvaluationException>(() => Seed(new LocalCloudOptions().TemplateName).Evaluate(Parameters(), "cafe"));

        Assert.AreEqual("Cannot resolve reference value: ThingName", refusal.Message);
    }

    [TestMethod]
    public void A_device_cannot_say_which_certificate_it_is_about()
    {
        var result = Seed(new LocalCloudOptions().TemplateName).Evaluate(Parameters(("ThingName", "x"), (ProvisioningTemplate.CertificateIdParameter, "feed")), "cafe");

        Assert.AreEqual("cafe", result.CertificateId);
    }

    [TestMethod]
    public void A_template_without_a_thing_is_one() =>
        Assert.IsNull(ProvisioningTemplate.Parse("T", $$"""{ "Resources": { {{Certificate}} } }""").Evaluate(Parameters(), "cafe").Thing);

    [TestMethod]
    [DataRow("{", "$", "not valid JSON")]
    [DataRow("""{ "Parameters": {} }""", "$", "Resources is missing")]
    [DataRow("""{ "Resources": {}, "Hook": {} }""", "$.Hook", "not known in a template")]
    [DataRow("""{ "Resources": {}, "Mappings": {} }""", "$.Mappings", "not supported yet")]
    [DataRow("""{ "Resources": {} }""", "$.Resources", "no AWS::IoT::Certificate")]
    [DataRow("""{ "Resources": { C }, "Parameters": { "A": { "Type": "Number" } } }""", "$.Parameters.A.Type", "String")]
    [DataRow("""{ "Resources": { C }, "Parameters": { "A": { "Default": "x" } } }""", "$.Parameters.A", "Type is missing")]
    [DataRow("""{ "Resources": { C }, "Parameters": { "A": { "Type": "String", "Default": 1 } } }""", "$.Parameters.A.Default", "must be a string")]
    [DataRow("""{ "Resources": { C }, "Parameters": { "A": { "Type": "String", "NoEcho": "x" } } }""", "$.Parameters.A.NoEcho", "no element")]
    [DataRow("""{ "Resources": { C, "x": { "Properties": {} } } }""", "$.Resources.x", "Type is missing")]
    [DataRow("""{ "Resources": { C, "x-y": { "Type": "AWS::IoT::Role", "Properties": {} } } }""", "$.Resources['x-y'].Type", "must be AWS::IoT::Thing")]
    [DataRow("""{ "Resources": { C, "x": { "Type": "AWS::IoT::Thing" } } }""", "$.Resources.x", "Properties is missing")]
    [DataRow("""{ "Resources": { C, "x": { "Type": "AWS::IoT::Thing", "Properties": {} } } }""", "$.Resources.x.Properties", "ThingName is missing")]
    [DataRow("""{ "Resources": { C, "x": { "Type": "AWS::IoT::Thing", "Properties": { "ThingName": 1 } } } }""", "$.Resources.x.Properties.ThingName", "must be a string or a function")]
    [DataRow("""{ "Resources": { C, "x": { "Type": "AWS::IoT::Thing", "Properties": { "ThingName": "x", "BillingGroup": "b" } } } }""", "$.Resources.x.Properties.BillingGroup", "not supported yet")]
    [DataRow("""{ "Resources": { C, "x": { "Type": "AWS::IoT::Thing", "Properties": { "ThingName": { "Ref": "Nobody" } } } } }""", "$.Resources.x.Properties.ThingName.Ref", "not declared")]
    [DataRow("""{ "Resources": { C, "x": { "Type": "AWS::IoT::Thing", "Properties": { "ThingName": { "Fn::Join": ["-"] } } } } }""", "$.Resources.x.Properties.ThingName['Fn::Join']", "must be [")]
    [DataRow("""{ "Resources": { C, "x": { "Type": "AWS::IoT::Thing", "Properties": { "ThingName": { "Fn::Join": ["-", ["a", { "Fn::Sub": "b" }]] } } } } }""", "$.Resources.x.Properties.ThingName['Fn::Join'][1][1]['Fn::Sub']", "not supported yet")]
    [DataRow("""{ "Resources": { C, "x": { "Type": "AWS::IoT::Thing", "Properties": { "ThingName": { "Fn::Base64": "b" } } } } }""", "$.Resources.x.Properties.ThingName['Fn::Base64']", "no function")]
    [DataRow("""{ "Resources": { C, "x": { "Type": "AWS::IoT::Thing", "Properties": { "ThingName": "x" }, "OverrideSettings": { "ThingTypeName": "MERGE" } } } }""", "$.Resources.x.OverrideSettings.ThingTypeName", "DO_NOTHING, REPLACE or FAIL")]
    [DataRow("""{ "Resources": { C, "x": { "Type": "AWS::IoT::Thing", "Properties": { "ThingName": "x" }, "OverrideSettings": { "AttributePayload": "Merge" } } } }""", "$.Resources.x.OverrideSettings.AttributePayload", "MERGE or FAIL")]
    [DataRow("""{ "Resources": { C, "x": { "Type": "AWS::IoT::Thing", "Properties": { "ThingName": "x" }, "OverrideSettings": { "Status": "MERGE" } } } }""", "$.Resources.x.OverrideSettings.Status", "not known")]
    [DataRow("""{ "Resources": { C, "x": { "Type": "AWS::IoT::Thing", "Properties": { "ThingName": "x" } }, "y": { "Type": "AWS::IoT::Thing", "Properties": { "ThingName": "x" } } } }""", "$.Resources.y.Type", "one thing")]
    [DataRow("""{ "Resources": { C, "x": { "Type": "AWS::IoT::Policy", "Properties": { "PolicyDocument": {} } } } }""", "$.Resources.x.Properties.PolicyDocument", "not supported yet")]
    [DataRow("""{ "Resources": { C, "x": { "Type": "AWS::IoT::Policy", "Properties": {} } } }""", "$.Resources.x.Properties", "PolicyName is missing")]
    [DataRow("""{ "Resources": { C, "x": { "Type": "AWS::IoT::Policy", "Properties": { "PolicyName": "P" }, "OverrideSettings": {} } } }""", "$.Resources.x.OverrideSettings", "no OverrideSettings")]
    [DataRow("""{ "Resources": { "x": { "Type": "AWS::IoT::Certificate", "Properties": { "CertificateId": "x", "Status": "PENDING" } } } }""", "$.Resources.x.Properties.Status", "ACTIVE or INACTIVE")]
    [DataRow("""{ "Resources": { "x": { "Type": "AWS::IoT::Certificate", "Properties": { "CertificateSigningRequest": "x" } } } }""", "$.Resources.x.Properties.CertificateSigningRequest", "only CertificateId")]
    [DataRow("""{ "Resources": { "x": { "Type": "AWS::IoT::Certificate", "Properties": {} } } }""", "$.Resources.x.Properties", "CertificateId is missing")]
    [DataRow("""{ "Resources": { C }, "DeviceConfiguration": { "a": { "b": "c", "d": "e" } } }""", "$.DeviceConfiguration.a", "one member, the function")]
    [DataRow("""{ "Resources": { C }, "DeviceConfiguration": { "a": true } }""", "$.DeviceConfiguration.a", "must be a string or a function")]
    public void What_is_not_understood_is_refused_with_its_place(string body, string path, string fault)
    {
        var refusal = Assert.ThrowsExactly<DocumentFormatException>(() => ProvisioningTemplate.Parse("T", body.Replace("{ C", "{ " + Certificate)));

        Assert.AreEqual(path, refusal.Path, refusal.Message);
        Assert.Contains(fault, refusal.Message);
    }

    [TestMethod]
    [DataRow("a", true)]
    [DataRow("smpl-krsk-iot-core-prov-temp", true)]
    [DataRow("", false)]
    [DataRow("a b", false)]
    [DataRow("123456789012345678901234567890123456", true)]
    [DataRow("1234567890123456789012345678901234567", false)]
    public void Names_are_those_of_AWS(string name, bool isValid) => Assert.AreEqual(isValid, ProvisioningTemplate.IsValidName(name));

    private static ProvisioningTemplate Seed(string name) => SeedDocuments.Templates(new LocalCloudOptions()).Single(template => template.Name == name);

    private static Dictionary<string, string> Parameters(params (string Name, string Value)[] parameters) =>
        parameters.ToDictionary(parameter => parameter.Name, parameter => parameter.Value);
}
