namespace LocalCloud;

/// <summary>The retained messages, one a topic. Safe for use by many threads.</summary>
internal sealed class RetainedMessages
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, RetainedMessage> _messages = new(StringComparer.Ordinal);
    private long _bytes;

    /// <summary>Where changes are kept, or null.</summary>
    public BrokerJournal? Journal { get; set; }

    /// <summary>Keeps a message in place of the one of its topic; an empty one only takes that away.</summary>
    /// <param name="message">The message.</param>
    /// <returns>False when there is no room: then the old one stays.</returns>
    public bool TryPut(RetainedMessage message)
    {
        lock (_gate)
        {
            _messages.TryGetValue(message.Topic, out var old);
            var bytes = _bytes - (old?.Payload.Length ?? 0) + message.Payload.Length;
            if (message.Payload.IsEmpty)
            {
                _messages.Remove(message.Topic);
            }
            else if (bytes > BrokerLimits.MaximumRetainedBytes || (old is null && _messages.Count >= BrokerLimits.MaximumRetained))
            {
                return false;
            }
            else
            {
                _messages[message.Topic] = message;
            }

            _bytes = bytes;
            if (old is not null || !message.Payload.IsEmpty)
            {
                Journal?.Add(new BrokerChange.Retained(message.Topic, message.Payload, message.QoS));
            }

            return true;
        }
    }

    /// <summary>The message of a topic, or null.</summary>
    /// <param name="topic">The topic.</param>
    public RetainedMessage? Find(string topic)
    {
        lock (_gate)
        {
            return _messages.GetValueOrDefault(topic);
        }
    }
}
