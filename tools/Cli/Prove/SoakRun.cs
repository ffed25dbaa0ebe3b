using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Cli.Simulation;
using DeviceAgent.Identity;
using DeviceAgent.Sensors;
using DeviceAgent.Telemetry;
using LocalCloud;
using Mqtt;

namespace Cli.Prove;

/// <summary>A board in the field, in simulated time: what became of each reading, and whether anything grew.</summary>
/// <param name="days">For how long.</param>
/// <param name="seed">What chance is made from.</param>
/// <param name="log">A file for everything that happens, or null.</param>
/// <param name="json">Whether standard output ends in a JSON object.</param>
internal sealed class SoakRun(int days, int seed, string? log = null, bool json = false)
{
    /// <summary>
    /// How much more memory may be in use at the end than after the first seventh of the time. Over ten seeds it was 7 to 44 KB, most of it the
    /// certificates that the registry has come to hold; the least object for each reading of a week (24 bytes) would come to more than this.
    /// </summary>
    private const long MemoryAllowance = 128 * 1024;

    private const int OutboxReadings = 60;
    private const int MostCertificatesPerDay = 5;
    private const string Mac = "a0b1c2d3e4f5";
    private const string Place = "smpl-krsk/tokyo/lab/";

    /// <summary>Nothing happens at the end: for the longest pause, an hour, for what waits to go out, and for an hour to see it work.</summary>
    private static readonly TimeSpan s_calm = TimeSpan.FromHours(3);

    private static readonly TimeSpan s_lastHour = TimeSpan.FromHours(1);
    private static readonly JsonSerializerOptions s_json = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    private readonly TextWriter _story = json ? Console.Error : Console.Out;
    private readonly List<string> _faults = [];
    private readonly List<TimeSpan> _creations = [];
    private SimulatedWorld? _world;
    private SimulatedDevice? _board;
    private int _takenBefore;
    private int _overflowed;
    private int _overflowedBefore;
    private int _connections;
    private int _reboots;
    private int _lostWithPower;
    private int _answers;
    private int _replaced;
    private int _givenUp;
    private int _wrongTimes;
    private SoakPlan? _plan;

    /// <summary>What became of each reading.</summary>
    public SoakLedger Ledger { get; } = new(days * 86_400);

    /// <summary>What was not as promised.</summary>
    public IReadOnlyList<string> Faults => _faults;

    /// <summary>Is told each reading that is taken.</summary>
    public Action<int>? Taken { get; init; }

    /// <summary>Runs it.</summary>
    /// <returns>An exit status.</returns>
    public int Run(CancellationToken cancellationToken)
    {
        try
        {
            using StreamWriter? file = log is null ? null : new StreamWriter(log);
            return Run(file is null ? null : file.WriteLine, cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"{log} cannot be written: {e.Message}");
            return ExitStatus.BadUse;
        }
    }

    private int Run(Action<string>? trace, CancellationToken cancellationToken)
    {
        Stopwatch watch = Stopwatch.StartNew();
        TimeSpan time = TimeSpan.FromDays(days);
        FaultPlan faults = new();
        using SimulatedWorld world = new(new LocalCloudOptions { Faults = faults }, trace);
        SimulatedDevice board = world.AddDevice(Mac, seed, members: $$""","telemetry":{"outboxReadings":{{OutboxReadings}}},"sensors":[{"type":"counting"}]""");
        _world = world;
        _board = board;
        board.Sensor = new CountingSensor(this);
        board.Logged += Look;
        board.PowerLost += () => LoseMemory(byPower: true);
        board.Restarting += () => LoseMemory(byPower: false);
        world.Cloud.ProvisioningAnswered += outcome =>
        {
            if (outcome.Operation != ProvisioningOperation.RegisterThing)
            {
                _creations.Add(world.Time.Elapsed);
            }
        };
        world.Subscribe("dt/#", Receive);
        SoakPlan plan = new(world, board, faults, seed, "cmd/" + Place + Mac, time - s_calm, time - TimeSpan.FromHours(30));
        _plan = plan;
        board.PowerOn();

        bool RunUntil(TimeSpan until) => !world.Run(() => board.Fault is not null || cancellationToken.IsCancellationRequested, until - world.Time.Elapsed);
        bool isWhole = RunUntil(time / 7);
        long memoryFirst = GC.GetTotalMemory(forceFullCollection: true);
        isWhole = isWhole && RunUntil(time - s_lastHour);
        plan.Give("report");
        (int taken, int dropped, int boots, int connections) = (Ledger.Taken, Ledger.Dropped, board.Boots, board.Agent!.Status.Connections);
        isWhole = isWhole && RunUntil(time) && world.Run(() => board.Agent.Status.Publisher is { Waiting: 0 }, TimeSpan.FromMinutes(10));
        long memoryLast = GC.GetTotalMemory(forceFullCollection: true);
        if (cancellationToken.IsCancellationRequested)
        {
            Console.Error.WriteLine("stopped before its end");
            return ExitStatus.Failed;
        }

        Check(board.Fault is null, $"{board.Fault}, after {world.Time.Elapsed}");
        Check(isWhole, "readings still wait at the end: " + board.Agent.Status.LastError);
        Check(Ledger.Taken - taken >= 10 && Ledger.Dropped == dropped && board.Boots == boots && board.Agent.Status.Connections == connections, $"the last hour was not quiet: {Ledger.Taken - taken} readings, {Ledger.Dropped - dropped} dropped, {board.Boots - boots} boots, {board.Agent.Status.Connections - connections} connections");
        CheckNumbers();
        _connections += board.Agent.Status.Connections;
        Check(Ledger.Missing == 0, $"{Ledger.Missing} readings are missing, the first ones {string.Join(", ", Ledger.FindMissing(10))}");
        Check(Ledger.Unknown == 0, $"{Ledger.Unknown} readings came that were never taken");
        Check(Ledger.OutOfOrder == 0, $"{Ledger.OutOfOrder} readings came out of order");
        Check(_wrongTimes == 0, $"{_wrongTimes} readings came with a time of day at which they were not taken, by the board's clock");
        Check(memoryLast - memoryFirst <= MemoryAllowance, $"{memoryLast - memoryFirst} bytes more are in use at the end, and {MemoryAllowance} are allowed");
        CheckIdentity();
        int perDay = MostInADay();
        Check(perDay <= MostCertificatesPerDay, $"{perDay} certificates were asked for within 24 hours");
        return Tell(plan, perDay, memoryFirst, memoryLast, watch.Elapsed);
    }

    private void Check(bool isSo, string otherwise)
    {
        if (!isSo)
        {
            _faults.Add(otherwise);
        }
    }

    private bool Measure(float[] values, int offset)
    {
        TelemetryPublisher publisher = _board!.Agent!.Status.Publisher;
        if (!_board.IsPowered)
        {
            return false;
        }

        int number = Ledger.Take(_world!.Time.Elapsed);
        if (publisher.Waiting == OutboxReadings)
        {
            _overflowed++;
            Ledger.Drop(number - OutboxReadings);
        }

        values[offset] = number;
        Taken?.Invoke(number);
        return true;
    }

    private void LoseMemory(bool byPower)
    {
        _reboots += byPower ? 0 : 1;
        _connections += _board!.Agent?.Status.Connections ?? 0;
        CheckNumbers();
        int waiting = _board.Agent?.Status.Publisher?.Waiting ?? 0;
        _lostWithPower += waiting;
        Ledger.Lose(waiting);
        _takenBefore = Ledger.Taken;
        _overflowedBefore = _overflowed;
    }

    /// <summary>Whether the board's own numbers since its start are the ledger's.</summary>
    private void CheckNumbers()
    {
        TelemetryPublisher? publisher = _board!.Agent?.Status.Publisher;
        int taken = publisher?.Taken ?? 0;
        int dropped = publisher?.Dropped ?? 0;
        Check(
            taken == Ledger.Taken - _takenBefore && dropped == _overflowed - _overflowedBefore,
            $"boot {_board.Boots} has taken {taken} readings and dropped {dropped} by its own numbers, and in truth {Ledger.Taken - _takenBefore} and {_overflowed - _overflowedBefore}");
        Check(
            publisher is null || publisher.Published + publisher.Waiting + dropped == taken,
            $"boot {_board.Boots} has taken {taken} readings, and acknowledged, waiting and dropped are {publisher?.Published}, {publisher?.Waiting} and {dropped}");
    }

    private void Receive(PublishPacket message)
    {
        using JsonDocument document = JsonDocument.Parse(message.Payload);
        JsonElement root = document.RootElement;
        if (root.TryGetProperty(CountingSensor.Quantity, out JsonElement number))
        {
            double reading = number.GetDouble();
            Ledger.Receive(reading);
            bool isTimeRight = Ledger.TakenAt(reading) is not { } at
                || (DateTimeOffset.TryParse(root.GetProperty("TIMESTAMP").GetString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset told) && _plan!.IsTimeOf(told, at));
            _wrongTimes += isTimeRight ? 0 : 1;
            return;
        }

        _answers++;
        if (root.TryGetProperty("REPLACED_CERTIFICATE_ID", out JsonElement replaced) && replaced.GetString() is { Length: > 0 } id
            && _world!.Cloud.Registry.FindCertificate(id) is { Status: CertificateStatus.Active })
        {
            _replaced++;
            _world.Tell("the owner deactivates the replaced certificate");
            _world.Cloud.Registry.SetCertificateStatus(id, CertificateStatus.Inactive);
        }
    }

    /// <summary>A certificate that replaces another and is turned away is given up by the board, which cannot do more about it: the owner does.</summary>
    private void Look(string line)
    {
        const string Start = "identity: certificate ";
        if (line.StartsWith(Start, StringComparison.Ordinal) && line.Contains(" is given up; ", StringComparison.Ordinal))
        {
            _givenUp++;
            _world!.Cloud.Registry.SetCertificateStatus(line[Start.Length..].Split(' ')[0], CertificateStatus.Inactive);
        }
    }

    private void CheckIdentity()
    {
        DeviceIdentity? identity = new IdentityStore(_board!.Flash).Load();
        RegisteredCertificate[] active = [.. _world!.Cloud.Registry.FindCertificatesOfThing(Mac).Where(certificate => certificate.Status == CertificateStatus.Active)];
        Check(active.Length == 1, $"the thing has {active.Length} active certificates");
        Check(
            identity is not null && active.Any(certificate => certificate.Id == identity.CertificateId && certificate.Pem == Encoding.ASCII.GetString(identity.Certificate).TrimEnd('\0')) && SimulatedMqttClients.BelongTogether(identity.Certificate, identity.Key),
            "the board does not hold the key of its thing's active certificate");
    }

    private int MostInADay() => _creations.Count == 0 ? 0 : _creations.Max(last => _creations.Count(at => at <= last && at > last - TimeSpan.FromDays(1)));

    private int Tell(SoakPlan plan, int perDay, long memoryFirst, long memoryLast, TimeSpan time)
    {
        SimulatedDevice board = _board!;
        int flashWrites = board.Flash.Writes + board.Flash.Deletes;
        _story.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{days} days with {plan.WifiLosses} WiFi losses, {plan.CloudRestarts} restarts of the broker, {plan.RefusedPhases} times refused connections, {plan.Deactivations} deactivations and {plan.PolicyLosses} losses of the policy, {plan.FaultRules} orders of faults, {plan.ClockJumps} clock jumps, {plan.PowerCuts} power cuts ({plan.TornWrites} ordered in a change of the flash, {plan.CutMessages} in a message), {plan.Commands} commands"));
        _story.WriteLine($"taken {Ledger.Taken} = received {Ledger.Received} + dropped {Ledger.Dropped} ({_overflowed} for want of room and {_lostWithPower} with the memory, {Ledger.DroppedThoughReceived} of which the cloud has); {Ledger.OutOfOrder} out of order, {Ledger.Duplicates} came again, {_wrongTimes} with a wrong time of day");
        _story.WriteLine($"{board.Boots} boots, {_reboots} of them by command; {_connections} connections; {_answers} answers to commands; {flashWrites} changes of the flash");
        _story.WriteLine($"{_creations.Count} certificates asked for, at most {perDay} within 24 hours; {_replaced} replaced and {_givenUp} given up, which their owner has deactivated");
        _story.WriteLine($"memory after a seventh of the time {memoryFirst}, at the end {memoryLast}: {memoryLast - memoryFirst:+0;-0;0} bytes ({MemoryAllowance} allowed)");
        _story.WriteLine(string.Create(CultureInfo.InvariantCulture, $"simulated in {time.TotalSeconds:0.0} s, seed {seed}"));
        foreach (string fault in _faults.Take(10))
        {
            _story.WriteLine("FAILED: " + fault);
        }

        if (_faults.Count > 0)
        {
            _story.WriteLine($"to see it again, with all that happens: prove soak --seed {seed} --days {days} --log FILE");
        }

        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(
                new
                {
                    taken = Ledger.Taken,
                    received = Ledger.Received,
                    dropped = Ledger.Dropped,
                    outOfOrder = Ledger.OutOfOrder,
                    duplicates = Ledger.Duplicates,
                    wrongTimes = _wrongTimes,
                    missing = Ledger.Missing,
                    droppedForRoom = _overflowed,
                    droppedWithMemory = _lostWithPower,
                    droppedThoughReceived = Ledger.DroppedThoughReceived,
                    days,
                    wifiLosses = plan.WifiLosses,
                    brokerRestarts = plan.CloudRestarts,
                    refusedPhases = plan.RefusedPhases,
                    deactivations = plan.Deactivations,
                    policyLosses = plan.PolicyLosses,
                    faultRules = plan.FaultRules,
                    clockJumps = plan.ClockJumps,
                    powerCuts = plan.PowerCuts,
                    reboots = _reboots,
                    connections = _connections,
                    commands = plan.Commands,
                    answers = _answers,
                    certificates = _creations.Count,
                    certificatesPerDay = perDay,
                    replaced = _replaced,
                    givenUp = _givenUp,
                    flashWrites,
                    memoryFirst,
                    memoryLast,
                    seed,
                    seconds = Math.Round(time.TotalSeconds, 1),
                    faults = _faults.Take(10),
                },
                s_json));
        }

        return _faults.Count == 0 ? ExitStatus.Done : ExitStatus.Failed;
    }

    /// <summary>Measures how many readings were taken before.</summary>
    private sealed class CountingSensor(SoakRun run) : ISensor
    {
        public const string Quantity = "COUNT";

        public string[] Quantities { get; } = [Quantity];

        public bool Measure(float[] values, int offset) => run.Measure(values, offset);
    }
}
