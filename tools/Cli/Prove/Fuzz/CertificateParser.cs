using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using DeviceAgent.Identity;

namespace Cli.Prove.Fuzz;

/// <summary>The certificate that the factory has put into the board's storage: PEM, and DER within it.</summary>
internal sealed class CertificateParser : FuzzParser
{
    // Made by OpenSSL. Their keys were never kept
    private static readonly byte[] s_utf8 =
    [
        .. """
            -----BEGIN CERTIFICATE-----
            MIIBVzCB/wIIHy49TFtqeYgwCgYIKoZIzj0EAwIwNTELMAkGA1UEBhMCSlAxDTAL
            BgNVBAoMBHNtcGwxFzAVBgNVBAMMDmJvYXJkLTAxOkFCX2NkMB4XDTI2MDEwMjAz
            MDQwNVoXDTQ5MTIzMTIzNTk1OVowNTELMAkGA1UEBhMCSlAxDTALBgNVBAoMBHNt
            cGwxFzAVBgNVBAMMDmJvYXJkLTAxOkFCX2NkMFkwEwYHKoZIzj0CAQYIKoZIzj0D
            AQcDQgAEvlCglKIjRVvMlS0NKsX9XOaDV8OfF7mrC7vwZqA5vF2RTOCF7nXHpIIu
            ML1PcU7UVDsWg8QA0LMcdyIzUwUKNDAKBggqhkjOPQQDAgNHADBEAiBYJEnZ3OfA
            tDG063AOn0oDMocLW6h8XE2X5cC/v+9dfwIgAkf/M9rrPo7oEVcgASx7irhxNALU
            pWTuX0iGEqPVVuw=
            -----END CERTIFICATE-----
            """u8,
    ];

    private static readonly byte[] s_generalizedTime =
    [
        .. """
            -----BEGIN CERTIFICATE-----
            MIIBSzCB8wIIHy49TFtqeYgwCgYIKoZIzj0EAwIwLTEOMAwGA1UEAxMFZmlyc3Qx
            CjAIBgNVBAsTAXgxDzANBgNVBAMTBnNlY29uZDAiGA8yMDUwMDIyODEyMDAwMFoY
            Dzk5OTkxMjMxMjM1OTU5WjAtMQ4wDAYDVQQDEwVmaXJzdDEKMAgGA1UECxMBeDEP
            MA0GA1UEAxMGc2Vjb25kMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEv6otxIFJ
            Iryp0asnWu1WEiarUXegQ6yKIy6o4xV5wCJW+YULzd0Ko9Wl9gJTaL3bdZPho65b
            S1bKQ2BqK+gmeTAKBggqhkjOPQQDAgNHADBEAiBTe6YXIHJp58GYH5I7fMz8f9a2
            Rqj5k9+ljevwSHYmCgIgUAyVmCOsLxKyeuDx3oPWBftKR4YcI0QgoRHLQMIW3c4=
            -----END CERTIFICATE-----
            """u8,
    ];

    private static readonly byte[] s_multivalued =
    [
        .. """
            -----BEGIN CERTIFICATE-----
            MIIBSTCB8QIIHy49TFtqeYgwCgYIKoZIzj0EAwIwLjENMAsGA1UECgwEc21wbDEd
            MAsGA1UEBRMEMDA0MjAOBgNVBAMMB3ByZXNzLTcwHhcNOTkxMjMxMjM1OTU5WhcN
            MDAwMTAxMDAwMDAwWjAuMQ0wCwYDVQQKDARzbXBsMR0wCwYDVQQFEwQwMDQyMA4G
            A1UEAwwHcHJlc3MtNzBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABMeB9N5f7nXE
            plSOduowqCzG/wVdPqWfVQcGzzzhvz6t4xFwQbTABtIviaft4d5XlgKqToMbhDHj
            n0X+1CIXgIgwCgYIKoZIzj0EAwIDRwAwRAIgeLx5HS4EXLDQQFWHcSwGKvZ8rKJx
            uS+651GMn6XJ0PQCIEFbkCUwfJDlyPw7/iih6D5XHs3c3AGh3A5/6f9nzmkP
            -----END CERTIFICATE-----
            """u8,
    ];

    private static readonly byte[] s_nameless =
    [
        .. """
            -----BEGIN CERTIFICATE-----
            MIIBJTCBzQIIHy49TFtqeYgwCgYIKoZIzj0EAwIwHDENMAsGA1UECgwEc21wbDEL
            MAkGA1UECwwCQ04wHhcNMjYwMTAyMDMwNDA1WhcNMzYwMTAyMDMwNDA1WjAcMQ0w
            CwYDVQQKDARzbXBsMQswCQYDVQQLDAJDTjBZMBMGByqGSM49AgEGCCqGSM49AwEH
            A0IABNA4j04iL5b3w05SEpKqbIll4Q7gO/wLV8ckDBnNoBlONLDqCSBRAXwBeXkt
            dvFW/L6jkvcbq8AAyR72yRAMREowCgYIKoZIzj0EAwIDRwAwRAIgaMt+Kqe5WLny
            9KVRqx409VToFQP/CN/Kp7EYhKfyHS0CIBV0upEu08XmGT8HEjHka4YQ6Q/ZyuCZ
            wxNWE4izLoUh
            -----END CERTIFICATE-----
            """u8,
    ];

    private static readonly byte[][] s_corpus = [s_utf8, s_generalizedTime, s_multivalued, s_nameless, [.. "text before\r\n"u8, .. s_utf8, .. "\r\n"u8, .. s_nameless, 0]];

    /// <inheritdoc/>
    public override IReadOnlyList<byte[]> Corpus => s_corpus;

    /// <summary>A leaf with its CA takes less.</summary>
    public override int LongestInput => 8_192;

    /// <inheritdoc/>
    public override int FixedAllocation => 512;

    /// <summary>What its base 64 stands for, twice, and the name as characters and as a string.</summary>
    public override int AllocationPerByte => 6;

    /// <summary>Changes bytes of the DER, most of them where lengths, tags and times are.</summary>
    public override byte[] Mutate(byte[] document, Random random)
    {
        List<byte> der = [.. Der(document)];
        ByteChanges changes = new(random);
        for (int count = 1 + random.Next(3); count > 0 && der.Count > 0; count--)
        {
            changes.Change(der, random.Next(random.Next(3) == 0 ? der.Count : Math.Min(der.Count, 200)));
        }

        return Encoding.ASCII.GetBytes(PemEncoding.Write("CERTIFICATE", der.ToArray()));
    }

    /// <inheritdoc/>
    public override object? Parse(byte[] input) => CertificateReader.Read(input);

    /// <inheritdoc/>
    public override void Check(byte[] input, object? result)
    {
        if (result is not CertificateReader read)
        {
            return;
        }

        Require(read.CommonName is null || read.CommonName.All(c => c is >= ' ' and <= '~'), "the common name is not fit for the log");
        Require(read.NotBefore >= DateTimeOffset.MinValue.ToUnixTimeSeconds() && read.NotBefore <= DateTimeOffset.MaxValue.ToUnixTimeSeconds(), "it is valid from a time that there is not");
        Require(read.GetId() == Convert.ToHexStringLower(SHA256.HashData(Der(input))), "its id is not the SHA-256 of its DER");
        X509Certificate2? other = null;
        try
        {
            other = X509CertificateLoader.LoadCertificate(Der(input));
        }
        catch (CryptographicException)
        {
            // .NET looks at more of it: the key, the signature, the extensions
        }

        using (other)
        {
            if (other is not null)
            {
                Require(new DateTimeOffset(other.NotBefore).ToUnixTimeSeconds() == read.NotBefore && new DateTimeOffset(other.NotAfter).ToUnixTimeSeconds() == read.NotAfter, "it is valid at other times to .NET");
            }
        }
    }

    /// <summary>The DER of the first certificate; empty where there is none.</summary>
    private static byte[] Der(byte[] pem)
    {
        string text = Encoding.Latin1.GetString(pem);
        int start = text.IndexOf("-----BEGIN CERTIFICATE-----", StringComparison.Ordinal);
        int end = start < 0 ? -1 : text.IndexOf("-----END CERTIFICATE-----", start, StringComparison.Ordinal);
        byte[] der = new byte[pem.Length];
        return end >= 0 && Convert.TryFromBase64String(text[(start + 27)..end], der, out int length) ? der[..length] : [];
    }
}
