using System.Collections.Concurrent;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Mqtt;

namespace LocalCloud;

/// <summary>The message broker: knows the connections, and brings messages from one to the others.</summary>
internal sealed class MqttBroker
{
    private readonly ConcurrentDictionary<ClientConnection, byte> _sessions = new();
    private readonly ConcurrentDictionary<string, ClientConnection> _clients = new(StringComparer.Ordinal);
    private readonly SubscriptionTable _subscriptions = new();
    private readonly DeviceRegistry _registry;
    private readonly ClientCertificateCheck _certificates;

    public MqttBroker(DeviceRegistry registry, Authorizer authorizer, ProvisioningService provisioning, ClientCertificateCheck certificates, TimeProvider clock, CloudLog log)
    {
        _registry = registry;
        Authorizer = authorizer;
        Provisioning = provisioning;
        _certificates = certificates;
        Clock = clock;
        Log = log;
        registry.CertificateDeactivated += CutConnectionsOf;
    }

    public Authorizer Authorizer { get; }

    public ProvisioningService Provisioning { get; }

    public CloudCounters Counters => Authorizer.Counters;

    public TimeProvider Clock { get; }

    public CloudLog Log { get; }

    /// <summary>Client ids of the connections, in no order.</summary>
    public ICollection<string> ClientIds => _clients.Keys;

    /// <summary>Serves one connection, whose TLS handshake is done, until it ends.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="certificate">The client's certificate.</param>
    public async Task ServeAsync(ConnectionContext connection, X509Certificate2 certificate)
    {
        var session = new ClientConnection(this, connection, CertificateAuthority.IdOf(certificate));
        _sessions.TryAdd(session, 0);

        // From here on a change of the certificate's status finds the session; one that came before is found now.
        if (_certificates.FindFault(certificate) is { } fault)
        {
            session.Close(DisconnectReason.AuthError, fault);
        }

        try
        {
            await session.RunAsync();
        }
        finally
        {
            _sessions.TryRemove(session, out _);
        }
    }

    /// <summary>Makes a session the one of its client id. One that was there before is dropped, as AWS drops it.</summary>
    public void Enter(ClientConnection session)
    {
        Counters.CountConnection();
        ClientConnection? before = null;
        _clients.AddOrUpdate(session.ClientId, session, (_, old) =>
        {
            before = old;
            return session;
        });
        before?.Close(DisconnectReason.DuplicateClientId, $"the same client id came from {session.RemoteAddress}");
    }

    /// <summary>Takes a session out of everything.</summary>
    /// <param name="session">The session.</param>
    /// <param name="filters">Its subscriptions.</param>
    public void Leave(ClientConnection session, IEnumerable<string> filters)
    {
        _clients.TryRemove(KeyValuePair.Create(session.ClientId, session));
        foreach (var filter in filters)
        {
            _subscriptions.Remove(session, filter);
        }
    }

    public void Subscribe(ClientConnection session, string filter, QualityOfService granted) => _subscriptions.Add(session, filter, granted);

    public void Unsubscribe(ClientConnection session, string filter) => _subscriptions.Remove(session, filter);

    /// <summary>Brings a message to everyone who subscribed to its topic and whose policies let it receive.</summary>
    public void Publish(string topic, ReadOnlyMemory<byte> payload, QualityOfService qualityOfService)
    {
        foreach (var (session, granted) in _subscriptions.Match(topic))
        {
            session.Deliver(topic, payload, granted < qualityOfService ? granted : qualityOfService);
        }
    }

    /// <summary>Ends all connections.</summary>
    public async Task CloseAllAsync()
    {
        _registry.CertificateDeactivated -= CutConnectionsOf;
        var sessions = _sessions.Keys;
        foreach (var session in sessions)
        {
            session.Close(DisconnectReason.ServerInitiatedDisconnect, "LocalCloud stops");
        }

        await Task.WhenAll(sessions.Select(session => session.Ended));
    }

    private void CutConnectionsOf(RegisteredCertificate certificate)
    {
        foreach (var session in _sessions.Keys.Where(session => session.CertificateId == certificate.Id))
        {
            var why = _registry.FindCertificate(certificate.Id) is null ? "was deleted" : "is " + certificate.Status.ToText();
            session.Close(DisconnectReason.AuthError, $"certificate {certificate.ShortId} {why}");
        }
    }
}
