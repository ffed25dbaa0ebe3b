using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Cli.Prove;
using DeviceAgent.Board;
using DeviceAgent.Identity;
using DeviceAgent.Settings;
using LocalCloud;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Mqtt;
using nanoFramework.M2Mqtt;
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

    /// <summary>How much faster the clocks of a hasty field run.</summary>
    private const int Haste = 10;

    private static readonly MqttClientTimings s_hasty = new()
    {
        ConnAck = MqttClientTimings.Board.ConnAck / Haste,
        Retry = MqttClientTimings.Board.Retry / Haste,
    };

    private readonly TemporaryDirectory _folder = new();
    private readonly ConcurrentQueue<string> _log = new();
    private readonly ConcurrentDictionary<ProvisioningOperation, int> _accepted = new();
    private readonly List<(string Text, TaskCompletionSource<string> Found)> _awaited = [];
    private readonly HastyClock _haste;
    private readonly RepeatedRegistration _repeated;
    private LocalCloudServer _cloud;

    private readonly bool _allowsRotation;
    private readonly string _furtherRegion;

    private Field(bool isHasty, bool allowsRotation, RepeatedRegistration repeated, string furtherRegion)
    {
        _allowsRotation = allowsRotation;
        _repeated = repeated;
        _furtherRegion = furtherRegion;
        _haste = isHasty ? new HastyClock(Haste) : null;
        Faults = isHasty ? new FaultPlan() : null;
        Flash = new DirectoryStorage(Path.Combine(_folder.Path, "flash"));
    }

    public DirectoryStorage Flash { get; }

    public LocalCloudServer Cloud => _cloud;

    /// <summary>The faults of a hasty field's cloud; null elsewhere.</summary>
    public FaultPlan Faults { get; }

    public LogRecorder CloudLog { get; } = new();

    /// <summary>The boards' DNS.</summary>
    public Func<string, IPAddress[]> Dns { get; set; } = MqttClient.ResolveByMachine;

    public MqttStreamClient Operator { get; private set; }

    public IEnumerable<string> Log => _log;

    /// <summary>How often a provisioning request was accepted.</summary>
    public int Accepted(ProvisioningOperation operation) => _accepted.GetValueOrDefault(operation);

    /// <summary>Opens one.</summary>
    /// <param name="stopping">Ends it early.</param>
    /// <param name="change">Changes the board's settings.</param>
    /// <param name="isHasty">Whether the clocks of cloud and board run ten times as fast, its pauses are none, and the cloud takes a fault plan: for what ends only when a time is over.</param>
    /// <param name="allowsRotation">Whether the device policy allows rotation, and the claim's policy a key of the device's own.</param>
    /// <param name="furtherRegion">A region beside the one that the operator watches.</param>
    /// <param name="repeated">What a RegisterThing is answered that repeats an accepted one.</param>
    public static async Task<Field> OpenAsync(
        CancellationToken stopping,
        Action<JsonObject> change = null,
        bool isHasty = false,
        bool allowsRotation = false,
        RepeatedRegistration repeated = RepeatedRegistration.AcceptAgain,
        string furtherRegion = null)
    {
        var field = new Field(isHasty, allowsRotation, repeated, furtherRegion);
        await field.StartCloudAsync(0, stopping);
        var settings = new JsonObject
        {
            ["endpoint"] = "localhost",
            ["port"] = field.Cloud.Port,
            ["product"] = "smpl-krsk",
            ["location"] = "tokyo/hibiya/lab",
            ["thingName"] = Thing,
            ["provisioning"] = new JsonObject { ["template"] = field.Cloud.TemplateName },
            ["telemetry"] = new JsonObject { ["intervalSeconds"] = isHasty ? Haste / 2 : 1 },
        };
        change?.Invoke(settings);
        field.Flash.Write(SettingsReader.FileName, Encoding.UTF8.GetBytes(settings.ToJsonString()));
        field.Flash.Write(PemFile.RootCa, Encoding.ASCII.GetBytes(field.Cloud.RootCaPem));
        field.Flash.Write(PemFile.ClaimCertificate, Encoding.ASCII.GetBytes(field.Cloud.ClaimCredentials.CertificatePem));
        field.Flash.Write(PemFile.ClaimKey, Encoding.ASCII.GetBytes(field.Cloud.ClaimCredentials.PrivateKeyPem));
        return field;
    }

    /// <summary>The board with its power off; its flash may be replaced by one that fails, its clock by one that a test drives, and it may have a serial port.</summary>
    public Device MakeBoard(IStorage flash = null, Func<IClock> makeClock = null, ISerialLine serial = null, INetwork network = null)
    {
        var storage = flash ?? new DirectoryStorage(Flash.Folder);
        var device = _haste is null
            ? new Device(storage, "02a1b2c3d4e5", network ?? new PcNetwork(), new TlsMqttClients { Resolve = host => Dns(host) }, makeClock, serial)
            : new Device(storage, "02a1b2c3d4e5", new PcNetwork(), new TlsMqttClients { Timings = s_hasty, Resolve = host => Dns(host) }, makeClock ?? (() => new HastyBoardClock(_haste, Haste)))
            {
                RandomNumbers = below => below == 256 ? Random.Shared.Next(below) : 0, // a key is made of bytes
            };
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

    /// <summary>The first line of the board's log that holds <paramref name="text"/>, when it comes or has come.</summary>
    public Task<string> LineAsync(string text, CancellationToken stopping)
    {
        lock (_awaited)
        {
            return _log.FirstOrDefault(line => line.Contains(text, StringComparison.Ordinal)) is { } earlier ? Task.FromResult(earlier) : NextLineAsync(text, stopping);
        }
    }

    /// <summary>Stops the cloud, and starts it again with the same certificates and things on the same port.</summary>
    public async Task RestartCloudAsync(CancellationToken stopping)
    {
        var port = Cloud.Port;
        await Cloud.DisposeAsync();
        await StartCloudAsync(port, stopping);
    }

    /// <summary>Gives the board a command, and waits for its answer.</summary>
    /// <param name="payload">The command.</param>
    /// <param name="stopping">Ends the wait.</param>
    /// <param name="place">Its location and thing, where they are not the settings' own.</param>
    public async Task<JsonObject> CommandAsync(string payload, CancellationToken stopping, string place = "tokyo/hibiya/lab/" + Thing)
    {
        await Operator.PublishAsync("cmd/smpl-krsk/" + place, Encoding.UTF8.GetBytes(payload), cancellationToken: stopping);
        while (true)
        {
            var message = await Operator.Messages.ReadAsync(stopping);
            var json = JsonNode.Parse(message.Payload.Span).AsObject();
            if (json.ContainsKey("RESULT") && Answers(json, payload))
            {
                Assert.AreEqual("dt/smpl-krsk/" + place, message.Topic);
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

    /// <summary>Whether an answer is to this command, and not the answer before, which QoS 1 may bring twice. One that could not be read is answered without an id.</summary>
    private static bool Answers(JsonObject answer, string command)
    {
        try
        {
            return answer["COMMAND_ID"] is not { } id || JsonNode.Parse(command)?["id"] is not { } asked || id.ToString() == asked.ToString();
        }
        catch (JsonException)
        {
            return true;
        }
    }

    private async Task StartCloudAsync(int port, CancellationToken stopping)
    {
        _cloud = await LocalCloudServer.StartAsync(
            new LocalCloudOptions
            {
                DataDirectory = Path.Combine(_folder.Path, "cloud"),
                MqttPort = port,
                Log = CloudLog.Add,
                Faults = Faults,
                AllowRotation = _allowsRotation,
                AllowCsr = _allowsRotation,
                FurtherRegions = _furtherRegion is null ? [] : [_furtherRegion],
                RepeatedRegistration = _repeated,
                TimeProvider = (TimeProvider)_haste ?? TimeProvider.System,
            },
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
                Connect = new ConnectPacket("operator-1", KeepAliveSeconds: 0),
            },
            stopping);
        await Operator.SubscribeAsync("dt/#", cancellationToken: stopping);
    }
}
