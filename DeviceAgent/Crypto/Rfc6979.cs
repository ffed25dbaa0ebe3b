namespace DeviceAgent.Crypto
{
    /// <summary>The nonces of a deterministic signature (RFC 6979, 3.2), with HMAC-SHA-256 and a curve of 256 bits.</summary>
    internal sealed class Rfc6979
    {
        private readonly HmacSha256 _hmac = new HmacSha256();
        private byte[] _key = new byte[Sha256.DigestSize];
        private byte[] _value = new byte[Sha256.DigestSize];
        private bool _hasGiven;

        /// <summary>Begins a sequence of nonces.</summary>
        /// <param name="privateKey">The private key: 32 bytes, big-endian.</param>
        /// <param name="digest">The message's digest, reduced by the order of the curve: 32 bytes, big-endian.</param>
        public Rfc6979(byte[] privateKey, byte[] digest)
        {
            for (int i = 0; i < _value.Length; i++)
            {
                _value[i] = 1;
            }

            Update(0, privateKey, digest);
            Update(1, privateKey, digest);
        }

        /// <summary>Gives the first nonce, and another each time that the one before could not be used.</summary>
        /// <returns>32 bytes, big-endian; not of the range that a nonce must have by need.</returns>
        public byte[] Next()
        {
            if (_hasGiven)
            {
                Update(0, null, null);
            }

            _hasGiven = true;
            _hmac.Start(_key);
            _hmac.Append(_value);
            _value = _hmac.Finish();
            return _value;
        }

        private void Update(byte separator, byte[] privateKey, byte[] digest)
        {
            _hmac.Start(_key);
            _hmac.Append(_value);
            _hmac.Append(separator);
            if (privateKey != null)
            {
                _hmac.Append(privateKey);
                _hmac.Append(digest);
            }

            _key = _hmac.Finish();
            _hmac.Start(_key);
            _hmac.Append(_value);
            _value = _hmac.Finish();
        }
    }
}
