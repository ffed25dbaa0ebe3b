using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Cli.Simulation;
using LocalCloud;
using Mqtt;

namespace Cli.Prove;

/// <summary>A board in the field for days, to which all happens that does.</summary>
/// <param name="days">How many.</param>
/// <param name="seed">What chance is made from.</param>
/// <param name="log">A file for everything that happens, or null.</param>
/// <param name="json">Whether standard output ends in a JSON object.</param>
internal sealed class SoakRun(int days, int seed, string? log, bool json)
{
    private const string Mac = "a0b1c2d3e4f5";
    private const string DevicePolicy = "smpl-krsk-iot-core-policy-devices";

    /// <summary>How many readings the board's outbox holds: as many as it does where the settings do not say.</summary>
    private const int Outbox = 60;

    /// <summary>What the process may have more in the end than after the first day, in bytes: what .NET keeps for itself is not the same at all times.</summary>
    private const long MemoryNoise = 128 * 1024;

    /// <summary>How long the board may take to get back to work once all is mended: its longest pause, and a little.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(70);

    private static readonly JsonSerializerOptions s_json = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    private readonly TextWriter _story = json ? Console.Error : Console.Out;
    private readonly Random _random = new(seed);
    private readonly Dictionary<string, int> _happened = [];
    private readonly Dictionary<string, int> _underWay = [];
    private readonly PriorityQueue<Action, (TimeSpan At, int Number)> _plan = new();
    private Action? _withinMessage;
    private bool _isMending;

    /// <summary>Runs it.</summary>
    /// <returns>An exit status.</returns>
    public int Run(CancellationToken cancellationToken)
    {
        Stopwatch watch = Stopwatch.StartNew();
        try
        {
            using StreamWriter? file = log is null ? null : new StreamWriter(log);
            using SimulatedWorld world = new(trace: file is null ? null : file.WriteLine);
            return Run(world, watch, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            Console.Error.WriteLine("stopped before its end");
            return ExitStatus.Failed;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"{log} cannot be written: {e.Message}");
            return ExitStatus.BadUse;
        }
    }

    private int Run(SimulatedWorld world, Stopwatch watch, CancellationToken cancellationToken)
    {
        SimulatedDevice board = world.AddDevice(Mac, _random.Next(), members: ",\"sensors\":[{\"type\":\"bme280\"}]");
        SoakLedger ledger = new(Outbox, (days + 1) * 24 * 60 * 2, () => board.Agent?.Status.Publisher);
        board.Sensor = ledger;
        board.PowerLost += ledger.LosePower;
        world.Passing += passage =>
        {
            if (passage is { IsUp: true, IsArrived: true, Packet: ConnectPacket })
            {
                ledger.BeginSession();
            }
            else if (passage is { IsUp: true, IsArrived: true, Packet: PublishPacket } && _withinMessage is { } happen)
            {
                _withinMessage = null;
                happen();
            }
        };
        _ = new SimulatedSubscriber(world, "dt/#", ledger.Receive);
        board.PowerOn();
        string? fault = world.Run(() => board.Agent?.Status.Publisher?.Published > 0, TimeSpan.FromHours(1)) ? null : "it did not begin to publish";
        if (fault is null)
        {
            MakePlan(world, board);
        }

        long memoryAfterFirstDay = 0;
        while (fault is null && _plan.TryDequeue(out Action? next, out (TimeSpan At, int Number) due) && due.At < TimeSpan.FromDays(days))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (memoryAfterFirstDay == 0 && due.At >= TimeSpan.FromDays(1))
            {
                memoryAfterFirstDay = Memory();
            }

            if (due.At > world.Time.Elapsed)
            {
                world.Run(due.At - world.Time.Elapsed);
            }

            next();
            fault = board.Fault;
        }

        if (fault is null)
        {
            fault = Mend(world, board);
        }

        ledger.Close();
        long memory = Memory();
        return Tell(ledger, board, memoryAfterFirstDay == 0 ? memory : memoryAfterFirstDay, memory, watch.Elapsed, fault);
    }

    /// <summary>All that was broken is mended, and what waits may go.</summary>
    private string? Mend(SimulatedWorld world, SimulatedDevice board)
    {
        // What is still to happen begins no more; what has begun comes to its end
        _isMending = true;
        while (_plan.TryDequeue(out Action? next, out _))
        {
            next();
        }

        return world.Run(() => board.Agent?.Status is { Publisher: { Waiting: 0, Published: > 0 } } && world.Cloud.ConnectedClientIds.Contains(Mac), s_patience)
            ? board.Fault
            : $"it did not get back to work within {s_patience.TotalMinutes:0} min ({board.Agent?.Status.LastError})";
    }

    private void MakePlan(SimulatedWorld world, SimulatedDevice board)
    {
        DeviceRegistry registry = world.Cloud.Registry;
        string certificate = registry.FindCertificatesOfThing(Mac).Single().Id;
        Plan(world, "WiFi lost", hours: 4, TimeSpan.FromSeconds(2), TimeSpan.FromHours(2), () => board.SetWifi(isInReach: false), () => board.SetWifi(isInReach: true));
        Plan(world, "WiFi lost within a message", hours: 12, TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(20), () => _withinMessage = () => board.SetWifi(isInReach: false), () => board.SetWifi(isInReach: true));
        Plan(world, "cloud restarted", hours: 8, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10), world.StopCloud, world.StartCloud);
        Plan(world, "certificate refused", hours: 24, TimeSpan.FromMinutes(1), TimeSpan.FromHours(1), () => registry.SetCertificateStatus(certificate, CertificateStatus.Inactive), () => registry.SetCertificateStatus(certificate, CertificateStatus.Active));
        Plan(world, "policy refused", hours: 24, TimeSpan.FromMinutes(1), TimeSpan.FromHours(1), () => registry.DetachPolicy(DevicePolicy, certificate), () => registry.AttachPolicy(DevicePolicy, certificate));
        Plan(world, "clock jumped", hours: 8, TimeSpan.FromMinutes(1), TimeSpan.FromHours(6), () => board.ClockError = TimeSpan.FromDays((4 * _random.NextDouble()) - 2), () => board.ClockError = TimeSpan.Zero);
        Plan(world, "power cut", hours: 6, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(30), board.CutPower, board.PowerOn);
        Plan(world, "power cut within a message", hours: 12, TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(20), () => _withinMessage = board.CutPower, board.PowerOn);
    }

    /// <summary>Plans what happens again and again at random.</summary>
    private void Plan(SimulatedWorld world, string what, double hours, TimeSpan shortest, TimeSpan longest, Action begin, Action end)
    {
        _happened[what] = 0;
        _underWay[what] = 0;
        TimeSpan at = world.Time.Elapsed;
        while ((at += TimeSpan.FromHours(-hours * Math.Log(1 - _random.NextDouble()))) < TimeSpan.FromDays(days))
        {
            // As many short ones as long ones, each on its own scale
            TimeSpan length = TimeSpan.FromSeconds(shortest.TotalSeconds * Math.Pow(longest / shortest, _random.NextDouble()));
            bool hasBegun = false;
            _plan.Enqueue(
                () =>
                {
                    hasBegun = !_isMending;
                    if (hasBegun)
                    {
                        world.Tell("plan: " + what);
                        _happened[what]++;
                        if (_underWay[what]++ == 0)
                        {
                            begin();
                        }
                    }
                },
                (at, _plan.Count));
            _plan.Enqueue(
                () =>
                {
                    if (hasBegun && --_underWay[what] == 0)
                    {
                        world.Tell("plan: end of " + what);
                        _withinMessage = null;
                        end();
                    }
                },
                (at + length, _plan.Count));
        }
    }

    private int Tell(SoakLedger ledger, SimulatedDevice board, long memoryAfterFirstDay, long memory, TimeSpan time, string? fault)
    {
        int dropped = ledger.DroppedForRoom + ledger.LostWithPower;
        long growth = memory - memoryAfterFirstDay;
        fault ??= ledger.Unexplained > 0 || ledger.Taken != ledger.Received + dropped ? $"of {ledger.Unexplained} readings nobody can tell what became of them"
            : ledger.OutOfOrder > 0 ? "readings came out of order"
            : ledger.Strange > 0 ? $"{ledger.Strange} messages hold no reading"
            : growth > MemoryNoise ? $"memory has grown by {growth} bytes"
            : null;
        _story.WriteLine($"{days} days, seed {seed}: {string.Join(", ", _happened.Select(pair => $"{pair.Key} {pair.Value} times"))}; {board.Boots} boots");
        _story.WriteLine($"readings taken {ledger.Taken}, received {ledger.Received}, given up for want of room {ledger.DroppedForRoom}, lost from memory with the power {ledger.LostWithPower}, unexplained {ledger.Unexplained}");
        _story.WriteLine($"out of order within a session {ledger.OutOfOrder}; received more than once {ledger.Duplicates}");
        _story.WriteLine(string.Create(CultureInfo.InvariantCulture, $"memory after the first day {memoryAfterFirstDay / 1024} KiB, in the end {memory / 1024} KiB"));
        _story.WriteLine(string.Create(CultureInfo.InvariantCulture, $"simulated in {time.TotalSeconds:0.0} s"));
        if (fault is not null)
        {
            _story.WriteLine($"FAILED: {fault}. To see all that happened: prove soak --days {days} --seed {seed} --log FILE");
        }

        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(
                new
                {
                    taken = ledger.Taken,
                    received = ledger.Received,
                    dropped,
                    outOfOrder = ledger.OutOfOrder,
                    duplicates = ledger.Duplicates,
                    droppedForRoom = ledger.DroppedForRoom,
                    lostWithPower = ledger.LostWithPower,
                    unexplained = ledger.Unexplained,
                    happened = _happened,
                    boots = board.Boots,
                    memoryAfterFirstDay,
                    memoryInTheEnd = memory,
                    days,
                    seed,
                    seconds = Math.Round(time.TotalSeconds, 1),
                    fault,
                },
                s_json));
        }

        return fault is null ? ExitStatus.Done : ExitStatus.Failed;
    }

    private static long Memory()
    {
        long least = long.MaxValue;
        for (int i = 0; i < 3; i++)
        {
            least = Math.Min(least, GC.GetTotalMemory(forceFullCollection: true));
        }

        return least;
    }
}
