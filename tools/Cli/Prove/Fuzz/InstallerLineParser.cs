using System.Text;
using System.Text.Json;
using DeviceAgent.Json;
using DeviceAgent.Provisioning;

namespace Cli.Prove.Fuzz;

/// <summary>The line that an installer sends to a board's serial port.</summary>
internal sealed class InstallerLineParser : JsonParser
{
    private static readonly string[] s_members = ["certificatePem", "keyPair", "wifi", "certificateId", "expiration"];

    private static readonly string s_claim =
        $$"""{"certificatePem":"{{SampleDocuments.InJson(SampleDocuments.CertificatePem)}}","keyPair":{"PrivateKey":"{{SampleDocuments.InJson(SampleDocuments.KeyPem)}}"}""";

    private static readonly byte[][] s_corpus = Documents(
        s_claim + "}",
        s_claim + ""","wifi":{"ssid":"lab","password":"correct horse"}}""",
        $$""" { "expiration" : "2026-08-01T12:00:00", "certificateId":"{{SampleDocuments.CertificateId}}", "wifi":{"password":"","ssid":"\u00e9\ud83d\ude00"}, "keyPair":{"PublicKey":"x","PrivateKey":"-----BEGIN KEY"},"certificatePem":"-----BEGIN C\u0041" } """,
        $$$"""{"wifi":{"ssid":"{{{new string('s', 31)}}}","password":"{{{new string('p', 63)}}}"},"certificatePem":"-----BEGIN {{{new string('c', 4085)}}}","keyPair":{"PrivateKey":"-----BEGIN k"}}""");

    private string? _problem;
    private InstallerClaim _claim = new();

    /// <inheritdoc/>
    public override IReadOnlyList<byte[]> Corpus => s_corpus;

    /// <inheritdoc/>
    public override int LongestInput => Installer.LargestLine;

    /// <summary>A name with escapes (7 bytes at least as a member) is decoded up to five times, a byte array and a string of 56 bytes.</summary>
    public override int AllocationPerByte => 64;

    /// <inheritdoc/>
    public override void Prepare(byte[] input) => _claim = new InstallerClaim();

    /// <inheritdoc/>
    public override object? Parse(byte[] input)
    {
        _problem = _claim.Read(input);
        return _problem is null ? _claim : null;
    }

    /// <inheritdoc/>
    public override void Check(byte[] input, object? result)
    {
        IReadOnlyList<JsonProperty>? members = JsonOracle.Members(input, JsonReader.MaximumDepth);
        if (result is null)
        {
            Require(JsonOracle.IsPlain(_problem!) && _problem!.Length < 200, "what is wrong is not told in a line");
            return;
        }

        Require(IsEnded(_claim.Certificate) && IsEnded(_claim.Key), "a PEM text without its beginning, or without the zero byte after it, was taken");
        Require(_claim.WifiSsid is null || (Encoding.UTF8.GetByteCount(_claim.WifiSsid) is >= 1 and <= 31 && Encoding.UTF8.GetByteCount(_claim.WifiPassword) <= 63), "a WiFi network that no board can store was taken");
        Require(JsonOracle.IsJson(input, JsonReader.MaximumDepth, out bool hasHalves), "a line that is no JSON was taken");
        if (hasHalves)
        {
            return;
        }

        Require(members is not null, "a line that is no object was taken");
        Require(members!.All(member => s_members.Any(known => member.NameEquals(known))), "a member that there is not was taken");
        Require(Encoding.UTF8.GetString(_claim.Certificate).TrimEnd('\0') == members!.Last(member => member.NameEquals("certificatePem")).Value.GetString(), "another certificate than the line's");
        IEnumerable<JsonElement> keys = members!.Where(member => member.NameEquals("keyPair")).SelectMany(member => member.Value.EnumerateObject()).Where(member => member.NameEquals("PrivateKey")).Select(member => member.Value);
        Require(Encoding.UTF8.GetString(_claim.Key).TrimEnd('\0') == keys.Last().GetString(), "another key than the line's");
        Require((_claim.WifiSsid is null) != members!.Any(member => member.NameEquals("wifi")), "WiFi that nobody sent, or none where it was sent");
    }

    private static bool IsEnded(byte[]? pem) => pem is { Length: <= 4097 } && pem.AsSpan().StartsWith("-----BEGIN "u8) && pem.AsSpan().IndexOf((byte)0) == pem.Length - 1;
}
