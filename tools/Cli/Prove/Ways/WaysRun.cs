using System.Diagnostics;
using System.Text.Json;

namespace Cli.Prove.Ways;

/// <summary>Every method of getting an identity, in every case, over real sockets and TLS.</summary>
/// <param name="only">The one method to try; null for all.</param>
/// <param name="logFile">Takes all that boards and clouds log; or null.</param>
/// <param name="json">Whether standard output ends in a JSON object.</param>
internal sealed class WaysRun(string? only, string? logFile, bool json)
{
    private static readonly JsonSerializerOptions s_json = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    private readonly TextWriter _story = json ? Console.Error : Console.Out;

    /// <summary>Runs it.</summary>
    /// <returns>An exit status.</returns>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            using TextWriter log = logFile is null ? TextWriter.Null : TextWriter.Synchronized(new StreamWriter(logFile));
            Stopwatch watch = Stopwatch.StartNew();
            void Say(string line) => log.WriteLine(FormattableString.Invariant($"{watch.Elapsed.TotalSeconds,8:0.000} {line}"));
            List<WayResult> results = [];
            foreach (Way way in Way.All.Where(way => only is null || way.Method == only))
            {
                foreach (WayResult result in await new WayTrial(way, Say).RunAsync(cancellationToken).ConfigureAwait(false))
                {
                    results.Add(result);
                    _story.WriteLine($"{result.Method,-12} {result.Case,-10} {(result.Ok ? "as promised" : "NOT as promised"),-15} {result.Outcome}");
                }
            }

            int kept = results.Count(result => result.Ok);
            _story.WriteLine(FormattableString.Invariant($"{results.Count} cases of {results.Select(result => result.Method).Distinct().Count()} methods, {kept} as promised, {watch.Elapsed.TotalSeconds:0.0} s"));
            if (json)
            {
                Console.WriteLine(JsonSerializer.Serialize(new { ways = results, seconds = Math.Round(watch.Elapsed.TotalSeconds, 1) }, s_json));
            }

            return kept == results.Count && kept > 0 ? ExitStatus.Done : ExitStatus.Failed;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            Console.Error.WriteLine("stopped before its end");
            return ExitStatus.Failed;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine(e.Message);
            return ExitStatus.Failed;
        }
    }
}
