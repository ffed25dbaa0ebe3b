using System.Collections.Concurrent;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Mqtt;

namespace LocalCloud;

/// <summary>The message broker: knows the connections and sessions of all clients, and brings messages from one to the others.</summary>
internal sealed class MqttBroker
{
    private const string SwitchedOff = "the region is switched off";

    private static readonly TimeSpan s_timerFault = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<ClientConnection, byte> _connections = new();
    private readonly SubscriptionTable _subscriptions = new();
    private readonly RetainedMessages _retained = new();
    private readonly ClientHistory _history;
    private readonly DeviceRegistry _registry;
    private readonly ClientCertificateCheck _certificates;
    private readonly JustInTimeRegistration _registration;
    private readonly bool _limitsConnects;

    /// <summary>Held while sessions come, go and change connections; a session's own lock is taken within it, never around it.</summary>
    private readonly Lock _gate = new();
    private readonly Dictionary<string, ClientSession> _sessions = new(StringComparer.Ordinal);
    private int _kept;
    private volatile bool _isOff;

    public MqttBroker(LocalCloudOptions options, DeviceRegistry registry, Authorizer authorizer, ProvisioningService provisioning, ClientCertificateCheck certificates, CloudLog log)
    {
        _registry = registry;
        _certificates = certificates;
        _registration = new JustInTimeRegistration(registry, certificates, options, log);
        _limitsConnects = options.LimitConnects;
        _history = new ClientHistory(options.TimeProvider);
        LimitsMessages = options.LimitMessages;
        Faults = options.Faults;
        Authorizer = authorizer;
        Provisioning = provisioning;
        Clock = options.TimeProvider;
        Log = log;
        registry.CertificateDeactivated += CutConnectionsOf;
    }

    public Authorizer Authorizer { get; }

    public ProvisioningService Provisioning { get; }

    public CloudCounters Counters => Authorizer.Counters;

    public TimeProvider Clock { get; }

    /// <summary>The time that waits for the network go by: real time, whatever the protocol's clock does, where the network is real.</summary>
    public TimeProvider NetworkClock { get; init; } = TimeProvider.System;

    public CloudLog Log { get; }

    /// <summary>What goes wrong by order, or null where nothing does.</summary>
    public FaultPlan? Faults { get; }

    /// <summary>Whether AWS's limits on the messages of a second hold.</summary>
    public bool LimitsMessages { get; }

    /// <summary>Where what outlives LocalCloud is kept; null where everything is in memory.</summary>
    public BrokerJournal? Journal { get; private set; }

    /// <summary>The room of all sessions' queues together.</summary>
    public QueueRoom QueueRoom { get; } = new();

    /// <summary>Whether connections are served, and not cut as soon as they come.</summary>
    public bool IsReachable => !_isOff;

    /// <summary>Client ids of the connections, in no order.</summary>
    public IReadOnlyCollection<string> ClientIds
    {
        get
        {
            lock (_gate)
            {
                return [.. _sessions.Values.Where(session => session.KeptUntil is null).Select(session => session.ClientId)];
            }
        }
    }

    /// <summary>Serves one connection, whose TLS handshake is done, until it ends.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="certificate">The client's certificate.</param>
    public async Task ServeAsync(ConnectionContext connection, X509Certificate2 certificate)
    {
        var client = new ClientConnection(this, connection, CertificateAuthority.IdOf(certificate));
        _connections.TryAdd(client, 0);

        try
        {
            // From here on a change of the certificate's status finds the connection; one that came before is found now.
            if (_isOff)
            {
                client.Close(DisconnectReason.ServerInitiatedDisconnect, SwitchedOff);
            }
            else if (await _registration.RegisterAsync(certificate) is { } first)
            {
                client.Close(DisconnectReason.AuthError, first.Explanation);
                Publish(first.Topic, first.Event, QualityOfService.AtLeastOnce);
            }
            else if (_certificates.FindFault(certificate) is { } fault)
            {
                client.Close(DisconnectReason.AuthError, fault);
            }

            await client.RunAsync();
        }
        finally
        {
            _connections.TryRemove(client, out _);
        }
    }

    /// <summary>Whether a client id may connect now: once a second, where that limit holds.</summary>
    /// <param name="clientId">The client id.</param>
    public bool TakesConnect(string clientId) => !_limitsConnects || _history.TryConnect(clientId);

    /// <summary>
    /// Makes a connection the one of its client id, with the client's kept session or a new one, and sends its CONNACK. A
    /// connection that was there before is dropped, as AWS drops it.
    /// </summary>
    /// <param name="connection">The connection.</param>
    /// <param name="cleanSession">As in CONNECT.</param>
    /// <returns>The session, and whether it was there before.</returns>
    public (ClientSession Session, bool IsResumed) Enter(ClientConnection connection, bool cleanSession)
    {
        Counters.CountConnection();
        ClientConnection? before;
        ClientSession session;
        bool isResumed;
        lock (_gate)
        {
            _sessions.TryGetValue(connection.ClientId, out var old);
            if (old is { KeptUntil: not null })
            {
                _kept--;
            }

            isResumed = old is { IsPersistent: true } && !cleanSession;
            var ended = isResumed ? null : old?.End();
            session = isResumed ? old! : new ClientSession(this, connection.ClientId, isPersistent: !cleanSession);
            _sessions[connection.ClientId] = session;
            connection.Version = _history.Enter(connection.ClientId);
            if (session.IsPersistent)
            {
                Journal?.Add(new BrokerChange.Connected(session.ClientId, IsNew: !isResumed));
            }

            before = session.Attach(connection, isResumed) ?? ended;
        }

        before?.Close(DisconnectReason.DuplicateClientId, $"the same client id came from {connection.RemoteAddress}");
        return (session, isResumed);
    }

    /// <summary>Takes a connection out of everything. Its session goes too, unless it is persistent or has another connection already.</summary>
    /// <param name="connection">The connection, which has entered.</param>
    /// <param name="session">Its session.</param>
    public void Leave(ClientConnection connection, ClientSession session)
    {
        ClientSession? surplus = null;
        lock (_gate)
        {
            _history.Leave(connection.ClientId);
            if (!session.Detach(connection))
            {
                return;
            }

            if (!session.IsPersistent)
            {
                _sessions.Remove(session.ClientId);
                session.End();
            }
            else if (++_kept > BrokerLimits.MaximumKeptSessions)
            {
                surplus = _sessions.Values.Where(other => other.KeptUntil is not null).MinBy(other => other.KeptUntil)!;
                Drop(surplus);
            }
        }

        if (surplus is not null)
        {
            Log.Warning($"{CloudLog.Printable(surplus.ClientId)}: its persistent session ends early: more than {BrokerLimits.MaximumKeptSessions} are kept, and it is the oldest");
        }
    }

    /// <summary>Ends a persistent session whose client has not come back.</summary>
    public void Expire(ClientSession session)
    {
        lock (_gate)
        {
            // The client may have come back, and gone again, since the timer went off. Timers are not exact.
            if (!_sessions.TryGetValue(session.ClientId, out var current) || current != session || !(session.KeptUntil - Clock.GetUtcNow() < s_timerFault))
            {
                return;
            }

            Drop(session);
        }

        Log.Information($"{CloudLog.Printable(session.ClientId)}: its persistent session ends: it has not come back within an hour");
    }

    public void Subscribe(ClientSession session, string filter, QualityOfService granted) => _subscriptions.Add(session, filter, granted);

    public void Unsubscribe(ClientSession session, string filter) => _subscriptions.Remove(session, filter);

    /// <summary>Brings a message to everyone who subscribed to its topic and whose policies let it receive.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="payload">The message.</param>
    /// <param name="qualityOfService">0 or 1.</param>
    /// <param name="retain">Whether it is kept for whoever subscribes later; an empty one takes away what was kept.</param>
    public void Publish(string topic, ReadOnlyMemory<byte> payload, QualityOfService qualityOfService, bool retain = false)
    {
        if (retain && !_retained.TryPut(new RetainedMessage(topic, payload, qualityOfService)))
        {
            Log.Warning($"a message to {CloudLog.Printable(topic)} is not retained: there is no room for more");
        }

        foreach (var (session, granted) in _subscriptions.Match(topic))
        {
            session.Deliver(topic, payload, Lower(granted, qualityOfService));
        }
    }

    /// <summary>Delivers the retained message of a filter that is a topic; stored ones do not go to filters with wildcards, as on AWS.</summary>
    /// <param name="session">Who has subscribed.</param>
    /// <param name="request">The filter, with what is granted.</param>
    public void DeliverRetained(ClientSession session, TopicFilterRequest request)
    {
        if (_retained.Find(request.Filter) is { } message)
        {
            session.Deliver(message.Topic, message.Payload, Lower(request.QoS, message.QoS), retain: true);
        }
    }

    /// <summary>Publishes an event about a client, if its client id gets events.</summary>
    public void Tell(ClientConnection connection, Func<DateTimeOffset, (string Topic, byte[] Payload)> makeEvent)
    {
        if (LifecycleEvents.Has(connection.ClientId))
        {
            var (topic, payload) = makeEvent(Clock.GetUtcNow());
            Publish(topic, payload, QualityOfService.AtLeastOnce);
        }
    }

    /// <summary>Takes over what an earlier broker kept, and from then on keeps what changes. To be called before there are connections.</summary>
    public void Restore(BrokerJournal journal)
    {
        foreach (var message in journal.State.Retained.Values)
        {
            _retained.TryPut(message);
        }

        lock (_gate)
        {
            foreach (var (clientId, kept) in journal.State.Sessions)
            {
                _sessions[clientId] = ClientSession.Restore(this, clientId, kept);
                _kept++;
            }

            Journal = journal;
            _retained.Journal = journal;
        }
    }

    /// <summary>Has nothing to do with the registry any more: connections that are left end by themselves.</summary>
    public void Abandon() => _registry.CertificateDeactivated -= CutConnectionsOf;

    /// <summary>Ends all connections.</summary>
    public Task CloseAllAsync()
    {
        Abandon();
        return CloseAllAsync("LocalCloud stops");
    }

    /// <summary>Ends all connections, and each that comes until it is switched on again.</summary>
    public Task SwitchOffAsync()
    {
        _isOff = true;
        return CloseAllAsync(SwitchedOff);
    }

    /// <summary>Serves connections again.</summary>
    public void SwitchOn() => _isOff = false;

    private async Task CloseAllAsync(string explanation)
    {
        var connections = _connections.Keys;
        foreach (var connection in connections)
        {
            connection.Close(DisconnectReason.ServerInitiatedDisconnect, explanation);
        }

        await Task.WhenAll(connections.Select(connection => connection.Ended));
    }

    private static QualityOfService Lower(QualityOfService one, QualityOfService other) => one < other ? one : other;

    private void Drop(ClientSession session)
    {
        _sessions.Remove(session.ClientId);
        _kept--;
        session.End();
    }

    private void CutConnectionsOf(RegisteredCertificate certificate)
    {
        foreach (var connection in _connections.Keys.Where(connection => connection.CertificateId == certificate.Id))
        {
            var why = _registry.FindCertificate(certificate.Id) is null ? "was deleted" : "is " + certificate.Status.ToText();
            connection.Close(DisconnectReason.AuthError, $"certificate {certificate.ShortId} {why}");
        }
    }
}
