using System.Formats.Asn1;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Tests.LocalCloud;

/// <summary>Certificates that say what a test wants them to say.</summary>
internal static class TestCertificate
{
    /// <summary>A certificate, as PEM.</summary>
    /// <param name="serialNumber">Its serial number, big-endian.</param>
    /// <param name="subject">Object identifiers and values of the subject, in order.</param>
    /// <param name="issuer">Likewise, of the issuer.</param>
    /// <param name="subjectAlternatives">Writes GeneralNames, or null for none.</param>
    /// <param name="issuerAlternatives">Likewise, of the issuer.</param>
    public static string Create(
        byte[] serialNumber,
        (string Type, string Value)[] subject,
        (string Type, string Value)[] issuer,
        Action<AsnWriter>? subjectAlternatives = null,
        Action<AsnWriter>? issuerAlternatives = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(new X500DistinguishedName(Name(subject)), key, HashAlgorithmName.SHA256);
        Add(request, "2.5.29.17", subjectAlternatives);
        Add(request, "2.5.29.18", issuerAlternatives);
        using var certificate = request.Create(
            new X500DistinguishedName(Name(issuer)),
            X509SignatureGenerator.CreateForECDsa(key),
            new DateTimeOffset(2024, 3, 26, 3, 25, 40, TimeSpan.Zero),
            new DateTimeOffset(2049, 12, 31, 23, 59, 59, TimeSpan.Zero),
            serialNumber);
        return certificate.ExportCertificatePem();
    }

    public static void Mail(AsnWriter names, string value) => Text(names, 1, value);

    public static void Dns(AsnWriter names, string value) => Text(names, 2, value);

    public static void Uri(AsnWriter names, string value) => Text(names, 6, value);

    public static void Address(AsnWriter names, string value) =>
        names.WriteOctetString(IPAddress.Parse(value).GetAddressBytes(), new Asn1Tag(TagClass.ContextSpecific, 7));

    public static void Directory(AsnWriter names, params (string Type, string Value)[] name)
    {
        using (names.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 4)))
        {
            names.WriteEncodedValue(Name(name));
        }
    }

    private static void Text(AsnWriter names, int tag, string value) =>
        names.WriteCharacterString(UniversalTagNumber.IA5String, value, new Asn1Tag(TagClass.ContextSpecific, tag));

    private static void Add(CertificateRequest request, string oid, Action<AsnWriter>? write)
    {
        if (write is null)
        {
            return;
        }

        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            write(writer);
        }

        request.CertificateExtensions.Add(new X509Extension(oid, writer.Encode(), critical: false));
    }

    private static byte[] Name((string Type, string Value)[] parts)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            foreach (var (type, value) in parts)
            {
                using (writer.PushSetOf())
                using (writer.PushSequence())
                {
                    writer.WriteObjectIdentifier(type);
                    writer.WriteCharacterString(UniversalTagNumber.UTF8String, value);
                }
            }
        }

        return writer.Encode();
    }
}
