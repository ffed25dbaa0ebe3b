using System.Text;

namespace Cli.Prove.Fuzz;

/// <summary>Documents that several parsers are tried with, of the sizes that AWS's have.</summary>
internal static class SampleDocuments
{
    /// <summary>A certificate's PEM text: of its real size, but no certificate, which the parsers here do not look into.</summary>
    public static string CertificatePem { get; } = Pem("CERTIFICATE", 860);

    /// <summary>The PEM text of a 2048-bit RSA key, likewise.</summary>
    public static string KeyPem { get; } = Pem("RSA PRIVATE KEY", 1_192);

    /// <summary>A certificate's id.</summary>
    public static string CertificateId { get; } = new('5', 64);

    /// <summary>An ownership token, as long as AWS's.</summary>
    public static string Token { get; } = Convert.ToBase64String(Bytes(380));

    /// <summary>The answer to CreateKeysAndCertificate.</summary>
    public static string CreateAnswer { get; } =
        $$"""{"certificateId":"{{CertificateId}}","certificatePem":"{{InJson(CertificatePem)}}","privateKey":"{{InJson(KeyPem)}}","certificateOwnershipToken":"{{Token}}"}""";

    /// <summary>A text as a JSON string has it, without its quotes.</summary>
    public static string InJson(string text) => text.Replace("\n", "\\n", StringComparison.Ordinal);

    private static string Pem(string label, int length)
    {
        StringBuilder pem = new($"-----BEGIN {label}-----\n");
        foreach (char[] line in Convert.ToBase64String(Bytes(length)).Chunk(64))
        {
            pem.Append(line).Append('\n');
        }

        return pem.Append($"-----END {label}-----\n").ToString();
    }

    private static byte[] Bytes(int length)
    {
        byte[] bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }
}
