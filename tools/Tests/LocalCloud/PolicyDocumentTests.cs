using LocalCloud;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Tests.LocalCloud;

[TestClass]
public sealed class PolicyDocumentTests
{
    private const string Statement = """{ "Effect": "Allow", "Action": "iot:Publish", "Resource": "*" }""";

    [TestMethod]
    public void Strings_and_arrays_are_read_and_the_text_is_kept()
    {
        var json = """
            { "Version": "2012-10-17", "Statement": [
              { "Sid": "First", "Effect": "Allow", "Action": ["iot:Publish", "iot:Receive"], "Resource": ["arn:aws:iot:r:a:topic/x", "*"] },
              { "Effect": "Deny", "Action": "*", "Resource": "*" } ] }
            """;

        var document = PolicyDocument.Parse(json);

        Assert.AreEqual(json, document.Text);
        Assert.HasCount(2, document.Statements);
        Assert.AreEqual("First", document.Statements[0].Sid);
        Assert.AreEqual(PolicyEffect.Deny, document.Statements[1].Effect);
        Assert.AreEqual(1, document.Statements[1].Index);
    }

    [TestMethod]
    public void One_statement_needs_no_array() =>
        Assert.HasCount(1, PolicyDocument.Parse($$"""{ "Version": "2012-10-17", "Statement": {{Statement}} }""").Statements);

    [TestMethod]
    [DataRow("", "$", "not valid JSON")]
    [DataRow("[]", "$", "must be an object")]
    [DataRow("""{ "Statement": [S] }""", "$", "Version is missing")]
    [DataRow("""{ "Version": "2008-10-17", "Statement": [S] }""", "$.Version", "must be 2012-10-17")]
    [DataRow("""{ "Version": "2012-10-17" }""", "$", "Statement is missing")]
    [DataRow("""{ "Version": "2012-10-17", "Statement": [] }""", "$.Statement", "must not be empty")]
    [DataRow("""{ "Version": "2012-10-17", "Statement": [S], "Statements": [] }""", "$.Statements", "no element")]
    [DataRow("""{ "Version": "2012-10-17", "Version": "2012-10-17", "Statement": [S] }""", "$", "not valid JSON")]
    [DataRow("""{ "Version": "2012-10-17", "Statement": [S, { "Action": "*", "Resource": "*" }] }""", "$.Statement[1]", "Effect is missing")]
    [DataRow("""{ "Version": "2012-10-17", "Statement": [{ "Effect": "allow", "Action": "*", "Resource": "*" }] }""", "$.Statement[0].Effect", "Allow or Deny")]
    [DataRow("""{ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Resource": "*" }] }""", "$.Statement[0]", "Action is missing")]
    [DataRow("""{ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": [], "Resource": "*" }] }""", "$.Statement[0].Action", "must not be empty")]
    [DataRow("""{ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": ["*", 1], "Resource": "*" }] }""", "$.Statement[0].Action[1]", "must be a string")]
    [DataRow("""{ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "Publish", "Resource": "*" }] }""", "$.Statement[0].Action", "no action")]
    [DataRow("""{ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "*" }] }""", "$.Statement[0]", "Resource is missing")]
    [DataRow("""{ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "*", "Resource": "topic/x" }] }""", "$.Statement[0].Resource", "no resource")]
    [DataRow("""{ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "*", "Resource": ["*", "arn:aws:iot:r:a:topic/${iot:ClientId"] }] }""", "$.Statement[0].Resource[1]", "no closing brace")]
    [DataRow("""{ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "*", "Resource": "arn:aws:iot:r:a:topic/${iot:Thing.ThingName}" }] }""", "$.Statement[0].Resource", "${iot:Thing.ThingName} is not supported")]
    [DataRow("""{ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "*", "Resource": "arn:aws:iot:r:${ACCOUNT_ID}:topic/x" }] }""", "$.Statement[0].Resource", "${ACCOUNT_ID} is not supported")]
    [DataRow("""{ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "*", "Resource": "arn:aws:iot:r:a:topic/${iot:Certificate.Subject.Locality}" }] }""", "$.Statement[0].Resource", "is not supported")]
    [DataRow("""{ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "*", "Resource": "arn:aws:iot:r:a:topic/${iot:Certificate.Subject.CommonName.10}" }] }""", "$.Statement[0].Resource", "is not supported")]
    [DataRow("""{ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "*", "Resource": "arn:aws:iot:r:a:topic/${iot:Certificate.SerialNumber.1}" }] }""", "$.Statement[0].Resource", "is not supported")]
    [DataRow("""{ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "*", "Resource": "arn:aws:iot:r:a:topic/${iot:Connection.Thing.Attributes[]}" }] }""", "$.Statement[0].Resource", "is not supported")]
    [DataRow("""{ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "*", "Resource": "arn:aws:iot:r:a:topic/${iot:Certificate.Subject.CommonName.List}" }] }""", "$.Statement[0].Resource", "a key of conditions")]
    [DataRow("""{ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "*", "Resource": "arn:aws:iot:r:a:topic/${iot:ConnectAttributes}" }] }""", "$.Statement[0].Resource", "a key of conditions")]
    [DataRow("""{ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "*", "NotAction": "*", "Resource": "*" }] }""", "$.Statement[0].NotAction", "exclude each other")]
    [DataRow("""{ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "NotResource": "*", "Action": "*", "Resource": "*" }] }""", "$.Statement[0].Resource", "exclude each other")]
    [DataRow("""{ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "NotAction": [], "Resource": "*" }] }""", "$.Statement[0].NotAction", "must not be empty")]
    [DataRow("""{ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "*", "NotResource": "a" }] }""", "$.Statement[0].NotResource", "no resource")]
    [DataRow("""{ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": [] }] }""", "$.Statement[0].Condition", "must be an object")]
    [DataRow("""{ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": { "NumericEquals": { "iot:ClientId": "1" } } }] }""", "$.Statement[0].Condition.NumericEquals", "the condition operator NumericEquals is not supported")]
    [DataRow("""{ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": { "StringEqualsIfExists": { "iot:ClientId": "1" } } }] }""", "$.Statement[0].Condition.StringEqualsIfExists", "StringEqualsIfExists is not supported")]
    [DataRow("""{ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": { "ForAnyValue:Null": { "iot:ClientId": "true" } } }] }""", "$.Statement[0].Condition['ForAnyValue:Null']", "ForAnyValue:Null is not supported")]
    [DataRow("""{ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": { "StringEquals": { "aws:username": "1" } } }] }""", "$.Statement[0].Condition.StringEquals['aws:username']", "the condition key aws:username is not supported")]
    [DataRow("""{ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": { "StringEquals": { "iot:ConnectAttributes": "LastWill" } } }] }""", "$.Statement[0].Condition.StringEquals['iot:ConnectAttributes']", "needs ForAnyValue: or ForAllValues:")]
    [DataRow("""{ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": { "Bool": { "iot:Connection.Thing.IsAttached": "yes" } } }] }""", "$.Statement[0].Condition.Bool['iot:Connection.Thing.IsAttached']", "must be true or false")]
    [DataRow("""{ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": { "IpAddress": { "aws:SourceIp": "here" } } }] }""", "$.Statement[0].Condition.IpAddress['aws:SourceIp']", "must be an IP address")]
    [DataRow("""{ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": { "IpAddress": { "aws:SourceIp": ["10.0.0.0/8", "10.0.0.0/33"] } } }] }""", "$.Statement[0].Condition.IpAddress['aws:SourceIp'][1]", "0 to 32 bits")]
    [DataRow("""{ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": { "ArnEquals": { "iot:LastWillTopic": "will" } } }] }""", "$.Statement[0].Condition.ArnEquals['iot:LastWillTopic']", "must be an ARN")]
    [DataRow("""{ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": { "StringLike": { "iot:ClientId": "${nothing}" } } }] }""", "$.Statement[0].Condition.StringLike['iot:ClientId']", "${nothing} is not supported")]
    [DataRow("""{ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": { "StringEqualsIgnoreCase": { "iot:ClientId": "${iot:ClientId}" } } }] }""", "$.Statement[0].Condition.StringEqualsIgnoreCase['iot:ClientId']", "ignores case")]
    [DataRow("""{ "Version": "2012-10-17", "Statement": [{ "Effect": "Deny", "Action": "*", "Resource": "*", "Principal": "*" }] }""", "$.Statement[0].Principal", "no element")]
    public void What_cannot_be_enforced_is_refused_with_its_place(string json, string path, string fault)
    {
        var refusal = Assert.ThrowsExactly<DocumentFormatException>(() => PolicyDocument.Parse(json.Replace("[S", "[" + Statement)));

        Assert.AreEqual(path, refusal.Path);
        Assert.Contains(fault, refusal.Message);
    }

    [TestMethod]
    public void A_document_longer_than_AWS_takes_is_refused_and_white_space_does_not_count()
    {
        static string WithResource(int length) =>
            $$"""{ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "iot:Publish", "Resource": "arn:{{new string('x', length)}}" }] }""" + new string(' ', 3000);

        var overhead = WithResource(0).Count(c => !char.IsWhiteSpace(c));
        PolicyDocument.Parse(WithResource(PolicyDocument.MaximumCharacters - overhead));
        Assert.ThrowsExactly<DocumentFormatException>(() => PolicyDocument.Parse(WithResource(PolicyDocument.MaximumCharacters - overhead + 1)));
    }

    [TestMethod]
    [DataRow("smpl-krsk-iot-core-policy-devices", true)]
    [DataRow("a_b+c=d,e.f@g-h", true)]
    [DataRow("", false)]
    [DataRow("a b", false)]
    [DataRow("a/b", false)]
    public void Names_are_those_of_AWS(string name, bool isValid) => Assert.AreEqual(isValid, Policy.IsValidName(name));
}
