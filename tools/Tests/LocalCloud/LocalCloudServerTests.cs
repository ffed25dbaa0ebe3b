using System.Net;
using System.Net.Sockets;
using LocalCloud;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Mqtt;

namespace Tests.LocalCloud;

[TestClass]
public sealed class LocalCloudServerTests
{
    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Stopping => TestContext.CancellationToken;

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task Without_a_directory_everything_is_in_memory()
    {
        await using var server = await LocalCloudServer.StartAsync(new LocalCloudOptions(), Stopping);

        Assert.IsNull(server.RootCaFile);
        Assert.IsNull(server.ClaimKeyPath);
        Assert.AreEqual("localhost", server.Endpoint);
        Assert.AreEqual("smpl-krsk-iot-core-prov-temp", server.TemplateName);
        Assert.AreEqual(CertificateStatus.Active, server.Registry.FindCertificate(server.ClaimCredentials.CertificateId)!.Status);
        CollectionAssert.AreEqual(
            new[] { "My_IoT_Policy", "smpl-krsk-iot-core-policy-claim", "smpl-krsk-iot-core-policy-claim-serial", "smpl-krsk-iot-core-policy-devices" },
            server.Registry.Policies.Select(policy => policy.Name).ToArray());
        CollectionAssert.AreEqual(
            new[] { "smpl-krsk-iot-core-prov-temp", "smpl-krsk-iot-core-prov-temp-serial" },
            server.Registry.Templates.Select(template => template.Name).ToArray());
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task It_is_reached_on_every_loopback_address_and_on_no_other()
    {
        await using var cloud = await TestCloud.StartAsync(Stopping);

        foreach (var address in new[] { IPAddress.Loopback, IPAddress.IPv6Loopback }.Where(address => address.AddressFamily == AddressFamily.InterNetwork || Socket.OSSupportsIPv6))
        {
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(address, cloud.Server.Port, Stopping);
        }

        // 127.0.0.2 is this machine as well, on Linux, but not what is listened on.
        if (OperatingSystem.IsLinux())
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await Assert.ThrowsExactlyAsync<SocketException>(async () => await socket.ConnectAsync(IPAddress.Parse("127.0.0.2"), cloud.Server.Port, Stopping));
        }
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task A_port_in_use_is_named_with_what_to_do()
    {
        await using var cloud = await TestCloud.StartAsync(Stopping);

        var refusal = await Assert.ThrowsExactlyAsync<ListenException>(() => TestCloud.StartAsync(Stopping, new LocalCloudOptions { MqttPort = cloud.Server.Port }));

        Assert.AreEqual($"127.0.0.1:{cloud.Server.Port} is in use by another program. Stop that one, or choose another port (0 takes a free one).", refusal.Message);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task A_directory_has_one_LocalCloud_at_a_time()
    {
        using var directory = new TemporaryDirectory();
        var options = new LocalCloudOptions { DataDirectory = directory.Path };
        await using (await TestCloud.StartAsync(Stopping, options))
        {
            var refusal = await Assert.ThrowsExactlyAsync<DataDirectoryException>(() => TestCloud.StartAsync(Stopping, options));
            Assert.AreEqual($"{directory.Path} is in use by another LocalCloud. Stop that one, or name another directory.", refusal.Message);
        }

        await using (await TestCloud.StartAsync(Stopping, options))
        {
            // It is free again.
        }
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    [DataRow("registry.json", "{", "registry.json is damaged")]
    [DataRow("registry.json", null, "claim.pem.crt is not in registry.json beside it")]
    [DataRow("root-ca.pem", "x", "root-ca.pem or root-ca.key is damaged")]
    [DataRow("root-ca.key", null, "root-ca.key is missing")]
    [DataRow("server.pem.key", "x", "server.pem.crt or server.pem.key is damaged")]
    [DataRow("claim.pem.crt", null, "claim.pem.crt is missing")]
    [DataRow("claim.pem.key", "x", "claim.pem.crt or claim.pem.key is damaged")]
    public async Task A_damaged_or_missing_file_is_named_and_nothing_is_made_anew(string file, string? content, string message)
    {
        using var directory = new TemporaryDirectory();
        var options = new LocalCloudOptions { DataDirectory = directory.Path };
        await using (await TestCloud.StartAsync(Stopping, options))
        {
            // Makes the files.
        }

        File.Delete(directory.File(file));
        if (content is not null)
        {
            await File.WriteAllTextAsync(directory.File(file), content, Stopping);
        }

        var refusal = await Assert.ThrowsExactlyAsync<DataDirectoryException>(() => TestCloud.StartAsync(Stopping, options));

        Assert.Contains(message, refusal.Message);
        Assert.AreEqual(content is not null, Directory.GetFiles(directory.Path, file + "*").Any(path => File.ReadAllText(path) == content));
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task Other_settings_fill_the_seeds_documents_in_anew_and_spare_what_an_operator_changed_under_the_same()
    {
        using var directory = new TemporaryDirectory();
        var options = new LocalCloudOptions { DataDirectory = directory.Path };
        var changed = new Policy(SeedDocuments.DevicePolicyName, PolicyDocument.Parse("""{ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "*", "Resource": "*" }] }"""));
        await using (var cloud = await TestCloud.StartAsync(Stopping, options))
        {
            cloud.Registry.PutPolicy(changed);

            // As an earlier LocalCloud left it.
            cloud.Registry.Update(state => state.WithoutThingType(SeedDocuments.SerialThingTypeName).With(SeedSettings.Of(options) with { Edition = 0 }));
        }

        await using (var cloud = await TestCloud.StartAsync(Stopping, options))
        {
            Assert.AreEqual(changed.Document.Text, cloud.Registry.FindPolicy(changed.Name)!.Document.Text);
            Assert.IsTrue(cloud.Registry.State.ThingTypes.ContainsKey(SeedDocuments.SerialThingTypeName), "what came since is put in");
            cloud.Registry.Update(state => state.WithoutThingType(SeedDocuments.SerialThingTypeName));
        }

        await using (var cloud = await TestCloud.StartAsync(Stopping, options))
        {
            Assert.IsFalse(cloud.Registry.State.ThingTypes.ContainsKey(SeedDocuments.SerialThingTypeName), "what an operator deleted stays deleted");
        }

        await using (var cloud = await TestCloud.StartAsync(Stopping, options with { ProductName = "lamps" }))
        {
            Assert.Contains("topic/dt/lamps/", cloud.Registry.FindPolicy(changed.Name)!.Document.Text);
            await cloud.Log.WaitAsync("are filled in anew", Stopping);
            cloud.Registry.PutPolicy(changed);
        }

        // What an option does not change stays, and with it what was made of it.
        await using (var cloud = await TestCloud.StartAsync(Stopping, options with { ProductName = "lamps", AllowCsr = true }))
        {
            Assert.Contains("create-from-csr", cloud.Registry.FindPolicy(SeedDocuments.ClaimPolicyName)!.Document.Text);
            Assert.Contains("create-from-csr", cloud.Registry.FindPolicy(SeedDocuments.SerialClaimPolicyName)!.Document.Text);
            Assert.AreEqual(changed.Document.Text, cloud.Registry.FindPolicy(changed.Name)!.Document.Text);
            await cloud.Log.WaitAsync($"policy {SeedDocuments.ClaimPolicyName}, policy {SeedDocuments.SerialClaimPolicyName} of the seed are filled in anew", Stopping);
        }

        await using (var cloud = await TestCloud.StartAsync(Stopping, options with { ProductName = "lamps", AllowRotation = true }))
        {
            Assert.DoesNotContain("create-from-csr", cloud.Registry.FindPolicy(SeedDocuments.ClaimPolicyName)!.Document.Text);
            Assert.Contains("create-from-csr", cloud.Registry.FindPolicy(changed.Name)!.Document.Text);
            Assert.HasCount(1, cloud.Registry.State.RegisteredTemplates[SeedDocuments.SerialTemplateName].Versions);
        }
    }

    [TestMethod]
    [DataRow(8883, null, null, true)]
    [DataRow(8883, "0.0.0.0", "127.0.0.1", true)]
    [DataRow(8883, "192.0.2.1", "127.0.0.1", false)]
    [DataRow(0, null, null, false)]
    public void One_port_cannot_serve_MQTT_and_the_control_plane(int port, string? listen, string? control, bool isFault)
    {
        var options = new LocalCloudOptions
        {
            MqttPort = port,
            ControlPlanePort = port,
            ListenAddress = listen is null ? null : System.Net.IPAddress.Parse(listen),
            ControlPlaneAddress = control is null ? null : System.Net.IPAddress.Parse(control),
        };

        CollectionAssert.AreEqual(isFault ? new[] { "ControlPlanePort" } : [], options.FindFaults().Select(fault => fault.Key).ToArray());
    }

    [TestMethod]
    public async Task Options_that_are_wrong_are_named_all_at_once()
    {
        var options = new LocalCloudOptions { Host = "no host", MqttPort = 65_536, ControlPlanePort = -1, Region = "", AccountId = "12", ProductName = "a/b", TemplateName = "a b" };

        CollectionAssert.AreEqual(
            new[] { "Host", "MqttPort", "ControlPlanePort", "Region", "AccountId", "ProductName", "TemplateName" },
            options.FindFaults().Select(fault => fault.Key).ToArray());
        var refusal = await Assert.ThrowsExactlyAsync<ArgumentException>(() => LocalCloudServer.StartAsync(options, Stopping));
        Assert.Contains("MqttPort 65536 is not between 0 and 65535.", refusal.Message);
        Assert.IsEmpty(new LocalCloudOptions().FindFaults());
        Assert.HasCount(1, new LocalCloudOptions { TemplateName = "smpl-krsk-iot-core-prov-temp-serial" }.FindFaults());
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task An_operator_has_the_client_ids_of_the_prefix_only()
    {
        await using var cloud = await TestCloud.StartAsync(Stopping);
        var credentials = await cloud.Server.CreateOperatorCredentialsAsync("watch", Stopping);

        await using var client = await cloud.ConnectAsync(credentials, "watch-1", Stopping);
        await client.SubscribeAsync("#", cancellationToken: Stopping);
        await Assert.ThrowsExactlyAsync<MqttRefusedException>(() => cloud.ConnectAsync(credentials, "all-1", Stopping));
        await Assert.ThrowsExactlyAsync<ArgumentException>(() => cloud.Server.CreateOperatorCredentialsAsync("*", Stopping));
        await Assert.ThrowsExactlyAsync<KeyNotFoundException>(() => cloud.Server.CreateCredentialsAsync(CertificateStatus.Active, ["none"], Stopping));
    }

    [TestMethod]
    public void Credentials_in_a_log_show_no_key() =>
        Assert.DoesNotContain("SECRET", new ClientCredentials("cafe", "PEM", "SECRET").ToString());
}
