using System.Text;
using DeviceAgent.Identity;
using nanoFramework.TestFramework;

namespace DeviceAgent.Tests.Identity
{
    [TestClass]
    public class RecordTests
    {
        private const string Mark = "TST1";

        [TestMethod]
        public void FieldsComeBackAsTheyWere()
        {
            byte[] large = new byte[3000];
            large[0] = 1;
            large[2999] = 255;
            byte[] record = Record.Create(Mark, 0x12345678, new byte[][] { Encoding.UTF8.GetBytes("a\u00e9"), new byte[0], large, new byte[] { 0 } });
            Assert.IsTrue(Record.IsValid(record, Mark, 4));
            Assert.AreEqual(0x12345678, Record.Generation(record));
            Assert.AreEqual(4, Record.FieldCount(record));
            Assert.AreEqual("a\u00e9", Record.GetString(record, 0));
            Assert.AreEqual("", Record.GetString(record, 1));
            Assert.AreEqual(0, Record.GetBytes(record, 1, 0).Length);
            byte[] back = Record.GetBytes(record, 2, 1);
            Assert.AreEqual(3001, back.Length);
            Assert.AreEqual(1, (int)back[0]);
            Assert.AreEqual(255, (int)back[2999]);
            Assert.AreEqual(0, (int)back[3000]);
            Assert.AreEqual(1, Record.GetBytes(record, 3, 0).Length);
            Assert.AreEqual(3000, Record.FieldLength(record, 2));
        }

        [TestMethod]
        public void TheChecksumIsCrc32()
        {
            // Mark, generation 0, one field "123456789": its CRC by zlib
            byte[] record = Record.Create(Mark, 0, new byte[][] { Encoding.UTF8.GetBytes("123456789") });
            Assert.AreEqual(25, record.Length);
            string crc = "";
            for (int i = 24; i > 20; i--)
            {
                crc += record[i].ToString("X2");
            }

            Assert.AreEqual("36DC9A55", crc);
        }

        [TestMethod]
        public void EveryFlippedBitIsNoticed()
        {
            byte[] record = Small();
            for (int bit = 0; bit < record.Length * 8; bit++)
            {
                record[bit / 8] ^= (byte)(1 << (bit % 8));
                Assert.IsFalse(Record.IsValid(record, Mark, 0), "bit " + bit.ToString());
                record[bit / 8] ^= (byte)(1 << (bit % 8));
            }

            Assert.IsTrue(Record.IsValid(record, Mark, 2));
        }

        [TestMethod]
        public void EveryTruncationAndWhatIsLongerIsNoticed()
        {
            byte[] record = Small();
            for (int length = 0; length < record.Length; length++)
            {
                byte[] part = new byte[length];
                System.Array.Copy(record, 0, part, 0, length);
                Assert.IsFalse(Record.IsValid(part, Mark, 0), "the first " + length.ToString() + " bytes");
            }

            byte[] longer = new byte[record.Length + 1];
            record.CopyTo(longer, 0);
            Assert.IsFalse(Record.IsValid(longer, Mark, 0), "a byte more");
            Assert.IsFalse(Record.IsValid(null, Mark, 0), "no file");
            Assert.IsFalse(Record.IsValid(new byte[200], Mark, 0), "an erased file");
        }

        [TestMethod]
        public void ARecordOfAnotherKindOrWithTooFewFieldsIsRefused()
        {
            byte[] record = Small();
            Assert.IsTrue(Record.IsValid(record, Mark, 2));
            Assert.IsFalse(Record.IsValid(record, Mark, 3));
            Assert.IsFalse(Record.IsValid(record, "TST2", 2));
        }

        [TestMethod]
        public void LengthsThatLieAreRefusedThoughTheChecksumIsRight()
        {
            byte[] record = Small();
            record[10] = 200; // the first field's length
            Record.Seal(record);
            Assert.IsFalse(Record.IsValid(record, Mark, 0), "a field beyond the end");
            record = Small();
            record[8] = 1; // the count of fields
            Record.Seal(record);
            Assert.IsFalse(Record.IsValid(record, Mark, 0), "a field less than there are");
            record[8] = 255;
            record[9] = 255;
            Record.Seal(record);
            Assert.IsFalse(Record.IsValid(record, Mark, 0), "more fields than there are");
        }

        [TestMethod]
        public void FieldsCanBeFilledInAfterwards()
        {
            byte[] record = Record.Create(Mark, 7, new int[] { 1, 2 });
            Assert.IsFalse(Record.IsValid(record, Mark, 2), "not sealed yet");
            record[Record.FieldStart(record, 0)] = (byte)'a';
            record[Record.FieldStart(record, 1)] = (byte)'b';
            record[Record.FieldStart(record, 1) + 1] = (byte)'c';
            Record.Seal(record);
            Assert.IsTrue(Record.IsValid(record, Mark, 2));
            Assert.AreEqual("a", Record.GetString(record, 0));
            Assert.AreEqual("bc", Record.GetString(record, 1));
        }

        private static byte[] Small() => Record.Create(Mark, 3, new byte[][] { Encoding.UTF8.GetBytes("ab"), Encoding.UTF8.GetBytes("c") });
    }
}
