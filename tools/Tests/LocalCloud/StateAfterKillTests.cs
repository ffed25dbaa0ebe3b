using System.Collections.Concurrent;
using System.Diagnostics;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Mqtt;

namespace Tests.LocalCloud;

/// <summary>A <c>cloud</c> that is killed outright knows afterwards what it has told its clients.</summary>
[TestClass]
public sealed class StateAfterKillTests
{
    private const int Registrations = 200;
    private const int Connections = 8;
    private const string Create = "$aws/certificates/create/json";

    /// <summary>Certificates that a client was told of, and the things that it was told are registered for them.</summary>
    private readonly ConcurrentDictionary<string, string> _told = new();
    private int _registered;

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Stopping => TestContext.CancellationToken;

    [TestMethod]
    [Timeout(180_000, CooperativeCancellation = true)]
    public async Task Killed_amid_200_registrations_it_knows_every_certificate_that_a_client_was_told_of()
    {
        using var directory = new TemporaryDirectory();
        using (var killed = Start(directory))
        {
            var connection = await FirstLineAsync(killed);
            var next = 0;
            var half = new TaskCompletionSource();
            var clients = Enumerable.Range(0, Connections).Select(async number =>
            {
                try
                {
                    await using var client = await ConnectAsync(connection, $"claim-{number}");
                    await client.SubscribeAsync(Create + "/+", cancellationToken: Stopping);
                    await client.SubscribeAsync(Register(connection) + "/+", cancellationToken: Stopping);
                    for (var index = Interlocked.Increment(ref next); index <= Registrations; index = Interlocked.Increment(ref next))
                    {
                        await RegisterAsync(client, Register(connection), $"thing-{index}");
                        if (Interlocked.Increment(ref _registered) == Registrations / 2)
                        {
                            half.SetResult();
                        }
                    }
                }
                catch (Exception e) when (e is IOException or MqttProtocolException or System.Threading.Channels.ChannelClosedException or ObjectDisposedException)
                {
                    // The kill.
                }
            }).ToList();
            await half.Task.WaitAsync(Stopping);
            killed.Kill();
            await killed.WaitForExitAsync(Stopping);
            await Task.WhenAll(clients);
        }

        Assert.IsLessThan(Registrations, _registered, "it was killed too late");
        using var restarted = Start(directory);
        try
        {
            var connection = await FirstLineAsync(restarted);
            using var aws = new ControlPlaneClient((string)connection["controlPlane"]!, Stopping);
            var known = new Dictionary<string, string>();
            string? marker = null;
            do
            {
                var page = await aws.AskAsync("GET", "/certificates?pageSize=250" + (marker is null ? "" : "&marker=" + Uri.EscapeDataString(marker)));
                foreach (var certificate in page["certificates"]!.AsArray())
                {
                    known.Add((string)certificate!["certificateId"]!, (string)certificate["status"]!);
                }

                marker = (string?)page["nextMarker"];
            }
            while (marker is not null);

            foreach (var (id, thing) in _told)
            {
                Assert.IsTrue(known.TryGetValue(id, out var status), $"certificate {id} is not known");
                if (thing.Length > 0)
                {
                    Assert.AreEqual("ACTIVE", status, $"{thing} was registered");
                    Assert.AreEqual(thing, (string?)(await aws.AskAsync("GET", "/things/" + thing))["thingName"]);
                }
            }

            Assert.IsEmpty(Directory.GetFiles(directory.Path, "*damaged*"));
            TestContext.WriteLine($"{_registered} registrations, {_told.Count} certificates told of, {known.Count} known");
        }
        finally
        {
            restarted.Kill();
            await restarted.WaitForExitAsync(Stopping);
        }
    }

    private static string Register(JsonObject connection) => $"$aws/provisioning-templates/{connection["template"]}/provision/json";

    private static Process Start(TemporaryDirectory directory)
    {
        // Its log is of no interest, and nobody reads it: it goes where it holds nothing up.
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "agent.dll"), "cloud", "--data", directory.Path, "--mqtt-port", "0", "--json"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var process = Process.Start(start)!;
        process.BeginErrorReadLine();
        return process;
    }

    private async Task<JsonObject> FirstLineAsync(Process process)
    {
        var line = await process.StandardOutput.ReadLineAsync(Stopping);
        return JsonNode.Parse(line ?? throw new InvalidOperationException("It does not start."))!.AsObject();
    }

    private async Task<MqttStreamClient> ConnectAsync(JsonObject connection, string clientId) => await MqttStreamClient.ConnectAsync(
        new MqttStreamClientOptions
        {
            Host = (string)connection["endpoint"]!,
            Port = (int)connection["port"]!,
            Tls = new MqttTls(
                [X509Certificate2.CreateFromPem(await File.ReadAllTextAsync((string)connection["rootCa"]!, Stopping))],
                X509Certificate2.CreateFromPemFile((string)connection["claimCertificate"]!, (string)connection["claimKey"]!)),
            Connect = new ConnectPacket(clientId),
        },
        Stopping);

    private async Task RegisterAsync(MqttStreamClient client, string register, string thing)
    {
        var made = await AskAsync(client, Create, []);
        var id = (string)made["certificateId"]!;
        _told[id] = "";
        await AskAsync(client, register, new JsonObject
        {
            ["certificateOwnershipToken"] = (string)made["certificateOwnershipToken"]!,
            ["parameters"] = new JsonObject { ["ThingName"] = thing },
        });
        _told[id] = thing;
    }

    private async Task<JsonObject> AskAsync(MqttStreamClient client, string topic, JsonObject request)
    {
        while (true)
        {
            await client.PublishAsync(topic, System.Text.Encoding.UTF8.GetBytes(request.ToJsonString()), cancellationToken: Stopping);
            var message = await client.Messages.ReadAsync(Stopping);
            var answer = JsonNode.Parse(message.Payload.Span)!.AsObject();
            if (message.Topic == topic + "/accepted")
            {
                return answer;
            }

            // Too many at once: as a device does, it tries again.
            Assert.AreEqual(429, (int)answer["statusCode"]!, answer.ToJsonString());
            await Task.Delay(100, Stopping);
        }
    }
}
