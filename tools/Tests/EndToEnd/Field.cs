using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;
using DeviceAgent.Board;
using DeviceAgent.Identity;
using DeviceAgent.Settings;
using LocalCloud;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Mqtt;
using Tests.LocalCloud;
using VirtualDevice;
using VirtualDevice.Board;

namespace Tests.EndToEnd;

/// <summary>A LocalCloud, one board fresh from the factory, and somebody who listens to its readings and gives it commands.</summary>
internal sealed class Field : IAsyncDisposable
{
    public const string Thing = "board-1";
    public const string Topic = "dt/smpl-krsk/tokyo/hibiya/lab/" + Thing;
    public const string CommandTopic = "cmd/smpl-krsk/tokyo/hibiya/lab/" + Thing;

    private readonly TemporaryDirectory _folder = new();
    private readonly ConcurrentQueue<string> _log = new();
    private readonly ConcurrentDictionary<ProvisioningOperation, int> _accepted = new();
    private readonly List<(string Text, TaskCompletionSource<string> Found)> _awaited = [];
    private LocalCloudServer _cloud;

    private Field()
    {
        Flash = new DirectoryStorage(Path.Combine(_folder.Path, "flash"));
    }

    public DirectoryStorage Flash { get; }

    public LocalCloudServer Cloud => _cloud;

    public LogRecorder CloudLog { get; } = new();

    public MqttStreamClient Operator { get; private set; }

    public IEnumerable<string> Log => _log;

    /// <summary>How often a provisioning request was accepted.</summary>
    public int Accepted(ProvisioningOperation operation) => _accepted.GetValueOrDefault(operation);

    public static async Task<Field> OpenAsync(CancellationToken stopping, Action<JsonObject> change = null)
    {
        var field = new Field();
        await field.StartCloudAsync(0, stopping);
        var settings = new JsonObject
        {
            ["endpoint"] = "localhost",
            ["port"] = field.Cloud.Port,
            ["product"] = "smpl-krsk",
            ["location"] = "tokyo/hibiya/lab",
            ["thingName"] = Thing,
            ["provisioning"] = new JsonObject { ["template"] = field.Cloud.TemplateName },
            ["telemetry"] = new JsonObject { ["intervalSeconds"] = 1 },
        };
        change?.Invoke(settings);
        field.Flash.Write(SettingsReader.FileName, Encoding.UTF8.GetBytes(settings.ToJsonString()));
        field.Flash.Write(PemFile.RootCa, Encoding.ASCII.GetBytes(field.Cloud.RootCaPem));
        field.Flash.Write(PemFile.ClaimCertificate, Encoding.ASCII.GetBytes(field.Cloud.ClaimCredentials.CertificatePem));
        field.Flash.Write(PemFile.ClaimKey, Encoding.ASCII.GetBytes(field.Cloud.ClaimCredentials.PrivateKeyPem));
        return field;
    }

    /// <summary>The board with its power off; its flash may be replaced by one that fails, and its clock by one that a test drives.</summary>
    public Device MakeBoard(IStorage flash = null, Func<IClock> makeClock = null)
    {
        var device = new Device(flash ?? new DirectoryStorage(Flash.Folder), "02a1b2c3d4e5", new PcNetwork(), new TlsMqttClients(), makeClock);
        device.Logged += line =>
        {
            lock (_awaited)
            {
                _log.Enqueue(line);
                foreach (var (_, found) in _awaited.Where(awaited => line.Contains(awaited.Text, StringComparison.Ordinal)))
                {
                    found.TrySetResult(line);
                }
            }
        };
        return device;
    }

    /// <summary>The next line of the board's log that holds <paramref name="text"/>, from now on.</summary>
    public Task<string> NextLineAsync(string text, CancellationToken stopping)
    {
        var found = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_awaited)
        {
            _awaited.Add((text, found));
        }

        return found.Task.WaitAsync(stopping);
    }

    /// <summary>Stops the cloud, and starts it again with the same certificates and things on the same port.</summary>
    public async Task RestartCloudAsync(CancellationToken stopping)
    {
        var port = Cloud.Port;
        await Cloud.DisposeAsync();
        await StartCloudAsync(port, stopping);
    }

    /// <summary>Gives the board a command, and waits for its answer.</summary>
    public async Task<JsonObject> CommandAsync(string payload, CancellationToken stopping)
    {
        await Operator.PublishAsync(CommandTopic, Encoding.UTF8.GetBytes(payload), cancellationToken: stopping);
        while (true)
        {
            var message = await Operator.Messages.ReadAsync(stopping);
            var json = JsonNode.Parse(message.Payload.Span).AsObject();
            if (json.ContainsKey("RESULT"))
            {
                Assert.AreEqual(Topic, message.Topic);
                return json;
            }
        }
    }

    /// <summary>Waits for the next reading.</summary>
    public async Task<JsonObject> ReadingAsync(CancellationToken stopping)
    {
        while (true)
        {
            var json = JsonNode.Parse((await Operator.Messages.ReadAsync(stopping)).Payload.Span).AsObject();
            if (!json.ContainsKey("RESULT"))
            {
                return json;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Operator.DisposeAsync();
        await Cloud.DisposeAsync();
        _folder.Dispose();
    }

    private async Task StartCloudAsync(int port, CancellationToken stopping)
    {
        _cloud = await LocalCloudServer.StartAsync(
            new LocalCloudOptions { DataDirectory = Path.Combine(_folder.Path, "cloud"), MqttPort = port, Log = CloudLog.Add },
            stopping);
        _cloud.ProvisioningAnswered += outcome =>
        {
            if (outcome.IsAccepted)
            {
                _accepted.AddOrUpdate(outcome.Operation, 1, (_, count) => count + 1);
            }
        };
        var credentials = await _cloud.CreateOperatorCredentialsAsync("operator", stopping);
        Operator = await MqttStreamClient.ConnectAsync(
            new MqttStreamClientOptions
            {
                Host = "localhost",
                Port = _cloud.Port,
                Tls = new MqttTls([System.Security.Cryptography.X509Certificates.X509Certificate2.CreateFromPem(_cloud.RootCaPem)], TestCloud.CertificateOf(credentials)),
                Connect = new ConnectPacket("operator-1"),
            },
            stopping);
        await Operator.SubscribeAsync("dt/#", cancellationToken: stopping);
    }
}
