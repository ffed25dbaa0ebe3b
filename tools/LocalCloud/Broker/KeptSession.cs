using Mqtt;

namespace LocalCloud;

/// <summary>A persistent session as <see cref="BrokerState"/> has it.</summary>
internal sealed class KeptSession
{
    /// <summary>When it ends unless the client comes back; null while the client is connected.</summary>
    public DateTimeOffset? KeptUntil { get; set; }

    /// <summary>The identifier that was used last.</summary>
    public ushort LastPacketId { get; set; }

    /// <summary>Filters, with what was granted.</summary>
    public Dictionary<string, QualityOfService> Subscriptions { get; } = new(StringComparer.Ordinal);

    /// <summary>What the client has not acknowledged, by the numbers that its messages get in the order they are to be sent.</summary>
    public SortedDictionary<long, KeptMessage> Messages { get; } = [];
}
