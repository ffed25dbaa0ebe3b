using System;

namespace DeviceAgent.Crypto
{
    /// <summary>Writes PEM (RFC 7468).</summary>
    internal static class Pem
    {
        private const int BytesOfLine = 48;

        /// <summary>Writes a structure.</summary>
        /// <param name="label">What it is, as <c>CERTIFICATE REQUEST</c>.</param>
        /// <param name="der">The structure in DER.</param>
        /// <returns>ASCII, in lines of 64 characters that end in a line feed, the last line too.</returns>
        public static byte[] Encode(string label, byte[] der)
        {
            string first = "-----BEGIN " + label + "-----\n";
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
