using System.Collections.Concurrent;
using System.Diagnostics;
using System.Security.Cryptography;
using Cli.Install;
using DeviceAgent.Identity;
using DeviceAgent.Settings;
using LocalCloud;
using nanoFramework.M2Mqtt;
using VirtualDevice;
using VirtualDevice.Board;
using ProvisioningClaim = Cli.Install.ProvisioningClaim;

namespace Cli.Prove.Ways;

/// <summary>A virtual board over real sockets and TLS, whose power can go at any step, and whose clock runs as fast as the cloud's.</summary>
internal sealed class WayBoard
{
    /// <summary>How much faster than the machine's the clocks run.</summary>
    public const int Haste = 4;

    /// <summary>Seconds between readings, by that clock.</summary>
    public const int IntervalSeconds = 2;

    private static readonly MqttClientTimings s_timings = new()
    {
        ConnAck = MqttClientTimings.Board.ConnAck / Haste,
        Retry = MqttClientTimings.Board.Retry / Haste,
    };

    private readonly TlsMqttClients _clients = new() { Timings = s_timings };
    private readonly List<string> _log = [];
    private readonly SemaphoreSlim _changed = new(0);
    private int _acknowledged;
    private int _cutAtLine;
    private Task _running = Task.CompletedTask;

    /// <summary>Makes a board with empty flash.</summary>
    /// <param name="hardwareId">Its MAC.</param>
    /// <param name="time">The cloud's clock.</param>
    public WayBoard(string hardwareId, TimeProvider time)
    {
        Flash.PowerGone += () =>
        {
            _clients.Dispose();
            _ = Device!.PowerOffAsync();
            _changed.Release();
        };
        HardwareId = hardwareId;
        Device = new Device(Flash, hardwareId, new PcNetwork(), _clients, () => new HastyBoardClock(time, Haste), Cable)
        {
            // Pauses are none, and keys are what they should be
            RandomNumbers = below => below == 256 ? RandomNumberGenerator.GetInt32(below) : 0,
        };
        Device.Logged += Take;
    }

    /// <summary>What leads from its serial port to an installer.</summary>
    public SerialCable Cable { get; } = new();

    /// <summary>The claims that installers have brought.</summary>
    public List<ProvisioningClaim> Claims { get; } = [];

    /// <summary>Whether it had an identity when the power came on last.</summary>
    public bool HadIdentity { get; private set; }

    /// <summary>Is told what is said beside it.</summary>
    public event Action<string>? Told;

    /// <summary>Its flash.</summary>
    public CuttableFlash Flash { get; } = new();

    /// <summary>The device itself.</summary>
    public Device Device { get; }

    /// <summary>Its MAC.</summary>
    public string HardwareId { get; }

    /// <summary>Readings that the broker has acknowledged since the power came on.</summary>
    public int Readings
    {
        get
        {
            lock (_log)
            {
                return _acknowledged;
            }
        }
    }

    /// <summary>How often its certificate was rotated.</summary>
    public int Rotations { get; set; }

    /// <summary>How often the power came on.</summary>
    public int Starts { get; private set; }

    /// <summary>Its log since the power came on last.</summary>
    public IReadOnlyList<string> Log
    {
        get
        {
            lock (_log)
            {
                return [.. _log];
            }
        }
    }

    /// <summary>The identity in its flash; null where there is none. Its power is off.</summary>
    public DeviceIdentity? Identity => new IdentityStore(Flash).Load();

    /// <summary>Says something beside it.</summary>
    public void Tell(string text) => Told?.Invoke(text);

    /// <summary>Switches it on.</summary>
    /// <param name="cutAtLine">At which line of its log the power goes, from 1; 0 for none.</param>
    public void PowerOn(int cutAtLine = 0)
    {
        lock (_log)
        {
            _log.Clear();
            _acknowledged = 0;
            _cutAtLine = cutAtLine;
        }

        Starts++;
        HadIdentity = Identity is not null;
        _running = Device.PowerOn();
    }

    /// <summary>Switches it off, with a goodbye to the broker where there is still power for it.</summary>
    public async Task PowerOffAsync()
    {
        await Device.PowerOffAsync().WaitAsync(TimeSpan.FromSeconds(60)).ConfigureAwait(false);
        Flash.PowerOn(); // for whoever looks into it
    }

    /// <summary>Waits until the broker has acknowledged readings since the power came on.</summary>
    /// <returns>null once it has; else why not.</returns>
    public async Task<string?> PublishedAsync(int readings, CancellationToken cancellationToken) =>
        await AwaitAsync(() => _acknowledged >= readings, cancellationToken).ConfigureAwait(false) ? null
            : Flash.IsOff ? "its power has gone" : $"no {readings} readings were acknowledged; its log ends: {string.Join(" / ", Log.TakeLast(4))}";

    /// <summary>Waits for a line of its log since the power came on.</summary>
    /// <returns>null once it is there; else what is.</returns>
    public async Task<string?> ToldAsync(string text, CancellationToken cancellationToken) =>
        await AwaitAsync(() => _log.Any(line => line.Contains(text, StringComparison.Ordinal)), cancellationToken).ConfigureAwait(false) ? null
            : $"its log does not say \"{text}\", but ends: {string.Join(" / ", Log.TakeLast(4))}";

    /// <summary>Waits until the power has gone by itself.</summary>
    /// <returns>Whether it has; false where the board publishes before.</returns>
    public async Task<bool> CutAsync(CancellationToken cancellationToken)
    {
        await AwaitAsync(() => Flash.IsOff || _acknowledged > 1, cancellationToken).ConfigureAwait(false);
        return Flash.IsOff;
    }

    private async Task<bool> AwaitAsync(Func<bool> isSo, CancellationToken cancellationToken)
    {
        Stopwatch watch = Stopwatch.StartNew();
        while (true)
        {
            lock (_log)
            {
                if (isSo())
                {
                    return true;
                }
            }

            TimeSpan left = WayTrial.Patience - watch.Elapsed;
            if (left <= TimeSpan.Zero || _running.IsCompleted)
            {
                lock (_log)
                {
                    return isSo();
                }
            }

            await _changed.WaitAsync(left < TimeSpan.FromSeconds(1) ? left : TimeSpan.FromSeconds(1), cancellationToken).ConfigureAwait(false);
        }
    }

    private void Take(string line)
    {
        bool isCut;
        lock (_log)
        {
            if (Flash.IsOff)
            {
                return; // nobody hears it
            }

            _log.Add(line);
            isCut = _log.Count == _cutAtLine;
            if (line.StartsWith("reading ", StringComparison.Ordinal) && line.Contains(" acknowledged", StringComparison.Ordinal))
            {
                _acknowledged++;
            }
        }

        if (isCut)
        {
            Flash.CutNow();
        }

        _changed.Release();
    }
}
