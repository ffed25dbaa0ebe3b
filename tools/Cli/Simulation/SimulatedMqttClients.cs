using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DeviceAgent.Board;
using nanoFramework.M2Mqtt;

namespace Cli.Simulation;

/// <summary>A board's MQTT clients in simulated time. It minds that there is never more than one.</summary>
internal sealed class SimulatedMqttClients : IMqttClients
{
    /// <summary>How long a name is asked for when nobody answers.</summary>
    private static readonly TimeSpan s_resolveTime = TimeSpan.FromSeconds(5);

    /// <summary>What was read before, by its hash: reading a key takes longer than all else that a simulated connection does. Null is damaged.</summary>
    private static readonly ConcurrentDictionary<string, (X509Certificate2 Certificate, byte[] PublicKey)?> s_certificates = new();
    private static readonly ConcurrentDictionary<string, byte[]?> s_publicKeys = new();

    private readonly SimulatedDevice _device;
    private readonly SimulatedWorld _world;
    private readonly Random _random;
    private SimulatedMqttClient? _live;

    /// <summary>Makes the clients of a board.</summary>
    /// <param name="device">The board.</param>
    /// <param name="world">Where it is.</param>
    /// <param name="random">Decides races.</param>
    public SimulatedMqttClients(SimulatedDevice device, SimulatedWorld world, Random random)
    {
        _device = device;
        _world = world;
        _random = random;
    }

    /// <inheritdoc/>
    public int LastReturnCode { get; internal set; } = -1;

    /// <inheritdoc/>
    public IMqttClient Create(string host, int port, byte[] rootCa, byte[] certificate, byte[] key)
    {
        _device.CheckPower();
        if (_live is not null)
        {
            _device.Blame("a client is made while another is not freed");
            throw new InvalidOperationException("The client made before has not been disposed of: on a board its finalizer would close the next one's socket.");
        }

        LastReturnCode = -1;
        if (ReadCertificate(certificate)?.Certificate is not { } read || ReadPublicKey(key) is null)
        {
            throw new ArgumentException("The certificate or the key is damaged.");
        }

        bool isTrusted = _world.IsTrusted(rootCa);
        if (!_device.HasWifi || host != SimulatedWorld.Host)
        {
            _device.Wait(_device.HasWifi ? _world.Latency : s_resolveTime);
            throw new BoardSocketException(BoardSocketException.InvalidArgument, $"{host} cannot be resolved");
        }

        return _live = new SimulatedMqttClient(this, _device, _world, isTrusted, read, BelongTogether(certificate, key), isRefusalLost: _random.Next(2) == 0);
    }

    /// <inheritdoc/>
    public int ErrorNumber(Exception failure)
    {
        for (Exception? e = failure; e is not null; e = e.InnerException)
        {
            if (e is BoardSocketException socket)
            {
                return socket.ErrorCode;
            }
        }

        return 0;
    }

    /// <inheritdoc/>
    public bool AreUsable(byte[] certificate, byte[] key) => ReadCertificate(certificate) is not null && ReadPublicKey(key) is not null;

    /// <inheritdoc/>
    public void Dispose(IMqttClient client)
    {
        _device.CheckPower();
        if (client != _live)
        {
            _device.Blame("a client is freed twice");
            return;
        }

        SimulatedMqttClient live = _live;
        _live = null;
        live.Dispose();
    }

    /// <summary>Whether a certificate has this key.</summary>
    /// <param name="certificate">As in the board's flash.</param>
    /// <param name="key">As in the board's flash.</param>
    public static bool BelongTogether(byte[] certificate, byte[] key) =>
        ReadCertificate(certificate) is { } read && ReadPublicKey(key) is { } publicKey && publicKey.AsSpan().SequenceEqual(read.PublicKey);

    /// <summary>The power has gone, or the board starts anew: what was there is no more, and nobody was told.</summary>
    internal void PowerOff()
    {
        _live?.PowerOff();
        _live = null;
    }

    /// <summary>What was connected is dead, and nobody is told.</summary>
    internal void LoseNetwork() => _live?.LoseNetwork();

    private static (X509Certificate2 Certificate, byte[] PublicKey)? ReadCertificate(byte[] pem) => s_certificates.GetOrAdd(Convert.ToHexString(SHA256.HashData(pem)), _ =>
    {
        try
        {
            X509Certificate2 read = Credentials.ReadCertificates(pem, nameof(pem))[0];
            return (read, read.PublicKey.ExportSubjectPublicKeyInfo());
        }
        catch (ArgumentException)
        {
            return null;
        }
    });

    /// <summary>The public key that belongs to a private one.</summary>
    private static byte[]? ReadPublicKey(byte[] pem) => s_publicKeys.GetOrAdd(Convert.ToHexString(SHA256.HashData(pem)), _ =>
    {
        try
        {
            using AsymmetricAlgorithm key = Credentials.ReadKey(pem, nameof(pem));
            return key.ExportSubjectPublicKeyInfo();
        }
        catch (ArgumentException)
        {
            return null;
        }
    });
}
