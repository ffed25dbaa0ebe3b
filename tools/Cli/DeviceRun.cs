using DeviceAgent.Agent;
using DeviceAgent.Identity;
using VirtualDevice;

namespace Cli;

/// <summary>Runs a virtual device until its readings are acknowledged, it has failed, or the run is cancelled.</summary>
internal sealed class DeviceRun
{
    /// <summary>Attempts in a row that may fail before the device is given up: one may be a passing fault.</summary>
    private const int AttemptsToGiveUp = 3;

    /// <summary>How the firmware's log tells that the cloud had too much to do.</summary>
    private const string Throttled = "statusCode 429";

    private readonly Device _device;
    private readonly DeviceRunOptions _options;
    private readonly Action<string> _say;
    private readonly Action<DeviceIdentity>? _onIdentity;
    private readonly TaskCompletionSource<string?> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CancellationTokenSource? _patience;
    private string? _exported;
    private int _failed;
    private int _refused;

    /// <summary>Makes a run.</summary>
    /// <param name="device">The device; it is off before and after.</param>
    /// <param name="options">What to do with it.</param>
    /// <param name="say">Is told each line of the device's log, on the device's thread.</param>
    /// <param name="onIdentity">Is told the device's identity once it has one, and each other in its place; an <see cref="IOException"/> from it ends the run.</param>
    public DeviceRun(Device device, DeviceRunOptions options, Action<string> say, Action<DeviceIdentity>? onIdentity = null)
    {
        _device = device;
        _options = options;
        _say = say;
        _onIdentity = onIdentity;
    }

    /// <summary>Runs the device.</summary>
    /// <param name="cancellationToken">Ends the run early.</param>
    /// <returns><see langword="null"/> where its readings were acknowledged, else why not.</returns>
    public async Task<string?> RunAsync(CancellationToken cancellationToken)
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _patience = patience;
        _device.Logged += OnLogged;
        patience.CancelAfter(_options.Patience);
        using CancellationTokenRegistration impatience = patience.Token.Register(() => _ended.TrySetResult(Impatient(cancellationToken)));
        _ = _device.PowerOn().ContinueWith(_ => _ended.TrySetResult(_device.Status?.LastError ?? "the board stopped"), TaskScheduler.Default);
        string? error = await _ended.Task.ConfigureAwait(false);

        // A device that is in the middle of a request that nobody answers is not waited for
        await _device.PowerOffAsync().WaitAsync(TimeSpan.FromSeconds(3), CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _device.Logged -= OnLogged;
        return error;
    }

    private string? Impatient(CancellationToken cancelled)
    {
        if (cancelled.IsCancellationRequested)
        {
            return _options.Readings == 0 ? null : "stopped before its readings were published";
        }

        string last = _device.Status?.LastError is { Length: > 0 } error ? error : "the broker does not answer";
        return $"no progress for {_options.Patience.TotalSeconds:0} s: {last}";
    }

    /// <summary>On the device's own thread.</summary>
    private void OnLogged(string line)
    {
        _say(line);
        AgentStatus status = _device.Status!;
        try
        {
            // A command may have it replaced, and one that does not prove itself goes again
            if (status.Identity is { Certificate: not null } identity && identity.CertificateId != _exported)
            {
                _onIdentity?.Invoke(identity);
                _exported = identity.CertificateId;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _ended.TrySetResult(e.Message);
        }

        if (_options.Readings > 0 && status.Publisher?.Published >= _options.Readings)
        {
            // Here and now, on the device's own thread: not one reading more than was asked for
            _ = _device.PowerOffAsync();
            _ended.TrySetResult(null);
        }
        else if (status.FailedAttempts == 0 || _options.HasInstaller)
        {
            _failed = _refused = 0;
            Progress(TimeSpan.FromSeconds(status.Publisher?.IntervalSeconds ?? 0));
        }
        else if (status.FailedAttempts != _failed)
        {
            _failed = status.FailedAttempts;
            if (status.LastError.Contains(Throttled, StringComparison.Ordinal))
            {
                Progress(LongestPause(_failed)); // a fleet that is large for its account's quotas: each has its turn
            }
            else if (++_refused == AttemptsToGiveUp && !_options.IsPatient)
            {
                _ended.TrySetResult(status.LastError);
            }
        }
    }

    /// <summary>The longest that the firmware may wait after so many failures in a row.</summary>
    private static TimeSpan LongestPause(int failures) => TimeSpan.FromSeconds(Math.Min(900, Math.Pow(2, failures)));

    /// <summary>Patience starts over; while readings are far apart it lasts until the next.</summary>
    private void Progress(TimeSpan longer)
    {
        try
        {
            _patience?.CancelAfter(_options.Patience + longer);
        }
        catch (ObjectDisposedException)
        {
            // The run has ended; the device says its goodbyes
        }
    }
}
