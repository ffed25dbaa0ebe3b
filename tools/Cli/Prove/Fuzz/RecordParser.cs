using System.Buffers.Binary;

namespace Cli.Prove.Fuzz;

/// <summary>A file of the agent's own with a mark, a generation and a checksum: it may be torn, damaged or somebody else's.</summary>
internal abstract class RecordParser : FuzzParser
{
    private const int Header = 10;

    /// <summary>Far more than any record of the agent's has: what is too long for a board's heap is not tried.</summary>
    public override int LongestInput => 16_384;

    /// <inheritdoc/>
    public override int FixedAllocation => 2_048;

    /// <summary>The file and a copy of each field, some of them as text; a field of one character (3 bytes) takes 32 as a string and its place.</summary>
    public override int AllocationPerByte => 16;

    /// <summary>How many fields it has at least.</summary>
    protected abstract int MinimumFields { get; }

    /// <inheritdoc/>
    public override byte[] Mutate(byte[] document, Random random)
    {
        byte[] changed = (byte[])document.Clone();
        switch (random.Next(6))
        {
            case 0:
                // Which of several copies is the newest
                BinaryPrimitives.WriteInt32LittleEndian(changed.AsSpan(4), random.Next(3) switch { 0 => random.Next(-3, 4), 1 => int.MinValue, _ => random.Next(int.MinValue, int.MaxValue) });
                return changed;

            case 1:
                BinaryPrimitives.WriteUInt16LittleEndian(changed.AsSpan(8), (ushort)random.Next(random.Next(2) == 0 ? 12 : 65_536));
                return changed;

            case 2 or 3:
                // A field's length
                int at = Header;
                for (int fields = random.Next(8); fields > 0; fields--)
                {
                    int next = at + 2 + BinaryPrimitives.ReadUInt16LittleEndian(changed.AsSpan(at));
                    at = next + 6 <= changed.Length ? next : at;
                }

                int length = BinaryPrimitives.ReadUInt16LittleEndian(changed.AsSpan(at));
                BinaryPrimitives.WriteUInt16LittleEndian(changed.AsSpan(at), (ushort)(random.Next(2) == 0 ? length + random.Next(-3, 4) : random.Next(65_536)));
                return changed;

            case 4:
                // A write that was torn: the rest is what the flash held before, or erased
                byte rest = (byte)(random.Next(2) == 0 ? 0xFF : 0);
                changed.AsSpan(random.Next(changed.Length)).Fill(rest);
                return changed;

            default:
                byte[] other = Corpus[random.Next(Corpus.Count)];
                int cut = random.Next(Math.Min(changed.Length, other.Length));
                return [.. changed.AsSpan(0, cut), .. other.AsSpan(cut)];
        }
    }

    /// <summary>Gives it the checksum that belongs to it.</summary>
    public override byte[] Mend(byte[] input)
    {
        if (input.Length < 4)
        {
            return input;
        }

        byte[] mended = (byte[])input.Clone();
        BinaryPrimitives.WriteUInt32LittleEndian(mended.AsSpan(mended.Length - 4), Crc32(mended.AsSpan(0, mended.Length - 4)));
        return mended;
    }

    /// <summary>Turns some bits of a record that counts, one at a time: then it must not count.</summary>
    /// <param name="record">The record.</param>
    /// <param name="input">Chooses which bits.</param>
    /// <param name="counts">Whether a record counts.</param>
    public static void RequireThatFlipsAreNoticed(byte[] record, byte[] input, Func<byte[], bool> counts)
    {
        Random random = new((int)Crc32(input));
        for (int i = 0; i < 4; i++)
        {
            int bit = random.Next(record.Length * 8);
            record[bit / 8] ^= (byte)(1 << (bit % 8));
            Require(!counts(record), $"a record with bit {bit} turned counts");
            record[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    /// <summary>Whether bytes are a whole record, and count where another slot holds that generation. Of two of the same, which no agent makes, the first counts.</summary>
    protected bool IsNewest(byte[] record, int other) => IsWhole(record) && BinaryPrimitives.ReadInt32LittleEndian(record.AsSpan(4)) >= other;

    /// <summary>Whether bytes are a whole record of this kind.</summary>
    protected bool IsWhole(byte[] record)
    {
        if (record.Length < Header + 4 || !record.AsSpan(0, 4).SequenceEqual(Corpus[0].AsSpan(0, 4)))
        {
            return false;
        }

        int end = record.Length - 4;
        int count = BinaryPrimitives.ReadUInt16LittleEndian(record.AsSpan(8));
        int at = Header;
        for (int i = 0; i < count && at <= end; i++)
        {
            at = at + 2 > end ? int.MaxValue : at + 2 + BinaryPrimitives.ReadUInt16LittleEndian(record.AsSpan(at));
        }

        return at == end && count >= MinimumFields && BinaryPrimitives.ReadUInt32LittleEndian(record.AsSpan(end)) == Crc32(record.AsSpan(0, end));
    }

    /// <summary>CRC-32 (IEEE 802.3), bit by bit: the firmware's is by half bytes and a table.</summary>
    private static uint Crc32(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in bytes)
        {
            crc ^= b;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ ((crc & 1) * 0xEDB88320);
            }
        }

        return ~crc;
    }
}
