using Mqtt;

namespace LocalCloud;

/// <summary>A persistent session whose client is away.</summary>
/// <param name="ClientId">The client.</param>
/// <param name="KeptUntil">When it ends unless the client comes back.</param>
/// <param name="LastPacketId">The identifier that was used last.</param>
/// <param name="Subscriptions">Filters, with what was granted.</param>
/// <param name="Messages">What the client has not acknowledged, in the order it is to be sent.</param>
internal sealed record KeptSession(
    string ClientId,
    DateTimeOffset KeptUntil,
    ushort LastPacketId,
    IReadOnlyDictionary<string, QualityOfService> Subscriptions,
    IReadOnlyList<KeptMessage> Messages);
