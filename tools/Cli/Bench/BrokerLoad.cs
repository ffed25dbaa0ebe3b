using System.Diagnostics;
using System.Net.Sockets;
using Mqtt;

namespace Cli.Bench;

/// <summary>The load on a broker: clients that connect again and again, and clients that publish to themselves.</summary>
/// <param name="host">The broker's name, for TLS.</param>
/// <param name="port">Its port.</param>
/// <param name="tls">TLS of the clients.</param>
/// <param name="clients">How many there are at once.</param>
/// <param name="warmUp">How long each measurement runs before it counts.</param>
internal sealed class BrokerLoad(string host, int port, MqttTls tls, int clients, TimeSpan warmUp)
{
    /// <summary>How many messages of a client are on their way at once.</summary>
    private const int Window = 4;

    /// <summary>About the size of a reading.</summary>
    private const int PayloadBytes = 100;

    private static int s_connections;

    /// <summary>TCP, TLS with client certificate, CONNECT, CONNACK, DISCONNECT: how many of these a second. Each has a client id of its own.</summary>
    /// <param name="time">How long it is measured.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    public async Task<double> MeasureConnectionsAsync(TimeSpan time, CancellationToken cancellationToken)
    {
        Counter counter = new();
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task[] working = [.. Enumerable.Range(0, clients).Select(_ => Task.Run(() => ConnectAgainAndAgainAsync(counter, end.Token), CancellationToken.None))];
        return await MeasureAsync(counter, time, working, end, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Messages of QoS 1 a second: each is published, acknowledged, delivered with QoS 1 to the one subscriber of its topic, and acknowledged by it.</summary>
    /// <param name="time">How long it is measured.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    public async Task<double> MeasureMessagesAsync(TimeSpan time, CancellationToken cancellationToken)
    {
        Counter counter = new();
        MqttStreamClient[] connected = await Task.WhenAll(Enumerable.Range(0, clients).Select(_ => ConnectAsync(cancellationToken))).ConfigureAwait(false);
        try
        {
            string[] topics = [.. connected.Select((_, i) => $"{BenchCertificates.ClientPrefix}messages/{port}/{i}")];
            await Task.WhenAll(connected.Select((c, i) => c.SubscribeAsync(topics[i], cancellationToken: cancellationToken))).ConfigureAwait(false);
            using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            IEnumerable<Task> receiving = connected.Select(c => Task.Run(() => ReceiveAsync(c, counter, end.Token), CancellationToken.None));
            IEnumerable<Task> publishing = connected.SelectMany((c, i) => Enumerable.Repeat(0, Window).Select(_ => Task.Run(() => PublishAsync(c, topics[i], end.Token), CancellationToken.None)));
            return await MeasureAsync(counter, time, [.. receiving, .. publishing], end, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await Task.WhenAll(connected.Select(c => c.DisposeAsync().AsTask())).ConfigureAwait(false);
        }
    }

    private async Task<double> MeasureAsync(Counter counter, TimeSpan time, Task[] working, CancellationTokenSource end, CancellationToken cancellationToken)
    {
        Task failed = Task.WhenAny(working);
        long before = 0;
        Stopwatch watch = new();
        if (await Task.WhenAny(failed, Task.Delay(warmUp, cancellationToken)).ConfigureAwait(false) != failed)
        {
            before = counter.Value;
            watch.Start();
            await Task.WhenAny(failed, Task.Delay(time, cancellationToken)).ConfigureAwait(false);
        }

        double rate = (counter.Value - before) / Math.Max(watch.Elapsed.TotalSeconds, 0.001);
        await end.CancelAsync().ConfigureAwait(false);
        try
        {
            await Task.WhenAll(working).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // That is how each of them ends.
        }

        return rate;
    }

    private static async Task PublishAsync(MqttStreamClient client, string topic, CancellationToken cancellationToken)
    {
        byte[] payload = new byte[PayloadBytes];
        while (true)
        {
            await client.PublishAsync(topic, payload, cancellationToken: cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task ReceiveAsync(MqttStreamClient client, Counter counter, CancellationToken cancellationToken)
    {
        while (true)
        {
            await client.Messages.ReadAsync(cancellationToken).ConfigureAwait(false);
            counter.Add();
        }
    }

    private async Task ConnectAgainAndAgainAsync(Counter counter, CancellationToken cancellationToken)
    {
        while (true)
        {
            await using MqttStreamClient client = await ConnectAsync(cancellationToken).ConfigureAwait(false);
            counter.Add();
        }
    }

    private async Task<MqttStreamClient> ConnectAsync(CancellationToken cancellationToken)
    {
        string clientId = $"{BenchCertificates.ClientPrefix}{port}-{Interlocked.Increment(ref s_connections)}";
        try
        {
            return await MqttStreamClient.ConnectAsync(
                new MqttStreamClientOptions { Host = host, Port = port, Tls = tls, Connect = new ConnectPacket(clientId) },
                cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or SocketException && cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(e.Message, e, cancellationToken);
        }
    }

    private sealed class Counter
    {
        private long _value;

        public long Value => Interlocked.Read(ref _value);

        public void Add() => Interlocked.Increment(ref _value);
    }
}
