using System.Text;
using LocalCloud;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Mqtt;

namespace Tests.LocalCloud;

/// <summary>What the policies ask about a connection, over TLS.</summary>
[TestClass]
public sealed class PolicyConnectionTests
{
    private TestCloud _cloud = null!;

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Stopping => TestContext.CancellationToken;

    [TestInitialize]
    public async Task Start() => _cloud = await TestCloud.StartAsync(Stopping);

    [TestCleanup]
    public async Task Stop() => await _cloud.DisposeAsync();

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task Source_address_and_connect_attributes_are_those_of_the_connection()
    {
        var credentials = await CreateAsync("""
            { "Effect": "Allow", "Action": "iot:Connect", "Resource": "*", "Condition": {
                "IpAddress": { "aws:SourceIp": ["127.0.0.1", "::1"] },
                "ForAllValues:StringEquals": { "iot:ConnectAttributes": ["LastWill"] } } },
            { "Effect": "Allow", "Action": "iot:Publish", "Resource": "*" }
            """);
        var will = new Will("gone", Encoding.UTF8.GetBytes("x"), QualityOfService.AtMostOnce, Retain: false);

        await using (await _cloud.ConnectAsync(credentials, "with-will", Stopping, will))
        {
        }

        await Assert.ThrowsExactlyAsync<MqttRefusedException>(() => _cloud.ConnectAsync(credentials, new ConnectPacket("persistent", CleanSession: false), Stopping));
        await _cloud.Log.WaitAsync("and here iot:ConnectAttributes is PersistentConnect", Stopping);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task Thing_and_certificate_are_those_of_the_connection()
    {
        var credentials = await CreateAsync("""
            { "Effect": "Allow", "Action": "iot:Connect", "Resource": "arn:aws:iot:ap-northeast-1:123456789012:client/${iot:Connection.Thing.ThingName}", "Condition": {
                "StringEquals": { "iot:Connection.Thing.ThingTypeName": "Bulb", "iot:Certificate.Subject.CommonName": "AWS IoT Certificate" } } }
            """);
        _cloud.Registry.PutThing(new Thing("lamp", "Bulb"));
        _cloud.Registry.AttachThing("lamp", credentials.CertificateId);

        await using (await _cloud.ConnectAsync(credentials, "lamp", Stopping))
        {
        }

        await Assert.ThrowsExactlyAsync<MqttRefusedException>(() => _cloud.ConnectAsync(credentials, "other", Stopping));
        await _cloud.Log.WaitAsync("needs ${iot:Connection.Thing.ThingName}, which has no value: the certificate is attached to no thing named other", Stopping);
    }

    private Task<ClientCredentials> CreateAsync(string statements)
    {
        _cloud.Registry.PutPolicy(new Policy("P", PolicyDocument.Parse($$"""{ "Version": "2012-10-17", "Statement": [{{statements}}] }""")));
        return _cloud.Server.CreateCredentialsAsync(CertificateStatus.Active, ["P"], Stopping);
    }
}
