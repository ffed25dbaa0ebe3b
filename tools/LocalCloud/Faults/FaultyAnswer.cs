using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mqtt;

namespace LocalCloud;

/// <summary>Makes of right answers wrong ones.</summary>
internal static class FaultyAnswer
{
    /// <summary>The length of an oversized answer where the rule gives none: more than the agent reads, and far below what AWS allows.</summary>
    private const int OversizedBytes = 16 * 1024;

    /// <summary>The device whose answer is given to the wrong one.</summary>
    public const string ForeignClientId = "another-device";

    /// <summary>A packet's bytes with flags that are reserved.</summary>
    public static byte[] Malform(Packet packet)
    {
        var bytes = Encode(packet);
        bytes[0] |= 0x0F;
        return bytes;
    }

    /// <summary>A packet's bytes but for the last.</summary>
    public static byte[] Truncate(Packet packet) => Encode(packet)[..^1];

    /// <summary>The acknowledgement of another packet.</summary>
    public static Packet Exchange(Packet packet) => packet switch
    {
        PubAckPacket answer => answer with { PacketId = Other(answer.PacketId) },
        SubAckPacket answer => answer with { PacketId = Other(answer.PacketId) },
        _ => packet,
    };

    /// <summary>What an accepted RegisterThing of another device is answered.</summary>
    public static byte[] ForeignRegistration(PayloadFormat format) =>
        InForm(Encoding.UTF8.GetBytes($$"""{"deviceConfiguration":{},"thingName":"{{ForeignClientId}}"}"""), format);

    /// <summary>The request of another device, for a key of its own.</summary>
    public static byte[] ForeignSigningRequest(PayloadFormat format)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=" + ForeignClientId, key, HashAlgorithmName.SHA256);
        return InForm(Encoding.UTF8.GetBytes(new JsonObject { ["certificateSigningRequest"] = request.CreateSigningRequestPem() }.ToJsonString()), format);
    }

    /// <summary>An answer whose last brace is a bracket; in CBOR, that begins with the end of something.</summary>
    public static byte[] Malform(ReadOnlyMemory<byte> answer, PayloadFormat format)
    {
        const byte Break = 0xFF;
        var bytes = answer.ToArray();
        if (format == PayloadFormat.Json)
        {
            bytes[^1] = (byte)']';
        }
        else
        {
            bytes[0] = Break;
        }

        return bytes;
    }

    /// <summary>The first half of an answer.</summary>
    public static byte[] Truncate(ReadOnlyMemory<byte> answer) => answer[..(answer.Length / 2)].ToArray();

    /// <summary>An answer with a first member that makes it as long as is wanted.</summary>
    public static byte[] Enlarge(ReadOnlyMemory<byte> answer, int? bytes, PayloadFormat format)
    {
        if (format == PayloadFormat.Json)
        {
            return EnlargeJson(answer, bytes);
        }

        // A length of CBOR's is as long as it must be: what is missing is found by trying, within a few bytes.
        var json = CborPayload.ToJson(answer);
        var wanted = bytes ?? OversizedBytes;
        for (var length = wanted - (answer.Length - json.Length); ; length++)
        {
            var enlarged = CborPayload.FromJson(EnlargeJson(json, length));
            if (enlarged.Length >= wanted)
            {
                return enlarged;
            }
        }
    }

    /// <summary>The same answer, as valid, with its members the other way round among some that nobody knows; in JSON with escapes and white space.</summary>
    public static byte[] Disguise(ReadOnlyMemory<byte> answer, PayloadFormat format) => format == PayloadFormat.Json
        ? DisguiseJson(answer)
        : CborPayload.FromJson(DisguiseJson(CborPayload.ToJson(answer)));

    private static byte[] InForm(byte[] json, PayloadFormat format) => format == PayloadFormat.Json ? json : CborPayload.FromJson(json);

    private static byte[] EnlargeJson(ReadOnlyMemory<byte> json, int? bytes)
    {
        const string Begin = "{\"padding\":\"";
        const string End = "\",";
        var padding = Math.Max(0, (bytes ?? OversizedBytes) - json.Length - Begin.Length - End.Length + 1);
        return [.. Encoding.UTF8.GetBytes(Begin + new string('x', padding) + End), .. json.Span[1..]];
    }

    private static byte[] DisguiseJson(ReadOnlyMemory<byte> json)
    {
        using var document = JsonDocument.Parse(json);
        var text = new StringBuilder("\r\n{ \"unknown\" : [ null , true , -1.5e+3 , { \"certificateId\" : \"not this one\", \"thingName\" : \"nor this one\" } , [ ] ]");
        foreach (var member in document.RootElement.EnumerateObject().Reverse())
        {
            text.Append("\t,\r\n  ");
            Append(text, member.Name);
            text.Append(" : ");
            Append(text, member.Value);
        }

        return Encoding.UTF8.GetBytes(text.Append(" ,\n \"\" : { } }\n \t").ToString());
    }

    private static void Append(StringBuilder text, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                Append(text, value.GetString()!);
                break;

            case JsonValueKind.Object:
                var separator = "{ ";
                foreach (var member in value.EnumerateObject().Reverse())
                {
                    Append(text.Append(separator), member.Name);
                    Append(text.Append("\n:\t"), member.Value);
                    separator = " , ";
                }

                text.Append(separator == "{ " ? "{ }" : " }");
                break;

            default:
                text.Append(value.GetRawText());
                break;
        }
    }

    /// <summary>A string with its first character, every 32nd after it and all that can be escaped shortly as escapes. Answers grow by less than half.</summary>
    private static void Append(StringBuilder text, string value)
    {
        text.Append('"');
        for (var i = 0; i < value.Length; i++)
        {
            var c = value[i];
            if (c == '/')
            {
                text.Append("\\/");
            }
            else if (i % 32 == 0 || c < ' ' || c is '"' or '\\')
            {
                text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:X4}");
            }
            else
            {
                text.Append(c);
            }
        }

        text.Append('"');
    }

    private static byte[] Encode(Packet packet)
    {
        var bytes = new ArrayBufferWriter<byte>();
        PacketWriter.Write(bytes, packet);
        return bytes.WrittenSpan.ToArray();
    }

    /// <summary>An identifier that the client does not use: those go up from 1.</summary>
    private static ushort Other(ushort packetId) => (ushort)(packetId ^ 0x8000) is var other and not 0 ? other : (ushort)1;
}
