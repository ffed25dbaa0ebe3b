using System.CommandLine;
using Cli.Bench;

namespace Cli;

/// <summary><c>bench</c>: measures, beside a rival in the same run where there is one.</summary>
internal static class BenchCommand
{
    /// <summary>Describes the command.</summary>
    public static Command Create() => new("bench", "Measures, beside rivals in the same run.") { CreateCloud() };

    private static Command CreateCloud()
    {
        Option<int> clients = RunCommand.Number("--clients", "N", 32, 1, 500, "Clients at once.");
        Option<int> seconds = RunCommand.Number("--seconds", "S", 1, 1, 600, "Seconds of each measurement; there are two for each broker in each round.");
        Option<int> rounds = RunCommand.Number("--rounds", "R", 4, 1, 20, "Rounds; in each the brokers take turns, and each is first in turn.");
        Option<DirectoryInfo?> aedes = new("--aedes") { HelpName = "FOLDER", Description = "Folder whose node_modules has aedes, to measure it too; needs node." };
        Option<bool> json = new("--json") { Description = "Ends standard output in one JSON object; all else goes to standard error." };
        Command command = new("cloud", "LocalCloud beside mosquitto and aedes on this machine: connections a second, and messages of QoS 1 a second, with the same clients, certificates and TLS. Run it with -c Release.")
        {
            clients, seconds, rounds, aedes, json,
        };
        command.SetAction((parsed, cancellationToken) => new CloudBench(
            parsed.GetValue(clients),
            TimeSpan.FromSeconds(parsed.GetValue(seconds)),
            parsed.GetValue(rounds),
            parsed.GetValue(aedes)?.FullName,
            parsed.GetValue(json)).RunAsync(cancellationToken));
        return command;
    }
}
