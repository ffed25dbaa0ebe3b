using System.Security.Cryptography;
using System.Text;

namespace LocalCloud;

/// <summary>One line of a journal: a checksum, a space, JSON without line breaks. So a line that was cut off or damaged is known for it.</summary>
/// <param name="Content">The JSON.</param>
/// <param name="IsWhole">Whether the checksum fits.</param>
/// <param name="End">Where the next line begins, in bytes.</param>
internal sealed record JournalLine(ReadOnlyMemory<byte> Content, bool IsWhole, long End)
{
    /// <summary>Digits of the checksum: 64 bits of SHA-256.</summary>
    private const int ChecksumLength = 16;

    /// <summary>The line for a content, with its end.</summary>
    public static byte[] Write(ReadOnlySpan<byte> json)
    {
        var line = new byte[ChecksumLength + 1 + json.Length + 1];
        Encoding.ASCII.GetBytes(Checksum(json), line);
        line[ChecksumLength] = (byte)' ';
        json.CopyTo(line.AsSpan(ChecksumLength + 1));
        line[^1] = (byte)'\n';
        return line;
    }

    /// <summary>The lines of a file; the last one also when it has no end.</summary>
    public static List<JournalLine> ReadAll(ReadOnlyMemory<byte> file)
    {
        var lines = new List<JournalLine>();
        for (var begin = 0; begin < file.Length;)
        {
            var length = file.Span[begin..].IndexOf((byte)'\n');
            var line = length < 0 ? file[begin..] : file.Slice(begin, length);
            begin = length < 0 ? file.Length : begin + length + 1;
            var isWhole = length > ChecksumLength
                && Encoding.ASCII.GetString(line.Span[..ChecksumLength]) == Checksum(line.Span[(ChecksumLength + 1)..]);
            lines.Add(new JournalLine(isWhole ? line[(ChecksumLength + 1)..] : default, isWhole, begin));
        }

        return lines;
    }

    private static string Checksum(ReadOnlySpan<byte> json) => Convert.ToHexStringLower(SHA256.HashData(json))[..ChecksumLength];
}
