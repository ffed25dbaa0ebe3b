namespace Mqtt;

/// <summary>Topic names: what messages are published to (MQTT 3.1.1 §4.7).</summary>
public static class TopicName
{
    /// <summary>Whether a message can be published to <paramref name="topic"/>: 1 to 65,535 bytes of UTF-8, no U+0000, no <c>+</c>, no <c>#</c>.</summary>
    /// <param name="topic">The topic name.</param>
    public static bool IsValid(string topic)
    {
        ArgumentNullException.ThrowIfNull(topic);
        return FindFault(topic) is null;
    }

    /// <summary>What is wrong with <paramref name="topic"/>, or null.</summary>
    internal static string? FindFault(string topic)
    {
        if (topic.AsSpan().ContainsAny('+', '#'))
        {
            return "the topic name holds a wildcard";
        }

        return Utf8String.FindFault(topic, minimumBytes: 1) is { } fault ? "the topic name " + fault : null;
    }
}
