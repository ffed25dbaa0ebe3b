using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Tests.LocalCloud;

namespace Tests.Outside;

/// <summary>AWS's own device SDK for JavaScript v2 against LocalCloud: <c>fleet-provisioning.mjs</c> is the program.</summary>
[TestClass]
public sealed class AwsSdkTests
{
    public TestContext TestContext { get; set; }

    private CancellationToken Stopping => TestContext.CancellationToken;

    [TestMethod]
    [Timeout(120_000, CooperativeCancellation = true)]
    [DataRow(false, DisplayName = "CreateKeysAndCertificate")]
    [DataRow(true, DisplayName = "CreateCertificateFromCsr")]
    public async Task Four_clients_at_once_each_get_their_own_answers_connect_as_their_things_and_publish(bool isFromCsr)
    {
        if (Environment.GetEnvironmentVariable("AGENT_AWS_SDK") is not { Length: > 0 } modules)
        {
            Assert.Inconclusive("Set AGENT_AWS_SDK to a node_modules folder that has aws-iot-device-sdk-v2, where node is installed, to run AWS's own SDK against LocalCloud.");
            return;
        }

        await using var cloud = await OutsideCloud.StartAsync(Stopping);
        if (isFromCsr)
        {
            AllowCsr(cloud);
        }

        var settings = JsonSerializer.Serialize(new
        {
            modules = Path.GetFullPath(modules),
            host = cloud.Server.Endpoint,
            port = cloud.Server.Port,
            rootCa = cloud.RootCa,
            claimCertificate = cloud.Server.ClaimCertificatePath,
            claimKey = cloud.Server.ClaimKeyPath,
            template = cloud.Server.TemplateName,
            product = "smpl-krsk",
            prefix = "sdk-",
            requests = isFromCsr ? Enumerable.Range(0, 4).Select(MakeRequest).ToArray() : null,
        });

        var output = await OutsideProcess.RunAsync(Stopping, "node", Path.Combine(AppContext.BaseDirectory, "Outside", "fleet-provisioning.mjs"), settings);

        var results = JsonDocument.Parse(output).RootElement.EnumerateArray().ToArray();
        Assert.HasCount(4, results);
        var registry = cloud.Server.Registry;
        for (var index = 0; index < results.Length; index++)
        {
            var thing = $"sdk-{index}";
            var certificateId = results[index].GetProperty("certificateId").GetString();
            Assert.AreEqual(thing, results[index].GetProperty("registeredAs").GetString());
            Assert.AreEqual(1, results[index].GetProperty("answers").GetProperty("create").GetInt32(), thing);
            Assert.AreEqual(1, results[index].GetProperty("answers").GetProperty("register").GetInt32(), thing);
            Assert.AreEqual(1, results[index].GetProperty("tokens").GetInt32(), thing);
            Assert.IsTrue(results[index].GetProperty("published").GetBoolean(), thing);
            Assert.AreEqual(index == 3 ? 1 : 0, results[index].GetProperty("interruptions").GetInt32(), thing);
            Assert.AreEqual(global::LocalCloud.CertificateStatus.Active, registry.FindCertificate(certificateId).Status, thing);
        }

        using var aws = new ControlPlaneClient(cloud.Server.ControlPlaneUrl, Stopping);
        var accepted = (await aws.AskAsync("GET", "/localcloud/counters"))["provisioning"]["accepted"];
        Assert.AreEqual(4, (int)accepted[isFromCsr ? "CreateCertificateFromCsr" : "CreateKeysAndCertificate"]);
        Assert.HasCount(4, results.Select(result => result.GetProperty("certificateId").GetString()).Distinct().ToArray());
        var line = await cloud.Log.WaitAsync("sdk-3 is cut", Stopping);
        Assert.IsTrue(line.Contains("iot:Publish", StringComparison.Ordinal) && line.Contains("outside/policy", StringComparison.Ordinal), line);
    }

    /// <summary>AWS's sample claim policy has what CreateKeysAndCertificate needs, and no more.</summary>
    private static void AllowCsr(OutsideCloud cloud)
    {
        cloud.Server.Registry.PutPolicy(new global::LocalCloud.Policy("Csr", global::LocalCloud.PolicyDocument.Parse("""
            { "Version": "2012-10-17", "Statement": [
              { "Effect": "Allow", "Action": ["iot:Publish", "iot:Receive"], "Resource": "arn:aws:iot:ap-northeast-1:123456789012:topic/$aws/certificates/create-from-csr/*" },
              { "Effect": "Allow", "Action": "iot:Subscribe", "Resource": "arn:aws:iot:ap-northeast-1:123456789012:topicfilter/$aws/certificates/create-from-csr/*" } ] }
            """)));
        cloud.Server.Registry.AttachPolicy("Csr", cloud.Server.ClaimCredentials.CertificateId);
    }

    private static object MakeRequest(int index)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new
        {
            request = new CertificateRequest($"CN=sdk-{index}", key, HashAlgorithmName.SHA256).CreateSigningRequestPem(),
            key = key.ExportECPrivateKeyPem(),
        };
    }
}
