using System.Net;

namespace LocalCloud;

/// <summary>What policies can ask about a connection that is not in the registry.</summary>
/// <param name="ClientId">The client id of its CONNECT.</param>
/// <param name="SourceAddress">Where it comes from, or null where that is not known.</param>
/// <param name="IsPersistent">Whether it asked to keep its session: clean session is 0.</param>
/// <param name="LastWillTopic">The topic of its will, or null where it has none.</param>
public sealed record PolicyConnection(string ClientId, IPAddress? SourceAddress, bool IsPersistent, string? LastWillTopic)
{
    /// <summary>What it asked for beyond the ordinary.</summary>
    public IReadOnlyList<string> Attributes { get; } = (IsPersistent, LastWillTopic is not null) switch
    {
        (true, true) => [ConnectAttribute.PersistentConnect, ConnectAttribute.LastWill],
        (true, false) => [ConnectAttribute.PersistentConnect],
        (false, true) => [ConnectAttribute.LastWill],
        _ => [],
    };
}
