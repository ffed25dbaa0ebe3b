using System;

namespace DeviceAgent.Crypto
{
    /// <summary>A certificate signing request (PKCS #10, RFC 2986): what CreateCertificateFromCsr takes.</summary>
    public static class Pkcs10
    {
        /// <summary>How long a common name may be, in characters (RFC 5280, A.1: ub-common-name).</summary>
        public const int MaxCommonName = 64;

        /// <summary>How many bytes of a public key are compared: the x and the y coordinate of a point of P-256, and of an RSA key the exponent and what stands before it.</summary>
        public const int PublicKeySize = 64;

        /// <summary>Writes a request for a certificate, signed with ECDSA and SHA-256. It costs 1,427 modular multiplications, and so 2,529 with its key.</summary>
        /// <param name="key">The key that the certificate is wanted for.</param>
        /// <param name="commonName">The subject's only attribute: 1 to <see cref="MaxCommonName"/> printable ASCII characters.</param>
        /// <returns>The request in PEM: ASCII, 432 bytes at most, lines ended by a line feed.</returns>
        /// <exception cref="ArgumentException">The common name is empty, too long, or has another character.</exception>
        public static byte[] CreateRequest(EcKey key, string commonName)
        {
            if (commonName.Length < 1 || commonName.Length > MaxCommonName)
            {
                throw new ArgumentException("a common name has 1 to 64 characters");
            }

            DerWriter der = new DerWriter(200);
            int end = der.Start;

            // no attributes
            der.Prepend(0);
            der.Prepend(DerWriter.Context);
            key.PrependPublicKey(der);

            int subject = der.Start;
            for (int i = commonName.Length - 1; i >= 0; i--)
            {
                if (commonName[i] < ' ' || commonName[i] > '~')
                {
                    throw new ArgumentException("a common name is of printable ASCII characters");
                }

                der.Prepend(commonName[i]);
            }

            der.Wrap(DerWriter.Utf8String, subject);
            der.Prepend(DerWriter.CommonName);
            der.Wrap(DerWriter.Sequence, subject);
            der.Wrap(DerWriter.Set, subject);
            der.Wrap(DerWriter.Sequence, subject);
            der.PrependVersion(0);
            der.Wrap(DerWriter.Sequence, end);
            byte[] info = der.ToArray();
            byte[] signature = key.Sign(info);

            der = new DerWriter(info.Length + signature.Length + 20);
            end = der.Start;
            der.Prepend(signature);
            der.WrapBits(end);
            int algorithm = der.Start;
            der.Prepend(DerWriter.EcdsaWithSha256);
            der.Wrap(DerWriter.Sequence, algorithm);
            der.Prepend(info);
            der.Wrap(DerWriter.Sequence, end);
            return Pem.Encode("CERTIFICATE REQUEST", der.ToArray());
        }

        /// <summary>Reads what tells the key of a request from others: the end of its public key, which is in certificates for it and in the key's own file too.</summary>
        /// <param name="pem">The request in PEM.</param>
        /// <returns>The last <see cref="PublicKeySize"/> bytes of its <c>SubjectPublicKeyInfo</c>; <see langword="null"/> where it is no request.</returns>
        public static byte[] ReadPublicKey(byte[] pem)
        {
            byte[] der = Pem.Decode(pem);
            if (der == null)
            {
                return null;
            }

            // CertificationRequest and its CertificationRequestInfo are entered, version and subject passed over
            int at = Content(der, Content(der, 0));
            at = End(der, End(der, at));
            int end = End(der, at);
            if (end - at < PublicKeySize || der[at] != DerWriter.Sequence)
            {
                return null;
            }

            byte[] publicKey = new byte[PublicKeySize];
            Array.Copy(der, end - PublicKeySize, publicKey, 0, PublicKeySize);
            return publicKey;
        }

        /// <summary>Whether a structure has this public key in it.</summary>
        /// <param name="der">A certificate, or a private key with its public part.</param>
        /// <param name="publicKey">From <see cref="ReadPublicKey"/>.</param>
        public static bool Has(byte[] der, byte[] publicKey)
        {
            for (int at = der.Length - publicKey.Length; at >= 0; at--)
            {
                int i = 0;
                while (i < publicKey.Length && der[at + i] == publicKey[i])
                {
                    i++;
                }

                if (i == publicKey.Length)
                {
                    return true;
                }
            }

            return false;
        }

        /// <summary>Where the content of the element at a place begins; past the end where there is no whole element.</summary>
        internal static int Content(byte[] der, int at)
        {
            if (at + 1 >= der.Length)
            {
                return der.Length;
            }

            return at + 2 + (der[at + 1] < 0x80 ? 0 : der[at + 1] & 0x7F);
        }

        /// <summary>Where the element at a place ends; not past the end of all.</summary>
        internal static int End(byte[] der, int at)
        {
            int content = Content(der, at);
            if (content >= der.Length)
            {
                return der.Length;
            }

            int length = content == at + 2 ? der[at + 1] : 0;
            for (int i = at + 2; i < content; i++)
            {
                length = (length << 8) | der[i];
            }

            return length < 0 || length > der.Length - content ? der.Length : content + length;
        }
    }
}
