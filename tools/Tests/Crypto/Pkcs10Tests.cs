using System;
using DeviceAgent.Crypto;
using nanoFramework.TestFramework;

namespace DeviceAgent.Tests.Crypto
{
    [TestClass]
    public class Pkcs10Tests
    {
        private const string PublicKey = "3059301306072A8648CE3D020106082A8648CE3D03010703420004" + EcKeyTests.X + EcKeyTests.Y;

        [TestMethod]
        public void TheRequestNamesItsSubjectAndIsSignedByItsKey()
        {
            Check("a", "306E020100300C310A300806035504030C01" + "61");
            Check("0123456789:_-ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxy", "3081AD020100304B3149304706035504030C40" + Hex.Text(Hex.Ascii("0123456789:_-ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxy")));
        }

        [TestMethod]
        public void CommonNamesThatCannotBeAreRefused()
        {
            EcKey key = EcKey.Create(Hex.Bytes(EcKeyTests.Private));
            Assert.ThrowsException(typeof(ArgumentException), () => Pkcs10.CreateRequest(key, ""));
            Assert.ThrowsException(typeof(ArgumentException), () => Pkcs10.CreateRequest(key, new string('a', 65)));
            Assert.ThrowsException(typeof(ArgumentException), () => Pkcs10.CreateRequest(key, "a\nb"));
            Assert.ThrowsException(typeof(ArgumentException), () => Pkcs10.CreateRequest(key, "a\u007F"));
            Assert.ThrowsException(typeof(ArgumentException), () => Pkcs10.CreateRequest(key, "\u00E9"));
        }

        [TestMethod]
        public void ThePublicKeyIsFoundInTheRequestAndInThePrivateKey()
        {
            EcKey key = EcKey.Create(Hex.Bytes(EcKeyTests.Private));
            byte[] request = Pkcs10.CreateRequest(key, "a");
            byte[] publicKey = Pkcs10.ReadPublicKey(request);
            Assert.AreEqual(EcKeyTests.X + EcKeyTests.Y, Hex.Text(publicKey));
            Assert.IsTrue(Pkcs10.Has(Pem.Decode(key.ToPem()), publicKey));
            Assert.IsTrue(Pkcs10.Has(publicKey, publicKey));
            publicKey[63] ^= 1;
            Assert.IsFalse(Pkcs10.Has(Pem.Decode(request), publicKey));
            Assert.IsFalse(Pkcs10.Has(new byte[63], publicKey));
            Assert.IsNull(Pkcs10.ReadPublicKey(Pem.Encode("X", Hex.Bytes("3082FFFF3080020100300030847FFFFFFF"))));
            for (int length = 0; length < request.Length - 40; length += 5)
            {
                byte[] part = new byte[length];
                Array.Copy(request, 0, part, 0, length);
                Assert.IsNull(Pkcs10.ReadPublicKey(part), "the first " + length.ToString() + " bytes");
            }
        }

        [TestMethod]
        public void PemIsReadUpToItsEnd()
        {
            Assert.AreEqual("0102FF", Hex.Text(Pem.Decode(Hex.Ascii("-----BEGIN X-----\nAQL/\n-----END X-----\n\0"))));
            Assert.AreEqual("0102FF03", Hex.Text(Pem.Decode(Hex.Ascii("-----BEGIN X-----\r\nAQL/\r\nAw==\r\n-----END X-----\r\n-----BEGIN Y-----"))));
            string[] bad = new string[] { "", "-----BEGIN", "-----BEGIN X-----", "-----BEGIN X-----\nAQL/", "-----BEGIN X-----\n-----END X-----", "-----BEGIN X-----\n?!?!?!\n-----END X-----", " -----BEGIN X-----\nAQL/\n-----END" };
            for (int i = 0; i < bad.Length; i++)
            {
                Assert.IsNull(Pem.Decode(Hex.Ascii(bad[i])), bad[i]);
            }
        }

        [TestMethod]
        public void AKeyThatIsErasedIsWrittenNoMore()
        {
            EcKey key = EcKey.Create(Hex.Bytes(EcKeyTests.Private));
            key.Erase();
            Assert.IsFalse(Hex.Text(Hex.FromPem(key.ToPem(), "EC PRIVATE KEY")).IndexOf(EcKeyTests.Private) >= 0);
        }

        private static void Check(string commonName, string beginning)
        {
            EcKey key = EcKey.Create(Hex.Bytes(EcKeyTests.Private));
            byte[] pem = Pkcs10.CreateRequest(key, commonName);
            Assert.IsTrue(pem.Length <= 432, pem.Length.ToString());
            string info = beginning + PublicKey + "A000";
            byte[] signature = key.Sign(Hex.Bytes(info));
            string signed = info + "300A06082A8648CE3D040302" + "03" + Hex.Text(new byte[] { (byte)(signature.Length + 1) }) + "00" + Hex.Text(signature);
            string request = Hex.Text(Hex.FromPem(pem, "CERTIFICATE REQUEST"));
            int length = signed.Length / 2;
            string header = length < 256 ? "3081" + Hex.Text(new byte[] { (byte)length }) : "3082" + Hex.Text(new byte[] { (byte)(length >> 8), (byte)length });
            Assert.AreEqual(header + signed, request);
        }
    }
}
