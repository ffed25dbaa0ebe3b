using System.Security.Cryptography.X509Certificates;
using DeviceAgent.Provisioning;
using DeviceAgent.Settings;
using Mqtt;

namespace Cli.Fleet;

/// <summary>
/// Lets the devices of one endpoint provision themselves: the first alone, then all others at once, unless the broker was seen to hand
/// the first one's answer to somebody else too. AWS answers the asking connection alone, but a general broker that serves the same topics
/// gives every answer, private key and all, to each device that waits for one; there they go one after another.
/// </summary>
internal sealed class ProvisioningGate : IAsyncDisposable
{
    private static readonly TimeSpan s_connectTimeout = TimeSpan.FromSeconds(8);

    private readonly SemaphoreSlim _turns;
    private readonly int _devices;
    private readonly string _endpoint;
    private readonly Action<string> _say;
    private readonly MqttStreamClient? _observer;
    private bool _isDecided;
    private bool _isOpen;

    private ProvisioningGate(int devices, string endpoint, MqttStreamClient? observer, Action<string> say)
    {
        _devices = devices;
        _endpoint = endpoint;
        _observer = observer;
        _say = say;

        // Who cannot even listen will not be answered either: then nothing can cross
        _isOpen = _isDecided = observer is null;
        _turns = new SemaphoreSlim(_isOpen ? devices : 1);
    }

    /// <summary>Makes a gate, and listens at the endpoint for answers that are not for the listener.</summary>
    /// <param name="devices">Those that are to be provisioned there.</param>
    /// <param name="options">What all devices share.</param>
    /// <param name="say">Is told where they have to go one after another.</param>
    /// <param name="cancellationToken">Ends the attempt to listen.</param>
    public static async Task<ProvisioningGate> OpenAsync(IReadOnlyList<FleetDevice> devices, FleetRunOptions options, Action<string> say, CancellationToken cancellationToken)
    {
        FleetDevice first = devices[0];
        MqttStreamClient? observer = devices.Count < 2 ? null : await ListenAsync(first, options, cancellationToken).ConfigureAwait(false);
        return new ProvisioningGate(devices.Count, first.Endpoint, observer, say);
    }

    /// <summary>Waits for a device's turn.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task EnterAsync(CancellationToken cancellationToken) => _turns.WaitAsync(cancellationToken);

    /// <summary>Ends a device's turn: its exchange is over, however it ended.</summary>
    public void Leave()
    {
        lock (_turns)
        {
            if (!_isDecided)
            {
                _isDecided = true;
                _isOpen = !_observer!.Messages.TryRead(out _);
                if (!_isOpen)
                {
                    _say($"{_endpoint} hands the answers to one device to others too, private keys with them: the devices are provisioned one after another");
                }

                _turns.Release(_isOpen ? _devices : 1);
            }
            else if (!_isOpen)
            {
                _turns.Release();
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_observer is not null)
        {
            await _observer.DisposeAsync().ConfigureAwait(false);
        }

        _turns.Dispose();
    }

    private static async Task<MqttStreamClient?> ListenAsync(FleetDevice device, FleetRunOptions options, CancellationToken cancellationToken)
    {
        using CancellationTokenSource timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(s_connectTimeout);
        MqttStreamClient? observer = null;
        try
        {
            string create = device.Method == ProvisioningMethod.ClaimCsr ? ProvisioningTopics.CreateFromCsr : ProvisioningTopics.CreateKeys;
            X509Certificate2Collection roots = [];
            roots.ImportFromPemFile(device.RootCa);
            MqttTls tls = new(roots, X509Certificate2.CreateFromPemFile(device.ClaimCertificate!, device.ClaimKey));
            observer = await MqttStreamClient.ConnectAsync(
                new MqttStreamClientOptions { Host = device.Endpoint, ConnectTo = options.Run.ConnectTo, Port = options.Port, Tls = tls, Connect = new ConnectPacket($"observer-{Guid.NewGuid():n}") },
                timeout.Token).ConfigureAwait(false);
            await observer.SubscribeAsync(create + ProvisioningTopics.Accepted, cancellationToken: timeout.Token).ConfigureAwait(false);
            return observer;
        }
        catch (Exception)
        {
            // Whatever keeps it from listening is told by the devices, which meet it too
            if (observer is not null)
            {
                await observer.DisposeAsync().ConfigureAwait(false);
            }

            return null;
        }
    }
}
