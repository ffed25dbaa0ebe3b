using DeviceAgent.Agent;
using DeviceAgent.Board;
using nanoFramework.M2Mqtt;
using VirtualDevice.Board;

namespace VirtualDevice;

/// <summary>
/// A virtual device: a flash, a board, and the firmware's own life cycle on a thread of its own for as long as the power is on.
/// A reboot starts the life cycle anew on the same flash, as on a board.
/// </summary>
public sealed class Device
{
    private readonly IStorage _storage;
    private readonly INetwork _network;
    private readonly IMqttClients _clients;
    private readonly string _hardwareId;
    private readonly ISerialLine? _serial;
    private readonly Func<IClock> _makeClock;
    private readonly Lock _lock = new();
    private LifeCycle? _agent;
    private Task _running = Task.CompletedTask;
    private bool _isOff;

    /// <summary>Makes a device that is switched off.</summary>
    /// <param name="storage">Its flash.</param>
    /// <param name="hardwareId">Its MAC: twelve lower-case hexadecimal digits.</param>
    /// <param name="connectTo">The host name or address that it finds at each endpoint's name; <see langword="null"/> for what this machine finds there.</param>
    /// <param name="serial">Its serial port, for an installer; null where it has none.</param>
    public Device(IStorage storage, string hardwareId, string? connectTo = null, ISerialLine? serial = null)
        : this(storage, hardwareId, new PcNetwork(), connectTo is null ? new TlsMqttClients() : new TlsMqttClients { Resolve = _ => MqttClient.ResolveByMachine(connectTo) }, null, serial)
    {
    }

    /// <summary>Makes a device of other parts, for tests.</summary>
    internal Device(IStorage storage, string hardwareId, INetwork network, IMqttClients clients, Func<IClock>? makeClock = null, ISerialLine? serial = null)
    {
        _makeClock = makeClock ?? (() => new RealClock());
        _storage = storage;
        _hardwareId = hardwareId;
        _network = network;
        _clients = clients;
        _serial = serial;
    }

    /// <summary>The board's source of random numbers, where it is not to be the machine's.</summary>
    internal Func<int, int>? RandomNumbers { get; init; }

    /// <summary>Is told each line of the firmware's log, on the device's thread.</summary>
    public event Action<string>? Logged;

    /// <summary>What the agent knows of itself; <see langword="null"/> before the first <see cref="PowerOn"/>. It is the device's thread's own: read it from <see cref="Logged"/>, or once the power is off.</summary>
    public AgentStatus? Status => _agent?.Status;

    /// <summary>How often the board has started since it was made.</summary>
    public int Boots { get; private set; }

    /// <summary>Whether the reset button is held at the next start.</summary>
    public bool IsResetButtonHeld { get; set; }

    /// <summary>Switches the power on.</summary>
    /// <returns>Ends when the power is off again, or the board has gone to sleep: for its settings are no use.</returns>
    /// <exception cref="InvalidOperationException">The power is on, or what <see cref="PowerOffAsync"/> returned has not ended yet.</exception>
    public Task PowerOn()
    {
        lock (_lock)
        {
            if (!_running.IsCompleted)
            {
                throw new InvalidOperationException("The device is on already, or on its way off.");
            }

            _isOff = false;
            _agent = MakeAgent(out VirtualBoard board);
            LifeCycle agent = _agent;
            TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
            new Thread(() =>
            {
                Run(agent, board);
                ended.SetResult();
            })
            {
                IsBackground = true,
                Name = _hardwareId,
            }.Start();
            return _running = ended.Task;
        }
    }

    /// <summary>Ends the agent at its next wait, with a goodbye to the broker, and switches the power off.</summary>
    /// <returns>Ends when it is off. In the middle of a handshake that nobody answers that may take as long as the peer likes, as on a board: bound the wait.</returns>
    public Task PowerOffAsync()
    {
        lock (_lock)
        {
            _isOff = true;
            _agent?.Stop();
            return _running;
        }
    }

    private void Run(LifeCycle agent, VirtualBoard board)
    {
        while (true)
        {
            Boots++;
            agent.Run();
            _serial?.Close();

            // A start from reset knows no connection of the run before, whatever state that left it in.
            (_clients as IDisposable)?.Dispose();

            // Under the lock, so that whoever switches off meets either the agent that ends here or the next one.
            lock (_lock)
            {
                if (_isOff || board.Requested != BoardRequest.Reboot)
                {
                    return;
                }

                _agent = agent = MakeAgent(out board);
            }
        }
    }

    private LifeCycle MakeAgent(out VirtualBoard board)
    {
        board = RandomNumbers is null
            ? new VirtualBoard(_hardwareId) { IsResetButtonHeld = IsResetButtonHeld }
            : new VirtualBoard(_hardwareId) { IsResetButtonHeld = IsResetButtonHeld, RandomNumbers = RandomNumbers };
        return new LifeCycle(_storage, _network, _makeClock(), _clients, board, new Log(this), _serial);
    }

    private sealed class Log(Device device) : ILog
    {
        public void Write(string line) => device.Logged?.Invoke(line);
    }
}
