namespace DeviceAgent.Crypto
{
    /// <summary>Writes DER (X.690) from its end to its beginning: so each length is known when it is written.</summary>
    internal sealed class DerWriter
    {
        /// <summary>SEQUENCE.</summary>
        public const byte Sequence = 0x30;

        /// <summary>SET.</summary>
        public const byte Set = 0x31;

        /// <summary>OCTET STRING.</summary>
        public const byte OctetString = 0x04;

        /// <summary>INTEGER.</summary>
        public const byte Integer = 0x02;

        /// <summary>UTF8String.</summary>
        public const byte Utf8String = 0x0C;

        /// <summary>[0], constructed; the others follow.</summary>
        public const byte Context = 0xA0;

        private const byte BitString = 0x03;

        private readonly byte[] _bytes;

        /// <summary>Makes a writer.</summary>
        /// <param name="capacity">How many bytes will be written at most.</param>
        public DerWriter(int capacity)
        {
            _bytes = new byte[capacity];
            Start = capacity;
        }

        /// <summary>The object identifier of the curve P-256: 1.2.840.10045.3.1.7.</summary>
        public static byte[] P256 => new byte[] { 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07 };

        /// <summary>The object identifier of public keys of such curves: 1.2.840.10045.2.1.</summary>
        public static byte[] EcPublicKey => new byte[] { 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01 };

        /// <summary>The object identifier ecdsa-with-SHA256: 1.2.840.10045.4.3.2.</summary>
        public static byte[] EcdsaWithSha256 => new byte[] { 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02 };

        /// <summary>The object identifier of a common name: 2.5.4.3.</summary>
        public static byte[] CommonName => new byte[] { 0x06, 0x03, 0x55, 0x04, 0x03 };

        /// <summary>Where what was written begins: the end of what is written next.</summary>
        public int Start { get; private set; }

        /// <summary>Writes bytes before what was written.</summary>
        /// <param name="bytes">The bytes.</param>
        public void Prepend(byte[] bytes)
        {
            Start -= bytes.Length;
            bytes.CopyTo(_bytes, Start);
        }

        /// <summary>Writes a byte before what was written.</summary>
        /// <param name="value">The byte.</param>
        public void Prepend(int value) => _bytes[--Start] = (byte)value;

        /// <summary>Writes a number before what was written, as an INTEGER in the fewest bytes.</summary>
        /// <param name="number">The number: eight limbs of 32 bits, the lowest first.</param>
        public void PrependInteger(uint[] number)
        {
            int end = Start;
            Start -= 4 * MontgomeryModulus.Limbs;
            MontgomeryModulus.Write(number, _bytes, Start);
            while (Start < end - 1 && _bytes[Start] == 0)
            {
                Start++;
            }

            if (_bytes[Start] >= 0x80)
            {
                Prepend(0);
            }

            Wrap(Integer, end);
        }

        /// <summary>Writes a version before what was written, as an INTEGER.</summary>
        /// <param name="version">0 to 127.</param>
        public void PrependVersion(int version)
        {
            Prepend(version);
            Wrap(Integer, Start + 1);
        }

        /// <summary>Makes an element of what was written.</summary>
        /// <param name="tag">Its tag.</param>
        /// <param name="end">Where it ends: what <see cref="Start"/> was when its last byte had not been written.</param>
        public void Wrap(byte tag, int end)
        {
            int length = end - Start;
            if (length < 128)
            {
                Prepend(length);
            }
            else
            {
                int bytes = 0;
                for (; length > 0; length >>= 8)
                {
                    Prepend(length);
                    bytes++;
                }

                Prepend(0x80 | bytes);
            }

            Prepend(tag);
        }

        /// <summary>Makes a BIT STRING of what was written.</summary>
        /// <param name="end">Where it ends.</param>
        public void WrapBits(int end)
        {
            Prepend(0);
            Wrap(BitString, end);
        }

        /// <summary>A copy of what was written.</summary>
        public byte[] ToArray()
        {
            byte[] written = new byte[_bytes.Length - Start];
            System.Array.Copy(_bytes, Start, written, 0, written.Length);
            return written;
        }
    }
}
