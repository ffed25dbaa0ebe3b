using System.Collections.Concurrent;

namespace LocalCloud;

/// <summary>Counts what happens, from the start on, for whoever looks from outside. Safe for use by many threads.</summary>
internal sealed class CloudCounters
{
    private readonly ConcurrentDictionary<string, long> _refusedConnects = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, long> _denials = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, long> _accepted = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, long> _rejected = new(StringComparer.Ordinal);
    private long _connections;
    private long _messagesIn;
    private long _messagesOut;

    /// <summary>CONNECTs that were accepted.</summary>
    public long Connections => Interlocked.Read(ref _connections);

    /// <summary>Messages that clients published and that were taken.</summary>
    public long MessagesIn => Interlocked.Read(ref _messagesIn);

    /// <summary>Messages that were sent to clients, answers of the provisioning API among them.</summary>
    public long MessagesOut => Interlocked.Read(ref _messagesOut);

    /// <summary>
    /// Connections that ended before their CONNECT was accepted, by reason: AWS's words for those whose handshake was done,
    /// and TLS_SERVER_NAME, REGION_OFF, TLS_CLIENT_CERTIFICATE, TLS_HANDSHAKE for the others.
    /// </summary>
    public IReadOnlyDictionary<string, long> RefusedConnects => _refusedConnects;

    /// <summary>What policies did not permit, by action.</summary>
    public IReadOnlyDictionary<string, long> Denials => _denials;

    /// <summary>Provisioning requests that were accepted, by operation.</summary>
    public IReadOnlyDictionary<string, long> ProvisioningAccepted => _accepted;

    /// <summary>Provisioning requests that were rejected, by status and error code.</summary>
    public IReadOnlyDictionary<string, long> ProvisioningRejected => _rejected;

    public void CountConnection() => Interlocked.Increment(ref _connections);

    public void CountMessageIn() => Interlocked.Increment(ref _messagesIn);

    public void CountMessageOut() => Interlocked.Increment(ref _messagesOut);

    /// <summary>A connection ended before its CONNECT was accepted.</summary>
    public void CountRefusedConnect(DisconnectReason reason) =>
        Count(_refusedConnects, string.Concat(reason.ToString().Select((c, index) => index > 0 && char.IsUpper(c) ? "_" + c : char.ToUpperInvariant(c).ToString())));

    /// <summary>A connection did not get through its TLS handshake.</summary>
    public void CountRefusedHandshake(string reason) => Count(_refusedConnects, reason);

    public void CountDenial(string action) => Count(_denials, action);

    public void Count(ProvisioningOutcome outcome)
    {
        if (outcome.IsAccepted)
        {
            Count(_accepted, outcome.Operation.ToString());
        }
        else
        {
            Count(_rejected, $"{outcome.StatusCode} {outcome.ErrorCode}");
        }
    }

    private static void Count(ConcurrentDictionary<string, long> counts, string key) => counts.AddOrUpdate(key, 1, (_, count) => count + 1);
}
