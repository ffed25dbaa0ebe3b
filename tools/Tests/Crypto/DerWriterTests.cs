using DeviceAgent.Crypto;
using nanoFramework.TestFramework;

namespace DeviceAgent.Tests.Crypto
{
    [TestClass]
    public class DerWriterTests
    {
        [TestMethod]
        public void AnIntegerHasTheFewestBytesThatKeepItPositive()
        {
            CheckInteger("00", "020100");
            CheckInteger("01", "020101");
            CheckInteger("7F", "02017F");
            CheckInteger("80", "02020080");
            CheckInteger("FF", "020200FF");
            CheckInteger("0100", "02020100");
            CheckInteger("8000", "0203008000");
            CheckInteger("7FFFFFFF", "02047FFFFFFF");
            CheckInteger("80000000", "02050080000000");
            CheckInteger("0100000000", "02050100000000");
            CheckInteger("FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF", "022100FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF");
        }

        [TestMethod]
        public void LengthsOf128AndMoreTakeMoreBytes()
        {
            CheckLength(0, "0400");
            CheckLength(127, "047F");
            CheckLength(128, "048180");
            CheckLength(255, "0481FF");
            CheckLength(256, "04820100");
            CheckLength(1000, "048203E8");
        }

        private static void CheckInteger(string number, string expected)
        {
            DerWriter der = new DerWriter(40);
            der.PrependInteger(MontgomeryModulus.Read(Hex.Bytes("0000000000000000000000000000000000000000000000000000000000000000".Substring(number.Length) + number), 0));
            Assert.AreEqual(expected, Hex.Text(der.ToArray()));
        }

        private static void CheckLength(int length, string expected)
        {
            DerWriter der = new DerWriter(length + 5);
            int end = der.Start;
            der.Prepend(new byte[length]);
            der.Wrap(DerWriter.OctetString, end);
            byte[] written = der.ToArray();
            Assert.AreEqual((expected.Length / 2) + length, written.Length);
            Assert.AreEqual(expected, Hex.Text(written, 0, expected.Length / 2));
        }
    }
}
