using System.Text;

namespace DeviceAgent.Identity
{
    /// <summary>
    /// What the agent keeps in a file that must not be believed when the power went while it was written:
    /// a mark, a generation number, fields of bytes, and a CRC-32 over all of it.
    /// </summary>
    /// <remarks>
    /// Layout, numbers little-endian: 4 bytes mark, 4 bytes generation, 2 bytes count of fields, then for each field 2 bytes length and its bytes, then 4 bytes CRC-32.
    /// </remarks>
    public static class Record
    {
        private const int Header = 10;

        // CRC-32 (IEEE 802.3, as in zlib) by half bytes: 64 bytes of table in place of a kilobyte
        private static readonly uint[] s_crc = new uint[]
        {
            0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190, 0x6B6B51F4, 0x4DB26158, 0x5005713C,
            0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C, 0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C,
        };

        /// <summary>Makes a record whose fields are to be filled in: at <see cref="FieldStart"/>, before <see cref="Seal"/>.</summary>
        /// <param name="mark">Four ASCII characters: what the record is, and the version of its fields.</param>
        /// <param name="generation">Which of several copies is the newest.</param>
        /// <param name="lengths">Each field's length, 0 to 65,535 bytes.</param>
        public static byte[] Create(string mark, int generation, int[] lengths)
        {
            int size = Header + 4;
            for (int i = 0; i < lengths.Length; i++)
            {
                size += 2 + lengths[i];
            }

            byte[] record = new byte[size];
            for (int i = 0; i < 4; i++)
            {
                record[i] = (byte)mark[i];
            }

            PutInt(record, 4, generation);
            PutShort(record, 8, lengths.Length);
            int at = Header;
            for (int i = 0; i < lengths.Length; i++)
            {
                PutShort(record, at, lengths[i]);
                at += 2 + lengths[i];
            }

            return record;
        }

        /// <summary>Makes a record of fields that are at hand.</summary>
        /// <param name="mark">Four ASCII characters: what the record is, and the version of its fields.</param>
        /// <param name="generation">Which of several copies is the newest.</param>
        /// <param name="fields">The fields, 0 to 65,535 bytes each.</param>
        public static byte[] Create(string mark, int generation, byte[][] fields)
        {
            int[] lengths = new int[fields.Length];
            for (int i = 0; i < fields.Length; i++)
            {
                lengths[i] = fields[i].Length;
            }

            byte[] record = Create(mark, generation, lengths);
            for (int i = 0; i < fields.Length; i++)
            {
                fields[i].CopyTo(record, FieldStart(record, i));
            }

            Seal(record);
            return record;
        }

        /// <summary>Writes the CRC, once all fields are filled in.</summary>
        /// <param name="record">A record from <see cref="Create(string, int, int[])"/>.</param>
        public static void Seal(byte[] record) => PutInt(record, record.Length - 4, (int)Crc32(record, record.Length - 4));

        /// <summary>Whether bytes are a whole record of this kind.</summary>
        /// <param name="record">The bytes, or <see langword="null"/>.</param>
        /// <param name="mark">The mark that it must have.</param>
        /// <param name="fields">How many fields it must have at least.</param>
        public static bool IsValid(byte[] record, string mark, int fields)
        {
            if (record == null || record.Length < Header + 4)
            {
                return false;
            }

            for (int i = 0; i < 4; i++)
            {
                if (record[i] != mark[i])
                {
                    return false;
                }
            }

            int end = record.Length - 4;
            int count = GetShort(record, 8);
            int at = Header;
            for (int i = 0; i < count; i++)
            {
                if (at + 2 > end)
                {
                    return false;
                }

                at += 2 + GetShort(record, at);
            }

            return at == end && count >= fields && GetInt(record, end) == (int)Crc32(record, end);
        }

        /// <summary>The generation number of a valid record.</summary>
        /// <param name="record">A record.</param>
        public static int Generation(byte[] record) => GetInt(record, 4);

        /// <summary>How many fields a valid record has.</summary>
        /// <param name="record">A record.</param>
        public static int FieldCount(byte[] record) => GetShort(record, 8);

        /// <summary>Where a field begins.</summary>
        /// <param name="record">A valid record.</param>
        /// <param name="index">Which field, from 0.</param>
        public static int FieldStart(byte[] record, int index)
        {
            int at = Header;
            for (int i = 0; i < index; i++)
            {
                at += 2 + GetShort(record, at);
            }

            return at + 2;
        }

        /// <summary>How long a field is.</summary>
        /// <param name="record">A valid record.</param>
        /// <param name="index">Which field, from 0.</param>
        public static int FieldLength(byte[] record, int index) => GetShort(record, FieldStart(record, index) - 2);

        /// <summary>A copy of a field, and zero bytes after it.</summary>
        /// <param name="record">A valid record.</param>
        /// <param name="index">Which field, from 0.</param>
        /// <param name="zeros">How many zero bytes: 1 for PEM, which mbedTLS reads only when it is ended so.</param>
        public static byte[] GetBytes(byte[] record, int index, int zeros)
        {
            int start = FieldStart(record, index);
            int length = GetShort(record, start - 2);
            byte[] field = new byte[length + zeros];
            System.Array.Copy(record, start, field, 0, length);
            return field;
        }

        /// <summary>A field as text.</summary>
        /// <param name="record">A valid record.</param>
        /// <param name="index">Which field, from 0.</param>
        public static string GetString(byte[] record, int index)
        {
            int start = FieldStart(record, index);
            int length = GetShort(record, start - 2);
            return length == 0 ? "" : Encoding.UTF8.GetString(record, start, length);
        }

        private static uint Crc32(byte[] bytes, int length)
        {
            uint crc = 0xFFFFFFFF;
            for (int i = 0; i < length; i++)
            {
                crc ^= bytes[i];
                crc = (crc >> 4) ^ s_crc[(int)(crc & 15)];
                crc = (crc >> 4) ^ s_crc[(int)(crc & 15)];
            }

            return ~crc;
        }

        private static void PutShort(byte[] bytes, int at, int value)
        {
            bytes[at] = (byte)value;
            bytes[at + 1] = (byte)(value >> 8);
        }

        /// <summary>Writes a number as four bytes.</summary>
        /// <param name="bytes">Where to.</param>
        /// <param name="at">The first byte.</param>
        /// <param name="value">The number.</param>
        public static void PutInt(byte[] bytes, int at, int value)
        {
            PutShort(bytes, at, value);
            PutShort(bytes, at + 2, value >> 16);
        }

        private static int GetShort(byte[] bytes, int at) => bytes[at] | (bytes[at + 1] << 8);

        /// <summary>Reads a number of four bytes.</summary>
        /// <param name="bytes">Where from.</param>
        /// <param name="at">The first byte.</param>
        public static int GetInt(byte[] bytes, int at) => GetShort(bytes, at) | (GetShort(bytes, at + 2) << 16);
    }
}
