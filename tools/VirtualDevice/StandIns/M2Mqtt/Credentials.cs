using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using DeviceAgent.Crypto;

namespace nanoFramework.M2Mqtt
{
    /// <summary>Certificates and a key, read as a board reads them: PEM that a zero byte ends, checked one by one and not against each other.</summary>
    internal sealed class Credentials : IDisposable
    {
        private readonly X509Certificate2Collection _roots;
        private readonly X509Certificate2Collection _chain;
        private readonly AsymmetricAlgorithm _key;

        /// <summary>Reads them.</summary>
        /// <exception cref="ArgumentException">One of them is damaged, or not ended by a zero byte.</exception>
        public Credentials(byte[] rootCa, byte[] certificate, byte[] key)
        {
            _roots = ReadCertificates(rootCa, nameof(rootCa));
            _chain = ReadCertificates(certificate, nameof(certificate));
            _key = ReadKey(key, nameof(key));
        }

        /// <summary>The certificates that a server's chain may end in.</summary>
        public X509Certificate2Collection Roots => _roots;

        /// <summary>What follows the client's own certificate in its file.</summary>
        public X509Certificate2Collection Intermediates => [.. _chain.Skip(1)];

        /// <summary>Whether a certificate and a key can be read.</summary>
        public static bool AreUsable(byte[] certificate, byte[] key)
        {
            try
            {
                foreach (var read in ReadCertificates(certificate, nameof(certificate)))
                {
                    read.Dispose();
                }

                ReadKey(key, nameof(key)).Dispose();
                return true;
            }
            catch (ArgumentException)
            {
                return false;
            }
        }

        /// <summary>The client's certificate with its key; null when the key is another's.</summary>
        public X509Certificate2 JoinKey()
        {
            X509Certificate2 joined;
            try
            {
                joined = _key is RSA rsa ? _chain[0].CopyWithPrivateKey(rsa) : _chain[0].CopyWithPrivateKey((ECDsa)_key);
            }
            catch (ArgumentException)
            {
                return null;
            }

            if (!OperatingSystem.IsWindows())
            {
                return joined;
            }

            // Windows' TLS does not take a key that lives in this process only.
            using (joined)
            {
                return X509CertificateLoader.LoadPkcs12(joined.Export(X509ContentType.Pkcs12), null);
            }
        }

        public void Dispose()
        {
            foreach (var certificate in _roots.Concat(_chain))
            {
                certificate.Dispose();
            }

            _key.Dispose();
        }

        /// <summary>Reads certificates.</summary>
        /// <exception cref="ArgumentException">They are damaged, or not ended by a zero byte.</exception>
        internal static X509Certificate2Collection ReadCertificates(byte[] pem, string name)
        {
            var certificates = new X509Certificate2Collection();
            try
            {
                certificates.ImportFromPem(ReadText(pem, name));
            }
            catch (CryptographicException e)
            {
                throw new ArgumentException("The certificate is damaged.", name, e);
            }

            return certificates.Count > 0 ? certificates : throw new ArgumentException("There is no certificate in it.", name);
        }

        /// <summary>Reads a private key.</summary>
        /// <exception cref="ArgumentException">It is damaged, or not ended by a zero byte.</exception>
        internal static AsymmetricAlgorithm ReadKey(byte[] pem, string name)
        {
            var text = ReadText(pem, name);
            if (EcKey.LacksPublicPoint(pem))
            {
                throw new ArgumentException("A board crashes on a key of a curve without its public point.", name);
            }

            return TryRead(RSA.Create(), text) ?? TryRead(ECDsa.Create(), text) ?? throw new ArgumentException("There is no private key in it, or a damaged one.", name);
        }

        private static AsymmetricAlgorithm TryRead(AsymmetricAlgorithm key, string pem)
        {
            try
            {
                key.ImportFromPem(pem);

                // A public key can be imported too; it cannot be exported as a private one.
                CryptographicOperations.ZeroMemory(key.ExportPkcs8PrivateKey());
                return key;
            }
            catch (Exception e) when (e is CryptographicException or ArgumentException)
            {
                key.Dispose();
                return null;
            }
        }

        private static string ReadText(byte[] pem, string name)
        {
            ArgumentNullException.ThrowIfNull(pem, name);
            if (pem.Length == 0 || pem[^1] != 0)
            {
                throw new ArgumentException("A board reads PEM only when a zero byte ends it.", name);
            }

            // What follows the first zero byte does not exist for a board.
            return Encoding.Latin1.GetString(pem, 0, Array.IndexOf(pem, (byte)0));
        }
    }
}
