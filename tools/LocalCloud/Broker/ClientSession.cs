using Mqtt;

namespace LocalCloud;

/// <summary>
/// What the broker keeps for a client: its subscriptions, and the QoS 1 messages that it has not acknowledged. It ends with
/// the connection, or, if it is persistent, an hour after it. Safe for use by many threads.
/// </summary>
internal sealed class ClientSession
{
    /// <summary>How long a repeat waits when much else does.</summary>
    private static readonly TimeSpan s_standBack = TimeSpan.FromSeconds(1);

    private readonly MqttBroker _broker;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, QualityOfService> _subscriptions = new(StringComparer.Ordinal);
    private readonly OrderedDictionary<ushort, QueuedMessage> _unacknowledged = [];
    private readonly Queue<QueuedMessage> _waiting = new();
    private readonly RateLimit? _keptMessages;
    private ClientConnection? _connection;
    private ITimer? _timer;

    /// <summary>For what has to be sent again on this connection, and whether it is set.</summary>
    private ITimer? _repeats;
    private bool _isRepeatSet;
    private ushort _lastPacketId;
    private long _lastNumber;
    private int _waitingBytes;

    /// <summary>How many of the messages that wait came while the client was away; they wait in front of the others.</summary>
    private int _kept;
    private int _discarded;
    private bool _hasEnded;

    /// <summary>Makes one without a connection.</summary>
    /// <param name="broker">Its broker.</param>
    /// <param name="clientId">Whose it is.</param>
    /// <param name="isPersistent">Whether it outlives its connection.</param>
    public ClientSession(MqttBroker broker, string clientId, bool isPersistent)
    {
        _broker = broker;
        ClientId = clientId;
        IsPersistent = isPersistent;
        _keptMessages = broker.LimitsMessages ? new RateLimit(BrokerLimits.KeptMessagesPerSecond, broker.Clock) : null;
    }

    /// <summary>Whose it is.</summary>
    public string ClientId { get; }

    /// <summary>Whether it outlives its connection.</summary>
    public bool IsPersistent { get; }

    /// <summary>When it ends unless its client comes back; null while the client is connected.</summary>
    public DateTimeOffset? KeptUntil { get; private set; }

    private string Name => CloudLog.Printable(ClientId);

    /// <summary>Where its changes are kept, if they are.</summary>
    private BrokerJournal? Journal => IsPersistent ? _broker.Journal : null;

    /// <summary>Makes one of what an earlier LocalCloud kept.</summary>
    public static ClientSession Restore(MqttBroker broker, string clientId, KeptSession kept)
    {
        var session = new ClientSession(broker, clientId, isPersistent: true);
        lock (session._gate)
        {
            session._lastPacketId = kept.LastPacketId;
            foreach (var (filter, granted) in kept.Subscriptions)
            {
                session._subscriptions[filter] = granted;
                broker.Subscribe(session, filter, granted);
            }

            foreach (var (number, message) in kept.Messages)
            {
                session._lastNumber = number;
                var queued = new QueuedMessage(message.Topic, message.Payload, message.Retain, message.Arrived, number);
                if (message.PacketId == 0 || !session._unacknowledged.TryAdd(message.PacketId, queued))
                {
                    session.Enqueue(queued);
                }
            }

            session.KeepFor(kept.KeptUntil!.Value - broker.Clock.GetUtcNow());
            return session;
        }
    }

    /// <summary>Gives it a connection, which is first sent its CONNACK and then what it has not acknowledged.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="isResumed">Whether the client had this session before.</param>
    /// <returns>The connection that it had until now, or null.</returns>
    public ClientConnection? Attach(ClientConnection connection, bool isResumed)
    {
        lock (_gate)
        {
            var before = _connection;
            StopTimer();
            StopRepeats();
            KeptUntil = null;
            _connection = connection;
            _kept = _waiting.Count;
            connection.Accept(isResumed);
            DropOld();
            foreach (var (packetId, message) in _unacknowledged.ToList())
            {
                if (connection.MayReceive(message.Topic))
                {
                    Send(connection, packetId, message, isRepeat: true);
                }
                else
                {
                    _unacknowledged.Remove(packetId);
                    Forget(message);
                }
            }

            SendWaiting();
            return before;
        }
    }

    /// <summary>Takes the connection away, if it is still that one; a persistent session then waits for the client.</summary>
    /// <param name="connection">The connection.</param>
    public bool Detach(ClientConnection connection)
    {
        lock (_gate)
        {
            if (_connection != connection)
            {
                return false;
            }

            StopTimer();
            StopRepeats();
            _connection = null;
            _kept = _waiting.Count;
            if (IsPersistent)
            {
                KeepFor(BrokerLimits.SessionLife);
                Journal?.Add(new BrokerChange.Left(ClientId, KeptUntil!.Value));
            }

            return true;
        }
    }

    /// <summary>Ends it for good: nothing is delivered to it any more.</summary>
    /// <returns>The connection that it had, or null.</returns>
    public ClientConnection? End()
    {
        lock (_gate)
        {
            _hasEnded = true;
            Journal?.Add(new BrokerChange.Ended(ClientId));
            StopTimer();
            StopRepeats();
            foreach (var filter in _subscriptions.Keys)
            {
                _broker.Unsubscribe(this, filter);
            }

            _subscriptions.Clear();
            _unacknowledged.Clear();
            _waiting.Clear();
            _broker.QueueRoom.GiveBack(_waitingBytes);
            _waitingBytes = 0;
            TellDiscarded();
            var connection = _connection;
            _connection = null;
            return connection;
        }
    }

    /// <summary>Subscribes to all of the filters, or to none where that would be too many.</summary>
    /// <param name="connection">Whose wish it is.</param>
    /// <param name="filters">The filters with what is granted.</param>
    public bool TrySubscribe(ClientConnection connection, IReadOnlyCollection<TopicFilterRequest> filters)
    {
        lock (_gate)
        {
            var added = filters.Select(request => request.Filter).Where(filter => !_subscriptions.ContainsKey(filter)).Distinct().Count();
            if (_subscriptions.Count + added > BrokerLimits.MaximumSubscriptions)
            {
                return false;
            }

            // The session may have gone on to the client's next connection meanwhile.
            if (_connection == connection)
            {
                foreach (var (filter, granted) in filters)
                {
                    _subscriptions[filter] = granted;
                    _broker.Subscribe(this, filter, granted);
                    Journal?.Add(new BrokerChange.Subscribed(ClientId, filter, granted));
                }
            }

            return true;
        }
    }

    /// <summary>Unsubscribes from those filters that are subscribed to.</summary>
    public void Unsubscribe(ClientConnection connection, IEnumerable<string> filters)
    {
        lock (_gate)
        {
            if (_connection == connection)
            {
                foreach (var filter in filters)
                {
                    if (_subscriptions.Remove(filter))
                    {
                        _broker.Unsubscribe(this, filter);
                        Journal?.Add(new BrokerChange.Unsubscribed(ClientId, filter));
                    }
                }
            }
        }
    }

    /// <summary>The highest quality of service that was granted to a filter that matches, or null where none does.</summary>
    /// <param name="topic">The topic.</param>
    public QualityOfService? GrantedFor(string topic)
    {
        lock (_gate)
        {
            QualityOfService? granted = null;
            foreach (var (filter, qualityOfService) in _subscriptions)
            {
                if (TopicFilter.Matches(filter, topic, hashMatchesParent: false) && !(granted > qualityOfService))
                {
                    granted = qualityOfService;
                }
            }

            return granted;
        }
    }

    /// <summary>Sends a message to the client if its policies let it receive: now, as soon as it has acknowledged enough of the earlier ones, or, with QoS 1, when it comes back.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="payload">The message.</param>
    /// <param name="qualityOfService">0 or 1.</param>
    /// <param name="retain">Whether it was kept for new subscribers.</param>
    /// <param name="isSecret">Whether it must not be written to disk; then it is lost when LocalCloud stops.</param>
    public void Deliver(string topic, ReadOnlyMemory<byte> payload, QualityOfService qualityOfService, bool retain = false, bool isSecret = false)
    {
        lock (_gate)
        {
            if (_hasEnded)
            {
                return;
            }

            if (qualityOfService == QualityOfService.AtMostOnce)
            {
                if (_connection is { } connection && connection.MayReceive(topic))
                {
                    connection.Send(new PublishPacket(topic, payload, Retain: retain));
                }

                return;
            }

            var number = isSecret || Journal is null ? 0 : ++_lastNumber;
            Enqueue(new QueuedMessage(topic, payload, retain, _broker.Clock.GetUtcNow(), number));
            SendWaiting();
        }
    }

    /// <summary>The client has a message.</summary>
    /// <param name="connection">Where PUBACK came from.</param>
    /// <param name="packetId">The identifier in it; one that is not under way does nothing.</param>
    public void Acknowledge(ClientConnection connection, ushort packetId)
    {
        lock (_gate)
        {
            if (_connection == connection && _unacknowledged.Remove(packetId, out var message))
            {
                Forget(message);
                SendWaiting();
            }
        }
    }

    private void Enqueue(QueuedMessage message)
    {
        if (_waiting.Count >= BrokerLimits.MaximumQueuedMessages
            || _waitingBytes + message.Size > BrokerLimits.MaximumQueuedBytes
            || !_broker.QueueRoom.TryTake(message.Size))
        {
            if (_discarded++ == 0)
            {
                _broker.Log.Warning($"{Name}: {_waiting.Count} messages of {_waitingBytes} bytes wait for it {(_connection is null ? "to come back" : "and its PUBACKs")}, and no more are kept: those that come now are lost to it");
            }

            return;
        }

        _waitingBytes += message.Size;
        _waiting.Enqueue(message);
        if (message.Number != 0)
        {
            Journal?.Add(new BrokerChange.Queued(ClientId, message.Number, message.Topic, message.Payload, message.Retain, message.Arrived));
        }

        if (_connection is null)
        {
            _kept++;
        }
    }

    private void SendWaiting()
    {
        if (_unacknowledged.Count >= BrokerLimits.MaximumUnacknowledged)
        {
            DropOld();
        }

        while (_connection is { } connection && _unacknowledged.Count < BrokerLimits.MaximumUnacknowledged && _waiting.TryPeek(out var message))
        {
            if (_kept > 0)
            {
                if (_keptMessages is { } limit && !limit.TryTakeOne())
                {
                    _timer ??= _broker.Clock.CreateTimer(_ => GoOn(), state: null, limit.TimeUntilOne(), Timeout.InfiniteTimeSpan);
                    return;
                }

                _kept--;
            }

            _waiting.Dequeue();
            _waitingBytes -= message.Size;
            _broker.QueueRoom.GiveBack(message.Size);
            TellDiscarded();
            if (!IsOld(message) && connection.MayReceive(message.Topic))
            {
                var packetId = NextPacketId();
                _unacknowledged.Add(packetId, message);
                if (message.Number != 0)
                {
                    Journal?.Add(new BrokerChange.Sent(ClientId, message.Number, packetId));
                }

                Send(connection, packetId, message, isRepeat: false);
            }
            else
            {
                Forget(message);
            }
        }
    }

    /// <summary>A message that is not to be sent after a restart either.</summary>
    private void Forget(QueuedMessage message)
    {
        if (message.Number != 0)
        {
            Journal?.Add(new BrokerChange.Done(ClientId, message.Number));
        }
    }

    private void Send(ClientConnection connection, ushort packetId, QueuedMessage message, bool isRepeat)
    {
        message.Position = connection.Send(new PublishPacket(message.Topic, message.Payload, QualityOfService.AtLeastOnce, message.Retain, isRepeat, packetId));
        message.SentAt = _broker.Clock.GetTimestamp();
        message.IsLate = false;
        if (!_isRepeatSet)
        {
            SetRepeats(BrokerLimits.RepeatInterval);
        }
    }

    private void SetRepeats(TimeSpan dueTime)
    {
        _isRepeatSet = true;
        if (_repeats is null)
        {
            _repeats = _broker.Clock.CreateTimer(_ => Repeat(), state: null, dueTime, Timeout.InfiniteTimeSpan);
        }
        else
        {
            _repeats.Change(dueTime, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Sends again what was sent <see cref="BrokerLimits.RepeatInterval"/> ago, and gives up what is too old.</summary>
    private void Repeat()
    {
        lock (_gate)
        {
            if (_connection is not { } connection)
            {
                return;
            }

            _isRepeatSet = false;
            DropOld();
            var next = BrokerLimits.RepeatInterval;

            // Those that had to stand back go first.
            foreach (var (packetId, message) in _unacknowledged.OrderBy(pair => pair.Value.SentAt).ToList())
            {
                var left = BrokerLimits.RepeatInterval - _broker.Clock.GetElapsedTime(message.SentAt);
                if (left > TimeSpan.Zero)
                {
                    next = left < next ? left : next;
                }
                else if (!connection.HasWritten(message.Position) || message.IsLate)
                {
                    // A second copy behind the first is of no use to a client that only reads slowly. From when that one
                    // is written the client gets the whole time to acknowledge it.
                    message.IsLate = !connection.HasWritten(message.Position);
                    message.SentAt = _broker.Clock.GetTimestamp();
                }
                else if (connection.IsSlow)
                {
                    next = s_standBack < next ? s_standBack : next;
                }
                else if (connection.MayReceive(message.Topic))
                {
                    Send(connection, packetId, message, isRepeat: true);
                }
                else
                {
                    _unacknowledged.Remove(packetId);
                    Forget(message);
                }
            }

            SendWaiting();
            if (_unacknowledged.Count > 0)
            {
                SetRepeats(next);
            }
        }
    }

    private void GoOn()
    {
        lock (_gate)
        {
            // One that was stopped while this waited for the gate does no harm here.
            if (_connection is not null)
            {
                StopTimer();
                SendWaiting();
            }
        }
    }

    private ushort NextPacketId()
    {
        do
        {
            _lastPacketId = _lastPacketId == ushort.MaxValue ? (ushort)1 : (ushort)(_lastPacketId + 1);
        }
        while (_unacknowledged.ContainsKey(_lastPacketId));

        return _lastPacketId;
    }

    /// <summary>AWS gives a message up when its PUBACK has not come for an hour.</summary>
    private void DropOld()
    {
        while (_unacknowledged.Count > 0 && IsOld(_unacknowledged.GetAt(0).Value))
        {
            var message = _unacknowledged.GetAt(0).Value;
            _broker.Log.Warning($"{Name}: a message to {CloudLog.Printable(message.Topic)} is given up: it was not acknowledged within an hour");
            _unacknowledged.RemoveAt(0);
            Forget(message);
        }
    }

    private bool IsOld(QueuedMessage message) => _broker.Clock.GetUtcNow() - message.Arrived >= BrokerLimits.SessionLife;

    private void TellDiscarded()
    {
        if (_discarded > 0)
        {
            _broker.Log.Warning($"{Name}: {_discarded} messages are lost to it, because too many waited");
            _discarded = 0;
        }
    }

    private void KeepFor(TimeSpan time)
    {
        KeptUntil = _broker.Clock.GetUtcNow() + time;
        _timer = _broker.Clock.CreateTimer(_ => _broker.Expire(this), state: null, time, Timeout.InfiniteTimeSpan);
    }

    private void StopTimer()
    {
        _timer?.Dispose();
        _timer = null;
    }

    private void StopRepeats()
    {
        _repeats?.Dispose();
        _repeats = null;
        _isRepeatSet = false;
    }
}
