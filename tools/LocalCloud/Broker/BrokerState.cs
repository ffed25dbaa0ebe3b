namespace LocalCloud;

/// <summary>What a broker hands to the next one: retained messages and persistent sessions. For one thread at a time.</summary>
internal sealed class BrokerState
{
    /// <summary>The retained messages, by topic.</summary>
    public Dictionary<string, RetainedMessage> Retained { get; } = new(StringComparer.Ordinal);

    /// <summary>The persistent sessions, by client id.</summary>
    public Dictionary<string, KeptSession> Sessions { get; } = new(StringComparer.Ordinal);

    /// <summary>Takes a change in. One that goes on from what is not there, because a line was lost, does what it can.</summary>
    public void Apply(BrokerChange change)
    {
        switch (change)
        {
            case BrokerChange.Retained { Payload.IsEmpty: true } gone:
                Retained.Remove(gone.Topic);
                break;

            case BrokerChange.Retained retained:
                Retained[retained.Topic] = new RetainedMessage(retained.Topic, retained.Payload, retained.QoS);
                break;

            case BrokerChange.Connected { IsNew: true } connected:
                Sessions[connected.Client] = new KeptSession();
                break;

            case BrokerChange.Connected connected:
                SessionOf(connected.Client).KeptUntil = null;
                break;

            case BrokerChange.Left left:
                SessionOf(left.Client).KeptUntil = left.Until;
                break;

            case BrokerChange.Ended ended:
                Sessions.Remove(ended.Client);
                break;

            case BrokerChange.Subscribed subscribed:
                SessionOf(subscribed.Client).Subscriptions[subscribed.Filter] = subscribed.QoS;
                break;

            case BrokerChange.Unsubscribed unsubscribed:
                SessionOf(unsubscribed.Client).Subscriptions.Remove(unsubscribed.Filter);
                break;

            case BrokerChange.Queued queued:
                SessionOf(queued.Client).Messages[queued.Number] = new KeptMessage(queued.Topic, queued.Payload, queued.Retain, queued.Arrived, PacketId: 0);
                break;

            case BrokerChange.Sent sent:
                var session = SessionOf(sent.Client);
                session.LastPacketId = sent.PacketId;
                if (session.Messages.TryGetValue(sent.Number, out var message))
                {
                    session.Messages[sent.Number] = message with { PacketId = sent.PacketId };
                }

                break;

            case BrokerChange.Done done:
                SessionOf(done.Client).Messages.Remove(done.Number);
                break;
        }
    }

    /// <summary>The changes that make it out of an empty one.</summary>
    public IEnumerable<BrokerChange> ToChanges()
    {
        foreach (var message in Retained.Values)
        {
            yield return new BrokerChange.Retained(message.Topic, message.Payload, message.QoS);
        }

        foreach (var (client, session) in Sessions)
        {
            yield return new BrokerChange.Connected(client, IsNew: true);
            foreach (var (filter, granted) in session.Subscriptions)
            {
                yield return new BrokerChange.Subscribed(client, filter, granted);
            }

            foreach (var (number, message) in session.Messages)
            {
                yield return new BrokerChange.Queued(client, number, message.Topic, message.Payload, message.Retain, message.Arrived);
                if (message.PacketId != 0)
                {
                    yield return new BrokerChange.Sent(client, number, message.PacketId);
                }
            }

            if (session.LastPacketId != 0)
            {
                // Of a message that is not there any more: what is sent next gets an identifier after it.
                yield return new BrokerChange.Sent(client, Number: 0, session.LastPacketId);
            }

            if (session.KeptUntil is { } until)
            {
                yield return new BrokerChange.Left(client, until);
            }
        }
    }

    /// <summary>
    /// Ends the sessions whose time is over. Those whose clients were connected when the earlier broker was killed are kept
    /// as if they had left now.
    /// </summary>
    public void GoOn(DateTimeOffset now)
    {
        foreach (var (client, session) in Sessions)
        {
            session.KeptUntil ??= now + BrokerLimits.SessionLife;
            if (session.KeptUntil <= now)
            {
                Sessions.Remove(client);
            }
        }
    }

    private KeptSession SessionOf(string client)
    {
        if (!Sessions.TryGetValue(client, out var session))
        {
            session = new KeptSession();
            Sessions.Add(client, session);
        }

        return session;
    }
}
