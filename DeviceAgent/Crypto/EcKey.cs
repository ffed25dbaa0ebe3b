namespace DeviceAgent.Crypto
{
    /// <summary>A private key of the curve P-256 and its public point: makes them of random bytes, signs, and writes them for others to read.</summary>
    /// <remarks>
    /// On a board the time goes into multiplications modulo numbers of 256 bits: 1,102 for a key, and 1,427 for each signature.
    /// No branch and no index depends on the private key or a nonce, but that it is in range.
    /// </remarks>
    public sealed class EcKey
    {
        /// <summary>A private key's length in bytes.</summary>
        public const int Size = 32;

        private const string RsaKey = "-----BEGIN RSA ";

        private readonly P256 _curve = new P256();
        private readonly byte[] _private;
        private readonly byte[] _public = new byte[1 + (2 * Size)];

        private EcKey(byte[] bytes)
        {
            _private = bytes;
        }

        /// <summary>The public point, uncompressed (SEC 1, 2.3.3): the byte 4, then the x and the y coordinate, 32 bytes each, big-endian.</summary>
        public byte[] PublicPoint => _public;

        /// <summary>How many modular multiplications this key has cost until now.</summary>
        internal int Multiplications => _curve.Field.Multiplications + _curve.Order.Multiplications;

        /// <summary>Makes a key of random bytes, by testing whether they are one (FIPS 186-4, B.4.2): all keys are equally likely where all bytes are.</summary>
        /// <param name="random"><see cref="Size"/> bytes that nobody else knows or can guess: from the board's hardware, while its radio is on.</param>
        /// <returns>The key; <see langword="null"/> where the bytes, as a number, are 0 or not below the order of the curve, as one try of 2^32 ends: then try other bytes.</returns>
        /// <exception cref="System.ArgumentException">It is not <see cref="Size"/> bytes.</exception>
        public static EcKey Create(byte[] random)
        {
            if (random.Length != Size)
            {
                throw new System.ArgumentException("a key is made of 32 bytes");
            }

            EcKey key = new EcKey((byte[])random.Clone());
            uint[] number = MontgomeryModulus.Read(random, 0);
            if (!key._curve.Order.IsInRange(number))
            {
                return null;
            }

            uint[] x = new uint[MontgomeryModulus.Limbs];
            uint[] y = new uint[MontgomeryModulus.Limbs];
            key._curve.MultiplyBase(number, x, y);
            key._public[0] = 4;
            MontgomeryModulus.Write(x, key._public, 1);
            MontgomeryModulus.Write(y, key._public, 1 + Size);
            return key;
        }

        /// <summary>
        /// Whether a private key is of a curve and without its public point, which may be left out (RFC 5915) or be compressed. mbedTLS computes it
        /// then with the random numbers that it is given, and those of X509Certificate2 are none: the board crashes (nf-interpreter, ssl_decode_private_key_internal.cpp).
        /// </summary>
        /// <param name="pem">The key in PEM, not encrypted.</param>
        public static bool LacksPublicPoint(byte[] pem)
        {
            byte[] der = Pem.Has(pem, 0, RsaKey) ? null : Pem.DecodeKey(pem); // the cloud's keys are not worth the memory
            if (der == null)
            {
                return false;
            }

            bool lacks = LacksPoint(der);
            System.Array.Clear(der, 0, der.Length);
            return lacks;
        }

        private static bool LacksPoint(byte[] der)
        {
            int at = Pkcs10.Content(der, 0);
            if (at >= der.Length || der[at] != DerWriter.Integer)
            {
                return false; // not a key, or encrypted
            }

            at = Pkcs10.End(der, at); // past the version
            if (at < der.Length && der[at] == DerWriter.Sequence)
            {
                // PKCS #8: past the algorithm the key is in an octet string, and begins with a version of its own
                at = Pkcs10.Content(der, Pkcs10.End(der, at));
                at = Pkcs10.End(der, Pkcs10.Content(der, at));
            }

            if (at >= der.Length || der[at] != DerWriter.OctetString)
            {
                return false; // not of a curve
            }

            while ((at = Pkcs10.End(der, at)) < der.Length)
            {
                int bits = Pkcs10.Content(der, at);
                int point = Pkcs10.Content(der, bits) + 1; // past the number of unused bits
                if (der[at] == DerWriter.Context + 1 && point < der.Length)
                {
                    return der[point] != 4;
                }
            }

            return true;
        }

        /// <summary>Signs: ECDSA with SHA-256, with the nonce that RFC 6979 says, so that no signature depends on the quality of random numbers.</summary>
        /// <param name="data">What is signed.</param>
        /// <returns>The signature: <c>ECDSA-Sig-Value</c> in DER (RFC 5480), 72 bytes at most.</returns>
        public byte[] Sign(byte[] data)
        {
            MontgomeryModulus order = _curve.Order;
            byte[] digest = Sha256.Hash(data);
            uint[] message = new uint[MontgomeryModulus.Limbs];
            order.Reduce(message, MontgomeryModulus.Read(digest, 0));
            MontgomeryModulus.Write(message, digest, 0);

            uint[] key = MontgomeryModulus.Read(_private, 0);
            order.Enter(key, key);
            uint[] x = new uint[MontgomeryModulus.Limbs];
            uint[] r = new uint[MontgomeryModulus.Limbs];
            uint[] s = new uint[MontgomeryModulus.Limbs];
            Rfc6979 nonces = new Rfc6979(_private, digest);
            do
            {
                uint[] nonce = MontgomeryModulus.Read(nonces.Next(), 0);
                if (!order.IsInRange(nonce))
                {
                    continue;
                }

                _curve.MultiplyBase(nonce, x, s);
                order.Reduce(r, x);
                order.Enter(nonce, nonce);
                order.Invert(nonce, nonce);
                order.Multiply(s, r, key);
                order.Add(s, s, message);
                order.Multiply(s, s, nonce);
            }
            while (MontgomeryModulus.IsZero(r) || MontgomeryModulus.IsZero(s));

            DerWriter der = new DerWriter(72);
            int end = der.Start;
            der.PrependInteger(s);
            der.PrependInteger(r);
            der.Wrap(DerWriter.Sequence, end);
            return der.ToArray();
        }

        /// <summary>Writes the key as OpenSSL and AWS write it: SEC 1's <c>ECPrivateKey</c> (RFC 5915) with curve and public point, in PEM.</summary>
        /// <returns>227 bytes of ASCII. Whoever has them is the device.</returns>
        public byte[] ToPem()
        {
            DerWriter der = new DerWriter(121);
            int end = der.Start;
            PrependPoint(der);
            der.Wrap(DerWriter.Context + 1, end);
            int parameters = der.Start;
            der.Prepend(DerWriter.P256);
            der.Wrap(DerWriter.Context, parameters);
            int octets = der.Start;
            der.Prepend(_private);
            der.Wrap(DerWriter.OctetString, octets);
            der.PrependVersion(1);
            der.Wrap(DerWriter.Sequence, end);
            return Pem.Encode("EC PRIVATE KEY", der.ToArray());
        }

        /// <summary>Forgets the private key: nothing is to be signed or written with it any more.</summary>
        public void Erase() => System.Array.Clear(_private, 0, Size);

        /// <summary>Writes the public key as a <c>SubjectPublicKeyInfo</c> (RFC 5480).</summary>
        /// <param name="der">Gets it.</param>
        internal void PrependPublicKey(DerWriter der)
        {
            int end = der.Start;
            PrependPoint(der);
            int algorithm = der.Start;
            der.Prepend(DerWriter.P256);
            der.Prepend(DerWriter.EcPublicKey);
            der.Wrap(DerWriter.Sequence, algorithm);
            der.Wrap(DerWriter.Sequence, end);
        }

        private void PrependPoint(DerWriter der)
        {
            int end = der.Start;
            der.Prepend(_public);
            der.WrapBits(end);
        }
    }
}
