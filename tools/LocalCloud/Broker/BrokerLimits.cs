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

    /// <summary>The most acknowledgements that a client has coming; it is not listened to until it takes some.</summary>
    public const int MaximumUnanswered = 100;

    /// <summary>The most messages that a connection may publish in a second; the excess is discarded.</summary>
    public const int PublishesPerSecond = 100;

    /// <summary>The most bytes that are taken from a connection in a second; the excess waits.</summary>
    public const int BytesPerSecond = 512 * 1024;

    /// <summary>The most messages a second of those that a persistent session kept while its client was away.</summary>
    public const int KeptMessagesPerSecond = 10;

    /// <summary>The most retained messages (AWS's quota for an account), and LocalCloud's own limit of their bytes.</summary>
    public const int MaximumRetained = 500_000;
    public const long MaximumRetainedBytes = 256 * 1024 * 1024;

    /// <summary>LocalCloud's own: the QoS 1 messages and bytes that one session keeps for its client, and bytes that all do.</summary>
    public const int MaximumQueuedMessages = 10_000;
    public const int MaximumQueuedBytes = 16 * 1024 * 1024;
    public const long MaximumQueuedBytesOfAll = 256 * 1024 * 1024;

    /// <summary>LocalCloud's own: the persistent sessions that are kept for clients that are away.</summary>
    public const int MaximumKeptSessions = 10_000;

    /// <summary>LocalCloud's own: the client ids whose CONNECTs are remembered.</summary>
    public const int MaximumClientsRemembered = 100_000;

    /// <summary>LocalCloud's own: the messages and bytes that wait for one client before it is cut for not taking them.</summary>
    public const int MaximumWaitingPackets = 10_000;
    public const int MaximumWaitingBytes = 16 * 1024 * 1024;

    /// <summary>LocalCloud's own: the bytes that may wait for a client that messages are still repeated to.</summary>
    public const int MaximumWaitingBytesForRepeats = MaximumWaitingBytes / 8;

    /// <summary>LocalCloud's own: how long a connection may exist without CONNECT.</summary>
    public static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(30);

    /// <summary>The shortest time between two CONNECTs with one client id.</summary>
    public static readonly TimeSpan ConnectInterval = TimeSpan.FromSeconds(1);

    /// <summary>How long a persistent session outlives its connection, and how long a QoS 1 message waits for its PUBACK.</summary>
    public static readonly TimeSpan SessionLife = TimeSpan.FromHours(1);

    /// <summary>
    /// How long a QoS 1 message is under way before it is sent again. AWS documents only that it gives up after an hour; it
    /// takes 30 s and a little (aws/amazon-freertos pull request 2517, aws/aws-iot-device-sdk-cpp issue 12).
    /// </summary>
    public static readonly TimeSpan RepeatInterval = TimeSpan.FromSeconds(30);

    /// <summary>What AWS would refuse about a topic or filter, or null.</summary>
    /// <param name="topic">A topic or filter that MQTT allows.</param>
    public static string? FindTopicFault(string topic)
    {
        topic = ReservedTopic.WithoutRule(topic);
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
