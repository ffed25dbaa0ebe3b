using DeviceAgent.Agent;
using DeviceAgent.Board;
using DeviceAgent.Sensors;
using DeviceAgent.Tests.Fakes;
using VirtualDevice.Board;

namespace Cli.Simulation;

/// <summary>
/// A board in a <see cref="SimulatedWorld"/> that runs the firmware's own life cycle, and whose power may go at any instant. Its monotonic
/// clock starts at 0 at each boot, and its time of day is 1970 until the network sets it, as on an ESP32.
/// </summary>
internal sealed class SimulatedDevice : IBoard, IClock, INetwork, IStorage, ILog
{
    /// <summary>From power-on to the firmware's first line.</summary>
    private static readonly TimeSpan s_startTime = TimeSpan.FromMilliseconds(500);

    /// <summary>How long WiFi, DHCP and SNTP take.</summary>
    private static readonly TimeSpan s_joinTime = TimeSpan.FromMilliseconds(1500);

    /// <summary>How often it may look whether a signal is set without letting time pass: a board that does so for ever hangs.</summary>
    private const int MostLooks = 1000;

    private readonly SimulatedWorld _world;
    private readonly SimulatedThread _thread;
    private readonly SimulatedMqttClients _clients;
    private readonly Random _random;
    private TimeSpan _bootedAt;
    private TimeSpan _ahead;
    private bool _isPowered;
    private bool _isPulled;
    private bool _isAwayForGood;
    private bool _isJoined;
    private bool _isJoining;
    private BoardRequest _request;
    private int _sleepSeconds;
    private int _looks;

    /// <summary>Makes a board without power, and the thread that it will live on.</summary>
    /// <param name="world">Where it is.</param>
    /// <param name="hardwareId">Its MAC: twelve lower-case hexadecimal digits.</param>
    /// <param name="seed">What its random numbers are made from.</param>
    public SimulatedDevice(SimulatedWorld world, string hardwareId, int seed)
    {
        _world = world;
        HardwareId = hardwareId;
        _random = new Random(seed);
        _clients = new SimulatedMqttClients(this, world, new Random(~seed));
        Flash = new MemoryStorage(null!);
        _thread = SimulatedThread.Start(world.Time, hardwareId, _ => Live());
    }

    /// <summary>Is told each line of the firmware's log while the power is on.</summary>
    public event Action<string>? Logged;

    /// <summary>Is told each change of the flash before it is made.</summary>
    public event Action<FlashChange>? FlashChanging;

    /// <summary>Is told when the power has gone, however that came about.</summary>
    public event Action? PowerLost;

    /// <summary>Is told when the firmware has ended by itself, and the board is about to start anew: what its memory holds is lost.</summary>
    public event Action? Restarting;

    /// <summary>What is in its flash.</summary>
    public MemoryStorage Flash { get; }

    /// <summary>The agent of the boot that is under way or was last; <see langword="null"/> before the first.</summary>
    public LifeCycle? Agent { get; private set; }

    /// <summary>How often it has started.</summary>
    public int Boots { get; private set; }

    /// <summary>Whether the power is on.</summary>
    public bool IsPowered => _isPowered && !_isPulled;

    /// <summary>Whether its WiFi network is in reach.</summary>
    public bool HasWifi { get; private set; } = true;

    /// <summary>
    /// Whether nothing happens to it from outside while it has no network. Its waits then need no turns of its thread: it goes ahead of the
    /// others, and lets them catch up before it joins its network. That is most of the work of many boards that wait.
    /// </summary>
    public bool IsLeftAlone { get; init; }

    /// <summary>What its settings call by another type than <c>simulated</c>; null where nothing is connected to it.</summary>
    public ISensor? Sensor { get; set; }

    /// <summary>How far its clock is from the true time once the network has set it.</summary>
    public TimeSpan ClockError { get; set; }

    /// <inheritdoc/>
    public string HardwareId { get; }

    /// <inheritdoc/>
    public int FreeMemory => 40_000;

    /// <inheritdoc/>
    public string NativeMemory => "";

    /// <inheritdoc/>
    public string WakeCause => "power";

    /// <inheritdoc/>
    public bool IsResetButtonHeld { get; set; }

    /// <inheritdoc/>
    public DateTime UtcNow => IsSet ? (SimulatedTime.Start + Now + ClockError).UtcDateTime : DateTime.UnixEpoch.AddMilliseconds(Milliseconds);

    /// <inheritdoc/>
    public bool IsSet { get; private set; }

    /// <inheritdoc/>
    public long Milliseconds => (long)(Now - _bootedAt).TotalMilliseconds;

    /// <summary>Whether the clients that it has made were treated as a board needs it; else what was wrong.</summary>
    public string? Fault { get; private set; }

    private TimeSpan Now => _world.Time.Elapsed + _ahead;

    /// <summary>Switches the power on.</summary>
    public void PowerOn()
    {
        _isPowered = true;
        _thread.Wake();
    }

    /// <summary>The power goes, this instant: what the firmware still tries reaches neither flash nor network.</summary>
    public void CutPower()
    {
        if (!IsPowered)
        {
            return;
        }

        _isPulled = true;
        _clients.PowerOff();
        Agent?.Stop();
        _thread.Wake();
        PowerLost?.Invoke();
    }

    /// <summary>The power goes, and the board's thread ends with it.</summary>
    public void Dismiss()
    {
        _isAwayForGood = true;
        CutPower();
        _thread.Wake();
    }

    /// <summary>The WiFi network goes out of reach, or comes back. What was connected through it is dead, and nobody is told.</summary>
    public void SetWifi(bool isInReach)
    {
        HasWifi = isInReach;
        if (!isInReach)
        {
            _clients.LoseNetwork();
        }

        _thread.Wake();
    }

    /// <summary>Waits on the board's thread.</summary>
    /// <exception cref="PowerCutException">The power has gone.</exception>
    public bool Wait(Func<bool> isDone, TimeSpan atMost)
    {
        CheckPower();
        bool wasDone;
        if (IsLeftAlone && !_isJoined && !_isJoining)
        {
            wasDone = isDone();
            _ahead += wasDone ? TimeSpan.Zero : atMost;
        }
        else
        {
            wasDone = _thread.Wait(() => _isPulled || isDone(), atMost);
            CheckPower();
        }

        if (Agent is { } agent && agent.IsStuck())
        {
            Blame("its main loop has not come round for ten minutes");
        }

        return wasDone;
    }

    /// <summary>Waits so long on the board's thread.</summary>
    public void Wait(TimeSpan time) => Wait(() => false, time);

    /// <summary>Lets the board's thread look whether what it waits for is so.</summary>
    public void Wake() => _thread.Wake();

    /// <summary>What a board would not forgive; the first counts.</summary>
    public void Blame(string fault)
    {
        _world.Tell(HardwareId + " FAULT: " + fault);
        Fault ??= fault;
    }

    /// <exception cref="PowerCutException">The power has gone.</exception>
    public void CheckPower()
    {
        if (_isPulled)
        {
            throw new PowerCutException();
        }
    }

    /// <inheritdoc/>
    public bool Wait(AutoResetEvent signal, int milliseconds)
    {
        TimeSpan before = Now;
        bool isSet = Wait(() => signal.WaitOne(0), TimeSpan.FromMilliseconds(Math.Max(0, milliseconds)));
        _looks = Now > before ? 0 : _looks + 1;
        if (_looks > MostLooks)
        {
            Blame("it looks again and again and lets no time pass");
            CutPower();
            throw new PowerCutException();
        }

        return isSet;
    }

    /// <inheritdoc/>
    string INetwork.Connect(string ssid, string password, int timeoutSeconds)
    {
        if (_isJoined && HasWifi && IsSet)
        {
            CheckPower();
            return null!;
        }

        _isJoined = false;
        _isJoining = true;
        TimeSpan ahead = _ahead;
        _ahead = TimeSpan.Zero;
        if (ahead > TimeSpan.Zero)
        {
            Wait(ahead);
        }

        if (Wait(() => HasWifi, TimeSpan.FromSeconds(timeoutSeconds)))
        {
            Wait(s_joinTime);
            _isJoined = HasWifi;
            IsSet |= HasWifi;
        }

        _isJoining = false;
        return _isJoined ? null! : "the network is out of reach";
    }

    /// <inheritdoc/>
    public int Random(int below) => _random.Next(below);

    /// <inheritdoc/>
    public ISensor CreateSensor(string type, SensorOptions options) => Sensor!;

    /// <inheritdoc/>
    public void Reboot() => _request = BoardRequest.Reboot;

    /// <inheritdoc/>
    public void DeepSleep(int seconds)
    {
        _sleepSeconds = seconds;
        _request = BoardRequest.DeepSleep;
    }

    /// <inheritdoc/>
    public byte[] Read(string name)
    {
        CheckPower();
        return Flash.Read(name);
    }

    /// <inheritdoc/>
    public void Write(string name, byte[] content) => Change(new FlashChange(name, content.Length), () => Flash.Write(name, content));

    /// <inheritdoc/>
    public bool Holds(string name, byte[] content)
    {
        CheckPower();
        return Flash.Holds(name, content);
    }

    /// <inheritdoc/>
    public void Delete(string name) => Change(new FlashChange(name, null), () => Flash.Delete(name));

    /// <inheritdoc/>
    public string[] List()
    {
        CheckPower();
        return Flash.List();
    }

    /// <inheritdoc/>
    void ILog.Write(string line)
    {
        // A line that is written after the power went is the simulation's own way to end the firmware
        if (_isPulled)
        {
            return;
        }

        _world.Tell(HardwareId + ": " + line);
        if (line.StartsWith("unexpected ", StringComparison.Ordinal) || line.StartsWith("the main loop has been stuck", StringComparison.Ordinal))
        {
            Blame(line);
        }

        Logged?.Invoke(line);
    }

    private void Change(FlashChange what, Action change)
    {
        CheckPower();
        _world.Tell($"{HardwareId} flash: {what.Text}");
        FlashChanging?.Invoke(what);
        try
        {
            change();
        }
        catch (PowerCutException)
        {
            CutPower();
            throw;
        }
    }

    private void Live()
    {
        while (!_isAwayForGood)
        {
            _thread.Wait(() => _isPowered || _isAwayForGood, Timeout.InfiniteTimeSpan);
            try
            {
                while (!_isAwayForGood)
                {
                    Boot();
                }
            }
            catch (PowerCutException)
            {
                // Dark until it is switched on again
            }

            _isPowered = false;
            _isPulled = false;
            _ahead = TimeSpan.Zero;
            Flash.PowerOff();
        }

        _world.Left();
    }

    private void Boot()
    {
        _bootedAt = Now;
        Agent = null;
        IsSet = false;
        _isJoined = false;
        _isJoining = false;
        _request = BoardRequest.None;
        Wait(s_startTime);
        _bootedAt = Now;
        Boots++;
        _world.Tell($"{HardwareId} boot {Boots}");
        LifeCycle agent = new(this, this, this, _clients, this, this, null!);
        Agent = agent;
        agent.Run();
        CheckPower();
        Restarting?.Invoke();
        _clients.PowerOff();
        Wait(_request == BoardRequest.DeepSleep ? TimeSpan.FromSeconds(_sleepSeconds) : TimeSpan.Zero);
        if (_request == BoardRequest.None)
        {
            Blame("the agent has ended");
            throw new PowerCutException();
        }
    }
}
