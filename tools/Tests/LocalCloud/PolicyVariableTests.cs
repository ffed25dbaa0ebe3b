using System.Collections.Immutable;
using System.Net;
using LocalCloud;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Tests.LocalCloud;

[TestClass]
public sealed class PolicyVariableTests
{
    private const string CommonName = "2.5.4.3";

    /// <summary>The certificate of the developer guide, "Using X.509 certificate policy variables".</summary>
    private static readonly string s_documented = TestCertificate.Create(
        [0x92, 0x12, 0x85, 0xcb, 0xb7, 0xa5, 0xe0, 0x86],
        [
            ("2.5.4.6", "US"), ("2.5.4.10", "IoT Devices"), ("2.5.4.11", "LightBulb"), ("2.5.4.8", "NY"), (CommonName, "LightBulb Device Cert"), ("2.5.4.42", "Bulb"), ("2.5.4.43", "ZZ"),
            ("2.5.4.46", "Bulb001"), ("2.5.4.4", "Multi Color"), ("2.5.4.12", "RGB"), ("2.5.4.65", "RGB Device"), ("2.5.4.44", "4"), ("2.5.4.5", "123"),
        ],
        [
            ("2.5.4.6", "US"), ("2.5.4.10", "IoT Devices"), ("2.5.4.11", "SmartHome"), ("2.5.4.8", "WA"), (CommonName, "IoT Devices Primary CA"), ("2.5.4.42", "Primary CA1"), ("2.5.4.43", "XY"),
            ("2.5.4.46", "Example corp"), ("2.5.4.4", "SmartHome"), ("2.5.4.12", "CA1"), ("2.5.4.65", "Primary_CA"), ("2.5.4.44", "2"), ("2.5.4.5", "987"),
        ],
        names =>
        {
            TestCertificate.Dns(names, "example.com");
            TestCertificate.Address(names, "1.2.3.4");
            TestCertificate.Uri(names, "ResourceIdentifier001");
            TestCertificate.Mail(names, "device1@example.com");
            TestCertificate.Directory(names, ("2.5.4.6", "US"), ("2.5.4.10", "IoT"), ("2.5.4.11", "SmartHome"), (CommonName, "LightBulbCert"));
        },
        names =>
        {
            TestCertificate.Dns(names, "issuer.com");
            TestCertificate.Address(names, "5.6.7.8");
            TestCertificate.Uri(names, "PrimarySignerCA");
            TestCertificate.Mail(names, "primary@issuer.com");
            TestCertificate.Directory(names, ("2.5.4.6", "US"), ("2.5.4.10", "Issuer"), ("2.5.4.11", "IoT Devices"), (CommonName, "Primary Issuer CA"));
        });

    private static readonly string s_odd = TestCertificate.Create(
        [1],
        [
            (CommonName, "zero"), (CommonName, "one+one"), (CommonName, "a,b"), (CommonName, new string('x', 1025)), (CommonName, new string('x', 1024)), (CommonName, "five"),
            ("2.5.4.10", "Amazon Web Services O=Amazon.com Inc. L=Seattle ST=Washington C=US"), ("2.5.4.11", "#1"),
        ],
        [(CommonName, "CA")]);

    private static readonly PolicyContext s_context = new("lamp", new Thing("lamp", "Bulb")
    {
        Attributes = new Dictionary<string, string> { ["room"] = "kitchen", ["a:b.c/d#e"] = "x" }.ToImmutableSortedDictionary(),
    })
    {
        CertificateId = "cafe",
        CertificatePem = s_documented,
        SourceAddress = IPAddress.Parse("::ffff:192.0.2.7"),
    };

    [TestMethod]
    [DataRow("iot:ClientId", "lamp")]
    [DataRow("aws:SourceIp", "192.0.2.7")]
    [DataRow("iot:CertificateId", "cafe")]
    [DataRow("iot:Connection.Thing.ThingName", "lamp")]
    [DataRow("iot:Connection.Thing.ThingTypeName", "Bulb")]
    [DataRow("iot:Connection.Thing.IsAttached", "true")]
    [DataRow("iot:Connection.Thing.Attributes[room]", "kitchen")]
    [DataRow("iot:Connection.Thing.Attributes[a:b.c/d#e]", "x")]
    [DataRow("iot:Connection.Thing.Attributes[Room]", null)]
    [DataRow("iot:Certificate.SerialNumber", "10525622389124227206")]
    [DataRow("iot:Certificate.Subject.Country", "US")]
    [DataRow("iot:Certificate.Subject.Organization", "IoT Devices")]
    [DataRow("iot:Certificate.Subject.OrganizationalUnit", "LightBulb")]
    [DataRow("iot:Certificate.Subject.State", "NY")]
    [DataRow("iot:Certificate.Subject.CommonName", "LightBulb Device Cert")]
    [DataRow("iot:Certificate.Subject.CommonName.0", "LightBulb Device Cert")]
    [DataRow("iot:Certificate.Subject.CommonName.1", null)]
    [DataRow("iot:Certificate.Subject.GivenName", "Bulb")]
    [DataRow("iot:Certificate.Subject.Initials", "ZZ")]
    [DataRow("iot:Certificate.Subject.DistinguishedNameQualifier", "Bulb001")]
    [DataRow("iot:Certificate.Subject.Surname", "Multi Color")]
    [DataRow("iot:Certificate.Subject.Title", "RGB")]
    [DataRow("iot:Certificate.Subject.Pseudonym", "RGB Device")]
    [DataRow("iot:Certificate.Subject.GenerationQualifier", "4")]
    [DataRow("iot:Certificate.Subject.SerialNumber", "123")]
    [DataRow("iot:Certificate.Issuer.CommonName", "IoT Devices Primary CA")]
    [DataRow("iot:Certificate.Issuer.State", "WA")]
    [DataRow("iot:Certificate.Issuer.SerialNumber", "987")]
    [DataRow("iot:Certificate.Subject.AlternativeName.DNSName", "example.com")]
    [DataRow("iot:Certificate.Subject.AlternativeName.IPAddress", "1.2.3.4")]
    [DataRow("iot:Certificate.Subject.AlternativeName.UniformResourceIdentifier", "ResourceIdentifier001")]
    [DataRow("iot:Certificate.Subject.AlternativeName.RFC822Name", "device1@example.com")]
    [DataRow("iot:Certificate.Subject.AlternativeName.DirectoryName", "cn=LightBulbCert,ou=SmartHome,o=IoT,c=US")]
    [DataRow("iot:Certificate.Issuer.AlternativeName.DNSName", "issuer.com")]
    [DataRow("iot:Certificate.Issuer.AlternativeName.IPAddress", "5.6.7.8")]
    [DataRow("iot:Certificate.Issuer.AlternativeName.UniformResourceIdentifier", "PrimarySignerCA")]
    [DataRow("iot:Certificate.Issuer.AlternativeName.RFC822Name", "primary@issuer.com")]
    [DataRow("iot:Certificate.Issuer.AlternativeName.DirectoryName", "cn=Primary Issuer CA,ou=IoT Devices,o=Issuer,c=US")]
    public void Values_are_those_that_AWS_documents(string variable, string? value) =>
        Assert.AreEqual(value, PolicyVariable.Find(variable)!.Resolve(s_context));

    [TestMethod]
    [DataRow("iot:Certificate.Subject.CommonName", "zero")]
    [DataRow("iot:Certificate.Subject.CommonName.1", null, DisplayName = "a wildcard of MQTT")]
    [DataRow("iot:Certificate.Subject.CommonName.2", "a\\,b")]
    [DataRow("iot:Certificate.Subject.CommonName.3", null, DisplayName = "1,025 characters")]
    [DataRow("iot:Certificate.Subject.CommonName.5", null, DisplayName = "the sixth value")]
    [DataRow("iot:Certificate.Subject.Organization", "Amazon Web Services O\\=Amazon.com Inc. L\\=Seattle ST\\=Washington C\\=US")]
    [DataRow("iot:Certificate.Subject.OrganizationalUnit", null)]
    [DataRow("iot:Certificate.Subject.AlternativeName.DNSName", null)]
    public void What_AWS_does_not_put_in_has_no_value(string variable, string? value) =>
        Assert.AreEqual(value, PolicyVariable.Find(variable)!.Resolve(s_context with { CertificatePem = s_odd }));

    [TestMethod]
    public void Lists_have_five_values_at_most_and_unusable_ones_stand_as_the_variables_text()
    {
        var values = PolicyVariable.Find("iot:Certificate.Subject.CommonName.List")!.Values(s_context with { CertificatePem = s_odd });

        CollectionAssert.AreEqual(
            new[] { "zero", "${iot:Certificate.Subject.CommonName.List}", "a\\,b", "${iot:Certificate.Subject.CommonName.List}", new string('x', 1024) },
            values.ToArray());
    }

    [TestMethod]
    public void Available_keys_are_the_variables_that_have_values()
    {
        var keys = PolicyVariable.Find("iot:Certificate.AvailableKeys")!.Values(s_context with { CertificatePem = s_odd });

        CollectionAssert.AreEquivalent(
            new[]
            {
                "iot:Certificate.SerialNumber", "iot:Certificate.Subject.CommonName", "iot:Certificate.Subject.Organization", "iot:Certificate.Subject.OrganizationalUnit",
                "iot:Certificate.Issuer.CommonName",
            },
            keys.ToArray());
    }

    [TestMethod]
    [DataRow("iot:Connection.Thing.ThingName")]
    [DataRow("iot:Connection.Thing.ThingTypeName")]
    [DataRow("iot:Connection.Thing.Attributes[room]")]
    [DataRow("iot:Certificate.Subject.CommonName")]
    [DataRow("iot:Certificate.SerialNumber")]
    [DataRow("iot:CertificateId")]
    [DataRow("aws:SourceIp")]
    public void Without_thing_certificate_and_address_there_are_no_values(string variable) =>
        Assert.IsNull(PolicyVariable.Find(variable)!.Resolve(new PolicyContext("lamp", Thing: null)));
}
