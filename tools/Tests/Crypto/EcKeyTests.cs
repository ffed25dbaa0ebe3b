using System;
using System.Text;
using DeviceAgent.Crypto;
using nanoFramework.TestFramework;

namespace DeviceAgent.Tests.Crypto
{
    [TestClass]
    public class EcKeyTests
    {
        // RFC 6979, A.2.5
        internal const string Private = "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721";
        internal const string X = "60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6";
        internal const string Y = "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299";

        [TestMethod]
        public void BytesThatAreNoKeyAreRefused()
        {
            Assert.IsNull(EcKey.Create(new byte[32]), "0");
            Assert.IsNull(EcKey.Create(Hex.Bytes("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551")), "n");
            Assert.IsNull(EcKey.Create(Hex.Bytes("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632552")), "n + 1");
            Assert.IsNull(EcKey.Create(Hex.Repeat(0xFF, 32)), "2^256 - 1");
            Assert.ThrowsException(typeof(ArgumentException), () => EcKey.Create(new byte[31]));
            Assert.ThrowsException(typeof(ArgumentException), () => EcKey.Create(new byte[33]));
        }

        [TestMethod]
        public void ThePublicPointIsTheOnePublished()
        {
            Assert.AreEqual("04" + X + Y, Hex.Text(EcKey.Create(Hex.Bytes(Private)).PublicPoint));
        }

        [TestMethod]
        public void TheKeyDoesNotChangeWithTheBytesThatItWasMadeOf()
        {
            byte[] random = Hex.Bytes(Private);
            EcKey key = EcKey.Create(random);
            random[0] = 0;
            Assert.Contains(Private, Hex.Text(Hex.FromPem(key.ToPem(), "EC PRIVATE KEY")));
        }

        // A.2.5, SHA-256; then messages whose r or s has a leading zero byte, with the next bit clear and set, worked out with another implementation
        [TestMethod]
        public void SignaturesAreThosePublished()
        {
            EcKey key = EcKey.Create(Hex.Bytes(Private));
            Check(key, "sample", "3046022100EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716022100F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8");
            Check(key, "test", "3045022100F1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D383670220019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083");
        }

        [TestMethod]
        public void SignaturesWithLeadingZerosAreShorter()
        {
            EcKey key = EcKey.Create(Hex.Bytes(Private));
            Check(key, "message 3", "3043021F16A4D9251F63F2A54F9390AF8F679D4A08BA3D389670ACF5671094B9D4D4FB022042A5B6BE86AF275CAFC5E888E48C600B097B2C4389E045CBAEC5CE88D5E79540");
            Check(key, "message 378", "3044022000A40EFB1A7162D7FA783F47ED9AD682A86D7CE8692C2D77E2E82F8DE98D31C702203FCEBC802062B9DCAD4437949B3B0434BFA27E16147B7D0B02F58791579A2A9E");
            Check(key, "message 46", "304302207931B2EB971118C6F56D1031786AE9C86299743CCDAD35730AC4139C2A08CC0C021F6862A34F7A75CAD52B199F09789FAB3FDB45B2E7DC7C1452008E46B1BCBE9E");
            Check(key, "message 707", "3045022100C720284E38DC3B1F682AB74961FA25CB62C933AE079E6AB7E709BD854A5C67FA02200089F04D7185BF8FCA74980FE42017FEDF3F82CFEC4E7439A00DF619D454AA94");
        }

        [TestMethod]
        public void TheKeyIsWrittenWithCurveAndPublicPoint()
        {
            byte[] pem = EcKey.Create(Hex.Bytes(Private)).ToPem();
            Assert.AreEqual(227, pem.Length);
            Assert.AreEqual("30770201010420" + Private + "A00A06082A8648CE3D030107A14403420004" + X + Y, Hex.Text(Hex.FromPem(pem, "EC PRIVATE KEY")));
        }

        [TestMethod]
        public void AKeyThatBeginsWithZerosIsWrittenWhole()
        {
            byte[] der = Hex.FromPem(EcKey.Create(Hex.Bytes("0000000000000000000000000000000000000000000000000000000000000001")).ToPem(), "EC PRIVATE KEY");
            Assert.AreEqual("307702010104200000000000000000000000000000000000000000000000000000000000000001A00A", Hex.Text(der, 0, 41));
        }

        // RFC 5915 leaves the public point to who writes the key: OpenSSL does, Java does not
        [TestMethod]
        public void AKeyWithoutItsPublicPointIsToldFromOthers()
        {
            string point = "03420004" + X + Y;
            string curve = "A00A06082A8648CE3D030107";
            string algorithm = "301306072A8648CE3D020106082A8648CE3D030107";
            CheckPoint(false, "30770201010420" + Private + curve + "A144" + point);
            CheckPoint(false, "308187020100" + algorithm + "046D306B0201010420" + Private + "A144" + point);
            CheckPoint(false, "308196020100" + algorithm + "046D306B0201010420" + Private + "A144" + point + "A00D300B0603551D0F310403020080"); // attributes, as Windows writes
            CheckPoint(true, "30310201010420" + Private + curve);
            CheckPoint(true, "30250201010420" + Private);
            CheckPoint(true, "3041020100" + algorithm + "042730250201010420" + Private);
            CheckPoint(true, "3050020100" + algorithm + "042730250201010420" + Private + "A00D300B0603551D0F310403020080");
            CheckPoint(true, "30570201010420" + Private + curve + "A124" + "03220002" + X); // compressed

            // RSA, in both forms; Ed25519; encrypted; what is none
            CheckPoint(false, "300B0201000203" + "00FFFF" + "0203010001");
            CheckPoint(false, "3020020100300D06092A864886F70D0101010500040C300B020100020300FFFF02030100");
            CheckPoint(false, "302E020100300506032B657004220420" + Private);
            CheckPoint(false, "302C300506032B65700423" + "3021" + Private);
            CheckPoint(false, "30");
            CheckPoint(false, "3082FFFF");
            Assert.IsFalse(EcKey.LacksPublicPoint(Hex.Ascii("")));
            Assert.IsFalse(EcKey.LacksPublicPoint(Hex.Ascii("-----BEGIN PRIVATE KEY-----")));
            Assert.IsFalse(EcKey.LacksPublicPoint(Hex.Ascii("-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n")));
        }

        private static void CheckPoint(bool lacks, string der)
        {
            byte[] pem = Pem.Encode("EC PRIVATE KEY", Hex.Bytes(der));
            Assert.AreEqual(lacks, EcKey.LacksPublicPoint(pem), der);
            string text = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n" + new string(Encoding.UTF8.GetChars(pem));
            Assert.AreEqual(lacks, EcKey.LacksPublicPoint(Hex.Ascii(text)), "after parameters " + der);
        }

        // what the documentation says of them, and under the 4,000 that key and request together may cost
        [TestMethod]
        public void MultiplicationsAreAsManyForEachKey()
        {
            CheckMultiplications(Private);
            CheckMultiplications("0000000000000000000000000000000000000000000000000000000000000001");
            CheckMultiplications("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632550");
        }

        private static void CheckMultiplications(string bytes)
        {
            EcKey key = EcKey.Create(Hex.Bytes(bytes));
            Assert.AreEqual(1102, key.Multiplications);
            Pkcs10.CreateRequest(key, "a");
            Assert.AreEqual(2529, key.Multiplications);
        }

        private static void Check(EcKey key, string message, string signature)
        {
            Assert.AreEqual(signature, Hex.Text(key.Sign(Hex.Ascii(message))), message);
        }
    }
}
