using System.CommandLine;
using Cli.Prove;
using Cli.Prove.Fuzz;
using Cli.Prove.Ways;

namespace Cli;

/// <summary><c>prove</c>: runs a proof of what is promised, and prints its ledger.</summary>
internal static class ProveCommand
{
    /// <summary>Describes the command.</summary>
    public static Command Create() => new("prove", "Proves what is promised, and prints the figures.") { CreateConformance(), CreateListener(), CreateFuzz(), CreateHerd(), CreatePowercut(), CreateSoak(), CreateWays() };

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

    private static Command CreateFuzz()
    {
        Option<int> inputs = RunCommand.Number("--inputs", "N", 10_000, 1, 100_000_000, "Inputs for each parser.");
        Option<int> seed = RunCommand.Number("--seed", "S", 1, 0, int.MaxValue, "What the inputs are made from; the same ones again for the same number.");
        Option<string?> parser = new("--parser") { HelpName = "NAME", Description = $"Tries one parser only: {string.Join(", ", FuzzParsers.All.Keys)}." };
        parser.AcceptOnlyFromAmong([.. FuzzParsers.All.Keys]);
        Option<int?> only = new("--only") { HelpName = "INDEX", Description = "Tries one input of that parser only, as a failure names it." };
        Option<bool> json = Json();
        Command command = new("fuzz", "Broken and hostile input for everything that is parsed: what the cloud answers, settings, commands, the agent's own files, JSON itself, MQTT packets as a server and as a client read them. Each parser must take what it should and nothing else, within its limits, without an exception, a hang, or more memory than its input's order.")
        {
            inputs, seed, parser, only, json,
        };
        command.Validators.Add(result =>
        {
            if (result.GetResult(only) is { Implicit: false } given)
            {
                if (given.Tokens.Count > 0 && (!int.TryParse(given.Tokens[0].Value, out int index) || index < 0))
                {
                    result.AddError($"--only takes a whole number from 0, not \"{given.Tokens[0].Value}\"");
                }
                else if (result.GetResult(parser) is not { Implicit: false })
                {
                    result.AddError("--only takes an input of one parser: name it with --parser");
                }
            }
        });
        command.SetAction((parsed, cancellationToken) => Task.Run(
            () => new FuzzRun(FuzzParsers.All, parsed.GetValue(inputs), parsed.GetValue(seed), parsed.GetValue(parser), parsed.GetValue(only), parsed.GetValue(json)).Run(cancellationToken)));
        return command;
    }

    private static Command CreateHerd()
    {
        Option<int> devices = RunCommand.Number("--devices", "N", 10_000, 1, 50_000, "Boards.");
        Option<int?> spread = new("--spread") { Description = "The boards' provisioning.spreadSeconds, 0 to 86400; as many as there are boards by default, as README says.", HelpName = "S" };
        spread.Validators.Add(result =>
        {
            if (!int.TryParse(result.Tokens[0].Value, out int value) || value is < 0 or > 86_400)
            {
                result.AddError($"--spread takes a whole number of 0 to 86400, not \"{result.Tokens[0].Value}\"");
            }
        });
        Option<int> seed = Seed();
        Option<bool> json = Json();
        Command command = new("herd", "Fresh boards that are all powered on in the same moment, in simulated time against LocalCloud with the quotas of an AWS account: how many requests a second the cloud gets, and how long the last board waits.")
        {
            devices, spread, seed, json,
        };
        command.SetAction((parsed, cancellationToken) => Task.Run(() => new HerdRun(
            parsed.GetValue(devices), parsed.GetValue(spread) ?? Math.Min(86_400, parsed.GetValue(devices)), parsed.GetValue(seed), parsed.GetValue(json)).Run(cancellationToken)));
        return command;
    }

    private static Command CreatePowercut()
    {
        Option<int> seed = Seed();
        Option<string?> only = new("--only") { HelpName = "TRIAL", Description = "Runs one trial only and tells all that happens in it: SCENARIO/CUT,CUT as a failure names it." };
        Option<int> share = RunCommand.Number("--share", "N", 1, 1, 1_000_000, "Lets a second cut follow only each N-th first one.");
        Option<bool> json = Json();
        Command command = new("powercut", "A board's power goes at every change of its flash, in each way that a flash knows, and at every message, once and twice, in simulated time against LocalCloud: in a first boot, in one with a journal, in a normal one, while its identity is replaced. Afterwards the board must publish, its thing have one active certificate, and the board that one's key.")
        {
            seed, only, share, json,
        };
        command.SetAction((parsed, cancellationToken) => Task.Run(() => new PowercutRun(
            parsed.GetValue(seed), parsed.GetValue(only), parsed.GetValue(share), parsed.GetValue(json)).Run(cancellationToken)));
        return command;
    }

    private static Command CreateSoak()
    {
        Option<int> seed = Seed();
        Option<int> days = RunCommand.Number("--days", "N", 7, 1, 60, "Days of simulated time.");
        Option<string?> log = new("--log") { HelpName = "FILE", Description = "Takes everything that happens, a line each." };
        Option<bool> json = Json();
        Command command = new("soak", "A board in the field, in simulated time against LocalCloud: WiFi losses, restarts of the broker, refused connections, lost and late acknowledgements, clock jumps, power cuts and commands, all at random. Each reading that it takes must be received, or counted as dropped, and in order; its memory must not grow, and it must publish in the end.")
        {
            seed, days, log, json,
        };
        command.SetAction((parsed, cancellationToken) => Task.Run(() => new SoakRun(
            parsed.GetValue(days), parsed.GetValue(seed), parsed.GetValue(log), parsed.GetValue(json)).Run(cancellationToken)));
        return command;
    }

    private static Command CreateWays()
    {
        Option<string?> method = new("--method") { HelpName = "NAME", Description = $"Tries one method only: {string.Join(", ", Way.All.Select(way => way.Method))}." };
        method.AcceptOnlyFromAmong([.. Way.All.Select(way => way.Method)]);
        Option<string?> log = new("--log") { HelpName = "FILE", Description = "Takes all that boards and LocalCloud log, a line each." };
        Option<bool> json = Json();
        Command command = new("ways", "Every method of getting an identity (provisioning.method) over real sockets and TLS against LocalCloud: a first boot, a reboot, a power cut at each change of the flash, each answer and each line of the log, and refusals that somebody mends while the board waits.")
        {
            method, log, json,
        };
        command.SetAction((parsed, cancellationToken) => new WaysRun(parsed.GetValue(method), parsed.GetValue(log), parsed.GetValue(json)).RunAsync(cancellationToken));
        return command;
    }

    private static Option<int> Seed() => RunCommand.Number("--seed", "S", 1, 0, int.MaxValue, "What chance is made from; the same run again for the same number.");

    private static Option<bool> Json() => new("--json") { Description = "Ends standard output in one JSON object; all else goes to standard error." };
}
