using System.Collections.Concurrent;
using System.Diagnostics;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using LocalCloud;
using Mqtt;

namespace Cli.Demo;

/// <summary>The demo from the factory to the second boot, and what must be true at its end.</summary>
internal sealed class DemoStory
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(45);
    private static readonly TimeSpan s_lastReadings = TimeSpan.FromSeconds(10);

    private readonly int _devices;
    private readonly int _readings;
    private readonly int _intervalSeconds;
    private readonly bool _asJson;
    private readonly TextWriter _out;
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly ConcurrentDictionary<string, int> _certificates = new();
    private readonly ConcurrentDictionary<string, HashSet<string>> _received = new();

    /// <summary>Makes a story.</summary>
    /// <param name="devices">Boards.</param>
    /// <param name="readings">Readings of each board after each start.</param>
    /// <param name="intervalSeconds">Between two readings.</param>
    /// <param name="asJson">Whether standard output is for machines.</param>
    public DemoStory(int devices, int readings, int intervalSeconds, bool asJson)
    {
        _devices = devices;
        _readings = readings;
        _intervalSeconds = intervalSeconds;
        _asJson = asJson;
        _out = TextWriter.Synchronized(asJson ? Console.Error : Console.Out);
    }

    /// <summary>Tells it.</summary>
    /// <param name="cancellationToken">Ends it early.</param>
    /// <returns>The command's exit status.</returns>
    public async Task<int> TellAsync(CancellationToken cancellationToken)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("agent-demo-");
        try
        {
            return await TellAsync(folder.FullName, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            Console.Error.WriteLine("stopped before its end");
            return ExitStatus.Failed;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private async Task<int> TellAsync(string folder, CancellationToken cancellationToken)
    {
        await using LocalCloudServer cloud = await LocalCloudServer.StartAsync(new LocalCloudOptions { Log = entry => Say("cloud: " + entry.Message) }, cancellationToken).ConfigureAwait(false);
        cloud.ProvisioningAnswered += outcome =>
        {
            if (outcome is { IsAccepted: true, Operation: not ProvisioningOperation.RegisterThing })
            {
                _certificates.AddOrUpdate(outcome.ClientId, 1, (_, count) => count + 1);
            }
        };

        DemoBoard[] boards = [.. Enumerable.Range(1, _devices).Select(i => DemoBoard.Flash(Path.Combine(folder, $"board-{i}"), cloud, _intervalSeconds, Say))];
        Say($"factory: {_devices} boards flashed with settings, root CA and claim");

        await using MqttStreamClient subscriber = await SubscribeAsync(cloud, cancellationToken).ConfigureAwait(false);
        Task receiving = ReceiveAsync(subscriber, cancellationToken);

        DeviceRunOptions options = new(_readings, s_patience);
        Say("first boot: all boards are switched on");
        DemoBoot[] first = await Task.WhenAll(boards.Select(b => Task.Run(() => b.BootAsync(options, cancellationToken), CancellationToken.None))).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        Dictionary<string, int> certificates = new(_certificates);

        Say("second boot: all boards are switched off and on again");
        DemoBoot[] second = await Task.WhenAll(boards.Select(b => Task.Run(() => b.BootAsync(options, cancellationToken), CancellationToken.None))).ConfigureAwait(false);

        cancellationToken.ThrowIfCancellationRequested();
        await AwaitReadingsAsync(boards).ConfigureAwait(false);
        await subscriber.DisposeAsync().ConfigureAwait(false);
        await receiving.ConfigureAwait(false);
        await cloud.DisposeAsync().ConfigureAwait(false);
        return Conclude(boards, first, second, certificates);
    }

    private static async Task<MqttStreamClient> SubscribeAsync(LocalCloudServer cloud, CancellationToken cancellationToken)
    {
        ClientCredentials credentials = await cloud.CreateOperatorCredentialsAsync("demo-subscriber", cancellationToken).ConfigureAwait(false);
        MqttStreamClient subscriber = await MqttStreamClient.ConnectAsync(
            new MqttStreamClientOptions
            {
                Host = cloud.Endpoint,
                Port = cloud.Port,
                Tls = new MqttTls([X509Certificate2.CreateFromPem(cloud.RootCaPem)], X509Certificate2.CreateFromPem(credentials.CertificatePem, credentials.PrivateKeyPem)),
                Connect = new ConnectPacket("demo-subscriber"),
            },
            cancellationToken).ConfigureAwait(false);
        await subscriber.SubscribeAsync("dt/#", cancellationToken: cancellationToken).ConfigureAwait(false);
        return subscriber;
    }

    private async Task ReceiveAsync(MqttStreamClient subscriber, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (PublishPacket message in subscriber.Messages.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                string text = System.Text.Encoding.UTF8.GetString(message.Payload.Span);
                Say($"subscriber: {message.Topic} {text}");
                HashSet<string> readings = _received.GetOrAdd(message.Topic.Split('/')[^1], _ => []);
                lock (readings)
                {
                    // QoS 1 may deliver twice; two readings of a board never are the same text
                    readings.Add(text);
                }
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The subscriber is closed at the end, or the connection was lost: then readings are missing, and that is told
        }
    }

    private async Task AwaitReadingsAsync(DemoBoard[] boards)
    {
        Stopwatch waited = Stopwatch.StartNew();
        while (boards.Any(b => Received(b) < b.Sent) && waited.Elapsed < s_lastReadings)
        {
            await Task.Delay(50, CancellationToken.None).ConfigureAwait(false);
        }
    }

    private int Conclude(DemoBoard[] boards, DemoBoot[] first, DemoBoot[] second, Dictionary<string, int> afterFirstBoot)
    {
        List<string> broken = [];
        for (int i = 0; i < boards.Length; i++)
        {
            DemoBoard board = boards[i];
            void Promise(bool isKept, string what)
            {
                if (!isKept)
                {
                    broken.Add($"{board.Name}: {what}");
                }
            }

            int certificates = _certificates.GetValueOrDefault(board.Name);
            Promise(first[i].Error is null, "first boot: " + first[i].Error);
            Promise(second[i].Error is null, "second boot: " + second[i].Error);
            Promise(certificates == 1, $"got {certificates} certificates, not exactly one");
            Promise(certificates == afterFirstBoot.GetValueOrDefault(board.Name), "asked for a certificate in its second boot");
            Promise(second[i].FlashWrites == 0, $"wrote to its flash {second[i].FlashWrites} times in its second boot");
            Promise(Received(board) >= board.Sent && board.Sent >= 2 * _readings, $"{board.Sent} readings were sent and {Received(board)} received, of {2 * _readings}");
        }

        if (_asJson)
        {
            Console.WriteLine(JsonSerializer.Serialize(
                new
                {
                    ok = broken.Count == 0,
                    devices = boards.Select((b, i) => new
                    {
                        thing = b.Name,
                        certificateId = b.CertificateId,
                        certificates = _certificates.GetValueOrDefault(b.Name),
                        firstBootSeconds = first[i].Connected?.TotalSeconds,
                        secondBootSeconds = second[i].Connected?.TotalSeconds,
                        secondBootFlashWrites = second[i].FlashWrites,
                        sent = b.Sent,
                        received = Received(b),
                    }),
                    broken,
                }));
        }
        else
        {
            Console.WriteLine();
            Output.Table(
                ["thing", "certificate id", "first boot", "second boot", "readings sent", "received"],
                boards.Select((b, i) => new[] { b.Name, b.CertificateId ?? "-", first[i].ToString(), second[i].ToString(), b.Sent.ToString(), Received(b).ToString() }));
        }

        foreach (string promise in broken)
        {
            Console.Error.WriteLine("not as promised: " + promise);
        }

        if (broken.Count > 0)
        {
            return ExitStatus.Failed;
        }

        _out.WriteLine($"As promised: {boards.Length} boards, one certificate each; the second boot asked for none and wrote nothing to flash; every reading arrived.");
        return ExitStatus.Done;
    }

    private int Received(DemoBoard board)
    {
        if (!_received.TryGetValue(board.Name, out HashSet<string>? readings))
        {
            return 0;
        }

        lock (readings)
        {
            return readings.Count;
        }
    }

    private void Say(string text) => _out.WriteLine($"{_clock.Elapsed.TotalSeconds,7:0.000} {text}");
}
