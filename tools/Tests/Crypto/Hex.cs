using System;

namespace DeviceAgent.Tests.Crypto
{
    /// <summary>Bytes as the published vectors have them, and what the portable code makes of PEM.</summary>
    internal static class Hex
    {
        private const string Digits = "0123456789ABCDEF";

        public static byte[] Bytes(string hex)
        {
            byte[] bytes = new byte[hex.Length / 2];
            for (int i = 0; i < bytes.Length; i++)
            {
                bytes[i] = (byte)((Digits.IndexOf(hex[2 * i]) << 4) | Digits.IndexOf(hex[(2 * i) + 1]));
            }

            return bytes;
        }

        public static string Text(byte[] bytes) => Text(bytes, 0, bytes.Length);

        public static string Text(byte[] bytes, int start, int length)
        {
            char[] text = new char[2 * length];
            for (int i = 0; i < length; i++)
            {
                text[2 * i] = Digits[bytes[start + i] >> 4];
                text[(2 * i) + 1] = Digits[bytes[start + i] & 15];
            }

            return new string(text);
        }

        /// <summary>The bytes of ASCII text.</summary>
        public static byte[] Ascii(string text)
        {
            byte[] bytes = new byte[text.Length];
            for (int i = 0; i < bytes.Length; i++)
            {
                bytes[i] = (byte)text[i];
            }

            return bytes;
        }

        /// <summary>A byte, repeated.</summary>
        public static byte[] Repeat(byte value, int length)
        {
            byte[] bytes = new byte[length];
            for (int i = 0; i < length; i++)
            {
                bytes[i] = value;
            }

            return bytes;
        }

        /// <summary>What PEM holds, once its labels and the length of its lines are right.</summary>
        public static byte[] FromPem(byte[] pem, string label)
        {
            char[] text = new char[pem.Length];
            for (int i = 0; i < pem.Length; i++)
            {
                text[i] = (char)pem[i];
            }

            string[] lines = new string(text).Split('\n');
            Assert.AreEqual("-----BEGIN " + label + "-----", lines[0]);
            Assert.AreEqual("-----END " + label + "-----", lines[lines.Length - 2]);
            Assert.AreEqual("", lines[lines.Length - 1]);
            string base64 = "";
            for (int i = 1; i < lines.Length - 2; i++)
            {
                Assert.IsTrue(i == lines.Length - 3 ? lines[i].Length > 0 && lines[i].Length <= 64 : lines[i].Length == 64, "line " + i.ToString());
                base64 += lines[i];
            }

            return Convert.FromBase64String(base64);
        }
    }
}
