using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Cli.Prove.Fuzz;

/// <summary>Broken and hostile input for everything that is parsed, on all processors.</summary>
/// <param name="all">What makes each parser, by its name.</param>
/// <param name="count">How many inputs for each parser.</param>
/// <param name="seed">What they are made from.</param>
/// <param name="only">The one parser that is tried; null for all.</param>
/// <param name="index">The one input of it that is tried; null for all.</param>
/// <param name="json">Whether standard output ends in a JSON object.</param>
internal sealed class FuzzRun(OrderedDictionary<string, Func<FuzzParser>> all, int count, int seed, string? only, int? index, bool json)
{
    private const int InputsAtOnce = 200;

    private const int FailuresShown = 5;
    private const int MostFailuresKept = 10_000;

    /// <summary>From as many inputs on, some must be accepted and some refused: else they prove nothing.</summary>
    private const int EnoughForBoth = 1_000;

    private static readonly JsonSerializerOptions s_json = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    private readonly string[] _names = [.. all.Keys];
    private readonly TextWriter _story = json ? Console.Error : Console.Out;
    private readonly List<FuzzFailure> _failures = [];
    private readonly int[] _parsers = [.. Enumerable.Range(0, all.Count).Where(i => only is null || all.GetAt(i).Key == only)];
    private readonly int _first = index ?? 0;
    private readonly int _perParser = index is null ? count : 1;
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private int _taken = -1;

    /// <summary>After how long an input counts as a hang: it takes microseconds, and on a machine that has much else to do milliseconds.</summary>
    public TimeSpan Longest { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Runs it.</summary>
    /// <returns>An exit status.</returns>
    public int Run(CancellationToken cancellationToken)
    {
        FuzzWorker[] workers = [.. Enumerable.Range(0, index is null ? Environment.ProcessorCount : 1).Select(_ => new FuzzWorker(_names, [.. all.Values.Select(create => create())], seed, Fail))];
        Thread[] threads = [.. workers.Select(worker => new Thread(() => Work(worker, cancellationToken)) { IsBackground = true })];
        foreach (Thread thread in threads)
        {
            thread.Start();
        }

        foreach (Thread thread in threads)
        {
            while (!thread.Join(TimeSpan.FromMilliseconds(500)))
            {
                if (workers.Select(worker => worker.Current).FirstOrDefault(current => current.Time > Longest) is { Time.Ticks: > 0 } stuck)
                {
                    // A thread that hangs cannot be ended: it ends with the process
                    byte[] input = FuzzInputs.Make(_names[stuck.Number], all.GetAt(stuck.Number).Value(), seed, stuck.Index);
                    Fail(stuck.Number, stuck.Index, input, $"it hangs: no end after {Longest.TotalSeconds:0} s");
                    return Tell(workers);
                }
            }
        }

        if (cancellationToken.IsCancellationRequested)
        {
            Console.Error.WriteLine("stopped before its end");
            Tell(workers);
            return ExitStatus.Failed;
        }

        return Tell(workers);
    }

    private void Work(FuzzWorker worker, CancellationToken cancellationToken)
    {
        worker.WarmUp();
        int blocks = (_perParser + InputsAtOnce - 1) / InputsAtOnce;
        long block;
        while (!cancellationToken.IsCancellationRequested && (block = Interlocked.Increment(ref _taken)) < (long)blocks * _parsers.Length)
        {
            int number = _parsers[block / blocks];
            int from = (int)(block % blocks) * InputsAtOnce;
            for (int i = from; i < Math.Min(from + InputsAtOnce, _perParser); i++)
            {
                worker.Try(number, _first + i);
            }
        }
    }

    private void Fail(int number, int place, byte[] input, string what)
    {
        int shown = index is null ? Math.Min(input.Length, 64) : input.Length;
        string hex = Convert.ToHexString(input.AsSpan(0, shown)) + (shown < input.Length ? "…" : "");
        FuzzFailure failure = new(_names[number], place, what, input.Length, hex, $"agent prove fuzz --seed {seed} --parser {_names[number]} --only {place}");
        lock (_failures)
        {
            if (_failures.Count < MostFailuresKept)
            {
                _failures.Add(failure);
            }
        }
    }

    private int Tell(FuzzWorker[] workers)
    {
        FuzzLedger[] ledgers = [.. _names.Select(_ => new FuzzLedger())];
        foreach (FuzzWorker worker in workers)
        {
            for (int i = 0; i < ledgers.Length; i++)
            {
                ledgers[i].Add(worker.Ledgers[i]);
            }
        }

        FuzzFailure[] failures;
        lock (_failures)
        {
            failures = [.. _failures.OrderBy(failure => Array.IndexOf(_names, failure.Parser)).ThenBy(failure => failure.Index)];
        }

        _story.WriteLine("parser            inputs  accepted   refused  failed  most memory of what is allowed");
        foreach (int i in _parsers)
        {
            FuzzLedger ledger = ledgers[i];
            _story.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{_names[i],-15} {ledger.Inputs,8}  {ledger.Accepted,8}  {ledger.Inputs - ledger.Accepted,8}  {ledger.Failures,6}  {ledger.MostMemory,3:0} %"));
        }

        _story.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{ledgers.Sum(ledger => (long)ledger.Inputs)} inputs in {_watch.Elapsed.TotalSeconds:0.0} s, seed {seed}"));
        foreach (FuzzFailure failure in failures.GroupBy(failure => failure.Parser).SelectMany(group => group.DistinctBy(failure => string.Concat(failure.What.Where(c => !char.IsAsciiDigit(c)))).Take(FailuresShown)))
        {
            _story.WriteLine($"{failure.Parser}, seed {seed}, input {failure.Index}: {failure.What}");
            _story.WriteLine($"  {failure.Length} bytes: {failure.Hex}");
            _story.WriteLine($"  again: {failure.Again}");
        }

        string[] onesided = [.. _parsers.Where(i => ledgers[i].Inputs >= EnoughForBoth && Math.Min(ledgers[i].Accepted, ledgers[i].Inputs - ledgers[i].Accepted) < ledgers[i].Inputs / 100).Select(i => _names[i])];
        foreach (string parser in onesided)
        {
            _story.WriteLine($"{parser}: nearly all inputs were accepted, or nearly all refused: they prove little");
        }

        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(
                new
                {
                    inputs = ledgers.Sum(ledger => (long)ledger.Inputs),
                    failed = Math.Max(failures.Length, ledgers.Sum(ledger => (long)ledger.Failures)),
                    seed,
                    seconds = Math.Round(_watch.Elapsed.TotalSeconds, 1),
                    parsers = _parsers.Select(i => new
                    {
                        parser = _names[i],
                        inputs = ledgers[i].Inputs,
                        accepted = ledgers[i].Accepted,
                        refused = ledgers[i].Inputs - ledgers[i].Accepted,
                        failed = ledgers[i].Failures,
                        mostMemoryPercent = Math.Round(ledgers[i].MostMemory),
                    }),
                    failures = failures.Take(100),
                },
                s_json));
        }

        return failures.Length == 0 && onesided.Length == 0 ? ExitStatus.Done : ExitStatus.Failed;
    }
}
