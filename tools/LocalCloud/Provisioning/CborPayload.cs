using System.Buffers;
using System.Formats.Cbor;
using System.Text;
using System.Text.Json;

namespace LocalCloud;

/// <summary>Requests and answers in CBOR (RFC 8949): the same maps of text keys as in JSON.</summary>
internal static class CborPayload
{
    /// <summary>How deep maps and arrays may be in each other: as JSON's.</summary>
    private const int MaximumDepth = 64;

    private static readonly UTF8Encoding s_utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>A request as JSON. Byte strings are taken as text in UTF-8, which some clients send.</summary>
    /// <param name="payload">The payload, which must be one map.</param>
    /// <exception cref="ProvisioningException">It is not one.</exception>
    public static byte[] ToJson(ReadOnlyMemory<byte> payload)
    {
        var buffer = new ArrayBufferWriter<byte>();
        try
        {
            var reader = new CborReader(payload, CborConformanceMode.Strict);
            SkipTags(reader);
            if (reader.PeekState() != CborReaderState.StartMap)
            {
                throw ProvisioningException.InvalidRequest("The payload must be a CBOR map.");
            }

            using (var json = new Utf8JsonWriter(buffer))
            {
                Copy(reader, json, depth: 0);
            }

            return reader.BytesRemaining == 0
                ? buffer.WrittenSpan.ToArray()
                : throw ProvisioningException.InvalidRequest("The payload is not valid CBOR: bytes follow the map.");
        }
        catch (Exception e) when (e is CborContentException or InvalidOperationException or OverflowException or DecoderFallbackException)
        {
            throw ProvisioningException.InvalidRequest("The payload is not valid CBOR.");
        }
    }

    /// <summary>An answer as CBOR: lengths known, strings as text, whole numbers as integers.</summary>
    /// <param name="json">One JSON object.</param>
    public static byte[] FromJson(ReadOnlyMemory<byte> json)
    {
        using var document = JsonDocument.Parse(json);
        var writer = new CborWriter(CborConformanceMode.Strict);
        Write(writer, document.RootElement);
        return writer.Encode();
    }

    private static void SkipTags(CborReader reader)
    {
        while (reader.PeekState() == CborReaderState.Tag)
        {
            reader.ReadTag();
        }
    }

    private static void Copy(CborReader reader, Utf8JsonWriter json, int depth)
    {
        if (depth == MaximumDepth)
        {
            throw ProvisioningException.InvalidRequest($"The payload is deeper than {MaximumDepth} maps and arrays.");
        }

        SkipTags(reader);
        switch (reader.PeekState())
        {
            case CborReaderState.StartMap:
                reader.ReadStartMap();
                json.WriteStartObject();
                while (reader.PeekState() != CborReaderState.EndMap)
                {
                    if (reader.PeekState() is not (CborReaderState.TextString or CborReaderState.StartIndefiniteLengthTextString))
                    {
                        throw ProvisioningException.InvalidRequest("The keys of maps must be text strings.");
                    }

                    json.WritePropertyName(reader.ReadTextString());
                    Copy(reader, json, depth + 1);
                }

                reader.ReadEndMap();
                json.WriteEndObject();
                break;

            case CborReaderState.StartArray:
                reader.ReadStartArray();
                json.WriteStartArray();
                while (reader.PeekState() != CborReaderState.EndArray)
                {
                    Copy(reader, json, depth + 1);
                }

                reader.ReadEndArray();
                json.WriteEndArray();
                break;

            case CborReaderState.TextString or CborReaderState.StartIndefiniteLengthTextString:
                json.WriteStringValue(reader.ReadTextString());
                break;

            case CborReaderState.ByteString or CborReaderState.StartIndefiniteLengthByteString:
                json.WriteStringValue(s_utf8.GetString(reader.ReadByteString()));
                break;

            case CborReaderState.UnsignedInteger:
                json.WriteNumberValue(reader.ReadUInt64());
                break;

            case CborReaderState.Boolean:
                json.WriteBooleanValue(reader.ReadBoolean());
                break;

            case CborReaderState.NegativeInteger:
                json.WriteNumberValue(-1.0 - reader.ReadCborNegativeIntegerRepresentation());
                break;

            case CborReaderState.HalfPrecisionFloat or CborReaderState.SinglePrecisionFloat or CborReaderState.DoublePrecisionFloat:
                // JSON has no infinities; nothing of the API is any number.
                json.WriteNumberValue(Math.Clamp(reader.ReadDouble() is var number && double.IsNaN(number) ? 0 : number, double.MinValue, double.MaxValue));
                break;

            default:
                // null, undefined, and the simple values that have no meaning.
                reader.SkipValue();
                json.WriteNullValue();
                break;
        }
    }

    private static void Write(CborWriter writer, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartMap(value.GetPropertyCount());
                foreach (var member in value.EnumerateObject())
                {
                    writer.WriteTextString(member.Name);
                    Write(writer, member.Value);
                }

                writer.WriteEndMap();
                break;

            case JsonValueKind.Array:
                writer.WriteStartArray(value.GetArrayLength());
                foreach (var item in value.EnumerateArray())
                {
                    Write(writer, item);
                }

                writer.WriteEndArray();
                break;

            case JsonValueKind.String:
                writer.WriteTextString(value.GetString()!);
                break;

            case JsonValueKind.Number when value.TryGetInt64(out var whole):
                writer.WriteInt64(whole);
                break;

            case JsonValueKind.Number:
                writer.WriteDouble(value.GetDouble());
                break;

            case JsonValueKind.Null:
                writer.WriteNull();
                break;

            default:
                writer.WriteBoolean(value.GetBoolean());
                break;
        }
    }
}
