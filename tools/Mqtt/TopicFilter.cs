namespace Mqtt;

/// <summary>Topic filters: what subscriptions ask for (MQTT 3.1.1 §4.7).</summary>
public static class TopicFilter
{
    /// <summary>
    /// Whether <paramref name="filter"/> can be subscribed to: 1 to 65,535 bytes of UTF-8, no U+0000, <c>+</c> alone in its
    /// level, <c>#</c> alone in the last one.
    /// </summary>
    /// <param name="filter">The topic filter.</param>
    public static bool IsValid(string filter)
    {
        ArgumentNullException.ThrowIfNull(filter);
        return FindFault(filter) is null;
    }

    /// <summary>Whether a message published to <paramref name="topic"/> goes to a subscription for <paramref name="filter"/>.</summary>
    /// <remarks>A wildcard in the first level does not match a topic that begins with <c>$</c> (MQTT-4.7.2-1).</remarks>
    /// <param name="filter">A valid topic filter.</param>
    /// <param name="topic">A valid topic name.</param>
    /// <param name="hashMatchesParent">
    /// Whether <c>sport/#</c> matches <c>sport</c> too: true as the standard has it, false as AWS IoT Core does it.
    /// </param>
    public static bool Matches(string filter, string topic, bool hashMatchesParent = true)
    {
        ArgumentNullException.ThrowIfNull(filter);
        ArgumentNullException.ThrowIfNull(topic);

        ReadOnlySpan<char> filterRest = filter;
        ReadOnlySpan<char> topicRest = topic;
        if (topicRest.StartsWith('$') && filterRest.Length > 0 && filterRest[0] is '+' or '#')
        {
            return false;
        }

        while (true)
        {
            var filterLevel = TakeLevel(ref filterRest, out var filterEnded);
            if (filterLevel is "#")
            {
                return true;
            }

            var topicLevel = TakeLevel(ref topicRest, out var topicEnded);
            if (filterLevel is not "+" && !filterLevel.SequenceEqual(topicLevel))
            {
                return false;
            }

            if (topicEnded)
            {
                return filterEnded || (hashMatchesParent && filterRest is "#");
            }

            if (filterEnded)
            {
                return false;
            }
        }
    }

    /// <summary>What is wrong with <paramref name="filter"/>, or null.</summary>
    internal static string? FindFault(string filter)
    {
        if (Utf8String.FindFault(filter, minimumBytes: 1) is { } fault)
        {
            return "the topic filter " + fault;
        }

        ReadOnlySpan<char> rest = filter;
        bool ended;
        do
        {
            var level = TakeLevel(ref rest, out ended);
            if (level.Length > 1 && level.ContainsAny('+', '#'))
            {
                return "the topic filter has a wildcard that does not stand alone in its level";
            }

            if (level is "#" && !ended)
            {
                return "the topic filter has a '#' that is not its last level";
            }
        }
        while (!ended);

        return null;
    }

    private static ReadOnlySpan<char> TakeLevel(ref ReadOnlySpan<char> rest, out bool ended)
    {
        var slash = rest.IndexOf('/');
        ended = slash < 0;
        var level = ended ? rest : rest[..slash];
        rest = ended ? [] : rest[(slash + 1)..];
        return level;
    }
}
