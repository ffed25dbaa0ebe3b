using DeviceAgent.Crypto;
using nanoFramework.TestFramework;

namespace DeviceAgent.Tests.Crypto
{
    [TestClass]
    public class Sha256Tests
    {
        // NIST's examples for FIPS 180
        [TestMethod]
        public void Published()
        {
            Check("E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855", Hex.Ascii(""));
            Check("BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD", Hex.Ascii("abc"));
            Check("248D6A61D20638B8E5C026930C3E6039A33CE45964FF2167F6ECEDD419DB06C1", Hex.Ascii("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"));
            Check("CF5B16A778AF8380036CE59E7B0492370B249B11E8F07A51AFAC45037AFEE9D1", Hex.Ascii("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu"));
        }

        [TestMethod]
        public void LengthsAroundTheEndOfABlock()
        {
            Check("CA978112CA1BBDCAFAC231B39A23DC4DA786EFF8147C4E72B9807785AFEE48BB", Hex.Repeat((byte)'a', 1));
            Check("9F4390F8D30C2DD92EC9F095B65E2B9AE9B0A925A5258E241C9F1E910F734318", Hex.Repeat((byte)'a', 55));
            Check("B35439A4AC6F0948B6D6F9E3C6AF0F5F590CE20F1BDE7090EF7970686EC6738A", Hex.Repeat((byte)'a', 56));
            Check("F13B2D724659EB3BF47F2DD6AF1ACCC87B81F09F59F2B75E5C0BED6589DFE8C6", Hex.Repeat((byte)'a', 57));
            Check("7D3E74A05D7DB15BCE4AD9EC0658EA98E3F06EEECF16B4C6FFF2DA457DDC2F34", Hex.Repeat((byte)'a', 63));
            Check("FFE054FE7AE0CB6DC65C3AF9B61D5209F439851DB43D0BA5997337DF154668EB", Hex.Repeat((byte)'a', 64));
            Check("635361C48BB9EAB14198E76EA8AB7F1A41685D6AD62AA9146D301D4F17EB0AE0", Hex.Repeat((byte)'a', 65));
            Check("31EBA51C313A5C08226ADF18D4A359CFDFD8D2E816B13F4AF952F7EA6584DCFB", Hex.Repeat((byte)'a', 119));
            Check("2F3D335432C70B580AF0E8E1B3674A7C020D683AA5F73AAAEDFDC55AF904C21C", Hex.Repeat((byte)'a', 120));
            Check("6836CF13BAC400E9105071CD6AF47084DFACAD4E5E302C94BFED24E013AFB73E", Hex.Repeat((byte)'a', 128));
            Check("02D7160D77E18C6447BE80C2E355C7ED4388545271702C50253B0914C65CE5FE", Hex.Repeat((byte)'a', 256));
            Check("41EDECE42D63E8D9BF515A9BA6932E1C20CBC9F5A5D134645ADB5DB1B9737EA3", Hex.Repeat((byte)'a', 1000));
        }

        [TestMethod]
        public void DataComesInAnyPartsAndAnotherDigestFollows()
        {
            Sha256 sha = new Sha256();
            for (int round = 0; round < 2; round++)
            {
                sha.Append(Hex.Repeat((byte)'a', 63));
                sha.Append(new byte[0]);
                sha.Append((byte)'a');
                sha.Append(Hex.Repeat((byte)'a', 56));
                Assert.AreEqual("2F3D335432C70B580AF0E8E1B3674A7C020D683AA5F73AAAEDFDC55AF904C21C", Hex.Text(sha.Finish()));
            }
        }

        private static void Check(string digest, byte[] data)
        {
            Sha256 sha = new Sha256();
            sha.Append(data);
            Assert.AreEqual(digest, Hex.Text(sha.Finish()), "of " + data.Length.ToString() + " bytes");
        }
    }
}
