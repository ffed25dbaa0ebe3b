using System.IO;
using DeviceAgent.Board;

namespace DeviceAgent.Identity
{
    /// <summary>The PEM files that the factory has put into the board's storage.</summary>
    public static class PemFile
    {
        /// <summary>Certificates that the broker's own must lead to.</summary>
        public const string RootCa = "root-ca.pem";

        /// <summary>The claim certificate, the same on many boards.</summary>
        public const string ClaimCertificate = "claim.pem.crt";

        /// <summary>Its private key.</summary>
        public const string ClaimKey = "claim.pem.key";

        /// <summary>The board's own certificate, where the factory gives it one; the chain to its CA may follow in the file.</summary>
        public const string DeviceCertificate = "device.pem.crt";

        /// <summary>Its private key, or with <c>claim-csr</c> that of the factory's request.</summary>
        public const string DeviceKey = "device.pem.key";

        /// <summary>What is wrong with a key that <see cref="Crypto.EcKey.LacksPublicPoint"/> says no board can bear.</summary>
        internal const string NoPublicPoint = " is without its public point, or has it compressed, and no board can read it so: write it anew by openssl ec -in KEY -conv_form uncompressed -out NEW";

        /// <summary>Reads a file, and puts the zero byte after it that mbedTLS wants.</summary>
        /// <param name="storage">The board's storage.</param>
        /// <param name="name">The file.</param>
        /// <returns>The file's bytes; <see langword="null"/> where it is not there, empty, or cannot be read.</returns>
        public static byte[] Read(IStorage storage, string name)
        {
            byte[] file;
            try
            {
                file = storage.Read(name);
            }
            catch (IOException)
            {
                return null;
            }

            if (file == null || file.Length == 0)
            {
                return null;
            }

            byte[] ended = new byte[file.Length + 1];
            file.CopyTo(ended, 0);
            return ended;
        }
    }
}
