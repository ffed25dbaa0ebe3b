using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Cli.Prove;

/// <summary>The power goes at every instant of every scenario, once and twice.</summary>
/// <param name="seed">What chance is made from.</param>
/// <param name="only">The one trial to run and to tell everything of, as a failure names it; null for all.</param>
/// <param name="share">Only each so many-th cut is followed by a second; 1 for all.</param>
/// <param name="json">Whether standard output ends in a JSON object.</param>
internal sealed class PowercutRun(int seed, string? only, int share, bool json)
{
    private const int MostTold = 10;

    private static readonly JsonSerializerOptions s_json = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    private readonly TextWriter _story = json ? Console.Error : Console.Out;
    private readonly ConcurrentQueue<string> _failures = new();

    /// <summary>Runs it.</summary>
    /// <returns>An exit status.</returns>
    public int Run(CancellationToken cancellationToken)
    {
        try
        {
            IReadOnlyList<PowercutScenario> scenarios = PowercutScenario.MakeAll(seed);
            return only is null ? RunAll(scenarios, cancellationToken) : RunOne(scenarios, only);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            Console.Error.WriteLine("stopped before its end");
            return ExitStatus.Failed;
        }
    }

    private int RunAll(IReadOnlyList<PowercutScenario> scenarios, CancellationToken cancellationToken)
    {
        Stopwatch watch = Stopwatch.StartNew();
        List<Tally> tallies = [];
        List<(Tally Tally, PowerCut Cut, bool HasSecond)> work = [];
        foreach (PowercutScenario scenario in scenarios)
        {
            PowercutResult uncut = new PowercutTrial(scenario, seed).Run([]);
            Tally tally = new(scenario) { Events = uncut.Boots[0].Count };
            tallies.Add(tally);
            if (!uncut.IsGood)
            {
                Take(tally, [], uncut);
                continue;
            }

            int number = 0;
            work.AddRange(PowerEvent.CutsIn(uncut.Boots[0]).Select(cut => (tally, cut, number++ % (share * scenario.Share) == 0)));
            work.AddRange(PowerEvent.LossesIn(uncut.Boots[0]).Select(cut => (tally, cut, false)));
        }

        Parallel.ForEach(
            work,
            new ParallelOptions { CancellationToken = cancellationToken, MaxDegreeOfParallelism = Environment.ProcessorCount },
            item => TryFrom(item.Tally, item.Cut, item.HasSecond, cancellationToken));
        return Tell(tallies, watch.Elapsed);
    }

    private void TryFrom(Tally tally, PowerCut first, bool hasSecond, CancellationToken cancellationToken)
    {
        PowercutResult single = Try(tally, [first]);
        if (!hasSecond || !single.IsGood)
        {
            return;
        }

        foreach (PowerCut second in PowerEvent.CutsIn(single.Boots[1]))
        {
            cancellationToken.ThrowIfCancellationRequested();
            Try(tally, [first, second]);
        }
    }

    private PowercutResult Try(Tally tally, PowerCut[] cuts)
    {
        PowercutResult result = new PowercutTrial(tally.Scenario, seed).Run(cuts);
        Take(tally, cuts, result);
        return result;
    }

    private void Take(Tally tally, PowerCut[] cuts, PowercutResult result)
    {
        lock (tally)
        {
            tally.Singles += cuts.Length == 1 ? 1 : 0;
            tally.Pairs += cuts.Length == 2 ? 1 : 0;
            tally.Recovered += cuts.Length > 0 && result.Fault is null ? 1 : 0;
            tally.Strays += result.Strays;
            tally.Lost += result.Lost;
            tally.Slowest = result.Fault is null && result.Time > tally.Slowest ? result.Time : tally.Slowest;
        }

        if (!result.IsGood)
        {
            string what = string.Join("; ", new[] { result.Fault, result.Strays > 0 ? $"{result.Strays} stray certificates" : null, result.Lost > 0 ? $"{result.Lost} identities lost" : null }.Where(text => text is not null));
            _failures.Enqueue($"--seed {seed} --only {tally.Scenario.Name}/{string.Join(',', cuts.Select(cut => cut.ToString()))}  {what}");
        }
    }

    private int Tell(List<Tally> tallies, TimeSpan time)
    {
        foreach (Tally tally in tallies)
        {
            _story.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{tally.Scenario.Text}{(tally.Scenario.Name.EndsWith("-strict", StringComparison.Ordinal) ? ", repeated registrations refused" : "")}: {tally.Events} instants, {tally.Singles} single cuts and {tally.Pairs} pairs, {tally.Recovered} recovered, at the latest after {tally.Slowest.TotalSeconds:0} s; {tally.Strays} stray certificates, {tally.Lost} identities lost"));
        }

        int singles = tallies.Sum(tally => tally.Singles);
        int pairs = tallies.Sum(tally => tally.Pairs);
        int recovered = tallies.Sum(tally => tally.Recovered);
        int strays = tallies.Sum(tally => tally.Strays);
        int lost = tallies.Sum(tally => tally.Lost);
        _story.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{singles + pairs} cuts, {recovered} recovered, {strays} stray certificates, {lost} identities lost, in {time.TotalSeconds:0.0} s, seed {seed}"));
        foreach (string failure in _failures.Order(StringComparer.Ordinal).Take(MostTold))
        {
            _story.WriteLine("FAILED: prove powercut " + failure);
        }

        if (_failures.Count > MostTold)
        {
            _story.WriteLine($"and {_failures.Count - MostTold} more");
        }

        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(
                new
                {
                    cuts = singles + pairs,
                    recovered,
                    strayCertificates = strays,
                    identitiesLost = lost,
                    singles,
                    pairs,
                    scenarios = tallies.Select(tally => new { tally.Scenario.Name, tally.Events, tally.Singles, tally.Pairs, tally.Recovered, slowestSeconds = Math.Round(tally.Slowest.TotalSeconds, 1) }),
                    slowestSeconds = Math.Round(tallies.Max(tally => tally.Slowest).TotalSeconds, 1),
                    seed,
                    seconds = Math.Round(time.TotalSeconds, 1),
                    failures = _failures.Order(StringComparer.Ordinal).Take(MostTold),
                },
                s_json));
        }

        return _failures.IsEmpty && singles + pairs > 0 ? ExitStatus.Done : ExitStatus.Failed;
    }

    /// <summary>One trial with all that happens in it.</summary>
    private int RunOne(IReadOnlyList<PowercutScenario> scenarios, string name)
    {
        string[] parts = name.Split('/');
        PowercutScenario? scenario = scenarios.FirstOrDefault(one => one.Name == parts[0]);
        PowerCut?[] cuts = parts.Length < 2 || parts[1].Length == 0 ? [] : [.. parts[1].Split(',').Select(PowerCut.Parse)];
        if (scenario is null || cuts.Contains(null))
        {
            Console.Error.WriteLine($"--only takes SCENARIO/CUT,CUT as a failure names it, not \"{name}\". Scenarios: {string.Join(", ", scenarios.Select(one => one.Name))}.");
            return ExitStatus.BadUse;
        }

        PowercutResult result = new PowercutTrial(scenario, seed, _story.WriteLine).Run([.. cuts.Select(cut => cut!)]);
        for (int boot = 0; boot < result.Boots.Count; boot++)
        {
            for (int i = 0; i < result.Boots[boot].Count; i++)
            {
                _story.WriteLine($"boot {boot + 1} event {i + 1}: {result.Boots[boot][i].Text}");
            }
        }

        _story.WriteLine(result.Fault ?? string.Create(CultureInfo.InvariantCulture, $"back at work after {result.Time.TotalSeconds:0.0} s"));
        _story.WriteLine($"{result.Strays} stray certificates, {result.Lost} identities lost");
        return result.IsGood ? ExitStatus.Done : ExitStatus.Failed;
    }

    private sealed class Tally(PowercutScenario scenario)
    {
        public PowercutScenario Scenario { get; } = scenario;

        public int Events { get; init; }

        public int Singles { get; set; }

        public int Pairs { get; set; }

        public int Recovered { get; set; }

        public int Strays { get; set; }

        public int Lost { get; set; }

        public TimeSpan Slowest { get; set; }
    }
}
