using System;

namespace DeviceAgent.Crypto
{
    /// <summary>A certificate signing request (PKCS #10, RFC 2986): what CreateCertificateFromCsr takes.</summary>
    public static class Pkcs10
    {
        /// <summary>How long a common name may be, in characters (RFC 5280, A.1: ub-common-name).</summary>
        public const int MaxCommonName = 64;

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
    }
}
