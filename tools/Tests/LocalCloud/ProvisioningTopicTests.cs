using LocalCloud;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Tests.LocalCloud;

[TestClass]
public sealed class ProvisioningTopicTests
{
    [TestMethod]
    [DataRow("$aws/certificates/create/json", "CreateKeysAndCertificate", null)]
    [DataRow("$aws/certificates/create/cbor", "CreateKeysAndCertificate", null)]
    [DataRow("$aws/certificates/create-from-csr/json", "CreateCertificateFromCsr", null)]
    [DataRow("$aws/provisioning-templates/T/provision/json", "RegisterThing", "T")]
    [DataRow("$aws/provisioning-templates/T/provision/cbor", "RegisterThing", "T")]
    public void The_set_reads_and_writes_itself(string topic, string operation, string? template)
    {
        Assert.IsTrue(ProvisioningTopic.TryParse(topic, out var parsed));

        Assert.AreEqual(operation, parsed!.Operation.ToString());
        Assert.AreEqual(template, parsed.TemplateName);
        Assert.AreEqual(topic, parsed.Request);
        Assert.AreEqual(topic + "/accepted", parsed.Accepted);
        Assert.AreEqual(topic + "/rejected", parsed.Rejected);
    }

    [TestMethod]
    [DataRow("$aws/certificates/create/json/accepted")]
    [DataRow("$aws/certificates/create/xml")]
    [DataRow("$aws/certificates/create")]
    [DataRow("$aws/certificates/json")]
    [DataRow("$aws/provisioning-templates/provision/json")]
    [DataRow("$aws/provisioning-templates/a/b/provision/json")]
    [DataRow("aws/certificates/create/json")]
    [DataRow("json")]
    [DataRow("")]
    public void The_set_is_closed(string topic) => Assert.IsFalse(ProvisioningTopic.TryParse(topic, out _));
}
