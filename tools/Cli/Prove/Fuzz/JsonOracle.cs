using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Cli.Prove.Fuzz;

/// <summary>What System.Text.Json makes of a text: it shares no code with the firmware's reader.</summary>
internal static class JsonOracle
{
    /// <summary>Whether a text is JSON (RFC 8259) down to a depth.</summary>
    /// <param name="text">The text.</param>
    /// <param name="maximumDepth">How deep objects and arrays may be nested.</param>
    /// <param name="hasHalves">Whether one of its strings holds half a surrogate pair: what that stands for RFC 8259 leaves open.</param>
    public static bool IsJson(byte[] text, int maximumDepth, out bool hasHalves)
    {
        hasHalves = false;
        Utf8JsonReader reader = new(text, new JsonReaderOptions { MaxDepth = 1_000_000 });
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray && reader.CurrentDepth >= maximumDepth)
                {
                    return false;
                }

                if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName)
                {
                    // It looks at the encoding only where a string is asked for
                    if (!Utf8.IsValid(reader.ValueSpan))
                    {
                        return false;
                    }

                    hasHalves |= reader.ValueIsEscaped && GetString(ref reader) is null;
                }
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>The string that a reader stands on; null where it holds half a surrogate pair.</summary>
    public static string? GetString(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>The members of an object in their order, the same name perhaps more than once; null where the text is no JSON object, or leaves open what it says.</summary>
    /// <param name="text">The text.</param>
    /// <param name="maximumDepth">How deep objects and arrays may be nested.</param>
    public static IReadOnlyList<JsonProperty>? Members(byte[] text, int maximumDepth)
    {
        if (!IsJson(text, maximumDepth, out bool hasHalves) || hasHalves)
        {
            return null;
        }

        JsonElement root = JsonElement.Parse(text, new JsonDocumentOptions { MaxDepth = maximumDepth });
        return root.ValueKind == JsonValueKind.Object ? [.. root.EnumerateObject()] : null;
    }

    /// <summary>Whether a text may go into a log line and, by way of the board's serialiser, into JSON: no control characters, no half surrogate pairs.</summary>
    public static bool IsPlain(string text) => !text.Any(char.IsControl) && Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)) == text;
}
