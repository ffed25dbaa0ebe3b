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
