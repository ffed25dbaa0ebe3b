using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using LocalCloud;
using Mqtt;

namespace Tests.LocalCloud;

/// <summary>A LocalCloud for one test, on a clock that the test moves, with its log kept.</summary>
internal sealed class TestCloud : IAsyncDisposable
{
    private TestCloud(LocalCloudServer server, ManualTime clock, LogRecorder log)
    {
        Server = server;
        Clock = clock;
        Log = log;
    }

    public LocalCloudServer Server { get; }

    public ManualTime Clock { get; }

    public LogRecorder Log { get; }

    public DeviceRegistry Registry => Server.Registry;

    public static async Task<TestCloud> StartAsync(CancellationToken stopping, LocalCloudOptions? options = null)
    {
        var clock = new ManualTime();
        var log = new LogRecorder();
        var server = await LocalCloudServer.StartAsync((options ?? new LocalCloudOptions()) with { TimeProvider = clock, Log = log.Add }, stopping);
        return new TestCloud(server, clock, log);
    }

    /// <summary>Connects a client.</summary>
    public Task<MqttStreamClient> ConnectAsync(ClientCredentials credentials, string clientId, CancellationToken stopping, Will? will = null) =>
        ConnectAsync(credentials, new ConnectPacket(clientId, KeepAliveSeconds: 0, Will: will), stopping);

    /// <summary>Connects a client.</summary>
    public async Task<MqttStreamClient> ConnectAsync(ClientCredentials credentials, ConnectPacket connect, CancellationToken stopping) =>
        await MqttStreamClient.ConnectAsync(
            new MqttStreamClientOptions
            {
                Host = Server.Endpoint,
                Port = Server.Port,
                Tls = new MqttTls([X509Certificate2.CreateFromPem(Server.RootCaPem)], CertificateOf(credentials)),
                Connect = connect,
            },
            stopping);

    /// <summary>Makes a TLS connection on which a test sends what packets it likes.</summary>
    public async Task<MqttConnection> OpenAsync(X509Certificate2? certificate, CancellationToken stopping, SslProtocols protocols = SslProtocols.Tls12 | SslProtocols.Tls13)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(Server.Endpoint, Server.Port, stopping);
        var stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
        await stream.AuthenticateAsClientAsync(
            new MqttTls([X509Certificate2.CreateFromPem(Server.RootCaPem)], certificate).CreateOptions(Server.Endpoint, protocols),
            stopping);
        return new MqttConnection(stream);
    }

    /// <summary>The same, with CONNECT done.</summary>
    public async Task<MqttConnection> OpenConnectedAsync(ClientCredentials credentials, string clientId, CancellationToken stopping)
    {
        var connection = await OpenAsync(CertificateOf(credentials), stopping);
        await connection.WriteAsync(new ConnectPacket(clientId, KeepAliveSeconds: 0), stopping);
        return await connection.ReadAsync(stopping) is ConnAckPacket { ReturnCode: 0 }
            ? connection
            : throw new InvalidOperationException($"{clientId} cannot connect.");
    }

    public static X509Certificate2 CertificateOf(ClientCredentials credentials) =>
        X509Certificate2.CreateFromPem(credentials.CertificatePem, credentials.PrivateKeyPem);

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}
