using System.Text;

namespace Cli.Prove.Fuzz;

/// <summary>Changes JSON token by token.</summary>
internal static class JsonMutations
{
    /// <summary>Lengths around the limits that the parsers have.</summary>
    private static readonly int[] s_lengths =
        [0, 1, 31, 32, 33, 34, 36, 37, 63, 64, 65, 66, 127, 128, 129, 252, 253, 254, 255, 256, 257, 512, 513, 1000, 2048, 2049, 4096, 4097];

    /// <summary>What stands at the borders of UTF-8 (RFC 3629), on either side.</summary>
    private static readonly byte[][] s_characters =
    [
        [0x7F], [0xC2, 0x80], [0xDF, 0xBF], [0xE0, 0xA0, 0x80], [0xED, 0x9F, 0xBF], [0xEE, 0x80, 0x80], [0xEF, 0xBF, 0xBF], [0xF0, 0x90, 0x80, 0x80], [0xF4, 0x8F, 0xBF, 0xBF],
        [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xC3], [0xE0, 0x9F, 0xBF], [0xE2, 0x82], [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xF0, 0x8F, 0xBF, 0xBF], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFF],
        [0x00], [0x1F], [(byte)'\\'],
    ];

    private static readonly string[] s_numbers =
    [
        "0", "-0", "1", "-1", "00", "01", "0.0", "1.", ".5", "1e1", "1E+5", "1e", "-", "30", "400", "429", "503", "86400", "86401", "2147483647", "2147483648",
        "-2147483648", "-2147483649", "4294967297", "99999999999999999999999999", "1e999", "-1e-999", "NaN", "0x10",
    ];

    private static readonly string[] s_tokens =
    [
        "{", "}", "[", "]", ",", ":", "{}", "[]", "true", "false", "null", "tru", "\"\"", "\"", "\"\\", "//", " ", "\n", "\t\r", "\uFEFF",
        "\"\\u0000\"", "\"a\\u0000b\"", "\"\\u0001\"", "\"\\n\"", "\"\\u007f\"", "\"\\ud800\"", "\"\\udc00\\ud800\"", "\"\\ud83d\\ude00\"", "\"\\u12\"", "\"\\x\"", "\"\u00e9\"",
        "\"\u20ac\ud83d\ude00\"", "\"a/b\"", "\"+\"", "\"#\"", "\"$x\"", "\"${mac}\"", "\"${serial}\"", "\"${thingName}\"", "\"${\"", "\"}${x}\"",
    ];

    /// <summary>Changes a document.</summary>
    /// <param name="document">The document.</param>
    /// <param name="other">Another one, to take tokens from.</param>
    /// <param name="random">What the changes are made from.</param>
    public static byte[] Mutate(byte[] document, byte[] other, Random random)
    {
        List<byte[]> tokens = Split(document);
        List<byte[]>? others = null;
        for (int count = 1 + random.Next(4); count > 0 && tokens.Count > 0; count--)
        {
            int at = random.Next(tokens.Count);
            switch (random.Next(14))
            {
                case 0:
                    int with = random.Next(tokens.Count);
                    (tokens[at], tokens[with]) = (tokens[with], tokens[at]);
                    break;

                case 1:
                    tokens.RemoveAt(at);
                    break;

                case 2:
                    int length = Math.Min(tokens.Count - at, 1 + random.Next(8));
                    tokens.InsertRange(at, tokens.GetRange(at, length));
                    break;

                case 3:
                    tokens[at] = Encoding.UTF8.GetBytes(s_tokens[random.Next(s_tokens.Length)]);
                    break;

                case 4:
                    tokens.Insert(at, Encoding.UTF8.GetBytes(s_tokens[random.Next(s_tokens.Length)]));
                    break;

                case 5:
                    tokens[at] = Encoding.UTF8.GetBytes(s_numbers[random.Next(s_numbers.Length)]);
                    break;

                case 6 or 7:
                    others ??= Split(other);
                    tokens[at] = others.Count == 0 ? [] : others[random.Next(others.Count)];
                    break;

                case 8:
                    int depth = random.Next(4) == 0 ? 200 : 28 + random.Next(6);
                    bool isArray = random.Next(2) == 0;
                    tokens[at] = [.. Repeated(isArray ? "[" : "{\"a\":", depth), .. tokens[at], .. Repeated(isArray ? "]" : "}", depth)];
                    break;

                case 9:
                    tokens.Insert(at, Encoding.UTF8.GetBytes(new string(" \t\r\n"[random.Next(4)], random.Next(20))));
                    break;

                default:
                    ChangeString(tokens, random);
                    break;
            }
        }

        return [.. tokens.SelectMany(token => token)];
    }

    /// <summary>Cuts a text where JSON's tokens end, as far as it is JSON.</summary>
    private static List<byte[]> Split(byte[] text)
    {
        List<byte[]> tokens = [];
        for (int at = 0; at < text.Length;)
        {
            int start = at++;
            if (text[start] == '"')
            {
                while (at < text.Length && text[at] != '"')
                {
                    at += text[at] == '\\' ? 2 : 1;
                }

                at = Math.Min(at + 1, text.Length);
            }
            else if (!IsMark(text[start]))
            {
                while (at < text.Length && !IsMark(text[at]))
                {
                    at++;
                }
            }

            tokens.Add(text[start..at]);
        }

        return tokens;
    }

    private static bool IsMark(byte b) => b is (byte)'"' or (byte)'{' or (byte)'}' or (byte)'[' or (byte)']' or (byte)',' or (byte)':' or (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t';

    /// <summary>Writes a string with escapes, makes it long, puts a rare character into it, or cuts it.</summary>
    private static void ChangeString(List<byte[]> tokens, Random random)
    {
        int first = random.Next(tokens.Count);
        int at = tokens.FindIndex(first, token => token.Length > 2 && token[0] == '"' && token[^1] == '"');
        if (at < 0)
        {
            return;
        }

        ReadOnlySpan<byte> inside = tokens[at].AsSpan(1, tokens[at].Length - 2);
        switch (random.Next(5))
        {
            case 0 or 1:
                // The same string in other words, where it had no escapes
                StringBuilder escaped = new("\"");
                foreach (char c in Encoding.UTF8.GetString(inside))
                {
                    escaped.Append(c == '\\' || random.Next(3) > 0 ? c.ToString() : $"\\u{(int)c:x4}");
                }

                tokens[at] = Encoding.UTF8.GetBytes(escaped.Append('"').ToString());
                break;

            case 2:
                byte[] repeated = new byte[s_lengths[random.Next(s_lengths.Length)]];
                for (int i = 0; i < repeated.Length; i++)
                {
                    repeated[i] = inside[i % inside.Length];
                }

                tokens[at] = [(byte)'"', .. repeated, (byte)'"'];
                break;

            case 3:
                int place = 1 + random.Next(inside.Length + 1);
                tokens[at] = [.. tokens[at].AsSpan(0, place), .. s_characters[random.Next(s_characters.Length)], .. tokens[at].AsSpan(place)];
                break;

            default:
                tokens[at] = [(byte)'"', .. inside[..random.Next(inside.Length)], (byte)'"'];
                break;
        }
    }

    private static byte[] Repeated(string text, int times) => Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(text, times)));
}
