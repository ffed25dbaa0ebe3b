using System.Diagnostics;
using System.Text;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Tests.Outside;

/// <summary>A program that this project did not write, with what it prints.</summary>
internal sealed class OutsideProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Task<string> _error;

    private OutsideProcess(string program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            StandardOutputEncoding = Encoding.UTF8,
        };
        _process = Process.Start(start);
        _error = _process.StandardError.ReadToEndAsync();
    }

    /// <summary>Starts it.</summary>
    public static OutsideProcess Start(string program, params string[] arguments) => new(program, arguments);

    /// <summary>Runs it to its end, which must be a good one, and gives what it printed.</summary>
    public static async Task<string> RunAsync(CancellationToken stopping, string program, params string[] arguments)
    {
        await using var process = new OutsideProcess(program, arguments);
        var output = await process._process.StandardOutput.ReadToEndAsync(stopping);
        Assert.AreEqual(0, await process.WaitForExitAsync(stopping), $"{program}: {output}{await process._error}");
        return output;
    }

    /// <summary>The next line that it prints.</summary>
    public async Task<string> ReadLineAsync(CancellationToken stopping) => await _process.StandardOutput.ReadLineAsync(stopping);

    /// <summary>Waits for its end.</summary>
    /// <returns>Its exit status.</returns>
    public async Task<int> WaitForExitAsync(CancellationToken stopping)
    {
        await _process.WaitForExitAsync(stopping);
        return _process.ExitCode;
    }

    /// <summary>Ends it without giving it time to say goodbye.</summary>
    public void Kill() => _process.Kill(entireProcessTree: true);

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }
}
