using System.IO.Pipelines;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Mqtt;

namespace LocalCloud;

/// <summary>
/// LocalCloud without sockets, TLS and files: registry, provisioning and broker as they are, with an entrance for connections whose
/// handshake somebody else has played. With a simulation's clock and <see cref="SynchronizationContext"/> all of it runs in simulated time.
/// </summary>
internal sealed class InMemoryCloud : IDisposable
{
    private readonly LocalCloudOptions _options;
    private readonly CloudLog _log;
    private readonly ClientCertificateCheck _check;
    private readonly ProvisioningService _provisioning;
    private BrokerJournal _journal;
    private MqttBroker _broker;

    /// <summary>Makes one. To be called within the context that its connections are to live in.</summary>
    /// <param name="options">How it runs; what is about sockets and files is not used.</param>
    /// <param name="content">What its registry holds (<see cref="SeedContent"/>, or another one's <see cref="Registry"/> at some moment).</param>
    /// <param name="issuer">Where the certificates of devices come from.</param>
    public InMemoryCloud(LocalCloudOptions options, RegistryState content, ICertificateIssuer issuer)
    {
        var clock = options.TimeProvider;
        _options = options;
        _log = new CloudLog(options.Log, clock);
        Registry = DeviceRegistry.Open(directory: null, clock, _log);
        Registry.Update(_ => content);
        _check = new ClientCertificateCheck(Registry, clock);
        _provisioning = new ProvisioningService(Registry, issuer, options.RepeatedRegistration, options.ProvisioningQuotas, clock, _log);
        _journal = BrokerJournal.InMemory(before: null, clock.GetUtcNow(), _log);
        _broker = MakeBroker();
    }

    /// <summary>A provisioning request has been answered.</summary>
    public event Action<ProvisioningOutcome> ProvisioningAnswered
    {
        add => _provisioning.Answered += value;
        remove => _provisioning.Answered -= value;
    }

    /// <summary>Certificates, things, policies and templates.</summary>
    public DeviceRegistry Registry { get; }

    /// <summary>Client ids of the live connections, in no order.</summary>
    public IReadOnlyCollection<string> ConnectedClientIds => _broker.ClientIds;

    /// <summary>What a registry holds that was just made: the seed's policies and templates, and a claim certificate.</summary>
    /// <param name="options">Fill the documents in.</param>
    /// <param name="claim">The claim.</param>
    public static RegistryState SeedContent(LocalCloudOptions options, IssuedCertificate claim)
    {
        var registry = DeviceRegistry.Open(directory: null, options.TimeProvider);
        CloudRegion.Seed(registry, options, new CloudLog(sink: null, options.TimeProvider));
        registry.AddCertificate(claim, CertificateStatus.Active, ownership: null, [SeedDocuments.ClaimPolicyName, SeedDocuments.SerialClaimPolicyName]);
        return registry.State;
    }

    /// <summary>Why a client's certificate is refused in the handshake, or null when it may connect.</summary>
    /// <param name="certificate">What the client presented.</param>
    public string? FindFault(X509Certificate2 certificate) => _check.FindHandshakeFault(certificate);

    /// <summary>Publishes a QoS 1 message as somebody does who may.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="payload">The message.</param>
    public void Publish(string topic, ReadOnlyMemory<byte> payload) => _broker.Publish(topic, payload, QualityOfService.AtLeastOnce);

    /// <summary>
    /// Starts its broker anew, as after the end of the process: of the old one there is left what is kept on a disk elsewhere. Its connections
    /// are to be cut by whoever holds their other ends.
    /// </summary>
    public void RestartBroker()
    {
        // What the old one still does about its connections is not kept
        _ = _journal.CloseAsync();
        _broker.Abandon();
        _journal = BrokerJournal.InMemory(_journal, _options.TimeProvider.GetUtcNow(), _log);
        _broker = MakeBroker();
    }

    /// <summary>Serves a connection whose handshake is done, and ends when it has.</summary>
    /// <param name="transport">The server's end of the connection.</param>
    /// <param name="address">Where it comes from.</param>
    /// <param name="certificate">The client's certificate.</param>
    public async Task ServeAsync(IDuplexPipe transport, EndPoint address, X509Certificate2 certificate)
    {
        var connection = new InMemoryConnection(transport, address);
        await _broker.ServeAsync(connection, certificate);
        await transport.Output.CompleteAsync();
        await transport.Input.CompleteAsync();
    }

    /// <summary>Stops its timers. Connections are left where they are.</summary>
    public void Dispose() => _provisioning.Dispose();

    private MqttBroker MakeBroker()
    {
        var authorizer = new Authorizer(Registry, new IotArns(_options.Region, _options.AccountId));
        var broker = new MqttBroker(_options, Registry, authorizer, _provisioning, _check, _log) { NetworkClock = _options.TimeProvider };
        broker.Restore(_journal);
        return broker;
    }

    private sealed class InMemoryConnection : DefaultConnectionContext
    {
        public InMemoryConnection(IDuplexPipe transport, EndPoint address)
        {
            Transport = transport;
            RemoteEndPoint = address;
        }

        public override void Abort(ConnectionAbortedException abortReason)
        {
            Transport.Output.CancelPendingFlush();
            Transport.Input.CancelPendingRead();
        }
    }
}
