namespace LocalCloud;

/// <summary>When each client id connected last, and how often: for the limit on CONNECTs and for the numbers in presence events. Safe for use by many threads.</summary>
internal sealed class ClientHistory
{
    private readonly TimeProvider _clock;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Record> _records = new(StringComparer.Ordinal);

    public ClientHistory(TimeProvider clock)
    {
        _clock = clock;
    }

    /// <summary>Takes note of a CONNECT, unless one with the same client id came less than <see cref="BrokerLimits.ConnectInterval"/> ago.</summary>
    /// <param name="clientId">The client id.</param>
    /// <returns>Whether it may go on.</returns>
    public bool TryConnect(string clientId)
    {
        lock (_gate)
        {
            var now = _clock.GetUtcNow();
            var record = Open(clientId, now);
            if (now - record.LastConnect < BrokerLimits.ConnectInterval)
            {
                return false;
            }

            record.LastConnect = now;
            return true;
        }
    }

    /// <summary>A client id is connected.</summary>
    /// <returns>The number of the connection: 0, 1, 2 …; from 0 again after an hour without one (developer guide, "Lifecycle events").</returns>
    public long Enter(string clientId)
    {
        lock (_gate)
        {
            var now = _clock.GetUtcNow();
            var record = Open(clientId, now);
            if (record.Connections == 0 && now - record.LastSeen >= BrokerLimits.SessionLife)
            {
                record.NextVersion = 0;
            }

            record.Connections++;
            return record.NextVersion++;
        }
    }

    /// <summary>One connection of a client id has ended.</summary>
    public void Leave(string clientId)
    {
        lock (_gate)
        {
            var now = _clock.GetUtcNow();
            var record = Open(clientId, now);
            record.Connections--;
            record.LastSeen = now;
        }
    }

    private Record Open(string clientId, DateTimeOffset now)
    {
        if (_records.TryGetValue(clientId, out var record))
        {
            return record;
        }

        if (_records.Count >= BrokerLimits.MaximumClientsRemembered)
        {
            // Whoever makes up client ids costs the others a number in an event, and LocalCloud no more memory.
            foreach (var (other, old) in _records)
            {
                if (old.Connections == 0 && now - old.LastConnect >= BrokerLimits.ConnectInterval)
                {
                    _records.Remove(other);
                }
            }
        }

        record = new Record { LastSeen = now };
        _records.Add(clientId, record);
        return record;
    }

    private sealed class Record
    {
        public DateTimeOffset LastConnect { get; set; }

        public DateTimeOffset LastSeen { get; set; }

        public int Connections { get; set; }

        public long NextVersion { get; set; }
    }
}
