using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Mqtt;

namespace Cli.Prove;

/// <summary>One statement's trial: its own client ids and topics, and a record of all that went over the wire.</summary>
/// <param name="number">Tells trials apart.</param>
/// <param name="port">LocalCloud's port on localhost.</param>
/// <param name="tls">TLS of the clients.</param>
/// <param name="cancellationToken">Ends it early.</param>
internal sealed class ConformanceTrial(int number, int port, MqttTls tls, CancellationToken cancellationToken) : IAsyncDisposable
{
    /// <summary>What the client ids begin with.</summary>
    public const string ClientPrefix = "prove-";

    private readonly List<ConformancePeer> _peers = [];
    private readonly List<string> _sent = [];
    private readonly List<string> _cameBack = [];

    /// <summary>What was sent, in order.</summary>
    public string Sent => Listed(_sent);

    /// <summary>What came back, in order.</summary>
    public string CameBack => Listed(_cameBack);

    /// <summary>A client id of this trial.</summary>
    public string ClientId(string name) => $"{ClientPrefix}{number}-{name}";

    /// <summary>A topic of this trial.</summary>
    public string Topic(string name) => $"prove/{number}/{name}";

    /// <summary>Makes a TLS connection, on which nothing has been sent.</summary>
    public async Task<ConformancePeer> OpenAsync()
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync("localhost", port, cancellationToken).ConfigureAwait(false);
        SslStream stream = new(new NetworkStream(socket, ownsSocket: true));
        await stream.AuthenticateAsClientAsync(tls.CreateOptions("localhost", SslProtocols.Tls12 | SslProtocols.Tls13), cancellationToken).ConfigureAwait(false);
        ConformancePeer peer = new(stream, _peers.Count == 0 ? "" : $"{(char)('A' + _peers.Count)}: ", _sent, _cameBack, cancellationToken);
        _peers.Add(peer);
        return peer;
    }

    /// <summary>Makes a connection and has it accepted.</summary>
    /// <param name="name">What tells the client from others of this trial.</param>
    /// <param name="clean">Whether its session is a clean one.</param>
    /// <param name="will">Its will.</param>
    /// <param name="keepAlive">Its keep-alive, in seconds.</param>
    public async Task<ConformancePeer> ConnectAsync(string name = "a", bool clean = true, Will? will = null, ushort keepAlive = 1200) =>
        (await ConnectForAnswerAsync(name, clean, will, keepAlive).ConfigureAwait(false)).Peer;

    /// <summary>The same, with CONNACK.</summary>
    public async Task<(ConformancePeer Peer, ConnAckPacket Answer)> ConnectForAnswerAsync(string name = "a", bool clean = true, Will? will = null, ushort keepAlive = 1200)
    {
        ConformancePeer peer = await OpenAsync().ConfigureAwait(false);
        await peer.SendAsync(new ConnectPacket(ClientId(name), clean, keepAlive, Will: will)).ConfigureAwait(false);
        ConnAckPacket answer = await peer.ExpectAsync<ConnAckPacket>().ConfigureAwait(false);
        Check(answer.ReturnCode == 0, "CONNACK 0");
        return (peer, answer);
    }

    /// <summary>Says what should have come where it did not.</summary>
    public static void Check(bool isKept, string what)
    {
        if (!isKept)
        {
            throw new ConformanceException("expected: " + what);
        }
    }

    /// <summary>Waits longer than the time in which AWS takes one CONNECT of a client id.</summary>
    public Task PauseForClientIdAsync() => Task.Delay(TimeSpan.FromSeconds(2.2) / ConformanceRun.Haste, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (ConformancePeer peer in _peers)
        {
            await peer.DisposeAsync().ConfigureAwait(false);
        }
    }

    private static string Listed(List<string> what)
    {
        lock (what)
        {
            return string.Join(", ", what);
        }
    }
}
