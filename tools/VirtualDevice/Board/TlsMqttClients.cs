using System.Net;
using System.Net.Sockets;
using DeviceAgent.Board;
using nanoFramework.M2Mqtt;

namespace VirtualDevice.Board;

/// <summary>
/// MQTT clients over real sockets and TLS. Each device has its own: it remembers what its last client was told, and insists on what a
/// board insists on by crashing: that a client is freed before the next is made.
/// </summary>
public sealed class TlsMqttClients : IMqttClients, IDisposable
{
    private readonly Lock _lock = new();
    private MqttClient? _client;
    private volatile int _lastReturnCode = -1;

    /// <summary>How long the clients wait for what.</summary>
    internal MqttClientTimings Timings { get; init; } = MqttClientTimings.Board;

    /// <summary>
    /// The DNS: gives the addresses of a host name, and throws a <see cref="SocketException"/> where it has none. Asked by each client anew, on the
    /// thread that makes it. What the server is asked for in the handshake, and must prove to be, is the name all the same.
    /// </summary>
    public Func<string, IPAddress[]> Resolve { get; init; } = MqttClient.ResolveByMachine;

    /// <inheritdoc/>
    public int LastReturnCode => _lastReturnCode;

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The client made before has not been freed.</exception>
    public IMqttClient Create(string host, int port, byte[] rootCa, byte[] certificate, byte[] key)
    {
        lock (_lock)
        {
            if (_client is not null)
            {
                throw new InvalidOperationException("The client made before has not been disposed of: on a board its finalizer would close the next one's socket.");
            }

            _lastReturnCode = -1;
            _client = new MqttClient(host, port, rootCa, certificate, key, Timings, Resolve);
            _client.ConnectionOpened += (_, e) => _lastReturnCode = (int)e.Message.ReturnCode;
            return _client;
        }
    }

    /// <inheritdoc/>
    public int ErrorNumber(Exception failure)
    {
        for (Exception? e = failure; e is not null; e = e.InnerException)
        {
            // The numbers of this machine's own sockets mean nothing on a board.
            if (e is BoardSocketException socket)
            {
                return socket.ErrorCode;
            }
        }

        return 0;
    }

    /// <inheritdoc/>
    public bool AreUsable(byte[] certificate, byte[] key) => Credentials.AreUsable(certificate, key);

    /// <inheritdoc/>
    public void Dispose(IMqttClient client)
    {
        lock (_lock)
        {
            if (_client == client)
            {
                _client = null;
            }
        }

        ((MqttClient)client).Dispose();
    }

    /// <summary>Frees the client that is left, if any, as the loss of power does: without a goodbye. Others can be made after it.</summary>
    public void Dispose()
    {
        MqttClient? client;
        lock (_lock)
        {
            client = _client;
            _client = null;
        }

        client?.Dispose();
    }
}
