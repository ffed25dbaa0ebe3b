using System.Text;
using System.Text.Json;
using DeviceAgent.Json;
using TokenType = DeviceAgent.Json.JsonTokenType;

namespace Cli.Prove.Fuzz;

/// <summary>The firmware's JSON reader beside System.Text.Json: the one takes what the other takes, and reads the same in it.</summary>
internal sealed class JsonReaderParser : JsonParser
{
    private static readonly byte[][] s_corpus = Documents(
        SampleDocuments.CreateAnswer,
        """{"a":[0,-1.5e+3,true,false,null,{},[],""],"b\u00e9€":{"c":"x\n\/\ud83d\ude00\\"},"d":[[1],{"e":2}]}""",
        """ [ "\u0000", "\"\\\/\b\f\n\r\t", "😀é\u20AC\uD83D\uDE00", "\ud800", 0.1E-2 , 2147483647, -2147483648, 99999999999999999999 ] """,
        """{"":{"":{"":[[[[{"x":[]}]]]]}},"":1,"":2}""",
        "\"\u007f\u0080\u07ff\u0800\ud7ff\ue000\uffff\ud800\udc00\udbff\udfff\"",
        "1",
        "true");

    /// <inheritdoc/>
    public override IReadOnlyList<byte[]> Corpus => s_corpus;

    /// <inheritdoc/>
    public override int LongestInput => 16_384;

    /// <summary>Each name and string is asked for twice, and where it has escapes (3 bytes at least with its quotes and comma) takes a byte array and a string of 56 bytes each time.</summary>
    public override int AllocationPerByte => 32;

    /// <inheritdoc/>
    public override object? Parse(byte[] input)
    {
        JsonReader reader = new(input);
        int tokens = 0;
        for (TokenType token = reader.Read(); token is not (TokenType.End or TokenType.Error); token = reader.Read())
        {
            Require(++tokens <= input.Length, "more tokens than bytes");
            if (token is TokenType.Name or TokenType.String or TokenType.Number)
            {
                reader.GetString();
                reader.Is("a");
                reader.TryGetInt(out _);
            }
        }

        return reader.Token == TokenType.End ? reader : null;
    }

    /// <inheritdoc/>
    public override void Check(byte[] input, object? result)
    {
        bool isJson = JsonOracle.IsJson(input, JsonReader.MaximumDepth, out _);
        Require(isJson == (result is not null), isJson ? "JSON was refused" : "what is no JSON was accepted");
        JsonReader reader = new(input);
        if (result is null)
        {
            while (reader.Read() is not (TokenType.End or TokenType.Error))
            {
            }

            Require(reader.Token == TokenType.Error && !string.IsNullOrEmpty(reader.Problem) && reader.Read() == TokenType.Error && !reader.Skip(), "an error does not stay, or does not say what is wrong");
            return;
        }

        Require(((JsonReader)result).Depth == 0 && ((JsonReader)result).Problem is null, "accepted with something open, or with a problem");
        CompareTokens(input, reader);
        reader = new JsonReader(input);
        reader.Read();
        Require(reader.Skip() && reader.Read() == TokenType.End, "skipping the whole value does not lead to the end");
    }

    private static void CompareTokens(byte[] input, JsonReader reader)
    {
        Utf8JsonReader oracle = new(input, new JsonReaderOptions { MaxDepth = JsonReader.MaximumDepth });
        while (oracle.Read())
        {
            TokenType expected = oracle.TokenType switch
            {
                System.Text.Json.JsonTokenType.StartObject => TokenType.ObjectStart,
                System.Text.Json.JsonTokenType.EndObject => TokenType.ObjectEnd,
                System.Text.Json.JsonTokenType.StartArray => TokenType.ArrayStart,
                System.Text.Json.JsonTokenType.EndArray => TokenType.ArrayEnd,
                System.Text.Json.JsonTokenType.PropertyName => TokenType.Name,
                System.Text.Json.JsonTokenType.String => TokenType.String,
                System.Text.Json.JsonTokenType.Number => TokenType.Number,
                System.Text.Json.JsonTokenType.True => TokenType.True,
                System.Text.Json.JsonTokenType.False => TokenType.False,
                _ => TokenType.Null,
            };
            TokenType token = reader.Read();
            Require(token == expected, $"{token} in place of {expected} at byte {oracle.TokenStartIndex}");
            if (token is TokenType.Name or TokenType.String)
            {
                CompareStrings(input, reader, ref oracle);
            }
            else if (token == TokenType.Number)
            {
                Require(reader.GetString() == Encoding.ASCII.GetString(oracle.ValueSpan), $"another number at byte {oracle.TokenStartIndex}");
                bool isInt = oracle.TryGetInt32(out int value) && !oracle.ValueSpan.ContainsAny(".eE"u8);
                Require(reader.TryGetInt(out int read) == isInt && read == (isInt ? value : 0), $"another integer at byte {oracle.TokenStartIndex}");
            }
        }

        Require(reader.Read() == TokenType.End, "tokens without end");
    }

    private static void CompareStrings(byte[] input, JsonReader reader, ref Utf8JsonReader oracle)
    {
        string at = $"at byte {oracle.TokenStartIndex}";
        Require(input.AsSpan(reader.Start, reader.RawLength).SequenceEqual(oracle.ValueSpan), "another string " + at);
        byte[] decoded = new byte[reader.DecodedLength + 1];
        decoded[^1] = 0xA5;
        JsonReader.Decode(input, reader.Start, reader.RawLength, decoded, 0);
        Require(decoded[^1] == 0xA5, "more is decoded than was said " + at);
        string text = Encoding.UTF8.GetString(decoded, 0, reader.DecodedLength);
        string? expected = JsonOracle.GetString(ref oracle);
        Require(expected is null ? text.Contains('\uFFFD', StringComparison.Ordinal) : text == expected, "a string is decoded otherwise " + at);
        Require(reader.HasNul == text.Contains('\0', StringComparison.Ordinal) && reader.GetString() == (reader.HasNul ? null : text), "a string is given otherwise than it is decoded " + at);
        if (Ascii.IsValid(text) && !reader.HasNul)
        {
            Require(reader.Is(text) && !reader.Is(text + "x") && (text.Length == 0 || !reader.Is(text[1..])), "a string is compared otherwise than it is given " + at);
        }
    }
}
