namespace DeviceAgent.Crypto
{
    /// <summary>SHA-256 (FIPS 180-4), of data that comes in parts; it can be used again after each <see cref="Finish"/>.</summary>
    /// <remarks>It takes some 800 bytes of heap, its table included: nothing is kept while none is in use.</remarks>
    public sealed class Sha256
    {
        /// <summary>A digest's length in bytes.</summary>
        public const int DigestSize = 32;

        /// <summary>The length in bytes of the blocks that are hashed.</summary>
        public const int BlockSize = 64;

        private readonly uint[] _constants;
        private readonly uint[] _state = new uint[8];
        private readonly uint[] _schedule = new uint[64];
        private readonly byte[] _block = new byte[BlockSize];
        private int _used;
        private int _length;

        /// <summary>Begins a digest.</summary>
        public Sha256()
        {
            // FIPS 180-4, 4.2.2; not static: a static table takes heap from the start to the end
            _constants = new uint[]
            {
                0x428A2F98, 0x71374491, 0xB5C0FBCF, 0xE9B5DBA5, 0x3956C25B, 0x59F111F1, 0x923F82A4, 0xAB1C5ED5,
                0xD807AA98, 0x12835B01, 0x243185BE, 0x550C7DC3, 0x72BE5D74, 0x80DEB1FE, 0x9BDC06A7, 0xC19BF174,
                0xE49B69C1, 0xEFBE4786, 0x0FC19DC6, 0x240CA1CC, 0x2DE92C6F, 0x4A7484AA, 0x5CB0A9DC, 0x76F988DA,
                0x983E5152, 0xA831C66D, 0xB00327C8, 0xBF597FC7, 0xC6E00BF3, 0xD5A79147, 0x06CA6351, 0x14292967,
                0x27B70A85, 0x2E1B2138, 0x4D2C6DFC, 0x53380D13, 0x650A7354, 0x766A0ABB, 0x81C2C92E, 0x92722C85,
                0xA2BFE8A1, 0xA81A664B, 0xC24B8B70, 0xC76C51A3, 0xD192E819, 0xD6990624, 0xF40E3585, 0x106AA070,
                0x19A4C116, 0x1E376C08, 0x2748774C, 0x34B0BCB5, 0x391C0CB3, 0x4ED8AA4A, 0x5B9CCA4F, 0x682E6FF3,
                0x748F82EE, 0x78A5636F, 0x84C87814, 0x8CC70208, 0x90BEFFFA, 0xA4506CEB, 0xBEF9A3F7, 0xC67178F2,
            };
            Reset();
        }

        /// <summary>The digest of data that is at hand.</summary>
        /// <param name="data">The data.</param>
        /// <returns><see cref="DigestSize"/> bytes.</returns>
        public static byte[] Hash(byte[] data)
        {
            Sha256 sha = new Sha256();
            sha.Append(data);
            return sha.Finish();
        }

        /// <summary>Takes more data.</summary>
        /// <param name="data">All of it is taken. Up to 256 MB between two digests.</param>
        public void Append(byte[] data)
        {
            for (int i = 0; i < data.Length; i++)
            {
                Append(data[i]);
            }
        }

        /// <summary>Takes one byte more.</summary>
        /// <param name="data">The byte.</param>
        public void Append(byte data)
        {
            _length++;
            Put(data);
        }

        /// <summary>Ends the digest, and begins another.</summary>
        /// <returns>The digest of what was taken: <see cref="DigestSize"/> bytes.</returns>
        public byte[] Finish()
        {
            Put(0x80);
            while (_used != BlockSize - 8)
            {
                Put(0);
            }

            // the length in bits, 64 of them, big-endian
            for (int shift = 56; shift >= 0; shift -= 8)
            {
                Put((byte)(((ulong)_length << 3) >> shift));
            }

            byte[] digest = new byte[DigestSize];
            for (int i = 0; i < DigestSize; i++)
            {
                digest[i] = (byte)(_state[i >> 2] >> (24 - (8 * (i & 3))));
            }

            Reset();
            return digest;
        }

        private void Reset()
        {
            uint[] state = _state;
            state[0] = 0x6A09E667;
            state[1] = 0xBB67AE85;
            state[2] = 0x3C6EF372;
            state[3] = 0xA54FF53A;
            state[4] = 0x510E527F;
            state[5] = 0x9B05688C;
            state[6] = 0x1F83D9AB;
            state[7] = 0x5BE0CD19;
            _used = 0;
            _length = 0;
        }

        private void Put(byte data)
        {
            _block[_used++] = data;
            if (_used == BlockSize)
            {
                Compress();
                _used = 0;
            }
        }

        private void Compress()
        {
            uint[] w = _schedule;
            uint[] constants = _constants;
            byte[] block = _block;
            for (int i = 0; i < 16; i++)
            {
                int at = 4 * i;
                w[i] = ((uint)block[at] << 24) | ((uint)block[at + 1] << 16) | ((uint)block[at + 2] << 8) | block[at + 3];
            }

            for (int i = 16; i < 64; i++)
            {
                uint x = w[i - 15];
                uint y = w[i - 2];
                w[i] = w[i - 16] + w[i - 7]
                    + (((x >> 7) | (x << 25)) ^ ((x >> 18) | (x << 14)) ^ (x >> 3))
                    + (((y >> 17) | (y << 15)) ^ ((y >> 19) | (y << 13)) ^ (y >> 10));
            }

            uint[] state = _state;
            uint a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];
            for (int i = 0; i < 64; i++)
            {
                uint first = h + (((e >> 6) | (e << 26)) ^ ((e >> 11) | (e << 21)) ^ ((e >> 25) | (e << 7)))
                    + (g ^ (e & (f ^ g))) + constants[i] + w[i];
                uint second = (((a >> 2) | (a << 30)) ^ ((a >> 13) | (a << 19)) ^ ((a >> 22) | (a << 10)))
                    + ((a & b) | (c & (a | b)));
                h = g;
                g = f;
                f = e;
                e = d + first;
                d = c;
                c = b;
                b = a;
                a = first + second;
            }

            state[0] += a;
            state[1] += b;
            state[2] += c;
            state[3] += d;
            state[4] += e;
            state[5] += f;
            state[6] += g;
            state[7] += h;
        }
    }
}
