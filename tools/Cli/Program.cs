using System.CommandLine;
using System.CommandLine.Parsing;
using System.Runtime.InteropServices;
using Cli;

RootCommand root = new("The device agent's PC side: the whole story on this machine, a local stand-in for AWS IoT Core, and virtual devices.")
{
    DemoCommand.Create(),
    CloudCommand.Create(),
    RunCommand.Create(),
    InstallCommand.Create(),
    BenchCommand.Create(),
    ProveCommand.Create(),
};

ParseResult parsed = root.Parse(args);
if (parsed.Errors.Count > 0)
{
    foreach (var error in parsed.Errors)
    {
        Console.Error.WriteLine(error.Message);
    }

    string command = "";
    for (SymbolResult? at = parsed.CommandResult; at is CommandResult { Command: not RootCommand } inner; at = at.Parent)
    {
        command = inner.Command.Name + " " + command;
    }

    Console.Error.WriteLine($"Try: agent {command}--help");
    return ExitStatus.BadUse;
}

// The first signal asks a command to end: it says its goodbyes and tells what it did. A second one ends it at once.
using CancellationTokenSource stopping = new();
using PosixSignalRegistration interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using PosixSignalRegistration terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
return await parsed.InvokeAsync(cancellationToken: stopping.Token);

void Stop(PosixSignalContext signal)
{
    signal.Cancel = !stopping.IsCancellationRequested;
    stopping.Cancel();
}
