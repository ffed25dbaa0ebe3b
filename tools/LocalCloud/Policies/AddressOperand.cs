using System.Globalization;
using System.Net;

namespace LocalCloud;

/// <summary>An IP address, or a range of them as <c>ADDRESS/BITS</c>.</summary>
internal sealed class AddressOperand : ConditionOperand
{
    private readonly IPNetwork _network;

    private AddressOperand(IPNetwork network)
    {
        _network = network;
    }

    public static AddressOperand Parse(DocumentNode node)
    {
        var parts = node.Text().Split('/');
        if (parts.Length > 2 || !IPAddress.TryParse(parts[0], out var address))
        {
            throw node.Fault("must be an IP address or a range, such as 203.0.113.0/24");
        }

        var bytes = address.GetAddressBytes();
        var bits = bytes.Length * 8;
        if (parts.Length == 2 && (!int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out bits) || bits > bytes.Length * 8))
        {
            throw node.Fault($"must have 0 to {bytes.Length * 8} bits after the slash");
        }

        // The bits of the host count for nothing, and IPNetwork wants them to be 0.
        for (var bit = bits; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        }

        return new AddressOperand(new IPNetwork(new IPAddress(bytes), bits));
    }

    public override bool Matches(string candidate, PolicyContext context, out PolicyVariable? unresolved)
    {
        unresolved = null;
        return IPAddress.TryParse(candidate, out var address) && _network.Contains(address);
    }
}
