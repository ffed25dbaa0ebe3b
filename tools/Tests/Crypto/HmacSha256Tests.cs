using DeviceAgent.Crypto;
using nanoFramework.TestFramework;

namespace DeviceAgent.Tests.Crypto
{
    [TestClass]
    public class HmacSha256Tests
    {
        // RFC 4231, 4.2 to 4.8; the fifth is given there to 128 bits. One object for all, so that nothing of one code is left for the next.
        [TestMethod]
        public void Published()
        {
            HmacSha256 hmac = new HmacSha256();
            Check(hmac, Hex.Repeat(0x0B, 20), Hex.Ascii("Hi There"), "B0344C61D8DB38535CA8AFCEAF0BF12B881DC200C9833DA726E9376C2E32CFF7");
            Check(hmac, Hex.Ascii("Jefe"), Hex.Ascii("what do ya want for nothing?"), "5BDCC146BF60754E6A042426089575C75A003F089D2739839DEC58B964EC3843");
            Check(hmac, Hex.Repeat(0xAA, 20), Hex.Repeat(0xDD, 50), "773EA91E36800E46854DB8EBD09181A72959098B3EF8C122D9635514CED565FE");
            Check(hmac, Hex.Bytes("0102030405060708090A0B0C0D0E0F10111213141516171819"), Hex.Repeat(0xCD, 50), "82558A389A443C0EA4CC819899F2083A85F0FAA3E578F8077A2E3FF46729665B");
            Check(hmac, Hex.Repeat(0x0C, 20), Hex.Ascii("Test With Truncation"), "A3B6167473100EE06E0C796C2955552B");
            Check(hmac, Hex.Repeat(0xAA, 131), Hex.Ascii("Test Using Larger Than Block-Size Key - Hash Key First"), "60E431591EE0B67F0D8A26AACBF5B77F8E0BC6213728C5140546040F0EE37F54");
            Check(hmac, Hex.Repeat(0xAA, 131), Hex.Ascii("This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm."), "9B09FFA71B942FCB27635FBCD5B0E944BFDC63644F0713938A7F51535C3A35E2");
        }

        [TestMethod]
        public void KeysAroundTheLengthOfABlock()
        {
            HmacSha256 hmac = new HmacSha256();
            Check(hmac, Hex.Repeat(0xAA, 64), new byte[0], "DB2CF93F633FCDFD9BB7F3B99763A63725CB8E38B4FA60A87D0E94B71D8B5970");
            Check(hmac, Hex.Repeat(0xAA, 65), new byte[0], "34988E6E71C55FCC3BFF1B2C3671B4B7B44ECE3F7C2DD1507E0E2788C4A51CF5");
        }

        private static void Check(HmacSha256 hmac, byte[] key, byte[] data, string code)
        {
            hmac.Start(key);
            hmac.Append(data);
            Assert.AreEqual(code, Hex.Text(hmac.Finish(), 0, code.Length / 2), "key of " + key.Length.ToString() + " bytes");
        }
    }
}
