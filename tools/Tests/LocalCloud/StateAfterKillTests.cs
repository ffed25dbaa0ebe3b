using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using LocalCloud;
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

    /// <summary>
    /// Rounds of: clients publish, retain and subscribe, each next thing when the last was acknowledged; a kill at some
    /// instant; a LocalCloud of the test's own on the same directory, which must know all of it.
    /// </summary>
    [TestMethod]
    [Timeout(240_000, CooperativeCancellation = true)]
    public async Task Killed_at_any_instant_it_knows_every_message_and_subscription_that_it_acknowledged()
    {
        using var directory = new TemporaryDirectory();
        var inspecting = new LocalCloudOptions { DataDirectory = directory.Path, LimitMessages = false };
        ClientCredentials credentials;
        await using (var first = await TestCloud.StartAsync(Stopping, inspecting))
        {
            credentials = await first.Server.CreateOperatorCredentialsAsync("all-", Stopping);
        }

        var random = new Random();
        for (var round = 0; round < 6; round++)
        {
            // A connection may publish 100 messages a second.
            const int Publishers = 8;
            const int Each = 90;
            var killAfter = random.Next(1, Publishers * Each * 3 / 4);
            var acknowledged = new ConcurrentQueue<string>();
            var retained = new int[Publishers];
            var filters = new ConcurrentQueue<string>();
            using (var killed = Start(directory))
            {
                var connection = await FirstLineAsync(killed);
                await using (var away = await ConnectAsync(connection, credentials, new ConnectPacket($"all-away-{round}", CleanSession: false)))
                {
                    await away.SubscribeAsync($"q/{round}/#", cancellationToken: Stopping);
                }

                // It never acknowledges anything.
                await using var silent = new MqttConnection(await OpenAsync(connection, credentials));
                await silent.WriteAsync(new ConnectPacket($"all-silent-{round}", CleanSession: false), Stopping);
                Assert.IsInstanceOfType<ConnAckPacket>(await silent.ReadAsync(Stopping));
                await silent.WriteAsync(new SubscribePacket(1, [new($"q/{round}/#", QualityOfService.AtLeastOnce)]), Stopping);
                Assert.IsInstanceOfType<SubAckPacket>(await silent.ReadAsync(Stopping));

                var count = 0;
                var due = new TaskCompletionSource();
                var clients = Enumerable.Range(0, Publishers).Select(number => UntilTheKillAsync(async () =>
                {
                    await using var client = await ConnectAsync(connection, credentials, new ConnectPacket($"all-{round}-{number}"));
                    for (var index = 1; index <= Each; index++)
                    {
                        var text = string.Create(CultureInfo.InvariantCulture, $"{number}.{index}");
                        if (index % 3 == 0)
                        {
                            await client.PublishAsync($"r/{round}/{number}", Encoding.UTF8.GetBytes($"{index}"), retain: true, cancellationToken: Stopping);
                            retained[number] = index;
                        }
                        else
                        {
                            await client.PublishAsync($"q/{round}/{number}", Encoding.UTF8.GetBytes(text), cancellationToken: Stopping);
                            acknowledged.Enqueue(text);
                        }

                        if (Interlocked.Increment(ref count) == killAfter)
                        {
                            due.SetResult();
                        }
                    }
                })).Append(UntilTheKillAsync(async () =>
                {
                    await using var client = await ConnectAsync(connection, credentials, new ConnectPacket($"all-subscribes-{round}", CleanSession: false));
                    for (var index = 0; index < BrokerLimits.MaximumSubscriptions; index++)
                    {
                        await client.SubscribeAsync($"s/{round}/{index}", cancellationToken: Stopping);
                        filters.Enqueue($"s/{round}/{index}");
                    }
                })).ToList();
                await due.Task.WaitAsync(Stopping);
                killed.Kill();
                await killed.WaitForExitAsync(Stopping);
                await Task.WhenAll(clients);
            }

            await using var cloud = await TestCloud.StartAsync(Stopping, inspecting);
            foreach (var clientId in new[] { $"all-away-{round}", $"all-silent-{round}" })
            {
                await using var client = await cloud.ConnectAsync(credentials, new ConnectPacket(clientId, CleanSession: false, KeepAliveSeconds: 0), Stopping);
                Assert.IsTrue(client.SessionPresent, clientId);
                var missing = acknowledged.ToHashSet();
                while (missing.Count > 0)
                {
                    missing.Remove(Encoding.UTF8.GetString((await client.Messages.ReadAsync(Stopping)).Payload.Span));
                }
            }

            await using (var client = await cloud.ConnectAsync(credentials, new ConnectPacket($"all-subscribes-{round}", CleanSession: false, KeepAliveSeconds: 0), Stopping))
            {
                Assert.IsTrue(client.SessionPresent || filters.IsEmpty);
                foreach (var filter in filters)
                {
                    await client.PublishAsync(filter, Encoding.UTF8.GetBytes(filter), cancellationToken: Stopping);
                    Assert.AreEqual(filter, Encoding.UTF8.GetString((await client.Messages.ReadAsync(Stopping)).Payload.Span));
                }
            }

            await using (var client = await cloud.ConnectAsync(credentials, new ConnectPacket("all-reader", KeepAliveSeconds: 0), Stopping))
            {
                for (var number = 0; number < Publishers; number++)
                {
                    if (retained[number] > 0)
                    {
                        await client.SubscribeAsync($"r/{round}/{number}", cancellationToken: Stopping);
                        var value = int.Parse(Encoding.UTF8.GetString((await client.Messages.ReadAsync(Stopping)).Payload.Span), CultureInfo.InvariantCulture);
                        Assert.IsTrue(value >= retained[number], $"{value} is older than {retained[number]}");
                    }
                }
            }

            Assert.IsEmpty(Directory.GetFiles(directory.Path, "*damaged*"));
            TestContext.WriteLine($"round {round}: killed after {killAfter}: {acknowledged.Count} messages for two sessions, {retained.Count(value => value > 0)} retained, {filters.Count} subscriptions were known");
        }
    }

    private static async Task UntilTheKillAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (Exception e) when (e is IOException or MqttProtocolException or System.Threading.Channels.ChannelClosedException or ObjectDisposedException or SocketException or AuthenticationException)
        {
            // The kill.
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

    private async Task<MqttStreamClient> ConnectAsync(JsonObject connection, ClientCredentials credentials, ConnectPacket connect) => await MqttStreamClient.ConnectAsync(
        new MqttStreamClientOptions
        {
            Host = (string)connection["endpoint"]!,
            Port = (int)connection["port"]!,
            Tls = await TlsAsync(connection, credentials),
            Connect = connect,
        },
        Stopping);

    private async Task<SslStream> OpenAsync(JsonObject connection, ClientCredentials credentials)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync((string)connection["endpoint"]!, (int)connection["port"]!, Stopping);
        var stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
        await stream.AuthenticateAsClientAsync((await TlsAsync(connection, credentials)).CreateOptions((string)connection["endpoint"]!, SslProtocols.None), Stopping);
        return stream;
    }

    private async Task<MqttTls> TlsAsync(JsonObject connection, ClientCredentials credentials) =>
        new([X509Certificate2.CreateFromPem(await File.ReadAllTextAsync((string)connection["rootCa"]!, Stopping))], TestCloud.CertificateOf(credentials));

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
