using System.CommandLine;
using Cli.Prove;

namespace Cli;

/// <summary><c>prove</c>: runs a proof of what is promised, and prints its ledger.</summary>
internal static class ProveCommand
{
    /// <summary>Describes the command.</summary>
    public static Command Create() => new("prove", "Proves what is promised, and prints the figures.") { CreateConformance(), CreateListener() };

    private static Command CreateConformance()
    {
        Option<bool> json = Json();
        Command command = new("conformance", "MQTT 3.1.1 over LocalCloud's listener: each normative statement tried by itself, a line each; those that AWS IoT Core does not keep are left out, and it is said why.") { json };
        command.SetAction((parsed, cancellationToken) => new ConformanceRun(parsed.GetValue(json)).RunAsync(cancellationToken));
        return command;
    }

    private static Command CreateListener()
    {
        Option<int> inputs = RunCommand.Number("--inputs", "N", 1_000, 1, 100_000_000, "Hostile inputs.");
        Option<int> seed = RunCommand.Number("--seed", "S", 1, 0, int.MaxValue, "What the inputs are made from; the same ones again for the same number.");
        Option<int> attackers = RunCommand.Number("--attackers", "A", 8, 1, 200, "How many send them at once.");
        Option<int> silent = RunCommand.Number("--silent", "N", 1_000, 0, 10_000, "Connections beside them that never begin a TLS handshake.");
        Option<bool> json = Json();
        Command command = new("listener", "Hostile input over LocalCloud's TLS listener: garbage, mutated packets, halves, splits and floods, connections that say nothing and subscribers that never read, while a well-behaved client beside them must get each of its messages within ten seconds. It says how long they took alone, too.")
        {
            inputs, seed, attackers, silent, json,
        };
        command.SetAction((parsed, cancellationToken) => new ListenerRun(
            parsed.GetValue(inputs), parsed.GetValue(seed), parsed.GetValue(attackers), parsed.GetValue(silent), parsed.GetValue(json)).RunAsync(cancellationToken));
        return command;
    }

    private static Option<bool> Json() => new("--json") { Description = "Ends standard output in one JSON object; all else goes to standard error." };
}
