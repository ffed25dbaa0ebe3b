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
    /// <summary>A state that was made once for all tests: its four keys are most of what a start takes.</summary>
    private static readonly Lazy<Task<(IReadOnlyDictionary<string, byte[]> Files, ClientCredentials Operator)>> s_prepared = new(PrepareAsync);

    private readonly TemporaryDirectory? _directory;

    private TestCloud(LocalCloudServer server, ManualTime clock, LogRecorder log, TemporaryDirectory? directory, ClientCredentials @operator)
    {
        Server = server;
        Clock = clock;
        Log = log;
        _directory = directory;
        Operator = @operator;
    }

    public LocalCloudServer Server { get; }

    public ManualTime Clock { get; }

    public LogRecorder Log { get; }

    public DeviceRegistry Registry => Server.Registry;

    /// <summary>Credentials that may do everything, with client ids that begin with "all-"; unknown where the options name a directory.</summary>
    public ClientCredentials Operator { get; }

    public static async Task<TestCloud> StartAsync(CancellationToken stopping, LocalCloudOptions? options = null)
    {
        options ??= new LocalCloudOptions();
        var (prepared, @operator) = await s_prepared.Value;
        TemporaryDirectory? directory = null;
        if (options.DataDirectory is null)
        {
            directory = new TemporaryDirectory();
            foreach (var (name, content) in prepared)
            {
                await File.WriteAllBytesAsync(directory.File(name), content, stopping);
            }

            options = options with { DataDirectory = directory.Path };
        }

        var clock = new ManualTime();
        var log = new LogRecorder();
        try
        {
            var server = await LocalCloudServer.StartAsync(options with { TimeProvider = clock, Log = log.Add }, stopping);
            return new TestCloud(server, clock, log, directory, @operator);
        }
        catch
        {
            directory?.Dispose();
            throw;
        }
    }

    /// <summary>Connects a client, to the default endpoint or by another name.</summary>
    public Task<MqttStreamClient> ConnectAsync(ClientCredentials credentials, string clientId, CancellationToken stopping, Will? will = null, string? serverName = null) =>
        ConnectAsync(credentials, new ConnectPacket(clientId, KeepAliveSeconds: 0, Will: will), stopping, serverName);

    /// <summary>Connects a client, to the default endpoint or by another name.</summary>
    public async Task<MqttStreamClient> ConnectAsync(ClientCredentials credentials, ConnectPacket connect, CancellationToken stopping, string? serverName = null) =>
        await MqttStreamClient.ConnectAsync(
            new MqttStreamClientOptions
            {
                Host = serverName ?? Server.Endpoint,

                // Names of regions are known to no DNS.
                ConnectTo = serverName is null && Server.Regions.Count == 1 ? null : "localhost",
                Port = Server.Port,
                Tls = new MqttTls([X509Certificate2.CreateFromPem(Server.RootCaPem)], CertificateOf(credentials)),
                Connect = connect,
            },
            stopping);

    /// <summary>Makes a TLS connection on which a test sends what bytes it likes.</summary>
    public async Task<SslStream> OpenStreamAsync(X509Certificate2? certificate, CancellationToken stopping, SslProtocols protocols = SslProtocols.Tls12 | SslProtocols.Tls13)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(Server.Endpoint, Server.Port, stopping);
        var stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
        await stream.AuthenticateAsClientAsync(
            new MqttTls([X509Certificate2.CreateFromPem(Server.RootCaPem)], certificate).CreateOptions(Server.Endpoint, protocols),
            stopping);
        return stream;
    }

    /// <summary>Makes a TLS connection on which a test sends what packets it likes.</summary>
    public async Task<MqttConnection> OpenAsync(ClientCredentials credentials, CancellationToken stopping) =>
        new(await OpenStreamAsync(CertificateOf(credentials), stopping));

    /// <summary>The same, with CONNECT done.</summary>
    public async Task<MqttConnection> OpenConnectedAsync(ClientCredentials credentials, string clientId, CancellationToken stopping)
    {
        var connection = await OpenAsync(credentials, stopping);
        await connection.WriteAsync(new ConnectPacket(clientId, KeepAliveSeconds: 0), stopping);
        return await connection.ReadAsync(stopping) is ConnAckPacket { ReturnCode: 0 }
            ? connection
            : throw new InvalidOperationException($"{clientId} cannot connect.");
    }

    public static X509Certificate2 CertificateOf(ClientCredentials credentials) =>
        X509Certificate2.CreateFromPem(credentials.CertificatePem, credentials.PrivateKeyPem);

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        _directory?.Dispose();
    }

    private static async Task<(IReadOnlyDictionary<string, byte[]> Files, ClientCredentials Operator)> PrepareAsync()
    {
        using var directory = new TemporaryDirectory();
        ClientCredentials @operator;
        await using (var server = await LocalCloudServer.StartAsync(new LocalCloudOptions { DataDirectory = directory.Path }))
        {
            @operator = await server.CreateOperatorCredentialsAsync("all-");
        }

        return (Directory.GetFiles(directory.Path).ToDictionary(file => Path.GetFileName(file), File.ReadAllBytes), @operator);
    }
}
