using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Mqtt;

namespace Tests.Mqtt;

/// <summary>
/// A server on a free loopback port that runs one script for each connection, as a test wrote it. What a script throws fails the test
/// at <see cref="DisposeAsync"/>, unless the connection was simply lost.
/// </summary>
internal sealed class ScriptedServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stopping = new();
    private readonly SslServerAuthenticationOptions? _tls;
    private readonly Func<MqttConnection, CancellationToken, Task> _script;
    private readonly Task _accepting;

    /// <summary>Starts listening.</summary>
    /// <param name="certificate">The server's certificate, or null for no TLS.</param>
    /// <param name="script">What it does with each connection; the connection is closed after it.</param>
    /// <param name="acceptClient">Judges the client's certificate (null: there is none); without it no certificate is asked for.</param>
    /// <param name="protocols">The versions of TLS that are spoken.</param>
    public ScriptedServer(
        X509Certificate2? certificate,
        Func<MqttConnection, CancellationToken, Task> script,
        Func<X509Certificate?, bool>? acceptClient = null,
        SslProtocols protocols = SslProtocols.Tls12 | SslProtocols.Tls13)
    {
        _script = script;
        if (certificate is not null)
        {
            _tls = new SslServerAuthenticationOptions
            {
                ServerCertificateContext = SslStreamCertificateContext.Create(certificate, null, offline: true),
                EnabledSslProtocols = protocols,
                ClientCertificateRequired = acceptClient is not null,
                RemoteCertificateValidationCallback = (_, client, _, _) => acceptClient is null || acceptClient(client),
            };
        }

        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync();
    }

    /// <summary>The loopback port.</summary>
    public int Port { get; }

    /// <summary>Reads a packet of type <typeparamref name="T"/>, or fails.</summary>
    public static async Task<T> ExpectAsync<T>(MqttConnection connection, CancellationToken stopping)
        where T : Packet
    {
        var packet = await connection.ReadAsync(stopping);
        return packet as T ?? throw new InvalidOperationException($"The server expected {typeof(T).Name} and got {packet?.ToString() ?? "the end"}.");
    }

    /// <summary>Takes CONNECT and accepts it.</summary>
    public static async Task<ConnectPacket> AcceptAsync(MqttConnection connection, CancellationToken stopping)
    {
        var connect = await ExpectAsync<ConnectPacket>(connection, stopping);
        await connection.WriteAsync(new ConnAckPacket(false, 0), stopping);
        return connect;
    }

    public async ValueTask DisposeAsync()
    {
        _stopping.Cancel();
        try
        {
            await _accepting;
        }
        finally
        {
            _listener.Stop();
            _stopping.Dispose();
        }
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
            {
                connections.Add(ServeAsync(await _listener.AcceptSocketAsync(_stopping.Token)));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        try
        {
            Stream stream = new NetworkStream(socket, ownsSocket: true);
            if (_tls is not null)
            {
                var secured = new SslStream(stream);
                stream = secured;
                try
                {
                    await secured.AuthenticateAsServerAsync(_tls, _stopping.Token);
                }
                catch
                {
                    await secured.DisposeAsync();
                    throw;
                }
            }

            await using var connection = new MqttConnection(stream);
            await _script(connection, _stopping.Token);
        }
        catch (Exception e) when (e is IOException or SocketException or AuthenticationException or OperationCanceledException)
        {
            // A client that goes is no fault of the script.
        }
    }
}
