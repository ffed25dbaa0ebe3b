using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using DeviceAgent.Identity;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Tests.VirtualDevice;

/// <summary>The board's reader of certificates beside .NET's.</summary>
[TestClass]
public class CertificateReaderTests
{
    private const int Certificates = 3000;
    private const string CommonName = "2.5.4.3";

    private static readonly string[] s_types = [CommonName, "2.5.4.6", "2.5.4.10", "2.5.4.11", "2.5.4.5", "0.9.2342.19200300.100.1.25"];
    private static readonly UniversalTagNumber[] s_encodings = [UniversalTagNumber.UTF8String, UniversalTagNumber.PrintableString, UniversalTagNumber.IA5String, UniversalTagNumber.T61String, UniversalTagNumber.BMPString];

    [TestMethod]
    public void Certificates_say_what_they_say_to_dotnet()
    {
        using var curve = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var larger = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using var rsa = RSA.Create(2048);
        var nameless = 0;
        for (var seed = 0; seed < Certificates; seed++)
        {
            var random = new Random(seed);
            var subject = new X500DistinguishedName(Name(random));
            var request = random.Next(3) switch
            {
                0 => new CertificateRequest(subject, rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
                1 => new CertificateRequest(subject, larger, HashAlgorithmName.SHA384),
                _ => new CertificateRequest(subject, curve, HashAlgorithmName.SHA256),
            };
            if (random.Next(2) == 0)
            {
                request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
                request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
            }

            // any second from 1900 to the end of time, some on either side of where the form of the time changes
            var turn = new DateTimeOffset(random.Next(2) == 0 ? 1950 : 2050, 1, 1, 0, 0, 0, TimeSpan.Zero);
            var first = random.Next(4) == 0 ? turn.AddSeconds(random.Next(-2, 2)) : new DateTimeOffset(1900, 1, 1, 0, 0, 0, TimeSpan.Zero).AddSeconds(random.NextInt64(8000L * 365 * 86400));
            var last = first.AddSeconds(random.NextInt64((long)(DateTimeOffset.MaxValue - first).TotalSeconds));
            using var made = request.Create(new X500DistinguishedName(Name(random)), X509SignatureGenerator.CreateForECDsa(curve), first, last, Serial(random));

            var lines = made.ExportCertificatePem().ReplaceLineEndings(random.Next(2) == 0 ? "\r\n" : "\n");
            var pem = (random.Next(2) == 0 ? "Subject: CN=other\n" : "") + lines + (random.Next(2) == 0 ? "\0" : "\n");
            var read = CertificateReader.Read(Encoding.ASCII.GetBytes(pem));
            Assert.IsNotNull(read, $"seed {seed}: {pem}");
            Assert.AreEqual(NameOf(made), read.CommonName, $"seed {seed}");
            Assert.AreEqual(new DateTimeOffset(made.NotBefore).ToUnixTimeSeconds(), read.NotBefore, $"seed {seed}");
            Assert.AreEqual(new DateTimeOffset(made.NotAfter).ToUnixTimeSeconds(), read.NotAfter, $"seed {seed}");
            Assert.AreEqual(Convert.ToHexStringLower(made.GetCertHash(HashAlgorithmName.SHA256)), read.GetId(), $"seed {seed}");
            nameless += read.CommonName is null ? 1 : 0;
        }

        Assert.IsTrue(nameless is > Certificates / 4 and < Certificates * 3 / 4, $"{nameless} have no common name");
    }

    private static byte[] Serial(Random random)
    {
        var serial = new byte[random.Next(1, 21)];
        random.NextBytes(serial);
        serial[0] = (byte)(serial[0] & 0x7F | 1);
        return serial;
    }

    /// <summary>A name of any attributes, each in a form that its text can have, some together in one part.</summary>
    private static byte[] Name(Random random)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            for (var parts = random.Next(6); parts > 0; parts--)
            {
                using (writer.PushSetOf())
                {
                    for (var attributes = random.Next(5) == 0 ? 3 : 1; attributes > 0; attributes--)
                    {
                        using (writer.PushSequence())
                        {
                            writer.WriteObjectIdentifier(s_types[random.Next(s_types.Length)]);
                            var encoding = s_encodings[random.Next(s_encodings.Length)];
                            var text = Text(random, encoding is UniversalTagNumber.UTF8String or UniversalTagNumber.BMPString);
                            writer.WriteCharacterString(encoding, text);
                        }
                    }
                }
            }
        }

        return writer.Encode();
    }

    private static string Text(Random random, bool isWide)
    {
        var text = new StringBuilder();
        for (var length = random.Next(30) == 0 ? random.Next(300) : random.Next(1, 20); length > 0; length--)
        {
            text.Append(isWide && random.Next(10) == 0 ? "\né東\u200B\u007F"[random.Next(5)] : "abcxyzABCXYZ0189-:"[random.Next(18)]);
        }

        return text.ToString();
    }

    /// <summary>The first common name, with question marks for what is no printable ASCII.</summary>
    private static string? NameOf(X509Certificate2 certificate)
    {
        var parts = new AsnReader(certificate.SubjectName.RawData, AsnEncodingRules.DER).ReadSequence();
        while (parts.HasData)
        {
            var attributes = parts.ReadSetOf();
            while (attributes.HasData)
            {
                var attribute = attributes.ReadSequence();
                if (attribute.ReadObjectIdentifier() == CommonName)
                {
                    var text = attribute.ReadCharacterString((UniversalTagNumber)attribute.PeekTag().TagValue);
                    return string.Concat(text.Select(c => c is >= ' ' and <= '~' ? c : '?'));
                }
            }
        }

        return null;
    }
}
