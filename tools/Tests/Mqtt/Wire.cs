using System.Buffers;
using Mqtt;

namespace Tests.Mqtt;

/// <summary>Bytes of packets for tests, written and read in one line.</summary>
internal static class Wire
{
    /// <summary>What <see cref="PacketWriter"/> makes of <paramref name="packet"/>.</summary>
    public static byte[] Encode(Packet packet)
    {
        var output = new ArrayBufferWriter<byte>();
        PacketWriter.Write(output, packet);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>The only packet in <paramref name="bytes"/>, or null when they are not a whole one.</summary>
    public static Packet? Decode(byte[] bytes, PacketReaderOptions? options = null)
    {
        var buffer = new ReadOnlySequence<byte>(bytes);
        return PacketReader.TryRead(ref buffer, options ?? PacketReaderOptions.Default, out var packet) ? packet : null;
    }

    /// <summary>The bytes of a hexadecimal text with spaces.</summary>
    public static byte[] Bytes(string hex) => Convert.FromHexString(hex.Replace(" ", string.Empty));

    /// <summary><paramref name="bytes"/> as a sequence of pieces that end at the given positions.</summary>
    public static ReadOnlySequence<byte> Split(byte[] bytes, params int[] ends)
    {
        var first = new Piece(bytes.AsMemory(0, ends.Length > 0 ? ends[0] : bytes.Length), 0);
        var last = first;
        for (var index = 0; index < ends.Length; index++)
        {
            var next = index + 1 < ends.Length ? ends[index + 1] : bytes.Length;
            last = last.Append(bytes.AsMemory(ends[index], next - ends[index]));
        }

        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(ReadOnlyMemory<byte> memory, long runningIndex)
        {
            Memory = memory;
            RunningIndex = runningIndex;
        }

        public Piece Append(ReadOnlyMemory<byte> memory)
        {
            var next = new Piece(memory, RunningIndex + Memory.Length);
            Next = next;
            return next;
        }
    }
}
