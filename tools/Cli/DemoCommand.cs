using System.CommandLine;
using Cli.Demo;
using DeviceAgent.Settings;

namespace Cli;

/// <summary><c>demo</c>: the whole story on this machine.</summary>
internal static class DemoCommand
{
    /// <summary>Describes the command.</summary>
    public static Command Create()
    {
        Option<int> devices = RunCommand.Number("--devices", "N", 3, 1, 200, "Virtual boards.");
        Option<int> readings = RunCommand.Number("--readings", "K", 5, 1, 1_000_000, "Readings that each board publishes after each of its two starts.");
        Option<int> interval = RunCommand.Number("--interval", "S", 1, AgentSettings.MinimumInterval, AgentSettings.MaximumInterval, "Seconds between two readings of a board.");
        Option<bool> json = new("--json") { Description = "Ends standard output in one JSON object; all else goes to standard error." };
        Command command = new("demo", "The whole story on this machine: boards fresh from the factory provision themselves against LocalCloud, publish, are switched off and on again, and go on with the identity they kept.")
        {
            devices, readings, interval, json,
        };
        command.SetAction((parsed, cancellationToken) => new DemoStory(parsed.GetValue(devices), parsed.GetValue(readings), parsed.GetValue(interval), parsed.GetValue(json))
            .TellAsync(cancellationToken));
        return command;
    }
}
