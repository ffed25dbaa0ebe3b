using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Mqtt;

namespace Cli.Prove;

/// <summary>Connections that do nothing: many on which no TLS handshake begins, and a few subscribers that never read what they are sent.</summary>
/// <param name="port">LocalCloud's port on localhost.</param>
/// <param name="tls">TLS with a certificate that LocalCloud takes.</param>
internal sealed class IdleCrowd(int port, MqttTls tls) : IAsyncDisposable
{
    private readonly List<Socket> _silent = [];
    private readonly List<SslStream> _deaf = [];

    /// <summary>Makes the connections.</summary>
    /// <param name="silent">How many never say anything.</param>
    /// <param name="deaf">How many subscribe and then never read.</param>
    /// <param name="filters">What these subscribe to.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    public async Task GatherAsync(int silent, int deaf, IReadOnlyCollection<string> filters, CancellationToken cancellationToken)
    {
        for (int i = 0; i < deaf; i++)
        {
            // The less the system keeps for it, the sooner LocalCloud has to.
            SslStream stream = new(new NetworkStream(await OpenAsync(receiveBuffer: 4096, cancellationToken).ConfigureAwait(false), ownsSocket: true));
            _deaf.Add(stream);
            await stream.AuthenticateAsClientAsync(tls.CreateOptions("localhost", SslProtocols.Tls12 | SslProtocols.Tls13), cancellationToken).ConfigureAwait(false);
            byte[] both =
            [
                .. ConformancePeer.Encode(new ConnectPacket($"{ConformanceTrial.ClientPrefix}deaf-{i}", KeepAliveSeconds: 0)),
                .. ConformancePeer.Encode(new SubscribePacket(1, [.. filters.Select(filter => new TopicFilterRequest(filter, (QualityOfService)(i % 2)))])),
            ];
            await stream.WriteAsync(both, cancellationToken).ConfigureAwait(false);
        }

        for (int i = 0; i < silent; i++)
        {
            _silent.Add(await OpenAsync(receiveBuffer: null, cancellationToken).ConfigureAwait(false));
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (SslStream stream in _deaf)
        {
            await stream.DisposeAsync().ConfigureAwait(false);
        }

        foreach (Socket socket in _silent)
        {
            socket.Dispose();
        }
    }

    private async Task<Socket> OpenAsync(int? receiveBuffer, CancellationToken cancellationToken)
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.ReceiveBufferSize = receiveBuffer ?? socket.ReceiveBufferSize;
            await socket.ConnectAsync("localhost", port, cancellationToken).ConfigureAwait(false);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
