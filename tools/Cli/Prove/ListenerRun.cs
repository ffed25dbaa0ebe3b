using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Threading.Channels;
using LocalCloud;
using Mqtt;

namespace Cli.Prove;

/// <summary>Hostile input over LocalCloud's listener, with a well-behaved client beside it.</summary>
/// <param name="count">How many inputs.</param>
/// <param name="seed">What they are made from.</param>
/// <param name="attackers">How many send them at once.</param>
/// <param name="silent">How many connections are made beside them that never begin a TLS handshake.</param>
/// <param name="json">Whether standard output ends in a JSON object.</param>
internal sealed class ListenerRun(int count, int seed, int attackers, int silent, bool json)
{
    private const string WitnessTopic = "witness/numbers";

    /// <summary>How many subscribe to all that the others send, and never read it.</summary>
    private const int Deaf = 4;

    private static readonly TimeSpan s_witnessPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan s_timeAlone = TimeSpan.FromSeconds(2);

    /// <summary>A well-behaved client that waits longer is held up by the others: alone it waits a few milliseconds.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);
    private static readonly JsonSerializerOptions s_json = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    private readonly TextWriter _story = json ? Console.Error : Console.Out;
    private readonly ConcurrentQueue<string> _failures = new();

    /// <summary>Runs it.</summary>
    /// <returns>An exit status.</returns>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await TryAllAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            Console.Error.WriteLine("stopped before its end");
            return ExitStatus.Failed;
        }
    }

    private async Task<int> TryAllAsync(CancellationToken cancellationToken)
    {
        await using LocalCloudServer cloud = await LocalCloudServer.StartAsync(
            new LocalCloudOptions { ListenAddress = IPAddress.Loopback, Log = KeepFailure, LimitConnects = false, LimitMessages = false }, cancellationToken).ConfigureAwait(false);
        ClientCredentials client = await cloud.CreateOperatorCredentialsAsync(ConformanceTrial.ClientPrefix, cancellationToken).ConfigureAwait(false);
        MqttTls tls = new([X509Certificate2.CreateFromPem(cloud.RootCaPem)], X509Certificate2.CreateFromPem(client.CertificatePem, client.PrivateKeyPem));
        Attacker[] all = [.. Enumerable.Range(0, attackers).Select(i => new Attacker($"{ConformanceTrial.ClientPrefix}hostile-{i}", cloud.Port, tls, new HostileInputs(new Random(unchecked((seed * 1_000) + i)))))];
        int left = count;
        Stopwatch watch = Stopwatch.StartNew();
        string? fault = null;
        List<double> alone = [];
        List<double> beside = [];
        IdleCrowd crowd = new(cloud.Port, tls);
        try
        {
            using (CancellationTokenSource endAlone = new(s_timeAlone))
            {
                await WitnessAsync(cloud.Port, tls, "alone", alone, endAlone.Token, cancellationToken).ConfigureAwait(false);
            }

            using CancellationTokenSource end = new();
            Task witness = WitnessAsync(cloud.Port, tls, "beside", beside, end.Token, cancellationToken);
            await crowd.GatherAsync(silent, Deaf, ["hostile/#", "witness/#"], cancellationToken).ConfigureAwait(false);
            Task attack = Task.WhenAll(all.Select(attacker => Task.Run(
                async () =>
                {
                    while (Interlocked.Decrement(ref left) >= 0)
                    {
                        cancellationToken.ThrowIfCancellationRequested();
                        await attacker.SendAsync(cancellationToken).ConfigureAwait(false);
                    }
                },
                cancellationToken)));
            if (await Task.WhenAny(attack, witness).ConfigureAwait(false) == attack)
            {
                await attack.ConfigureAwait(false);
            }

            await end.CancelAsync().ConfigureAwait(false);
            await witness.ConfigureAwait(false);
            await attack.ConfigureAwait(false);
            await using MqttStreamClient late = await ConnectAsync(cloud.Port, tls, "late", cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or SocketException or AuthenticationException or MqttRefusedException or MqttProtocolException or ChannelClosedException or TimeoutException)
        {
            fault = $"the well-behaved client: {e.Message}";
        }
        finally
        {
            await crowd.DisposeAsync().ConfigureAwait(false);
            foreach (Attacker attacker in all)
            {
                await attacker.DisposeAsync().ConfigureAwait(false);
            }
        }

        return Tell(all, alone, beside, watch.Elapsed, fault);
    }

    private int Tell(Attacker[] all, List<double> alone, List<double> beside, TimeSpan time, string? fault)
    {
        Dictionary<string, int> sent = HostileInputs.Kinds.ToDictionary(kind => kind, kind => all.Sum(a => a.Sent[kind]));
        int connections = all.Sum(a => a.Connections);
        foreach ((string kind, int inputs) in sent)
        {
            _story.WriteLine($"{inputs,8} {kind}");
        }

        _story.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{sent.Values.Sum()} inputs over {connections} connections in {time.TotalSeconds:0.0} s, seed {seed}"));
        _story.WriteLine($"{silent} connections beside them that never began a handshake, and {Deaf} subscribers that never read");
        _story.WriteLine($"the well-behaved client got each of its {alone.Count} messages alone, {Described(alone)}");
        _story.WriteLine($"and {(fault is null ? "each of its " : "")}{beside.Count} beside the others, {Described(beside)}");
        _story.WriteLine($"faults that LocalCloud told of itself: {_failures.Count}");
        foreach (string failure in _failures.Distinct().Take(10))
        {
            _story.WriteLine(failure);
        }

        bool isGood = fault is null && _failures.IsEmpty && beside.Count > 0;
        if (fault is not null)
        {
            _story.WriteLine(fault);
        }

        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(
                new
                {
                    inputs = sent.Values.Sum(),
                    kinds = sent,
                    connections,
                    seed,
                    seconds = Math.Round(time.TotalSeconds, 1),
                    silent,
                    deaf = Deaf,
                    receivedAlone = alone.Count,
                    medianMillisecondsAlone = Math.Round(Median(alone), 1),
                    slowestMillisecondsAlone = Math.Round(alone.DefaultIfEmpty().Max(), 1),
                    received = beside.Count,
                    medianMilliseconds = Math.Round(Median(beside), 1),
                    slowestMilliseconds = Math.Round(beside.DefaultIfEmpty().Max(), 1),
                    faults = _failures.Count,
                    fault,
                },
                s_json));
        }

        return isGood ? ExitStatus.Done : ExitStatus.Failed;
    }

    private static string Described(List<double> delays) =>
        string.Create(CultureInfo.InvariantCulture, $"half of them within {Median(delays):0.0} ms and the slowest after {delays.DefaultIfEmpty().Max():0} ms");

    private static double Median(List<double> delays) => delays.Count == 0 ? 0 : delays.Order().ElementAt(delays.Count / 2);

    /// <summary>Publishes numbers and receives them, each in its turn and in time, until it is told to end.</summary>
    /// <param name="port">LocalCloud's port on localhost.</param>
    /// <param name="tls">Its TLS.</param>
    /// <param name="name">What tells its client ids from others.</param>
    /// <param name="delays">Takes how long each message was on its way, in milliseconds.</param>
    /// <param name="end">Tells it to end.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    private static async Task WitnessAsync(int port, MqttTls tls, string name, List<double> delays, CancellationToken end, CancellationToken cancellationToken)
    {
        await using MqttStreamClient receiver = await ConnectAsync(port, tls, name + "-receiver", cancellationToken).ConfigureAwait(false);
        await using MqttStreamClient sender = await ConnectAsync(port, tls, name + "-sender", cancellationToken).ConfigureAwait(false);
        await receiver.SubscribeAsync(WitnessTopic, cancellationToken: cancellationToken).ConfigureAwait(false);
        int number = 0;
        do
        {
            number++;
            Stopwatch watch = Stopwatch.StartNew();
            Task published = sender.PublishAsync(WitnessTopic, BitConverter.GetBytes(number), cancellationToken: cancellationToken);
            PublishPacket message = await receiver.Messages.ReadAsync(cancellationToken).AsTask().WaitAsync(s_patience, cancellationToken).ConfigureAwait(false);
            if (BitConverter.ToInt32(message.Payload.Span) != number)
            {
                throw new IOException($"message {number} did not come in its turn");
            }

            await published.WaitAsync(s_patience, cancellationToken).ConfigureAwait(false);
            delays.Add(watch.Elapsed.TotalMilliseconds);
            await Task.WhenAny(Task.Delay(s_witnessPause, end)).ConfigureAwait(false);
        }
        while (!end.IsCancellationRequested);
    }

    private static Task<MqttStreamClient> ConnectAsync(int port, MqttTls tls, string name, CancellationToken cancellationToken) => MqttStreamClient.ConnectAsync(
        new MqttStreamClientOptions { Host = "localhost", Port = port, Tls = tls, Connect = new ConnectPacket($"{ConformanceTrial.ClientPrefix}{name}", KeepAliveSeconds: 0) },
        cancellationToken).WaitAsync(s_patience, cancellationToken);

    /// <summary>LocalCloud tells of faults of its own as errors, and of what clients do as warnings.</summary>
    private void KeepFailure(LogEntry entry)
    {
        if (entry.Level == LogLevel.Error)
        {
            _failures.Enqueue(entry.Message);
        }
    }
}
