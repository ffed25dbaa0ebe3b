using System.Text;

namespace LocalCloud;

/// <summary>The limits of AWS IoT Core's message broker (AWS IoT Core quotas; developer guide, "MQTT"), and a few of LocalCloud's own.</summary>
internal static class BrokerLimits
{
    /// <summary>The longest payload, in bytes: 128 KB.</summary>
    public const int MaximumPayload = 128 * 1024;

    /// <summary>
    /// The longest packet that is read at all, in bytes: the longest payload and room for the longest topic, or eight filters.
    /// </summary>
    public const int MaximumPacket = MaximumPayload + (16 * 1024);

    /// <summary>The longest topic or filter, in bytes of UTF-8.</summary>
    public const int MaximumTopic = 256;

    /// <summary>The most slashes in a topic or filter.</summary>
    public const int MaximumSlashes = 7;

    /// <summary>The most filters in one SUBSCRIBE.</summary>
    public const int MaximumFilters = 8;

    /// <summary>The most subscriptions of a connection.</summary>
    public const int MaximumSubscriptions = 50;

    /// <summary>The longest client id, in bytes of UTF-8.</summary>
    public const int MaximumClientId = 128;

    /// <summary>The shortest and the longest keep-alive, in seconds; 0 and whatever is above becomes the longest.</summary>
    public const int ShortestKeepAlive = 30;
    public const int LongestKeepAlive = 1200;

    /// <summary>The most QoS 1 messages on their way to a client without its PUBACK; the next ones wait.</summary>
    public const int MaximumUnacknowledged = 100;

    /// <summary>LocalCloud's own: the messages and bytes that wait for one client before it is cut for not taking them.</summary>
    public const int MaximumWaitingPackets = 10_000;
    public const int MaximumWaitingBytes = 16 * 1024 * 1024;

    /// <summary>LocalCloud's own: how long a connection may exist without CONNECT.</summary>
    public static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(30);

    /// <summary>What AWS would refuse about a topic or filter, or null.</summary>
    /// <param name="topic">A topic or filter that MQTT allows.</param>
    public static string? FindTopicFault(string topic)
    {
        var bytes = Encoding.UTF8.GetByteCount(topic);
        if (bytes > MaximumTopic)
        {
            return $"{bytes} bytes are more than the {MaximumTopic} of a topic";
        }

        var slashes = topic.Count(c => c == '/');
        return slashes > MaximumSlashes ? $"{slashes} slashes are more than the {MaximumSlashes} of a topic" : null;
    }

    /// <summary>The keep-alive that counts, for the one that a client asks for, in seconds.</summary>
    /// <param name="asked">As in CONNECT.</param>
    public static TimeSpan KeepAlive(int asked) =>
        TimeSpan.FromSeconds(asked == 0 ? LongestKeepAlive : Math.Clamp(asked, ShortestKeepAlive, LongestKeepAlive));
}
