using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Cli.Bench;

/// <summary>A broker in a process of its own, on loopback.</summary>
internal sealed class BrokerProcess : IAsyncDisposable
{
    private static readonly TimeSpan s_startTime = TimeSpan.FromSeconds(20);

    private readonly Process _process;
    private readonly StringBuilder _output = new();

    private BrokerProcess(string name, int port, ProcessStartInfo start)
    {
        Name = name;
        Port = port;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        start.RedirectStandardInput = true;
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, e) => Keep(e.Data);
        _process.ErrorDataReceived += (_, e) => Keep(e.Data);
    }

    /// <summary>What it is called.</summary>
    public string Name { get; }

    /// <summary>Its port.</summary>
    public int Port { get; }

    /// <summary>A port that nothing listens on now.</summary>
    public static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>Starts it, and waits until it takes connections.</summary>
    /// <param name="name">What it is called.</param>
    /// <param name="port">Its port.</param>
    /// <param name="program">The program.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="InvalidOperationException">It does not start; the message says what it printed.</exception>
    public static async Task<BrokerProcess> StartAsync(string name, int port, string program, string[] arguments, CancellationToken cancellationToken)
    {
        BrokerProcess broker = new(name, port, new ProcessStartInfo(program, arguments));
        try
        {
            broker._process.Start();
            broker._process.BeginOutputReadLine();
            broker._process.BeginErrorReadLine();
            await broker.WaitUntilItListensAsync(cancellationToken).ConfigureAwait(false);
            return broker;
        }
        catch
        {
            await broker.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Ends the process.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync().ConfigureAwait(false);
        }
        catch (InvalidOperationException)
        {
            // It never started, or has ended by itself.
        }

        _process.Dispose();
    }

    private async Task WaitUntilItListensAsync(CancellationToken cancellationToken)
    {
        Stopwatch watch = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                using TcpClient probe = new();
                await probe.ConnectAsync(IPAddress.Loopback, Port, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (SocketException) when (!_process.HasExited && watch.Elapsed < s_startTime)
            {
                await Task.Delay(50, cancellationToken).ConfigureAwait(false);
            }
            catch (SocketException)
            {
                lock (_output)
                {
                    throw new InvalidOperationException($"{Name} does not start: {_output.ToString().Trim()}");
                }
            }
        }
    }

    /// <summary>Keeps the first of what it prints: that says why it does not start.</summary>
    private void Keep(string? line)
    {
        lock (_output)
        {
            if (line is not null && _output.Length < 2_000)
            {
                _output.AppendLine(line);
            }
        }
    }
}
