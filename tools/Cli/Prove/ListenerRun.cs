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
/// <param name="json">Whether standard output ends in a JSON object.</param>
internal sealed class ListenerRun(int count, int seed, int attackers, bool json)
{
    private const string WitnessTopic = "witness/numbers";

    private static readonly TimeSpan s_witnessPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);
    private static readonly JsonSerializerOptions s_json = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    private readonly TextWriter _story = json ? Console.Error : Console.Out;
    private readonly ConcurrentQueue<string> _failures = new();
    private readonly ConcurrentQueue<double> _delays = new();

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
        Attacker[] all = [.. Enumerable.Range(0, attackers).Select(i => new Attacker($"{ConformanceTrial.ClientPrefix}hostile-{i}", cloud.Port, tls, new HostileInputs(unchecked((seed * 1_000) + i))))];
        int left = count;
        Stopwatch watch = Stopwatch.StartNew();
        string? fault = null;
        int published = 0;
        try
        {
            using CancellationTokenSource end = new();
            Task<int> witness = WitnessAsync(cloud.Port, tls, end.Token, cancellationToken);
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
            published = await witness.ConfigureAwait(false);
            await attack.ConfigureAwait(false);
            await using MqttStreamClient late = await ConnectAsync(cloud.Port, tls, "late", cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or SocketException or AuthenticationException or MqttRefusedException or MqttProtocolException or ChannelClosedException or TimeoutException)
        {
            fault = $"the well-behaved client: {e.Message}";
        }
        finally
        {
            foreach (Attacker attacker in all)
            {
                await attacker.DisposeAsync().ConfigureAwait(false);
            }
        }

        return Tell(all, published, watch.Elapsed, fault);
    }

    private int Tell(Attacker[] all, int published, TimeSpan time, string? fault)
    {
        Dictionary<string, int> sent = HostileInputs.Kinds.ToDictionary(kind => kind, kind => all.Sum(a => a.Sent[kind]));
        double longest = _delays.IsEmpty ? 0 : _delays.Max();
        int connections = all.Sum(a => a.Connections);
        foreach ((string kind, int inputs) in sent)
        {
            _story.WriteLine($"{inputs,8} {kind}");
        }

        _story.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{sent.Values.Sum()} inputs over {connections} connections in {time.TotalSeconds:0.0} s, seed {seed}"));
        _story.WriteLine(string.Create(CultureInfo.InvariantCulture, $"the well-behaved client got {_delays.Count} of its {published} messages, the slowest after {longest:0} ms"));
        _story.WriteLine($"faults that LocalCloud told of itself: {_failures.Count}");
        foreach (string failure in _failures.Distinct().Take(10))
        {
            _story.WriteLine(failure);
        }

        bool isGood = fault is null && _failures.IsEmpty && published > 0 && _delays.Count == published;
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
                    published,
                    received = _delays.Count,
                    slowestMilliseconds = Math.Round(longest),
                    faults = _failures.Count,
                    fault,
                },
                s_json));
        }

        return isGood ? ExitStatus.Done : ExitStatus.Failed;
    }

    /// <summary>Publishes numbers and receives them, each in its turn, until it is told to end.</summary>
    /// <returns>How many it published.</returns>
    private async Task<int> WitnessAsync(int port, MqttTls tls, CancellationToken end, CancellationToken cancellationToken)
    {
        await using MqttStreamClient receiver = await ConnectAsync(port, tls, "receiver", cancellationToken).ConfigureAwait(false);
        await using MqttStreamClient sender = await ConnectAsync(port, tls, "sender", cancellationToken).ConfigureAwait(false);
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
            _delays.Enqueue(watch.Elapsed.TotalMilliseconds);
            await Task.WhenAny(Task.Delay(s_witnessPause, end)).ConfigureAwait(false);
        }
        while (!end.IsCancellationRequested);

        return number;
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
