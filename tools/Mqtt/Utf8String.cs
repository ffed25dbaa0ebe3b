using System.Text;

namespace Mqtt;

/// <summary>Strings as MQTT 3.1.1 §1.5.3 has them: strict UTF-8 without U+0000, at most 65,535 bytes.</summary>
internal static class Utf8String
{
    public const int MaximumBytes = ushort.MaxValue;

    /// <summary>Refuses what is not well-formed (overlong forms, surrogates, lone halves) and keeps a leading U+FEFF (MQTT-1.5.3-3).</summary>
    public static readonly UTF8Encoding Encoding = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>What keeps <paramref name="value"/> from the wire, or null.</summary>
    public static string? FindFault(string value, int minimumBytes = 0)
    {
        if (value.Contains('\0'))
        {
            return "holds U+0000";
        }

        int bytes;
        try
        {
            bytes = Encoding.GetByteCount(value);
        }
        catch (EncoderFallbackException)
        {
            return "holds half a surrogate pair";
        }

        if (bytes < minimumBytes)
        {
            return "is empty";
        }

        return bytes > MaximumBytes ? $"is longer than {MaximumBytes} bytes" : null;
    }
}
