using System.Diagnostics;

namespace Tests.EndToEnd;

/// <summary>The command line as a user runs it: a process of its own.</summary>
internal sealed class AgentProcess : IAsyncDisposable
{
    private readonly Process _process;

    private AgentProcess(string[] arguments)
    {
        ProcessStartInfo start = new("dotnet", [Path.Combine(AppContext.BaseDirectory, "agent.dll"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        _process = Process.Start(start);
    }

    public StreamReader Output => _process.StandardOutput;

    public static AgentProcess Start(params string[] arguments) => new(arguments);

    /// <summary>Runs a command to its end.</summary>
    public static async Task<(int Status, string Output, string Error)> RunAsync(CancellationToken stopping, params string[] arguments)
    {
        await using AgentProcess agent = new(arguments);
        var error = agent._process.StandardError.ReadToEndAsync(stopping);
        var output = await agent._process.StandardOutput.ReadToEndAsync(stopping);
        await agent._process.WaitForExitAsync(stopping);
        return (agent._process.ExitCode, output, await error);
    }

    /// <summary>Asks it to end, as a service manager does, and waits.</summary>
    public async Task<int> TerminateAsync(CancellationToken stopping)
    {
        using (var kill = Process.Start("kill", ["-TERM", _process.Id.ToString()]))
        {
            await kill.WaitForExitAsync(stopping);
        }

        await _process.WaitForExitAsync(stopping);
        return _process.ExitCode;
    }

    public ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
        return ValueTask.CompletedTask;
    }
}
