using System.Formats.Asn1;
using System.Globalization;
using System.Net;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace LocalCloud;

/// <summary>
/// What a certificate says, under the names and in the form of AWS's policy variables (developer guide, "X.509 certificate
/// policy variables" and "Using X.509 certificate policy variables").
/// </summary>
internal sealed class CertificateAttributes
{
    public const string Prefix = "iot:Certificate.";

    public const string SerialNumber = Prefix + "SerialNumber";

    /// <summary>"Certificate attributes that contain arrays are limited to five items. Additional items are ignored."</summary>
    public const int MaximumValues = 5;

    /// <summary>"All string values are limited to 1024 characters."</summary>
    private const int MaximumLength = 1024;

    private const string SubjectAlternativeName = "2.5.29.17";
    private const string IssuerAlternativeName = "2.5.29.18";

    /// <summary>What a backslash stands before in the value of an attribute of a name.</summary>
    private const string SpecialCharacters = ",\"\\+=<>;";

    /// <summary>"The following wildcard characters can be used"; a value that has one is not put in.</summary>
    private const string Wildcards = "*$+?#";

    private static readonly ConditionalWeakTable<string, CertificateAttributes> s_known = [];

    private static readonly Dictionary<string, (string Variable, string Short)> s_names = new(StringComparer.Ordinal)
    {
        ["2.5.4.46"] = ("DistinguishedNameQualifier", "dnqualifier"),
        ["2.5.4.6"] = ("Country", "c"),
        ["2.5.4.10"] = ("Organization", "o"),
        ["2.5.4.11"] = ("OrganizationalUnit", "ou"),
        ["2.5.4.8"] = ("State", "st"),
        ["2.5.4.3"] = ("CommonName", "cn"),
        ["2.5.4.5"] = ("SerialNumber", "serialnumber"),
        ["2.5.4.12"] = ("Title", "title"),
        ["2.5.4.4"] = ("Surname", "sn"),
        ["2.5.4.42"] = ("GivenName", "givenname"),
        ["2.5.4.43"] = ("Initials", "initials"),
        ["2.5.4.65"] = ("Pseudonym", "pseudonym"),
        ["2.5.4.44"] = ("GenerationQualifier", "generationqualifier"),
    };

    private static readonly string[] s_alternatives = ["RFC822Name", "DNSName", "DirectoryName", "UniformResourceIdentifier", "IPAddress"];

    private readonly Dictionary<string, List<string>> _values = new(StringComparer.Ordinal);

    private CertificateAttributes(X509Certificate2 certificate)
    {
        // "The string representation of a decimal integer", and that of one without a sign.
        Add(SerialNumber, new BigInteger(certificate.SerialNumberBytes.Span, isUnsigned: true, isBigEndian: true).ToString(CultureInfo.InvariantCulture));
        AddName("Subject.", certificate.SubjectName);
        AddName("Issuer.", certificate.IssuerName);
        AddAlternatives("Subject.", certificate.Extensions[SubjectAlternativeName]);
        AddAlternatives("Issuer.", certificate.Extensions[IssuerAlternativeName]);
    }

    /// <summary>The variables that a certificate can have, without list and index.</summary>
    public static IReadOnlyList<string> Variables { get; } =
    [
        SerialNumber,
        .. from owner in new[] { "Subject.", "Issuer." }
           from name in s_names.Values.Select(name => name.Variable).Concat(s_alternatives.Select(name => "AlternativeName." + name))
           select Prefix + owner + name,
    ];

    /// <summary>The variables that have values here.</summary>
    public IReadOnlyList<string> AvailableKeys => [.. _values.Keys];

    /// <summary>The attributes of a certificate.</summary>
    /// <param name="pem">The certificate.</param>
    public static CertificateAttributes Of(string pem) => s_known.GetValue(pem, static text =>
    {
        using var certificate = X509Certificate2.CreateFromPem(text);
        return new CertificateAttributes(certificate);
    });

    /// <summary>Whether a value can be put in for its variable.</summary>
    public static bool IsUsable(string value) => value.Length <= MaximumLength && !value.AsSpan().ContainsAny(Wildcards);

    /// <summary>The values of one of <see cref="Variables"/>, 0 to <see cref="MaximumValues"/> of them, in the certificate's order.</summary>
    public IReadOnlyList<string> ValuesOf(string variable) => _values.TryGetValue(variable, out var values) ? values : [];

    private static string Escape(string value)
    {
        var escaped = new StringBuilder(value.Length);
        foreach (var c in value)
        {
            if (SpecialCharacters.Contains(c))
            {
                escaped.Append('\\');
            }

            escaped.Append(c);
        }

        return escaped.ToString();
    }

    private void Add(string variable, string value)
    {
        if (!_values.TryGetValue(variable, out var values))
        {
            _values.Add(variable, values = []);
        }

        if (values.Count < MaximumValues)
        {
            values.Add(value);
        }
    }

    private void AddName(string owner, X500DistinguishedName name)
    {
        foreach (var part in Parts(name))
        {
            if (s_names.TryGetValue(part.Type, out var known))
            {
                Add(Prefix + owner + known.Variable, Escape(part.Value));
            }
        }
    }

    private static IEnumerable<(string Type, string Value)> Parts(X500DistinguishedName name)
    {
        // As they stand in the certificate.
        foreach (var part in name.EnumerateRelativeDistinguishedNames(reversed: false))
        {
            if (!part.HasMultipleElements && part.GetSingleElementType().Value is { } type && part.GetSingleElementValue() is { } value)
            {
                yield return (type, value);
            }
        }
    }

    private void AddAlternatives(string owner, X509Extension? extension)
    {
        if (extension is null)
        {
            return;
        }

        try
        {
            var names = new AsnReader(extension.RawData, AsnEncodingRules.DER).ReadSequence();
            while (names.HasData)
            {
                AddAlternative(Prefix + owner + "AlternativeName.", names);
            }
        }
        catch (Exception e) when (e is AsnContentException or CryptographicException)
        {
            // An extension that cannot be read has no names.
        }
    }

    /// <summary>One GeneralName (RFC 5280, 4.2.1.6).</summary>
    private void AddAlternative(string prefix, AsnReader names)
    {
        var tag = names.PeekTag();
        switch (tag.TagValue)
        {
            case 1:
                Add(prefix + "RFC822Name", names.ReadCharacterString(UniversalTagNumber.IA5String, tag));
                break;

            case 2:
                Add(prefix + "DNSName", names.ReadCharacterString(UniversalTagNumber.IA5String, tag));
                break;

            case 4:
                // As AWS writes it: cn=LightBulbCert,ou=SmartHome,o=IoT,c=US.
                var directory = new X500DistinguishedName(names.ReadSequence(tag).ReadEncodedValue().Span);
                Add(prefix + "DirectoryName", string.Join(',', Parts(directory).Reverse().Select(part =>
                    (s_names.TryGetValue(part.Type, out var known) ? known.Short : part.Type) + "=" + Escape(part.Value))));
                break;

            case 6:
                Add(prefix + "UniformResourceIdentifier", names.ReadCharacterString(UniversalTagNumber.IA5String, tag));
                break;

            case 7:
                var address = names.ReadOctetString(tag);
                if (address.Length is 4 or 16)
                {
                    Add(prefix + "IPAddress", new IPAddress(address).ToString());
                }

                break;

            default:
                names.ReadEncodedValue();
                break;
        }
    }
}
