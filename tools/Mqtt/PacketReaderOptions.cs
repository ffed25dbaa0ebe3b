namespace Mqtt;

/// <summary>What a <see cref="PacketReader"/> takes.</summary>
public sealed class PacketReaderOptions
{
    /// <summary>The longest packet that MQTT 3.1.1 can encode: 268,435,455 bytes after a fixed header of 5.</summary>
    public const int ProtocolMaximumPacketSize = 268_435_455 + 5;

    /// <summary>The defaults.</summary>
    public static PacketReaderOptions Default { get; } = new();

    /// <summary>
    /// The longest packet accepted, in bytes, fixed header included; 2 to <see cref="ProtocolMaximumPacketSize"/>.
    /// The default, 256 KiB, holds AWS IoT Core's longest message (128 KiB of payload) with its topic.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Set outside that range.</exception>
    public int MaximumPacketSize
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 2);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, ProtocolMaximumPacketSize);
            field = value;
        }
    } = 256 * 1024;
}
