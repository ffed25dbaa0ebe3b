using System.Net;

namespace LocalCloud;

/// <summary>
/// The TLS handshakes that are not done, by address. Of those from one address only so many are kept: when one more comes,
/// the oldest goes, and one that has said nothing goes first. So a crowd that connects and never speaks does not keep out a
/// client that does, not even one at the same address.
/// </summary>
internal sealed class PendingHandshakes
{
    /// <summary>The most of one address. LocalCloud's own: more than a herd of boards has under way while two cores do their cryptography.</summary>
    public const int MaximumOfAnAddress = 256;

    private readonly Lock _gate = new();
    private readonly Dictionary<IPAddress, LinkedList<PendingHandshake>> _byAddress = [];

    /// <summary>Takes one in, and ends another where there are too many.</summary>
    public void Add(PendingHandshake handshake)
    {
        PendingHandshake? surplus = null;
        lock (_gate)
        {
            if (!_byAddress.TryGetValue(handshake.Address, out var pending))
            {
                _byAddress.Add(handshake.Address, pending = []);
            }

            if (pending.Count >= MaximumOfAnAddress)
            {
                surplus = pending.FirstOrDefault(other => !other.HasBegun) ?? pending.First!.Value;
                pending.Remove(surplus);
            }

            pending.AddLast(handshake);
        }

        surplus?.Cut($"{MaximumOfAnAddress} more from its address have not finished their TLS handshake either, and it was the one to go");
    }

    /// <summary>Takes one out, if it is there.</summary>
    public void Remove(PendingHandshake handshake)
    {
        lock (_gate)
        {
            if (_byAddress.TryGetValue(handshake.Address, out var pending) && pending.Remove(handshake) && pending.Count == 0)
            {
                _byAddress.Remove(handshake.Address);
            }
        }
    }
}
