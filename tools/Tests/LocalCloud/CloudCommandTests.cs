using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Mqtt;

namespace Tests.LocalCloud;

/// <summary><c>agent cloud</c> as a process, as scripts use it.</summary>
[TestClass]
public sealed class CloudCommandTests
{
    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Stopping => TestContext.CancellationToken;

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    [DataRow("INT")]
    [DataRow("TERM")]
    public async Task Its_first_line_says_how_to_connect_and_a_signal_ends_it_cleanly(string signal)
    {
        if (!OperatingSystem.IsLinux() || (signal == "INT" && IgnoresInterrupts()))
        {
            Assert.Inconclusive("The signal would not come through.");
        }

        using var directory = new TemporaryDirectory();
        using var agent = Start("cloud", "--data", directory.Path, "--mqtt-port", "0", "--json");
        var line = await agent.StandardOutput.ReadLineAsync(Stopping);
        var connection = (JsonObject)JsonNode.Parse(line!)!;

        CollectionAssert.AreEqual(
            new[] { "endpoint", "port", "rootCa", "claimCertificate", "claimKey", "template", "region", "account", "controlPlane", "regions" },
            connection.Select(member => member.Key).ToArray());
        Assert.AreEqual(directory.File("root-ca.pem"), (string)connection["rootCa"]!);
        Assert.AreEqual(line, (await File.ReadAllTextAsync(directory.File("root.json"), Stopping)).TrimEnd());
        await using (var client = await MqttStreamClient.ConnectAsync(
            new MqttStreamClientOptions
            {
                Host = (string)connection["endpoint"]!,
                Port = (int)connection["port"]!,
                Tls = new MqttTls(
                    [X509Certificate2.CreateFromPem(await File.ReadAllTextAsync((string)connection["rootCa"]!, Stopping))],
                    X509Certificate2.CreateFromPemFile((string)connection["claimCertificate"]!, (string)connection["claimKey"]!)),
                Connect = new ConnectPacket("device-1"),
            },
            Stopping))
        {
            using var kill = Process.Start("kill", [$"-{signal}", agent.Id.ToString(CultureInfo.InvariantCulture)]);
            await agent.WaitForExitAsync(Stopping);
        }

        Assert.AreEqual(0, agent.ExitCode);
        Assert.AreEqual("", await agent.StandardOutput.ReadToEndAsync(Stopping), "the log is on standard error");
        var log = (await agent.StandardError.ReadToEndAsync(Stopping)).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(entry => JsonNode.Parse(entry)!.AsObject()).ToList();
        Assert.IsTrue(log.All(entry => entry.Select(member => member.Key).SequenceEqual(["time", "level", "message"])));
        Assert.IsTrue(log.Any(entry => ((string)entry["message"]!).Contains("device-1 connected", StringComparison.Ordinal)));
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    [DataRow(new[] { "cloud" }, 2, "--data")]
    [DataRow(new[] { "cloud", "--data", "DIR", "--mqtt-port", "many" }, 2, "--mqtt-port")]
    [DataRow(new[] { "cloud", "--data", "DIR", "--mqtt-port", "65536" }, 2, "--mqtt-port 65536 is not between 0 and 65535")]
    [DataRow(new[] { "cloud", "--data", "DIR", "--http-port", "65536" }, 2, "--http-port 65536 is not between 0 and 65535")]
    [DataRow(new[] { "cloud", "--data", "DIR", "--listen", "nowhere" }, 2, "--listen 'nowhere' is no IP address")]
    [DataRow(new[] { "cloud", "--data", "DIR", "--account", "12" }, 2, "--account '12'")]
    [DataRow(new[] { "cloud", "--data", "DIR", "--region", "Tokyo" }, 2, "--region 'Tokyo' is no AWS region, such as ap-northeast-1")]
    [DataRow(new[] { "cloud", "--data", "DIR", "--region", "eu-central-1", "--region", "eu-central-1" }, 2, "--region 'eu-central-1' is given 2 times")]
    [DataRow(new[] { "cloud", "--data", "DIR", "--name", "devices.example.com" }, 2, "--name 'devices.example.com' is not HOST=REGION")]
    [DataRow(new[] { "cloud", "--data", "DIR", "--name", "a b=ap-northeast-1" }, 2, "--name 'a b' is no host name")]
    [DataRow(new[] { "cloud", "--data", "DIR", "--name", "a=ap-northeast-1", "--name", "A=ap-northeast-1" }, 2, "--name a is given 2 times: a name leads to one region")]
    [DataRow(new[] { "cloud", "--data", "DIR", "--name", "a=eu-central-1" }, 2, "--name 'a' is to lead to 'eu-central-1', which is no region of this LocalCloud: ap-northeast-1")]
    [DataRow(new[] { "run", "--fleet", "DIR", "--connect-to", "a b" }, 2, "--connect-to takes a host name or an IPv4 address")]
    [DataRow(new[] { "cloud", "--data", "DIR", "--template", "a b" }, 2, "--template 'a b'")]
    [DataRow(new[] { "cloud", "--data", "DIR", "--hook", "template" }, 2, "--hook 'template' is not TEMPLATE=COMMAND or TEMPLATE=URL")]
    [DataRow(new[] { "cloud", "--data", "DIR", "--hook", "arn:aws:lambda:x=a" }, 2, "--hook 'arn:aws:lambda:x' is neither a name of a template")]
    [DataRow(new[] { "cloud", "--data", "DIR", "--hook", "t=a", "--hook", "t=b" }, 2, "--hook t is given 2 times")]
    [DataRow(new[] { "cloud", "--data", "DIR", "--hook", "t=a=b", "--hook", "u=https://example.com/" }, 2, "--hook for u 'https://example.com/' is no http URL of this machine")]
    [DataRow(new[] { "cloud", "--data", "DIR", "--faults", "nowhere.json" }, 2, "nowhere.json cannot be read")]
    [DataRow(new[] { "cloud", "--data", "DIR", "--faults", "FAULTS" }, 2, "[0]: at \"conect\" is no step: tls, connect,")]
    [DataRow(new[] { "cloud", "--data", "DIR", "--faults", "FAULTS" }, 2, "[0]: \"clint\" is no key of a fault")]
    [DataRow(new[] { "cloud", "--data", "DIR", "--faults", "FAULTS" }, 2, "[1]: do \"twice\" cannot be at \"tls\"")]
    [DataRow(new[] { "cloud", "--data", "DIR", "--faults", "FAULTS", "--account", "12" }, 2, "--account '12'")]
    [DataRow(new[] { "cloud", "--data", "DAMAGED", "--mqtt-port", "0" }, 1, "registry.json is damaged")]
    [DataRow(new[] { "cloud", "--data", "FILE", "--mqtt-port", "0" }, 1, "cannot be made")]
    public async Task What_is_wrong_is_named_and_the_exit_status_tells_whose_fault_it_is(string[] arguments, int exitCode, string message)
    {
        using var directory = new TemporaryDirectory();
        await File.WriteAllTextAsync(directory.File("registry.json"), "{", Stopping);
        await File.WriteAllTextAsync(directory.File("faults.json"), """[{"at":"conect","do":"close","clint":"x"},{"at":"tls","do":"twice"}]""", Stopping);
        using var agent = Start([.. arguments.Select(argument => argument switch
        {
            "DIR" => directory.File("new"),
            "DAMAGED" => directory.Path,
            "FILE" => directory.File("registry.json"),
            "FAULTS" => directory.File("faults.json"),
            _ => argument,
        })]);

        await agent.WaitForExitAsync(Stopping);

        var errors = await agent.StandardError.ReadToEndAsync(Stopping);
        Assert.AreEqual(exitCode, agent.ExitCode, errors);
        Assert.Contains(message, errors);
        Assert.DoesNotContain("   at ", errors, "no stack trace");
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task Faults_of_a_file_are_committed_and_told()
    {
        using var directory = new TemporaryDirectory();
        await File.WriteAllTextAsync(directory.File("faults.json"), """[{"at":"connect","do":"refuse","returnCode":5}]""", Stopping);
        using var agent = Start("cloud", "--data", directory.Path, "--mqtt-port", "0", "--json", "--faults", directory.File("faults.json"));
        try
        {
            var connection = JsonNode.Parse((await agent.StandardOutput.ReadLineAsync(Stopping))!)!;
            var options = new MqttStreamClientOptions
            {
                Host = (string)connection["endpoint"]!,
                Port = (int)connection["port"]!,
                Tls = new MqttTls(
                    [X509Certificate2.CreateFromPem(await File.ReadAllTextAsync((string)connection["rootCa"]!, Stopping))],
                    X509Certificate2.CreateFromPemFile((string)connection["claimCertificate"]!, (string)connection["claimKey"]!)),
                Connect = new ConnectPacket("device-1"),
            };

            var refused = await Assert.ThrowsExactlyAsync<MqttRefusedException>(() => MqttStreamClient.ConnectAsync(options, Stopping));

            Assert.AreEqual(5, refused.ReturnCode);
            await (await MqttStreamClient.ConnectAsync(options, Stopping)).DisposeAsync();
        }
        finally
        {
            agent.Kill();
        }

        Assert.Contains("device-1 meets a fault of the plan: refuse at connect", await agent.StandardError.ReadToEndAsync(Stopping));
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task Its_options_allow_what_the_sample_policies_do_not()
    {
        using var directory = new TemporaryDirectory();
        using var agent = Start("cloud", "--data", directory.Path, "--mqtt-port", "0", "--json", "--csr", "--rotation");
        try
        {
            var connection = JsonNode.Parse((await agent.StandardOutput.ReadLineAsync(Stopping))!)!;
            using var aws = new ControlPlaneClient((string)connection["controlPlane"]!, Stopping);

            foreach (var policy in new[] { "smpl-krsk-iot-core-policy-claim", "smpl-krsk-iot-core-policy-claim-serial", "smpl-krsk-iot-core-policy-devices", "My_IoT_Policy" })
            {
                var document = (string)(await aws.AskAsync("GET", "/policies/" + policy))["policyDocument"]!;
                Assert.Contains(":topic/$aws/certificates/create-from-csr/*", document, policy);
                Assert.Contains(":topicfilter/$aws/certificates/create-from-csr/*", document, policy);
            }
        }
        finally
        {
            agent.Kill();
        }
    }

    /// <summary>Whether this process, and so its children, ignores SIGINT: shells start background jobs so.</summary>
    private static bool IgnoresInterrupts()
    {
        const string Field = "SigIgn:";
        var mask = File.ReadLines("/proc/self/status").First(line => line.StartsWith(Field, StringComparison.Ordinal))[Field.Length..].Trim();
        return (ulong.Parse(mask, NumberStyles.HexNumber, CultureInfo.InvariantCulture) & 2) != 0;
    }

    private static Process Start(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "agent.dll"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        return Process.Start(start)!;
    }
}
