using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace LocalCloud;

/// <summary>Certificate ownership tokens: what a device shows to register the certificate that it was given.</summary>
internal static class OwnershipToken
{
    /// <summary>How long one is accepted (developer guide, "Device provisioning MQTT API").</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    /// <summary>400 characters: AWS's own clients set 512 bytes aside for one (facts: fleet_provisioning_with_csr_demo.c, rustot).</summary>
    private const int RandomBytes = 300;

    public static string Create() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(RandomBytes));

    public static string Hash(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));
}
