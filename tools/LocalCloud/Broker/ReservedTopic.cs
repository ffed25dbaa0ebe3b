using System.Diagnostics.CodeAnalysis;

namespace LocalCloud;

/// <summary>
/// The reserved topics that clients may publish to though LocalCloud does not have the service behind them (developer guide,
/// "Reserved topics"): a device that uses one of them must not lose the connection that it has for everything else.
/// </summary>
/// <param name="Service">What would answer.</param>
/// <param name="HasSubscribers">Whether what is published there also comes to those who subscribed to it.</param>
internal sealed record ReservedTopic(string Service, bool HasSubscribers)
{
    private const string RulesPrefix = "$aws/rules/";

    private static readonly ReservedTopic s_rules = new("rules", HasSubscribers: false);
    private static readonly ReservedTopic s_shadows = new("device shadows", HasSubscribers: true);
    private static readonly ReservedTopic s_jobs = new("jobs", HasSubscribers: false);
    private static readonly ReservedTopic s_streams = new("file streams", HasSubscribers: false);
    private static readonly ReservedTopic s_defender = new("Device Defender", HasSubscribers: false);
    private static readonly ReservedTopic s_location = new("device location", HasSubscribers: false);

    /// <summary>Finds what a topic is for.</summary>
    /// <param name="topic">The topic of a PUBLISH.</param>
    /// <param name="parsed">What it is for; null where clients may not publish to it, or where it is none of these.</param>
    public static bool TryParse(string topic, [NotNullWhen(true)] out ReservedTopic? parsed)
    {
        var levels = topic.Split('/');
        parsed = levels.Contains("") && !topic.StartsWith(RulesPrefix, StringComparison.Ordinal) ? null : levels switch
        {
            ["$aws", "rules", not "", ..] => s_rules,
            ["$aws", "things", _, "shadow", "get" or "update" or "delete"] => s_shadows,
            ["$aws", "things", _, "shadow", "name", _, "get" or "update" or "delete"] => s_shadows,
            ["$aws", "things", _, "jobs", "get" or "start-next"] => s_jobs,
            ["$aws", "things", _, "jobs", _, "get" or "update"] => s_jobs,
            ["$aws", "things", _, "streams", _, "get" or "describe", "json" or "cbor"] => s_streams,
            ["$aws", "things", _, "defender", "metrics", "json" or "cbor"] => s_defender,
            ["$aws", "device_location", _, "get_position_estimate"] => s_location,
            _ => null,
        };
        return parsed is not null;
    }

    /// <summary>Whether clients may subscribe to a filter that begins with $: below what services publish to, or to all of it.</summary>
    /// <param name="filter">The filter.</param>
    public static bool MaySubscribe(string filter) => filter.Split('/') is
        ["$aws", "#" or "+" or "events" or "things" or "certificates" or "provisioning-templates" or "sitewise" or "device_location", ..];

    /// <summary>The part of a topic that the limits on topics are about: all of it, but for the mandatory front of Basic Ingest.</summary>
    /// <param name="topic">The topic.</param>
    public static string WithoutRule(string topic) =>
        topic.StartsWith(RulesPrefix, StringComparison.Ordinal) && topic.IndexOf('/', RulesPrefix.Length) is var end and >= 0 ? topic[(end + 1)..] : topic;
}
