using System;

namespace DeviceAgent.Crypto
{
    /// <summary>Writes and reads PEM (RFC 7468).</summary>
    internal static class Pem
    {
        private const int BytesOfLine = 48;
        private const string Beginning = "-----BEGIN ";
        private const string PrivateKey = "PRIVATE KEY-----";

        /// <summary>Writes a structure.</summary>
        /// <param name="label">What it is, as <c>CERTIFICATE REQUEST</c>.</param>
        /// <param name="der">The structure in DER.</param>
        /// <returns>ASCII, in lines of 64 characters that end in a line feed, the last line too.</returns>
        public static byte[] Encode(string label, byte[] der)
        {
            string first = Beginning + label + "-----\n";
            string last = "-----END " + label + "-----\n";
            int lines = (der.Length + BytesOfLine - 1) / BytesOfLine;
            byte[] pem = new byte[first.Length + ((der.Length + 2) / 3 * 4) + lines + last.Length];
            int at = Put(pem, 0, first);
            for (int i = 0; i < der.Length; i += BytesOfLine)
            {
                at = Put(pem, at, Convert.ToBase64String(der, i, der.Length - i < BytesOfLine ? der.Length - i : BytesOfLine));
                pem[at++] = (byte)'\n';
            }

            Put(pem, at, last);
            return pem;
        }

        /// <summary>Whether it is PEM by its first characters, and so nothing stands before it.</summary>
        /// <param name="pem">What may be.</param>
        public static bool Begins(byte[] pem)
        {
            return Has(pem, 0, Beginning);
        }

        /// <summary>Reads the first structure.</summary>
        /// <param name="pem">PEM without headers (as an encrypted key of old has them); what stands after its end does not matter.</param>
        /// <returns>The structure in DER; <see langword="null"/> where there is none that can be read.</returns>
        public static byte[] Decode(byte[] pem)
        {
            return Begins(pem) ? DecodeAfter(pem, Beginning.Length) : null;
        }

        /// <summary>Reads the first private key, which parameters of its curve may stand before, as OpenSSL writes them.</summary>
        /// <param name="pem">PEM without headers.</param>
        /// <returns>The key in DER; <see langword="null"/> where there is none that can be read.</returns>
        public static byte[] DecodeKey(byte[] pem)
        {
            for (int start = 0; start <= pem.Length - PrivateKey.Length; start++)
            {
                if (pem[start] == PrivateKey[0] && Has(pem, start, PrivateKey))
                {
                    return DecodeAfter(pem, start);
                }
            }

            return null;
        }

        /// <summary>Reads a structure.</summary>
        /// <param name="pem">PEM.</param>
        /// <param name="start">A place in the line that begins the structure.</param>
        private static byte[] DecodeAfter(byte[] pem, int start)
        {
            while (start < pem.Length && pem[start] != '\n')
            {
                start++;
            }

            int end = start;
            while (end < pem.Length && pem[end] != '-')
            {
                end++;
            }

            if (end - start < 4 || end == pem.Length)
            {
                return null;
            }

            return DecodeBase64(pem, start, end);
        }

        /// <summary>
        /// Reads base 64 (RFC 4648) with white space anywhere in it. Convert.FromBase64String would want it as a string first, and throws.
        /// </summary>
        /// <param name="pem">The text.</param>
        /// <param name="start">Where it begins.</param>
        /// <param name="end">Where it ends.</param>
        /// <returns>The bytes; <see langword="null"/> where it is none, or empty.</returns>
        public static byte[] DecodeBase64(byte[] pem, int start, int end)
        {
            int characters = 0;
            int padding = 0;
            for (int i = start; i < end; i++)
            {
                if (IsBlank(pem[i]))
                {
                    continue;
                }

                characters++;
                padding += pem[i] == '=' ? 1 : 0;
                if (pem[i] != '=' && (padding > 0 || Digit(pem[i]) < 0))
                {
                    return null;
                }
            }

            if (characters == 0 || characters % 4 != 0 || padding > 2)
            {
                return null;
            }

            byte[] bytes = new byte[(characters / 4 * 3) - padding];
            int used = 0;
            int bits = 0;
            characters = 0;
            for (int i = start; i < end; i++)
            {
                if (IsBlank(pem[i]))
                {
                    continue;
                }

                bits = (bits << 6) | (Digit(pem[i]) & 63);
                if (++characters % 4 == 0)
                {
                    for (int shift = 16; shift >= 0 && used < bytes.Length; shift -= 8)
                    {
                        bytes[used++] = (byte)(bits >> shift);
                    }
                }
            }

            return bytes;
        }

        /// <summary>Whether a text is at a place.</summary>
        public static bool Has(byte[] pem, int at, string text)
        {
            for (int i = 0; i < text.Length; i++)
            {
                if (at + i >= pem.Length || pem[at + i] != text[i])
                {
                    return false;
                }
            }

            return true;
        }

        private static bool IsBlank(byte character) => character == ' ' || character == '\r' || character == '\n' || character == '\t';

        /// <summary>A digit of base 64 (RFC 4648); −1 where it is none.</summary>
        private static int Digit(byte character)
        {
            return character >= 'A' && character <= 'Z' ? character - 'A'
                : character >= 'a' && character <= 'z' ? character - 'a' + 26
                : character >= '0' && character <= '9' ? character - '0' + 52
                : character == '+' ? 62
                : character == '/' ? 63 : -1;
        }

        private static int Put(byte[] pem, int at, string text)
        {
            for (int i = 0; i < text.Length; i++)
            {
                pem[at++] = (byte)text[i];
            }

            return at;
        }
    }
}
