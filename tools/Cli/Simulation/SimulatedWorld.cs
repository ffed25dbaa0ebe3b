using System.Security.Cryptography.X509Certificates;
using System.Text;
using DeviceAgent.Identity;
using DeviceAgent.Settings;
using LocalCloud;

namespace Cli.Simulation;

/// <summary>
/// Boards, a LocalCloud and the network between them in simulated time, all in the thread that made it and the boards' own, of which only
/// ever one runs. Two worlds of this process that are made alike go alike.
/// </summary>
/// <remarks>
/// The firmware is the real one from <see cref="DeviceAgent.Agent.LifeCycle"/> down to its clients; LocalCloud is the real one from MQTT
/// up. What is played is the board, M2Mqtt, and TLS: whose certificate is taken, and what a board is told when it is not.
/// </remarks>
internal sealed class SimulatedWorld : IDisposable
{
    /// <summary>The one host name that can be resolved.</summary>
    public const string Host = "iot.simulated";

    private static readonly byte[] s_rootCa = Encoding.ASCII.GetBytes(SimulatedAuthority.Shared.RootPem);

    private readonly SynchronizationContext? _before = SynchronizationContext.Current;
    private readonly SimulatedThread _thread;
    private readonly List<SimulatedDevice> _devices = [];
    private readonly List<SimulatedSubscriber> _subscribers = [];
    private readonly HashSet<SimulatedLink> _links = [];
    private readonly Action<string>? _trace;
    private int _left;

    /// <summary>Makes a world without boards. The calling thread belongs to it until it is disposed of.</summary>
    /// <param name="options">How LocalCloud runs; what is about sockets, files and the clock is not used.</param>
    /// <param name="trace">Is told everything that happens, each line with its time; or null.</param>
    /// <param name="content">What the registry holds; null for what a new one does.</param>
    /// <param name="issued">How many certificates of <see cref="SimulatedAuthority"/> are in there already.</param>
    public SimulatedWorld(LocalCloudOptions? options = null, Action<string>? trace = null, RegistryState? content = null, int issued = 0)
    {
        _trace = trace;
        Time = new SimulatedTime();
        options = (options ?? new LocalCloudOptions()) with { TimeProvider = Time, Log = trace is null ? null : entry => Tell("cloud: " + entry.Message) };
        content ??= NewContent;
        _thread = SimulatedThread.Join(Time);
        SynchronizationContext.SetSynchronizationContext(Time.Context);
        Cloud = new InMemoryCloud(options, content, SimulatedAuthority.Shared.NewIssuer(issued));
    }

    /// <summary>Is told each packet twice: when it is to be sent, and when it has come.</summary>
    public event Action<Passage>? Passing;

    /// <summary>What the registry of a new LocalCloud holds, whose device policy allows rotation, and whose claim may ask for certificates for keys of the boards' own.</summary>
    public static RegistryState NewContent { get; } = InMemoryCloud.SeedContent(new LocalCloudOptions { AllowRotation = true, AllowCsr = true }, SimulatedAuthority.Shared.Claim);

    /// <summary>The time of all.</summary>
    public SimulatedTime Time { get; }

    /// <summary>The cloud.</summary>
    public InMemoryCloud Cloud { get; }

    /// <summary>How long a packet is on its way.</summary>
    public TimeSpan Latency { get; } = TimeSpan.FromMilliseconds(40);

    /// <summary>Whether the cloud takes connections.</summary>
    public bool IsListening { get; private set; } = true;

    /// <summary>Makes a board as it comes from the factory, without power.</summary>
    /// <param name="hardwareId">Its MAC: twelve lower-case hexadecimal digits, and with the settings here its thing name.</param>
    /// <param name="seed">What its random numbers are made from.</param>
    /// <param name="provisioning">Further members of the settings' <c>provisioning</c>, each with a comma before it.</param>
    /// <param name="members">Further members of the settings, likewise.</param>
    /// <param name="isLeftAlone">Whether nothing is done to it from outside while it has no network.</param>
    public SimulatedDevice AddDevice(string hardwareId, int seed, string provisioning = "", string members = "", bool isLeftAlone = false)
    {
        SimulatedDevice device = new(this, hardwareId, seed) { IsLeftAlone = isLeftAlone };
        _devices.Add(device);
        IssuedCertificate claim = SimulatedAuthority.Shared.Claim;
        string settings = $$"""{"endpoint":"{{Host}}","product":"smpl-krsk","location":"tokyo/lab","provisioning":{"template":"smpl-krsk-iot-core-prov-temp"{{provisioning}}}{{members}}}""";
        device.Flash.Put(SettingsReader.FileName, Encoding.UTF8.GetBytes(settings));
        device.Flash.Put(PemFile.RootCa, s_rootCa);
        device.Flash.Put(PemFile.ClaimCertificate, Encoding.ASCII.GetBytes(claim.Pem));
        device.Flash.Put(PemFile.ClaimKey, Encoding.ASCII.GetBytes(claim.PrivateKeyPem));
        return device;
    }

    /// <summary>Lets somebody get what is published.</summary>
    /// <param name="filter">Topics, as a subscription has them.</param>
    /// <param name="received">Is told each message, repeated ones too.</param>
    public void Subscribe(string filter, Action<Mqtt.PublishPacket> received) => _subscribers.Add(new SimulatedSubscriber(this, filter, received));

    /// <summary>Lets time pass.</summary>
    /// <param name="until">What to wait for; it is asked whenever a line is told.</param>
    /// <param name="atMost">For how long.</param>
    /// <returns>Whether it came to be so.</returns>
    /// <exception cref="InvalidOperationException">The simulation itself, or LocalCloud, has failed.</exception>
    public bool Run(Func<bool> until, TimeSpan atMost)
    {
        bool isDone = _thread.Wait(() => Time.Fault is not null || until(), atMost);
        return Time.Fault is { } fault ? throw new InvalidOperationException("The simulation has failed: " + fault.Message, fault) : isDone;
    }

    /// <summary>Lets so much time pass.</summary>
    public void Run(TimeSpan time) => Run(() => false, time);

    /// <summary>The cloud stops: its connections end and it takes none, until it is started again. What it keeps on a disk elsewhere is kept.</summary>
    public void StopCloud()
    {
        Tell("the cloud stops");
        IsListening = false;
        foreach (SimulatedLink link in _links)
        {
            link.CloseByCloud();
        }

        foreach (SimulatedSubscriber subscriber in _subscribers)
        {
            subscriber.Cut();
        }

        Cloud.RestartBroker();
    }

    /// <summary>The cloud is back.</summary>
    public void StartCloud()
    {
        Tell("the cloud starts");
        IsListening = true;
        foreach (SimulatedSubscriber subscriber in _subscribers)
        {
            subscriber.Connect();
        }
    }

    /// <summary>Writes a line into the trace.</summary>
    public void Tell(string line)
    {
        _trace?.Invoke(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Time.Elapsed.TotalSeconds,10:0.000} {line}"));
        _thread.Wake();
    }

    /// <summary>Switches all boards off, and leaves the calling thread as it was.</summary>
    public void Dispose()
    {
        Passing = null;
        foreach (SimulatedDevice device in _devices)
        {
            device.Dismiss();
        }

        _thread.Wait(() => _left == _devices.Count, TimeSpan.FromMinutes(1));
        Cloud.Dispose();
        SynchronizationContext.SetSynchronizationContext(_before);
    }

    /// <summary>Whether a board's <c>root-ca.pem</c> holds the cloud's root.</summary>
    internal bool IsTrusted(byte[] rootCa) => rootCa.AsSpan(0, Math.Max(0, rootCa.Length - 1)).SequenceEqual(s_rootCa);

    /// <summary>Why a board's certificate is refused in the handshake; null where it is not.</summary>
    internal string? Refuse(SimulatedDevice device, X509Certificate2 certificate)
    {
        string? fault = Cloud.FindFault(certificate);
        if (fault is not null)
        {
            Tell($"cloud: {device.HardwareId} is refused in the handshake: {fault}");
        }

        return fault;
    }

    internal SimulatedLink Open(SimulatedDevice device, SimulatedMqttClient client, X509Certificate2 certificate)
    {
        SimulatedLink link = new(this, device, client, certificate);
        _links.Add(link);
        return link;
    }

    internal void Closed(SimulatedLink link) => _links.Remove(link);

    internal void Pass(Passage passage)
    {
        if (_trace is not null && passage.IsArrived)
        {
            Tell($"{passage.Device.HardwareId} {(passage.IsUp ? "->" : "<-")} {passage.Name}");
        }

        Passing?.Invoke(passage);
    }

    internal void Left()
    {
        _left++;
        _thread.Wake();
    }
}
