using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Cli.Simulation;
using LocalCloud;

namespace Cli.Prove;

/// <summary>Fresh boards that are powered on together, in simulated time, until each has published a reading.</summary>
/// <param name="devices">How many.</param>
/// <param name="spread">Their <c>provisioning.spreadSeconds</c>.</param>
/// <param name="seed">What chance is made from.</param>
/// <param name="json">Whether standard output ends in a JSON object.</param>
internal sealed class HerdRun(int devices, int spread, int seed, bool json)
{
    /// <summary>What an account takes in a second, of each operation: the peak must stay below it.</summary>
    private const int Quota = 10;

    /// <summary>How long they may take beyond the time that they are spread over.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromHours(12);

    private const int Rows = 20;

    private static readonly JsonSerializerOptions s_json = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    private readonly TextWriter _story = json ? Console.Error : Console.Out;
    private readonly Dictionary<ProvisioningOperation, List<TimeSpan>> _requests = Enum.GetValues<ProvisioningOperation>().ToDictionary(operation => operation, _ => new List<TimeSpan>());

    private readonly HashSet<SimulatedDevice> _arrived = [];
    private int _throttled;
    private int _rejected;
    private string? _fault;

    /// <summary>Runs it.</summary>
    /// <returns>An exit status.</returns>
    public int Run(CancellationToken cancellationToken)
    {
        Stopwatch watch = Stopwatch.StartNew();
        using SimulatedWorld world = new();
        world.Cloud.ProvisioningAnswered += outcome =>
        {
            _requests[outcome.Operation].Add(world.Time.Elapsed);
            _throttled += outcome.StatusCode == 429 ? 1 : 0;
            _rejected += outcome.StatusCode is not null and not 429 ? 1 : 0;
        };
        Random random = new(seed);
        for (int i = 0; i < devices; i++)
        {
            SimulatedDevice board = world.AddDevice(string.Create(CultureInfo.InvariantCulture, $"02{i:x10}"), random.Next(), $",\"spreadSeconds\":{spread}", isLeftAlone: true);
            board.Logged += line => Look(board, line);
            board.PowerOn();
        }

        bool isWhole = world.Run(() => _arrived.Count == devices || cancellationToken.IsCancellationRequested, TimeSpan.FromSeconds(spread) + s_patience);
        if (cancellationToken.IsCancellationRequested)
        {
            Console.Error.WriteLine("stopped before its end");
            return ExitStatus.Failed;
        }

        TimeSpan last = world.Time.Elapsed;
        int certificates = world.Cloud.Registry.State.Certificates.Values.Count(certificate => !certificate.Things.IsEmpty);
        int things = world.Cloud.Registry.State.Things.Count;
        _fault ??= !isWhole ? $"only {_arrived.Count} of {devices} boards publish"
            : certificates != devices || things != devices ? $"{devices} boards have {certificates} certificates and {things} things"
            : null;
        return Tell(last, certificates, watch.Elapsed);
    }

    private void Look(SimulatedDevice board, string line)
    {
        _fault ??= board.Fault is { } fault ? $"{board.HardwareId}: {fault}" : null;
        if (line.StartsWith("reading 1 ", StringComparison.Ordinal) && _arrived.Add(board))
        {
            // What comes after is no part of this, and would take most of the run's time
            board.Dismiss();
        }
    }

    private int Tell(TimeSpan last, int certificates, TimeSpan time)
    {
        List<TimeSpan> creations = _requests[ProvisioningOperation.CreateKeysAndCertificate];
        List<TimeSpan> registrations = _requests[ProvisioningOperation.RegisterThing];
        int peak = Math.Max(Peak(creations, TimeSpan.Zero, TimeSpan.MaxValue), Peak(registrations, TimeSpan.Zero, TimeSpan.MaxValue));
        TimeSpan step = TimeSpan.FromMinutes(Math.Ceiling(last.TotalMinutes / Rows));
        _story.WriteLine("minutes        requests a second (CreateKeysAndCertificate; the most in any one second)");
        for (TimeSpan start = TimeSpan.Zero; start < last; start += step)
        {
            TimeSpan end = start + step;
            double rate = creations.Count(at => at >= start && at < end) / Math.Min(step.TotalSeconds, (last - start).TotalSeconds);
            int most = Peak(creations, start, end);
            _story.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{start.TotalMinutes,4:0} to {end.TotalMinutes,4:0}   {rate,6:0.00} {most,4}  {new string('#', (int)Math.Round(rate * 10)).PadRight(most * 10, '.')}"));
        }

        _story.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{devices} boards powered on together, spread over {spread} s: {creations.Count} requests for a certificate and {registrations.Count} for registration"));
        _story.WriteLine($"the most of one kind in any second: {peak} (an account takes {Quota}); answered with 429: {_throttled}, rejected otherwise: {_rejected}");
        _story.WriteLine(string.Create(CultureInfo.InvariantCulture, $"certificates of things: {certificates}; the last board's first reading was acknowledged after {last.TotalMinutes:0.0} min"));
        _story.WriteLine(string.Create(CultureInfo.InvariantCulture, $"simulated in {time.TotalSeconds:0.0} s, seed {seed}"));
        if (_fault is null && peak >= Quota)
        {
            _fault = $"{peak} requests of one kind came within a second: spread them over a longer time";
        }

        if (_fault is not null)
        {
            _story.WriteLine(_fault);
        }

        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(
                new
                {
                    devices,
                    peakPerSecond = peak,
                    minutesToLast = Math.Round(last.TotalMinutes, 1),
                    arrived = _arrived.Count,
                    spreadSeconds = spread,
                    creations = creations.Count,
                    registrations = registrations.Count,
                    throttled = _throttled,
                    rejected = _rejected,
                    certificates,
                    seed,
                    seconds = Math.Round(time.TotalSeconds, 1),
                    fault = _fault,
                },
                s_json));
        }

        return _fault is null ? ExitStatus.Done : ExitStatus.Failed;
    }

    /// <summary>The most requests that came within one second, of those between two times.</summary>
    private static int Peak(List<TimeSpan> requests, TimeSpan start, TimeSpan end)
    {
        int peak = 0;
        int first = 0;
        for (int i = 0; i < requests.Count; i++)
        {
            if (requests[i] < start || requests[i] >= end)
            {
                first = i + 1;
                continue;
            }

            while (requests[i] - requests[first] >= TimeSpan.FromSeconds(1))
            {
                first++;
            }

            peak = Math.Max(peak, i - first + 1);
        }

        return peak;
    }
}
