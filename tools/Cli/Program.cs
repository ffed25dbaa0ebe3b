using System.CommandLine;
using Cli;

RootCommand root = new("The device agent's PC side: the whole story on this machine, a local stand-in for AWS IoT Core, and virtual devices.")
{
    DemoCommand.Create(),
    CloudCommand.Create(),
    RunCommand.Create(),
};

ParseResult parsed = root.Parse(args);
if (parsed.Errors.Count > 0)
{
    foreach (var error in parsed.Errors)
    {
        Console.Error.WriteLine(error.Message);
    }

    string command = parsed.CommandResult.Command is RootCommand ? "" : parsed.CommandResult.Command.Name + " ";
    Console.Error.WriteLine($"Try: agent {command}--help");
    return ExitStatus.BadUse;
}

return await parsed.InvokeAsync();
