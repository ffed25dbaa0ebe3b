using System.Text;
using System.Text.Json;
using DeviceAgent.Agent;
using DeviceAgent.Board;
using DeviceAgent.Commands;
using DeviceAgent.Identity;
using DeviceAgent.Json;
using DeviceAgent.Provisioning;
using DeviceAgent.Sensors;
using DeviceAgent.Settings;
using DeviceAgent.Telemetry;
using nanoFramework.M2Mqtt.Messages;
using VirtualDevice.Board;

namespace Cli.Prove.Fuzz;

/// <summary>Commands. Accepted are those that are answered with <c>ok</c>.</summary>
internal sealed class CommandParser : JsonParser
{
    private static readonly byte[][] s_corpus = Documents(
        """{"id":"1","command":"ping"}""",
        """{"id":2,"command":"set-interval","intervalSeconds":30}""",
        """{"command":"reboot","id":"\u00e9\ud83d\ude00","x":[{"id":"no","command":"no"}]}""",
        """ { "id" : "abc\u002ddef" , "comm\u0061nd" : "report" } """,
        """{"id":"7","command":"reprovision"}""",
        """{"id":"8","command":"rotate-certificate"}""",
        $$"""{"id":"{{new string('i', 64)}}","command":"set-interval","intervalSeconds":86400}""",
        $$"""{"id":"1","command":"ping","x":"{{new string('x', 990)}}"}""");

    private readonly FuzzClock _clock = new();
    private readonly VirtualBoard _board = new("a0b1c2d3e4f5");
    private FuzzStorage _storage = new();
    private AgentSettings _settings = new();
    private AgentStatus _status = new();
    private CommandHandler? _commands;
    private MqttMsgPublishEventArgs? _message;
    private string[] _configured = [];
    private int _changes;
    private string _answer = "";

    /// <inheritdoc/>
    public override IReadOnlyList<byte[]> Corpus => s_corpus;

    /// <summary>Twice as long as a command may be.</summary>
    public override int LongestInput => 2 * CommandHandler.LargestCommand;

    /// <summary>An answer of a kilobyte, of six with all that the cloud can configure, is built and written, and a new interval writes the identity with its 3 KB.</summary>
    public override int FixedAllocation => 98_304;

    /// <summary>A name with escapes (7 bytes at least as a member) is decoded three times, a byte array and a string of 56 bytes.</summary>
    public override int AllocationPerByte => 32;

    /// <inheritdoc/>
    public override void Prepare(byte[] input)
    {
        _storage = new FuzzStorage();
        _settings = new SettingsReader(_board.HardwareId).Read(SettingsParser.Smallest);
        _settings.OutboxReadings = 1;

        // Control characters, quotes and backslashes too: the answer has to be JSON all the same
        string foreign = string.Concat(input.Select(b => (char)(1 + (b & 0x5F))));
        _configured = ["location", "osaka", "layout", foreign[..Math.Min(290, foreign.Length)], .. foreign.Chunk(64).Take(32).SelectMany(text => new[] { new string(text, 0, text.Length / 4), new string(text) })];
        _settings.Apply(_configured);
        _status = new AgentStatus
        {
            Identity = IdentityParser.Sample(_configured),
            Endpoint = "region.example",
            Publisher = new TelemetryPublisher(_settings, [new SimulatedClimateSensor(_board)], _clock),

            LastError = foreign,
        };
        IdentityStore store = new(_storage);
        store.Load();
        store.Commit(_status.Identity);
        _changes = _storage.Changes;
        AttemptRecord attempts = new(_storage, _clock);
        attempts.Load();
        TlsMqttClients clients = new();
        NoLog log = new();
        Enrollment enrollment = new(
            _storage, _board, store, attempts, new Backoff(_board, attempts), clients, _clock, log, _status, new AutoResetEvent(false), new Installer(null!, _board, clients, _clock, log));
        _commands = new CommandHandler(_clock, _board, store, _settings, _status, enrollment);
        _message = new MqttMsgPublishEventArgs("cmd/weather/tokyo/lab/a0b1c2d3e4f5", input, false, MqttQoSLevel.AtLeastOnce, IsRetained(input));
    }

    /// <inheritdoc/>
    public override object? Parse(byte[] input)
    {
        _answer = _commands!.Handle(_message!);
        return _answer.Contains("\"RESULT\":\"ok\"", StringComparison.Ordinal) ? _answer : null;
    }

    /// <inheritdoc/>
    public override void Check(byte[] input, object? result)
    {
        JsonElement answer;
        try
        {
            Require(JsonOracle.IsJson(Encoding.UTF8.GetBytes(_answer), JsonReader.MaximumDepth, out _), "the answer is no JSON");
            answer = JsonElement.Parse(_answer);
        }
        catch (JsonException)
        {
            throw new FuzzException("the answer is no JSON");
        }

        Require(_answer.Length <= 8_192, "the answer is longer than 8192 characters");
        Require(answer.GetProperty("CLIENT_ID").GetString() == "a0b1c2d3e4f5" && answer.GetProperty("TIMESTAMP").GetString() == "2026-08-01T12:00:00", "the answer is not signed and dated");
        string? id = answer.GetProperty("COMMAND_ID").GetString();
        bool isOk = result is not null;
        Require(answer.GetProperty("RESULT").GetString() == (isOk ? "ok" : "error"), "the answer has another result");
        Require(isOk != answer.TryGetProperty("ERROR", out JsonElement error), "ERROR without an error, or the other way round");
        if (isOk)
        {
            CheckDone(input, id, answer);
            return;
        }

        Require(!string.IsNullOrEmpty(error.GetString()) && JsonOracle.IsPlain(error.GetString()!), "the reason is empty, or not plain text");
        Require(_storage.Changes == _changes && _settings.IntervalSeconds == 60 && !_commands!.IsRebootWanted && _status.Identity.Configuration.SequenceEqual(_configured), "a command that was refused has changed something");
    }

    /// <summary>The report has all that the cloud has configured, and says what is refused.</summary>
    private void CheckReport(JsonElement answer)
    {
        JsonElement configuration = answer.GetProperty("CONFIGURATION");
        JsonElement refused = answer.GetProperty("CONFIGURATION_REFUSED");
        foreach (string[] pair in _configured.Chunk(2))
        {
            string name = string.Concat(pair[0].Select(c => c is < ' ' or '"' or '\\' ? '_' : c));
            Require(configuration.TryGetProperty(name, out JsonElement value) && JsonOracle.IsPlain(value.GetString()!), "what the cloud has configured is not reported");
        }

        Require(configuration.GetProperty("location").GetString() == "osaka" && !refused.TryGetProperty("location", out _), "a setting is not reported as it is");
        Require(refused.TryGetProperty("layout", out JsonElement reason) == _configured[3] is not ("combined" or "perType"), "a refusal is not reported, or one that was none");
        Require(reason.ValueKind == JsonValueKind.Undefined || JsonOracle.IsPlain(reason.GetString()!), "the reason is not plain text");
        Require(answer.GetProperty("ENDPOINT").GetString() == "region.example", "another endpoint");
    }

    private void CheckDone(byte[] input, string? id, JsonElement answer)
    {
        Require(input.Length <= CommandHandler.LargestCommand && !IsRetained(input), "a command that is too large, or is retained, was carried out");
        Require(id is { Length: >= 1 and <= 64 } && JsonOracle.IsPlain(id), "an id that is none was accepted");
        Require(JsonOracle.IsJson(input, JsonReader.MaximumDepth, out bool hasHalves), "a command that is no JSON was carried out");
        Require(_settings.IntervalSeconds is >= 1 and <= 86_400, "the interval is out of its range");
        IdentityParser.RequireSame(_status.Identity, new IdentityStore(_storage).Load());
        if (hasHalves)
        {
            return;
        }

        IReadOnlyList<JsonProperty> members = JsonOracle.Members(input, JsonReader.MaximumDepth) ?? throw new FuzzException("a command that is no object was carried out");
        JsonElement given = members.Last(member => member.NameEquals("id")).Value;
        Require(id == (given.ValueKind == JsonValueKind.String ? given.GetString() : given.GetRawText()), "the answer has another id than the command");
        string? command = members.Last(member => member.NameEquals("command") && member.Value.ValueKind == JsonValueKind.String).Value.GetString();
        Require(command is "ping" or "set-interval" or "reboot" or "report" or "reprovision" or "rotate-certificate", "a command that there is not was carried out");
        Require(_commands!.IsRebootWanted == (command == "reboot"), "a reboot that nobody asked for, or none where one was");
        if (command == "report")
        {
            CheckReport(answer);
        }

        if (command == "set-interval")
        {
            Require(members.Last(member => member.NameEquals("intervalSeconds")).Value.GetInt32() == _settings.IntervalSeconds, "another interval than the command's");
        }
        else
        {
            Require(_settings.IntervalSeconds == 60, "an interval that nobody asked for");
        }
    }

    /// <summary>Some inputs come as retained messages: a function of the input, as all else.</summary>
    private static bool IsRetained(byte[] input) => input.Length % 16 == 5;

    private sealed class NoLog : ILog
    {
        public void Write(string line)
        {
        }
    }
}
