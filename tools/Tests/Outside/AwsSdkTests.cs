using System.Text.Json;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Tests.Outside;

/// <summary>AWS's own device SDK for JavaScript v2 against LocalCloud: <c>fleet-provisioning.mjs</c> is the program.</summary>
[TestClass]
public sealed class AwsSdkTests
{
    public TestContext TestContext { get; set; }

    private CancellationToken Stopping => TestContext.CancellationToken;

    [TestMethod]
    [Timeout(120_000, CooperativeCancellation = true)]
    public async Task Four_clients_at_once_each_get_their_own_answers_connect_as_their_things_and_publish()
    {
        if (Environment.GetEnvironmentVariable("AGENT_AWS_SDK") is not { Length: > 0 } modules)
        {
            Assert.Inconclusive("Set AGENT_AWS_SDK to a node_modules folder that has aws-iot-device-sdk-v2, where node is installed, to run AWS's own SDK against LocalCloud.");
            return;
        }

        await using var cloud = await OutsideCloud.StartAsync(Stopping);
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

        Assert.HasCount(4, results.Select(result => result.GetProperty("certificateId").GetString()).Distinct().ToArray());
        var line = await cloud.Log.WaitAsync("sdk-3 is cut", Stopping);
        Assert.IsTrue(line.Contains("iot:Publish", StringComparison.Ordinal) && line.Contains("outside/policy", StringComparison.Ordinal), line);
    }
}
