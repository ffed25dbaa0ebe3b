using System.Net;
using LocalCloud;
using Tests.LocalCloud;

namespace Tests.Outside;

/// <summary>A LocalCloud for programs that this project did not write: on the machine's clock, its certificates in files.</summary>
internal sealed class OutsideCloud : IAsyncDisposable
{
    private readonly TemporaryDirectory _directory;

    private OutsideCloud(LocalCloudServer server, TemporaryDirectory directory, LogRecorder log)
    {
        Server = server;
        _directory = directory;
        Log = log;
    }

    public LocalCloudServer Server { get; }

    public LogRecorder Log { get; }

    public string RootCa => Server.RootCaFile;

    /// <summary>Certificate and key that may do everything, with client ids that begin with "all-".</summary>
    public string Certificate => _directory.File("all.pem.crt");

    public string Key => _directory.File("all.pem.key");

    public static async Task<OutsideCloud> StartAsync(CancellationToken stopping)
    {
        var directory = new TemporaryDirectory();
        try
        {
            var log = new LogRecorder();
            var server = await LocalCloudServer.StartAsync(
                new LocalCloudOptions { DataDirectory = directory.File("data"), ListenAddress = IPAddress.Loopback, Log = log.Add },
                stopping);
            var cloud = new OutsideCloud(server, directory, log);
            var credentials = await server.CreateOperatorCredentialsAsync("all-", stopping);
            await File.WriteAllTextAsync(cloud.Certificate, credentials.CertificatePem, stopping);
            await File.WriteAllTextAsync(cloud.Key, credentials.PrivateKeyPem, stopping);
            return cloud;
        }
        catch
        {
            directory.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        _directory.Dispose();
    }
}
