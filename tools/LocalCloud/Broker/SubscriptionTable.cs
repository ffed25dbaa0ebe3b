using System.Runtime.InteropServices;
using Mqtt;

namespace LocalCloud;

/// <summary>Who has subscribed to what. Safe for use by many threads.</summary>
/// <remarks>
/// Devices mostly subscribe to topics of their own, without wildcards: those are found by name. Only filters with
/// wildcards are matched one after the other.
/// </remarks>
internal sealed class SubscriptionTable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Dictionary<ClientSession, QualityOfService>> _topics = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Dictionary<ClientSession, QualityOfService>> _wildcards = new(StringComparer.Ordinal);

    /// <summary>Adds a subscription, or changes the quality of service of the one that is there.</summary>
    public void Add(ClientSession session, string filter, QualityOfService granted)
    {
        lock (_gate)
        {
            ref var subscribers = ref CollectionsMarshal.GetValueRefOrAddDefault(TableOf(filter), filter, out _);
            subscribers ??= [];
            subscribers[session] = granted;
        }
    }

    /// <summary>Takes a subscription out, if it is there.</summary>
    public void Remove(ClientSession session, string filter)
    {
        lock (_gate)
        {
            var table = TableOf(filter);
            if (table.TryGetValue(filter, out var subscribers) && subscribers.Remove(session) && subscribers.Count == 0)
            {
                table.Remove(filter);
            }
        }
    }

    /// <summary>The sessions that a message to <paramref name="topic"/> goes to: each once, at the highest quality of service that its filters were granted.</summary>
    public IReadOnlyCollection<KeyValuePair<ClientSession, QualityOfService>> Match(string topic)
    {
        lock (_gate)
        {
            var matches = new Dictionary<ClientSession, QualityOfService>();
            if (_topics.TryGetValue(topic, out var subscribers))
            {
                Collect(subscribers, matches);
            }

            foreach (var (filter, subscribersOfFilter) in _wildcards)
            {
                if (TopicFilter.Matches(filter, topic, hashMatchesParent: false))
                {
                    Collect(subscribersOfFilter, matches);
                }
            }

            return matches;
        }
    }

    private static void Collect(Dictionary<ClientSession, QualityOfService> subscribers, Dictionary<ClientSession, QualityOfService> matches)
    {
        foreach (var (session, granted) in subscribers)
        {
            ref var highest = ref CollectionsMarshal.GetValueRefOrAddDefault(matches, session, out _);
            highest = highest > granted ? highest : granted;
        }
    }

    private Dictionary<string, Dictionary<ClientSession, QualityOfService>> TableOf(string filter) =>
        filter.AsSpan().ContainsAny('+', '#') ? _wildcards : _topics;
}
