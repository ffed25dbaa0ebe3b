using System.Diagnostics;

namespace Cli.Prove.Fuzz;

/// <summary>Tries inputs on one thread, and lets others see what it is at.</summary>
/// <param name="names">The parsers' names.</param>
/// <param name="parsers">The parsers; no other thread uses them.</param>
/// <param name="seed">The seed.</param>
/// <param name="failed">Takes an input that failed: the parser's place, the input's number, the input, and what happened.</param>
internal sealed class FuzzWorker(IReadOnlyList<string> names, IReadOnlyList<FuzzParser> parsers, int seed, Action<int, int, byte[], string> failed)
{
    private long _at;
    private long _since = long.MaxValue;

    /// <summary>A ledger for each parser.</summary>
    public FuzzLedger[] Ledgers { get; } = [.. names.Select(_ => new FuzzLedger())];

    /// <summary>How long it has been at the same input, and which that is.</summary>
    public (TimeSpan Time, int Number, int Index) Current
    {
        get
        {
            // Read in the order opposite to their writing: an input that is over in between counts as one that has just begun
            long at = Interlocked.Read(ref _at);
            long since = Interlocked.Read(ref _since);
            bool isSame = at == Interlocked.Read(ref _at);
            return (isSame && since != long.MaxValue ? Stopwatch.GetElapsedTime(since) : TimeSpan.Zero, (int)(at >> 32), (int)at);
        }
    }

    /// <summary>Parses all documents once: what is made once for the process counts for no input.</summary>
    public void WarmUp()
    {
        foreach (FuzzParser parser in parsers)
        {
            foreach (byte[] document in parser.Corpus.Append([]).Append([0]))
            {
                try
                {
                    parser.Prepare(document);
                    parser.Parse(document);
                }
                catch (Exception)
                {
                    // It is among the inputs too, and told there
                }
            }
        }
    }

    private static object? Parse(FuzzParser parser, byte[] input, out long allocated)
    {
        parser.Prepare(input);
        long before = GC.GetAllocatedBytesForCurrentThread();
        object? result = parser.Parse(input);
        allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        return result;
    }

    /// <summary>Tries an input.</summary>
    /// <param name="number">The parser's place.</param>
    /// <param name="index">The input's number.</param>
    public void Try(int number, int index)
    {
        Interlocked.Exchange(ref _at, ((long)number << 32) | (uint)index);
        Interlocked.Exchange(ref _since, Stopwatch.GetTimestamp());
        FuzzParser parser = parsers[number];
        FuzzLedger ledger = Ledgers[number];
        byte[] input = FuzzInputs.Make(names[number], parser, seed, index);
        ledger.Inputs++;
        string? fault = null;
        try
        {
            byte[] given = (byte[])input.Clone();
            object? result = Parse(parser, given, out long allocated);
            long allowed = parser.FixedAllocation + ((long)parser.AllocationPerByte * input.Length);
            if (allocated > allowed / 2)
            {
                // .NET makes some things once for the process, as the texts of its exceptions: they count for no input
                result = Parse(parser, given, out allocated);
            }

            ledger.Accepted += result is null ? 0 : 1;
            ledger.MostMemory = Math.Max(ledger.MostMemory, 100.0 * allocated / allowed);
            if (allocated > allowed)
            {
                fault = $"{allocated} bytes were allocated for an input of {input.Length}, which may take {allowed}";
            }

            if (!given.AsSpan().SequenceEqual(input))
            {
                fault ??= "the input was changed";
            }

            parser.Check(input, result);
        }
        catch (FuzzException e)
        {
            fault ??= e.Message;
        }
        catch (Exception e)
        {
            string? place = e.StackTrace?.Split('\n', 2)[0].Trim();
            fault ??= $"{e.GetType().Name} has left it: {e.Message} ({place})";
        }

        if (fault is not null)
        {
            ledger.Failures++;
            failed(number, index, input, fault);
        }

        Interlocked.Exchange(ref _since, long.MaxValue);
    }
}
