namespace DeviceAgent.Crypto
{
    /// <summary>HMAC with SHA-256 (RFC 2104): <see cref="Start"/>, then <see cref="Append(byte[])"/>, then <see cref="Finish"/>, as often as wanted.</summary>
    public sealed class HmacSha256
    {
        private readonly Sha256 _sha = new Sha256();
        private byte[] _key;

        /// <summary>Begins a code.</summary>
        /// <param name="key">The key, of any length; not copied unless it is longer than a block.</param>
        public void Start(byte[] key)
        {
            if (key.Length > Sha256.BlockSize)
            {
                _sha.Append(key);
                key = _sha.Finish();
            }

            _key = key;
            AppendKey(0x36);
        }

        /// <summary>Takes more data.</summary>
        /// <param name="data">All of it is taken.</param>
        public void Append(byte[] data) => _sha.Append(data);

        /// <summary>Takes one byte more.</summary>
        /// <param name="data">The byte.</param>
        public void Append(byte data) => _sha.Append(data);

        /// <summary>Ends the code.</summary>
        /// <returns>The code: 32 bytes.</returns>
        public byte[] Finish()
        {
            byte[] inner = _sha.Finish();
            AppendKey(0x5C);
            _sha.Append(inner);
            return _sha.Finish();
        }

        private void AppendKey(int pad)
        {
            for (int i = 0; i < Sha256.BlockSize; i++)
            {
                _sha.Append((byte)(i < _key.Length ? _key[i] ^ pad : pad));
            }
        }
    }
}
