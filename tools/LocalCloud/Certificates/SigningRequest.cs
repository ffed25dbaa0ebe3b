using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace LocalCloud;

/// <summary>A PKCS#10 request for a certificate, of which all has been checked that AWS checks.</summary>
/// <param name="Subject">Whom the certificate is for. Nothing else is taken from the request: AWS writes the extensions itself.</param>
/// <param name="Key">The public key, whose private key has signed the request.</param>
internal sealed record SigningRequest(X500DistinguishedName Subject, PublicKey Key)
{
    /// <summary>The longest PEM (AWS IoT API, CreateCertificateFromCsr).</summary>
    public const int MaximumLength = 4096;

    /// <summary>The shortest RSA key (ibid.: "at least 2048 bits").</summary>
    private const int MinimumRsaBits = 2048;

    private const string RsaOid = "1.2.840.113549.1.1.1";
    private const string EcOid = "1.2.840.10045.2.1";

    /// <summary>NIST P-256, P-384 and P-521 (ibid.).</summary>
    private static readonly string[] s_curves = ["1.2.840.10045.3.1.7", "1.3.132.0.34", "1.3.132.0.35"];

    /// <summary>How a point begins that is written with both coordinates (SEC 1, 2.3.3).</summary>
    private const byte UncompressedPoint = 4;

    private const string PssOid = "1.2.840.113549.1.1.10";

    /// <summary>RSA and ECDSA with SHA-256, SHA-384 and SHA-512, and RSASSA-PSS (developer guide, "X.509 client certificates", signing algorithms).</summary>
    private static readonly string[] s_signatures =
    [
        PssOid, "1.2.840.113549.1.1.11", "1.2.840.113549.1.1.12", "1.2.840.113549.1.1.13",
        "1.2.840.10045.4.3.2", "1.2.840.10045.4.3.3", "1.2.840.10045.4.3.4",
    ];

    /// <summary>Reads a request and checks it.</summary>
    /// <param name="pem">The request as PEM.</param>
    /// <param name="request">The request.</param>
    /// <param name="fault">What is wrong with it: a sentence.</param>
    public static bool TryRead(string pem, [NotNullWhen(true)] out SigningRequest? request, [NotNullWhen(false)] out string? fault)
    {
        request = null;
        fault = pem.Length > MaximumLength
            ? $"The certificate signing request has {pem.Length} characters, and may have {MaximumLength}."
            : Read(pem, out request);
        return fault is null;
    }

    private static string? Read(string pem, out SigningRequest? request)
    {
        request = null;
        if (!PemEncoding.TryFind(pem, out var fields))
        {
            return "The certificate signing request is no PEM: '-----BEGIN CERTIFICATE REQUEST-----', base64 in lines, '-----END CERTIFICATE REQUEST-----'.";
        }

        var label = pem[fields.Label];
        if (label is not ("CERTIFICATE REQUEST" or "NEW CERTIFICATE REQUEST"))
        {
            return $"The certificate signing request is a PEM of {CloudLog.Printable(label)}, not of CERTIFICATE REQUEST.";
        }

        var der = Convert.FromBase64String(pem[fields.Base64Data]);
        CertificateRequest read;
        string signature;
        try
        {
            read = CertificateRequest.LoadSigningRequest(der, HashAlgorithmName.SHA256, CertificateRequestLoadOptions.SkipSignatureValidation, RSASignaturePadding.Pkcs1);
            var parts = new AsnReader(der, AsnEncodingRules.DER).ReadSequence();
            parts.ReadEncodedValue();
            signature = parts.ReadSequence().ReadObjectIdentifier();
        }
        catch (Exception e) when (e is CryptographicException or AsnContentException)
        {
            return "The certificate signing request is no PKCS#10: what its PEM holds cannot be read.";
        }

        if (FindKeyFault(read.PublicKey) is { } keyFault)
        {
            return keyFault;
        }

        if (!s_signatures.Contains(signature))
        {
            return $"The certificate signing request is signed by an algorithm ({signature}) that is not supported: SHA-256, SHA-384 or SHA-512, with RSA or ECDSA.";
        }

        try
        {
            CertificateRequest.LoadSigningRequest(der, HashAlgorithmName.SHA256, CertificateRequestLoadOptions.Default, RSASignaturePadding.Pkcs1);
        }
        catch (Exception e) when (e is CryptographicException or NotSupportedException)
        {
            return signature == PssOid
                ? "The signature of the certificate signing request does not verify: it was not made by the private key of the public key in it, or its salt is not as long as its hash."
                : "The signature of the certificate signing request does not verify: it was not made by the private key of the public key in it.";
        }

        request = new SigningRequest(read.SubjectName, read.PublicKey);
        return null;
    }

    private static string? FindKeyFault(PublicKey key)
    {
        const string Supported = "RSA keys of at least 2048 bits and keys on the curves NIST P-256, P-384 and P-521 are supported.";
        try
        {
            switch (key.Oid.Value)
            {
                case RsaOid:
                    using (var rsa = key.GetRSAPublicKey())
                    {
                        return rsa!.KeySize < MinimumRsaBits ? $"The key in the certificate signing request is an RSA key of {rsa.KeySize} bits: {Supported}" : null;
                    }

                case EcOid:
                    var curve = AsnDecoder.ReadObjectIdentifier(key.EncodedParameters?.RawData, AsnEncodingRules.DER, out _);
                    return !s_curves.Contains(curve) ? $"The key in the certificate signing request is on the curve {curve}: {Supported}"
                        : key.EncodedKeyValue.RawData is not [UncompressedPoint, ..] ? "The key in the certificate signing request is a compressed point: write both of its coordinates."
                        : null;

                default:
                    return $"The key in the certificate signing request is of the kind {key.Oid.Value}: {Supported}";
            }
        }
        catch (Exception e) when (e is CryptographicException or AsnContentException)
        {
            return $"The key in the certificate signing request cannot be read: {Supported}";
        }
    }
}
