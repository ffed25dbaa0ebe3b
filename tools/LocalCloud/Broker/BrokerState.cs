namespace LocalCloud;

/// <summary>What a broker hands to the next one: retained messages and persistent sessions.</summary>
/// <param name="Retained">The retained messages.</param>
/// <param name="Sessions">The sessions whose clients are away.</param>
internal sealed record BrokerState(IReadOnlyList<KeptRetainedMessage> Retained, IReadOnlyList<KeptSession> Sessions);
