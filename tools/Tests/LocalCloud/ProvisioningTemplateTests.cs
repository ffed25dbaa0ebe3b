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

    /// <summary>Developer guide, "Provisioning templates", template example for fleet provisioning.</summary>
    [TestMethod]
    public void The_developer_guides_example_for_fleet_provisioning()
    {
        var template = ProvisioningTemplate.Parse("T", """
            {
                "Parameters" : { "ThingName" : { "Type" : "String" }, "SerialNumber": { "Type": "String" }, "DeviceLocation": { "Type": "String" } },
                "Mappings": { "LocationTable": { "Seattle": { "LocationUrl": "https://example.aws" } } },
                "Resources" : {
                    "thing" : {
                        "Type" : "AWS::IoT::Thing",
                        "Properties" : {
                            "AttributePayload" : { "version" : "v1", "serialNumber" : "serialNumber" },
                            "ThingName" : {"Ref" : "ThingName"},
                            "ThingTypeName" : {"Fn::Join":["",["ThingPrefix_",{"Ref":"SerialNumber"}]]},
                            "ThingGroups" : ["v1-lightbulbs", "WA"],
                            "BillingGroup": "LightBulbBillingGroup"
                        },
                        "OverrideSettings" : { "AttributePayload" : "MERGE", "ThingTypeName" : "REPLACE", "ThingGroups" : "DO_NOTHING" }
                    },
                    "certificate" : { "Type" : "AWS::IoT::Certificate", "Properties" : { "CertificateId": {"Ref": "AWS::IoT::Certificate::Id"}, "Status" : "Active" } },
                    "policy" : {
                        "Type" : "AWS::IoT::Policy",
                        "Properties" : {
                            "PolicyDocument" : {
                                "Version": "2012-10-17",
                                "Statement": [{ "Effect": "Allow", "Action":["iot:Publish"], "Resource": ["arn:aws:iot:us-east-1:123456789012:topic/foo/bar"] }]
                            }
                        }
                    }
                },
                "DeviceConfiguration": {
                    "FallbackUrl": "https://www.example.com/test-site",
                    "LocationUrl": { "Fn::FindInMap": ["LocationTable",{"Ref": "DeviceLocation"}, "LocationUrl"]}
                }
            }
            """);

        var result = template.Evaluate(Parameters(("ThingName", "bulb"), ("SerialNumber", "7"), ("DeviceLocation", "Seattle")), "cafe");

        Assert.AreEqual("ThingPrefix_7", result.Thing!.TypeName);
        Assert.AreEqual("LightBulbBillingGroup", result.Thing.BillingGroup);
        Assert.AreEqual("https://example.aws", result.DeviceConfiguration["LocationUrl"]);
        Assert.HasCount(1, result.OwnPolicies);
        CollectionAssert.AreEqual(new[] { result.OwnPolicies[0].Name }, result.PolicyNames.ToArray());
        Assert.AreEqual(64, result.OwnPolicies[0].Name.Length, "a hash of the document");
        Assert.AreEqual(result.OwnPolicies[0].Name, template.Evaluate(Parameters(("ThingName", "other"), ("SerialNumber", "8"), ("DeviceLocation", "Seattle")), "feed").OwnPolicies[0].Name, "the same document is the same policy");
        var refusal = Assert.ThrowsExactly<TemplateEvaluationException>(() => template.Evaluate(Parameters(("ThingName", "bulb"), ("SerialNumber", "7"), ("DeviceLocation", "Kyoto")), "cafe"));
        Assert.AreEqual("Cannot find Kyoto, LocationUrl in mapping LocationTable", refusal.Message);
    }

    [TestMethod]
    [DataRow("""{ "Fn::Select": [1, ["a", { "Ref": "A" }, "c"]] }""", "one-two--three")]
    [DataRow("""{ "Fn::Select": ["2", { "Fn::Split": ["-", { "Ref": "A" }] }] }""", "")]
    [DataRow("""{ "Fn::Select": [{ "Ref": "Index" }, { "Fn::Split": ["-", { "Ref": "A" }] }] }""", "three")]
    [DataRow("""{ "Fn::Select": [1, { "Fn::FindInMap": ["M", "K", "List"] }] }""", "l1")]
    [DataRow("""{ "Fn::Join": ["/", { "Fn::Split": ["-", { "Ref": "A" }] }] }""", "one/two//three")]
    [DataRow("""{ "Fn::Join": ["+", { "Fn::FindInMap": ["M", "K", "List"] }] }""", "l0+l1")]
    [DataRow("""{ "Fn::FindInMap": ["M", { "Fn::Select": [0, ["K"]] }, "Name"] }""", "found")]
    [DataRow("""{ "Fn::Sub": "a ${A} ${!A} $ {A} ${AWS::IoT::Certificate::Id}" }""", "a one-two--three ${A} $ {A} cafe")]
    [DataRow("""{ "Fn::Sub": ["${B}${A}", { "A": "mine", "B": { "Ref": "A" } }] }""", "one-two--threemine")]
    [DataRow("""{ "Fn::Sub": "${!iot:Connection.Thing.ThingName}" }""", "${iot:Connection.Thing.ThingName}")]
    public void Functions_give_what_they_say(string function, string value) =>
        Assert.AreEqual(value, Functions(function).Evaluate(Parameters(("A", "one-two--three"), ("Index", "3")), "cafe").DeviceConfiguration["f"]);

    [TestMethod]
    [DataRow("""{ "Fn::Select": [4, { "Fn::Split": ["-", { "Ref": "A" }] }] }""", "The index of Fn::Select, 4, is out of bounds: there are 4 values")]
    [DataRow("""{ "Fn::Select": [{ "Ref": "A" }, ["a"]] }""", "must be a whole number from 0, not one-two--three")]
    [DataRow("""{ "Fn::FindInMap": ["M", { "Ref": "A" }, "Name"] }""", "Cannot find one-two--three, Name in mapping M")]
    [DataRow("""{ "Fn::FindInMap": ["M", "K", "List"] }""", "a list where a string is needed")]
    [DataRow("""{ "Fn::Join": ["", { "Fn::FindInMap": ["M", "K", "Name"] }] }""", "a string where a list is needed")]
    [DataRow("""{ "Fn::Sub": "${Nothing}" }""", "Cannot resolve reference value: Nothing")]
    public void A_function_without_a_result_says_why(string function, string fault) => Assert.Contains(
        fault,
        Assert.ThrowsExactly<TemplateEvaluationException>(() => Functions(function).Evaluate(Parameters(("A", "one-two--three"), ("Index", "3")), "cafe")).Message);

    [TestMethod]
    [DataRow("""
        "{ \"Version\": \"2012-10-17\", \"Statement\": [{ \"Effect\": \"Allow\", \"Action\": \"iot:Publish\", \"Resource\": \"arn:aws:iot:r:a:topic/${iot:ClientId}\" }] }"
        """, "topic/${iot:ClientId}")]
    [DataRow("""{ "Version": "2012-10-17", "Statement": { "Effect": "Allow", "Action": "iot:Publish", "Resource": { "Fn::Sub": "arn:aws:iot:r:a:topic/${A}/${!iot:ClientId}" } } }""", "topic/one-two/${iot:ClientId}")]
    [DataRow("""{ "Version": "2012-10-17", "Statement": { "Effect": "Allow", "Action": { "Fn::Split": [",", "iot:Publish,iot:Receive"] }, "Resource": ["arn:aws:iot:r:a:topic/x"] } }""", "[\"iot:Publish\",\"iot:Receive\"]")]
    [DataRow("""
        { "Fn::Sub": "{ \"Version\": \"2012-10-17\", \"Statement\": [{ \"Effect\": \"Allow\", \"Action\": \"iot:Publish\", \"Resource\": \"arn:aws:iot:r:a:topic/${A}\" }] }" }
        """, "topic/one-two")]
    public void A_policy_document_can_be_written_in_each_way(string document, string text)
    {
        var policy = WithPolicy(document).Evaluate(Parameters(("A", "one-two")), "cafe").OwnPolicies.Single();

        Assert.Contains(text, policy.Document.Text);
        Assert.IsTrue(Policy.IsValidName(policy.Name));
    }

    [TestMethod]
    public void A_policy_document_that_functions_spoil_is_refused_at_the_registration() => Assert.Contains(
        "The policy document of the template is none: $.Statement.Resource",
        Assert.ThrowsExactly<TemplateEvaluationException>(() => WithPolicy("""{ "Version": "2012-10-17", "Statement": { "Effect": "Allow", "Action": "*", "Resource": { "Ref": "A" } } }""")
            .Evaluate(Parameters(("A", "no ARN")), "cafe")).Message);

    [TestMethod]
    public void Override_settings_are_taken_as_the_guide_lists_them_and_as_it_writes_them()
    {
        var template = ProvisioningTemplate.Parse("T", """
            { "Resources": {
                "c": { "Type": "AWS::IoT::Certificate", "OverrideSettings": { "Status": "FAIL" }, "Properties": { "CertificateId": { "Ref": "AWS::IoT::Certificate::Id" } } },
                "t": { "Type": "AWS::IoT::Thing", "Properties": { "ThingName": "x" },
                       "OverrideSettings": { "ATTRIBUTE_PAYLOAD": "MERGE", "THING_TYPE_NAME": "FAIL", "THING_GROUPS": "REPLACE" } } } }
            """);

        var result = template.Evaluate(Parameters(), "cafe");

        Assert.AreEqual(OverrideAction.Merge, result.Thing!.AttributesOverride);
        Assert.AreEqual(OverrideAction.Fail, result.Thing.TypeOverride);
        Assert.AreEqual(OverrideAction.Replace, result.Thing.GroupsOverride);
        Assert.AreEqual(OverrideAction.Fail, result.StatusOverride);
    }

    [TestMethod]
    public void A_body_longer_than_AWS_takes_is_refused()
    {
        var body = $$"""{ "Resources": { {{Certificate}} } }""";
        ProvisioningTemplate.Parse("T", body.PadRight(10_240));

        Assert.Contains("10241 characters", Assert.ThrowsExactly<DocumentFormatException>(() => ProvisioningTemplate.Parse("T", body.PadRight(10_241))).Message);
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
    [DataRow("""{ "Resources": { C, "x": { "Type": "AWS::IoT::Thing", "Properties": { "ThingName": { "Ref": "Nobody" } } } } }""", "$.Resources.x.Properties.ThingName.Ref", "not declared")]
    [DataRow("""{ "Resources": { C, "x": { "Type": "AWS::IoT::Thing", "Properties": { "ThingName": { "Fn::Join": ["-"] } } } } }""", "$.Resources.x.Properties.ThingName['Fn::Join']", "must be [")]
    [DataRow("""{ "Resources": { C, "x": { "Type": "AWS::IoT::Thing", "Properties": { "ThingName": { "Fn::Base64": "b" } } } } }""", "$.Resources.x.Properties.ThingName['Fn::Base64']", "no function")]
    [DataRow("""{ "Resources": { C, "x": { "Type": "AWS::IoT::Thing", "Properties": { "ThingName": "x" }, "OverrideSettings": { "ThingTypeName": "MERGE" } } } }""", "$.Resources.x.OverrideSettings.ThingTypeName", "DO_NOTHING, REPLACE or FAIL")]
    [DataRow("""{ "Resources": { C, "x": { "Type": "AWS::IoT::Thing", "Properties": { "ThingName": "x" }, "OverrideSettings": { "AttributePayload": "Merge" } } } }""", "$.Resources.x.OverrideSettings.AttributePayload", "MERGE or FAIL")]
    [DataRow("""{ "Resources": { C, "x": { "Type": "AWS::IoT::Thing", "Properties": { "ThingName": "x" }, "OverrideSettings": { "Status": "MERGE" } } } }""", "$.Resources.x.OverrideSettings.Status", "not known")]
    [DataRow("""{ "Resources": { C, "x": { "Type": "AWS::IoT::Thing", "Properties": { "ThingName": "x" } }, "y": { "Type": "AWS::IoT::Thing", "Properties": { "ThingName": "x" } } } }""", "$.Resources.y.Type", "one thing")]
    [DataRow("""{ "Resources": { C, "x": { "Type": "AWS::IoT::Policy", "Properties": {} } } }""", "$.Resources.x.Properties", "PolicyName or PolicyDocument is missing")]
    [DataRow("""{ "Resources": { C, "x": { "Type": "AWS::IoT::Policy", "Properties": { "PolicyName": "P" }, "OverrideSettings": {} } } }""", "$.Resources.x.OverrideSettings", "no OverrideSettings")]
    [DataRow("""{ "Resources": { "x": { "Type": "AWS::IoT::Certificate", "Properties": { "CertificateId": "x", "Status": "PENDING" } } } }""", "$.Resources.x.Properties.Status", "ACTIVE or INACTIVE")]
    [DataRow("""{ "Resources": { "x": { "Type": "AWS::IoT::Certificate", "Properties": { "CertificateSigningRequest": "x" } } } }""", "$.Resources.x.Properties.CertificateSigningRequest", "only CertificateId")]
    [DataRow("""{ "Resources": { "x": { "Type": "AWS::IoT::Certificate", "Properties": {} } } }""", "$.Resources.x.Properties", "CertificateId is missing")]
    [DataRow("""{ "Resources": { C }, "DeviceConfiguration": { "a": { "b": "c", "d": "e" } } }""", "$.DeviceConfiguration.a", "one member, the function")]
    [DataRow("""{ "Resources": { C }, "DeviceConfiguration": { "a": true } }""", "$.DeviceConfiguration.a", "must be a string or a function")]
    [DataRow("""{ "Resources": { C, "x": { "Type": "AWS::IoT::Thing", "Properties": { "ThingName": { "Fn::Select": [0] } } } } }""", "$.Resources.x.Properties.ThingName['Fn::Select']", "must be [INDEX, LIST]")]
    [DataRow("""{ "Resources": { C, "x": { "Type": "AWS::IoT::Thing", "Properties": { "ThingName": { "Fn::Select": [-1, ["a"]] } } } } }""", "$.Resources.x.Properties.ThingName['Fn::Select'][0]", "whole number from 0")]
    [DataRow("""{ "Resources": { C, "x": { "Type": "AWS::IoT::Thing", "Properties": { "ThingName": { "Fn::Select": ["x", ["a"]] } } } } }""", "$.Resources.x.Properties.ThingName['Fn::Select'][0]", "whole number from 0")]
    [DataRow("""{ "Resources": { C, "x": { "Type": "AWS::IoT::Thing", "Properties": { "ThingName": { "Fn::Select": [0, "a"] } } } } }""", "$.Resources.x.Properties.ThingName['Fn::Select'][1]", "must be a list")]
    [DataRow("""{ "Resources": { C, "x": { "Type": "AWS::IoT::Thing", "Properties": { "ThingName": { "Fn::Select": [0, { "Ref": "AWS::IoT::Certificate::Id" }] } } } } }""", "$.Resources.x.Properties.ThingName['Fn::Select'][1].Ref", "Ref gives no list")]
    [DataRow("""{ "Resources": { C, "x": { "Type": "AWS::IoT::Thing", "Properties": { "ThingName": { "Fn::Split": ["-", "a-b"] } } } } }""", "$.Resources.x.Properties.ThingName['Fn::Split']", "gives a list")]
    [DataRow("""{ "Resources": { C, "x": { "Type": "AWS::IoT::Thing", "Properties": { "ThingName": { "Fn::Select": [0, { "Fn::Split": ["", "a-b"] }] } } } } }""", "$.Resources.x.Properties.ThingName['Fn::Select'][1]['Fn::Split'][0]", "must not be empty")]
    [DataRow("""{ "Resources": { C, "x": { "Type": "AWS::IoT::Thing", "Properties": { "ThingName": { "Fn::Sub": "a-${Nobody}" } } } } }""", "$.Resources.x.Properties.ThingName['Fn::Sub']", "'Nobody' is neither")]
    [DataRow("""{ "Resources": { C, "x": { "Type": "AWS::IoT::Thing", "Properties": { "ThingName": { "Fn::Sub": "a-${Nobody" } } } } }""", "$.Resources.x.Properties.ThingName['Fn::Sub']", "no closing brace")]
    [DataRow("""{ "Resources": { C, "x": { "Type": "AWS::IoT::Thing", "Properties": { "ThingName": { "Fn::Sub": ["${B}", { "B": { "Ref": "Nobody" } }] } } } } }""", "$.Resources.x.Properties.ThingName['Fn::Sub'][1].B.Ref", "not declared")]
    [DataRow("""{ "Resources": { C, "x": { "Type": "AWS::IoT::Thing", "Properties": { "ThingName": { "Fn::Sub": ["x"] } } } } }""", "$.Resources.x.Properties.ThingName['Fn::Sub']", "must be")]
    [DataRow("""{ "Resources": { C, "x": { "Type": "AWS::IoT::Thing", "Properties": { "ThingName": { "Fn::FindInMap": ["M", "K", "N"] } } } } }""", "$.Resources.x.Properties.ThingName['Fn::FindInMap'][0]", "not declared under Mappings")]
    [DataRow("""{ "Mappings": { "M": { "K": { "N": "v" } } }, "Parameters": { "A": { "Type": "String" } }, "Resources": { C, "x": { "Type": "AWS::IoT::Thing", "Properties": { "ThingName": { "Fn::FindInMap": ["M", "K"] } } } } }""", "$.Resources.x.Properties.ThingName['Fn::FindInMap']", "must be [")]
    [DataRow("""{ "Mappings": { "M": { "K": { "N": "v" } } }, "Parameters": { "A": { "Type": "String" } }, "Resources": { C, "x": { "Type": "AWS::IoT::Thing", "Properties": { "ThingName": { "Fn::FindInMap": ["M", "K", "other"] } } } } }""", "$.Resources.x.Properties.ThingName['Fn::FindInMap']", "no K, other in the mapping M")]
    [DataRow("""{ "Mappings": { "M": "x" }, "Resources": { C } }""", "$.Mappings.M", "must be an object")]
    [DataRow("""{ "Mappings": { "M": { "K": "x" } }, "Resources": { C } }""", "$.Mappings.M.K", "must be an object")]
    [DataRow("""{ "Mappings": { "M": { "K": { "N": { "Ref": "A" } } } }, "Resources": { C } }""", "$.Mappings.M.K.N", "no functions")]
    [DataRow("""{ "Mappings": { "M": { "K": { "N": 7 } } }, "Resources": { C } }""", "$.Mappings.M.K.N", "must be a string")]
    [DataRow("""{ "Resources": { C, "x": { "Type": "AWS::IoT::Policy", "Properties": { "PolicyDocument": {} } } } }""", "$.Resources.x.Properties.PolicyDocument", "Version is missing")]
    [DataRow("""{ "Resources": { C, "x": { "Type": "AWS::IoT::Policy", "Properties": { "PolicyDocument": { "Version": "2012-10-17", "Statement": [{ "Effect": "Perhaps" }] } } } } }""", "$.Resources.x.Properties.PolicyDocument.Statement[0].Effect", "Allow or Deny")]
    [DataRow("""{ "Resources": { C, "x": { "Type": "AWS::IoT::Policy", "Properties": { "PolicyDocument": { "Version": "2012-10-17", "Statement": [{ "Resource": { "Fn::Join": ["", "x"] } }] } } } } }""", "$.Resources.x.Properties.PolicyDocument.Statement[0].Resource['Fn::Join'][1]", "must be a list")]
    [DataRow("""{ "Resources": { C, "x": { "Type": "AWS::IoT::Policy", "Properties": { "PolicyDocument": "{}" } } } }""", "$.Resources.x.Properties.PolicyDocument", "the policy in the string is none: $: Version is missing")]
    [DataRow("""{ "Resources": { C, "x": { "Type": "AWS::IoT::Policy", "Properties": { "PolicyName": "P", "PolicyDocument": "{}" } } } }""", "$.Resources.x.Properties.PolicyDocument", "exclude each other")]
    [DataRow("""{ "Resources": { C, "x": { "Type": "AWS::IoT::Thing", "Properties": { "ThingName": "x", "ThingGroups": "g" } } } }""", "$.Resources.x.Properties.ThingGroups", "must be a list")]
    [DataRow("""{ "Resources": { C, "x": { "Type": "AWS::IoT::Thing", "Properties": { "ThingName": "x", "PackageVersions": {} } } } }""", "$.Resources.x.Properties.PackageVersions", "not supported yet")]
    [DataRow("""{ "Resources": { C, "x": { "Type": "AWS::IoT::Thing", "Properties": { "ThingName": "x" }, "OverrideSettings": { "ThingGroups": "FAIL", "THING_GROUPS": "FAIL" } } } }""", "$.Resources.x.OverrideSettings.THING_GROUPS", "same setting")]
    [DataRow("""{ "Resources": { "x": { "Type": "AWS::IoT::Certificate", "Properties": { "CertificateId": "x" }, "OverrideSettings": { "Status": "MERGE" } } } }""", "$.Resources.x.OverrideSettings.Status", "DO_NOTHING, REPLACE or FAIL")]
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

    private static ProvisioningTemplate Functions(string function) => ProvisioningTemplate.Parse("T", $$"""
        {
          "Parameters": { "A": { "Type": "String" }, "Index": { "Type": "String" }, "Nothing": { "Type": "String" } },
          "Mappings": { "M": { "K": { "Name": "found", "List": ["l0", "l1"] } } },
          "Resources": { {{Certificate}} },
          "DeviceConfiguration": { "f": {{function}} }
        }
        """);

    private static ProvisioningTemplate WithPolicy(string document) => ProvisioningTemplate.Parse("T", $$"""
        {
          "Parameters": { "A": { "Type": "String" } },
          "Resources": { {{Certificate}}, "p": { "Type": "AWS::IoT::Policy", "Properties": { "PolicyDocument": {{document}} } } }
        }
        """);

    private static ProvisioningTemplate Seed(string name) => SeedDocuments.Templates(new LocalCloudOptions()).Single(template => template.Name == name);

    private static Dictionary<string, string> Parameters(params (string Name, string Value)[] parameters) =>
        parameters.ToDictionary(parameter => parameter.Name, parameter => parameter.Value);
}
