using System.Text;

namespace Tests.VirtualDevice;

/// <summary>PEM as a board's storage gives it to the TLS layer.</summary>
internal static class Pem
{
    /// <summary>The text's bytes and a zero byte.</summary>
    public static byte[] Bytes(string pem) => [.. Encoding.ASCII.GetBytes(pem), 0];
}
