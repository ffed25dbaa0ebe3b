using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Mqtt;

namespace Cli.Prove;

/// <summary>One of those who send hostile inputs: a client with a good certificate and bad manners.</summary>
/// <param name="name">Its client ids begin with that.</param>
/// <param name="port">LocalCloud's port on localhost.</param>
/// <param name="tls">TLS with a certificate that LocalCloud takes.</param>
/// <param name="inputs">Its inputs.</param>
internal sealed class Attacker(string name, int port, MqttTls tls, HostileInputs inputs) : IAsyncDisposable
{
    /// <summary>The most connections that are left open with a half packet or handshake in them.</summary>
    private const int MaximumHalves = 50;

    private const int FloodPackets = 2_000;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    /// <summary>How long it presses on where LocalCloud does not listen to it any more: a flood that gets no further is over.</summary>
    private static readonly TimeSpan s_floodPatience = TimeSpan.FromMilliseconds(200);

    private static readonly byte[] s_floodPacket =
    [
        .. ConformancePeer.Encode(new PublishPacket("hostile/flood", new byte[50], QualityOfService.AtLeastOnce, PacketId: 1)),
        .. ConformancePeer.Encode(new PingReqPacket()),
    ];

    private readonly Queue<Stream> _halves = new();
    private Stream? _stream;
    private Task _draining = Task.CompletedTask;
    private int _connections;

    /// <summary>Inputs sent, by kind.</summary>
    public Dictionary<string, int> Sent { get; } = HostileInputs.Kinds.ToDictionary(kind => kind, _ => 0);

    /// <summary>Connections that it made.</summary>
    public int Connections => _connections;

    /// <summary>Inputs after which the connection was gone.</summary>
    public int Closed { get; private set; }

    /// <summary>Sends one input.</summary>
    public async Task SendAsync(CancellationToken cancellationToken)
    {
        string kind = inputs.NextKind();
        Sent[kind]++;
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(s_patience);
        try
        {
            await SendAsync(kind, patience.Token).ConfigureAwait(false);
            if (_draining.IsCompleted && _stream is not null)
            {
                await CloseAsync().ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is IOException or SocketException or AuthenticationException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            await CloseAsync().ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await CloseAsync().ConfigureAwait(false);
        while (_halves.TryDequeue(out Stream? half))
        {
            await half.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task SendAsync(string kind, CancellationToken cancellationToken)
    {
        switch (kind)
        {
            case "garbage in place of TLS":
                await using (Stream raw = await OpenRawAsync(cancellationToken).ConfigureAwait(false))
                {
                    await raw.WriteAsync(inputs.Garbage(), cancellationToken).ConfigureAwait(false);
                }

                return;

            case "TLS handshake cut short":
                Stream unfinished = await OpenRawAsync(cancellationToken).ConfigureAwait(false);
                await LeaveAsync(unfinished).ConfigureAwait(false);
                await unfinished.WriteAsync(inputs.HandshakeCutShort(), cancellationToken).ConfigureAwait(false);
                return;

            case "CONNECT mutated":
                await CloseAsync().ConfigureAwait(false);
                await OpenAsync(cancellationToken).ConfigureAwait(false);
                await WriteAsync(inputs.Mutate(inputs.Connect($"{name}-{_connections}")), cancellationToken).ConfigureAwait(false);
                await CloseAsync().ConfigureAwait(false);
                return;
        }

        if (_stream is null)
        {
            await OpenAsync(cancellationToken).ConfigureAwait(false);
            if (inputs.Next(8) > 0)
            {
                await WriteAsync(ConformancePeer.Encode(new ConnectPacket($"{name}-{_connections}")), cancellationToken).ConfigureAwait(false);
            }
        }

        switch (kind)
        {
            case "garbage":
                await WriteAsync(inputs.Garbage(), cancellationToken).ConfigureAwait(false);
                break;

            case "mutated packet":
                await WriteAsync(inputs.Mutate(inputs.Valid()), cancellationToken).ConfigureAwait(false);
                break;

            case "split packet":
                byte[] packet = inputs.Valid();
                for (int at = 0; at < packet.Length;)
                {
                    int length = Math.Min(packet.Length - at, 1 + inputs.Next(packet.Length > 500 ? packet.Length : 4));
                    await WriteAsync(packet.AsMemory(at, length), cancellationToken).ConfigureAwait(false);
                    at += length;
                }

                break;

            case "half packet":
                byte[] whole = inputs.Valid();
                await WriteAsync(whole.AsMemory(0, 1 + inputs.Next(whole.Length - 1)), cancellationToken).ConfigureAwait(false);
                Stream half = _stream!;
                _stream = null;
                await LeaveAsync(half).ConfigureAwait(false);
                break;

            default:
                byte[] flood = [.. Enumerable.Range(0, 1 + inputs.Next(FloodPackets)).SelectMany(_ => s_floodPacket)];
                await WriteAsync(flood, cancellationToken).ConfigureAwait(false);
                break;
        }
    }

    private async Task WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(s_floodPatience);
        await _stream!.WriteAsync(bytes, patience.Token).ConfigureAwait(false);
    }

    private async Task<Stream> OpenRawAsync(CancellationToken cancellationToken)
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync("localhost", port, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            socket.Dispose();
            throw;
        }

        _connections++;
        return new NetworkStream(socket, ownsSocket: true);
    }

    private async Task OpenAsync(CancellationToken cancellationToken)
    {
        SslStream stream = new(await OpenRawAsync(cancellationToken).ConfigureAwait(false));
        _stream = stream;
        await stream.AuthenticateAsClientAsync(tls.CreateOptions("localhost", SslProtocols.Tls12 | SslProtocols.Tls13), cancellationToken).ConfigureAwait(false);

        // Half of them never read what they are sent.
        _draining = inputs.Next(2) == 0 ? DrainAsync(stream) : new TaskCompletionSource().Task;
    }

    private static async Task DrainAsync(Stream stream)
    {
        byte[] buffer = new byte[4096];
        try
        {
            int count;
            do
            {
                count = await stream.ReadAsync(buffer).ConfigureAwait(false);
            }
            while (count > 0);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // That is an end too.
        }
    }

    private async Task CloseAsync()
    {
        if (_stream is { } stream)
        {
            Closed++;
            _stream = null;
            await stream.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Leaves a connection open as it is, and closes the one that has been left longest when there are many.</summary>
    private async Task LeaveAsync(Stream half)
    {
        _halves.Enqueue(half);
        if (_halves.Count > MaximumHalves)
        {
            await _halves.Dequeue().DisposeAsync().ConfigureAwait(false);
        }
    }
}
