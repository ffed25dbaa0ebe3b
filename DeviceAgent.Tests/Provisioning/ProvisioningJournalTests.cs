using System.Text;
using DeviceAgent.Provisioning;
using DeviceAgent.Tests.Fakes;
using nanoFramework.TestFramework;

namespace DeviceAgent.Tests.Provisioning
{
    [TestClass]
    public class ProvisioningJournalTests
    {
        private const long Now = 1785585600; // 2026-08-01T12:00:00Z
        private static string Answer => "{\"certificateId\":\"id-1\",\"certificatePem\":\"-----BEGIN CERT-1\\nx\",\"privateKey\":\"-----BEGIN KEY-1\\/\",\"certificateOwnershipToken\":\"TOKEN\\u003d\"}";

        [TestMethod]
        public void AnAnswerIsTakenAndComesBackFromTheStorage()
        {
            MemoryStorage storage = new MemoryStorage(new Trace());
            ProvisioningJournal journal = new ProvisioningJournal(storage);
            Assert.IsFalse(journal.Load());
            Assert.IsNull(journal.Take(Bytes(Answer), Now, null));
            Assert.AreEqual(0, storage.Writes);
            Assert.IsNull(journal.Save());
            Assert.AreEqual(1, storage.Writes);
            ProvisioningJournal back = new ProvisioningJournal(storage);
            Assert.IsTrue(back.Load());
            Check(journal);
            Check(back);
        }

        [TestMethod]
        public void AnyValidJsonIsTaken()
        {
            string[] answers = new string[]
            {
                " {\"privateKey\" : \"-----BEGIN KEY-1/\" ,\n\"certificateOwnershipToken\":\"TOKEN=\",\"certificatePem\":\"-----BEGIN CERT-1\\u000Ax\",\"certificateId\":\"\\u0069d-1\"}\r\n",
                "{\"a\":null,\"certificateId\":\"id-1\",\"b\":{\"certificateId\":\"x\",\"c\":[1,{\"privateKey\":\"y\"}]},\"certificatePem\":\"-----BEGIN CERT-1\\nx\",\"privateKey\":\"-----BEGIN KEY-1\\/\",\"certificateOwnershipToken\":\"TOKEN=\",\"d\":\"\\ud83d\\ude00\\\"\"}",
                "{\"certificate\\u0049d\":\"id-1\",\"certificatePem\":\"-----BEGIN CERT-1\\nx\",\"privateKey\":\"\\u002d----BEGIN KEY-1/\",\"certificateOwnershipToken\":\"\\u0054OKEN=\",\"\":[[]]}",
            };
            for (int i = 0; i < answers.Length; i++)
            {
                ProvisioningJournal journal = new ProvisioningJournal(new MemoryStorage(new Trace()));
                Assert.IsNull(journal.Take(Bytes(answers[i]), Now, null), "answer " + i.ToString());
                Check(journal);
            }
        }

        [TestMethod]
        public void WhatIsNotWholeIsRefused()
        {
            string[] answers = new string[]
            {
                "", "no JSON", "{}", "is missing", "[]", "no JSON", "null", "no JSON", Answer + "x", "no JSON", Answer.Substring(0, Answer.Length - 1), "no JSON",
                "{\"certificateId\":\"id-1\",\"certificatePem\":\"-----BEGIN c\",\"privateKey\":\"-----BEGIN k\"}", "is missing",
                "{\"certificateId\":\"id-1\",\"certificatePem\":\"-----BEGIN c\",\"privateKey\":\"\",\"certificateOwnershipToken\":\"t\"}", "is missing",
                "{\"certificateId\":\"id-1\",\"certificatePem\":{\"x\":\"c\"},\"privateKey\":\"-----BEGIN k\",\"certificateOwnershipToken\":\"t\"}", "is missing",
                "{\"certificateId\":17,\"certificatePem\":\"-----BEGIN c\",\"privateKey\":\"-----BEGIN k\",\"certificateOwnershipToken\":\"t\"}", "is missing",
                "{\"certificateId\":\"i\",\"certificatePem\":\"-----BEGIN \",\"privateKey\":\"-----BEGIN\",\"certificateOwnershipToken\":\"t\"}", "no PEM",
                "{\"certificateId\":\"i\",\"certificatePem\":\"+----BEGIN c\",\"privateKey\":\"-----BEGIN k\",\"certificateOwnershipToken\":\"t\"}", "no PEM",
                "{\"certificateId\":\"i\",\"certificatePem\":\"c\\u0000\",\"privateKey\":\"-----BEGIN k\",\"certificateOwnershipToken\":\"t\"}", "U+0000",
                "{\"certificateId\":\"i\\u0001\",\"certificatePem\":\"-----BEGIN c\",\"privateKey\":\"-----BEGIN k\",\"certificateOwnershipToken\":\"t\"}", "printable",
                "{\"certificateId\":\"i\",\"certificatePem\":\"-----BEGIN c\",\"privateKey\":\"-----BEGIN k\",\"certificateOwnershipToken\":\"t\\u00e9\"}", "printable",
                "{\"certificateId\":\"" + new string('i', 129) + "\",\"certificatePem\":\"-----BEGIN c\",\"privateKey\":\"-----BEGIN k\",\"certificateOwnershipToken\":\"t\"}", "too long",
                "{\"certificateId\":\"i\",\"certificatePem\":\"" + new string('c', 4097) + "\",\"privateKey\":\"-----BEGIN k\",\"certificateOwnershipToken\":\"t\"}", "too long",
                "{\"certificateId\":\"i\",\"certificatePem\":\"-----BEGIN c\",\"privateKey\":\"-----BEGIN k\",\"certificateOwnershipToken\":\"" + new string('t', 2049) + "\"}", "too long",
            };
            MemoryStorage storage = new MemoryStorage(new Trace());
            for (int i = 0; i < answers.Length; i += 2)
            {
                string problem = new ProvisioningJournal(storage).Take(Bytes(answers[i]), Now, null);
                Assert.IsNotNull(problem, "answer " + i.ToString());
                Assert.Contains(answers[i + 1], problem, "answer " + i.ToString());
            }

            Assert.Contains("too large", new ProvisioningJournal(storage).Take(null, Now, null));
            Assert.AreEqual(0, storage.Writes);
        }

        [TestMethod]
        public void EveryPrefixOfAnAnswerIsRefused()
        {
            byte[] whole = Bytes(Answer);
            ProvisioningJournal journal = new ProvisioningJournal(new MemoryStorage(new Trace()));
            for (int length = 0; length < whole.Length; length++)
            {
                byte[] part = new byte[length];
                System.Array.Copy(whole, 0, part, 0, length);
                Assert.IsNotNull(journal.Take(part, Now, null), "the first " + length.ToString() + " bytes");
            }
        }

        [TestMethod]
        public void ATornOrDamagedJournalCountsAsNone()
        {
            MemoryStorage storage = new MemoryStorage(new Trace());
            ProvisioningJournal journal = new ProvisioningJournal(storage);
            journal.Take(Bytes(Answer), Now, null);
            journal.Save();
            byte[] whole = storage.Peek(ProvisioningJournal.FileName);
            for (int length = 0; length < whole.Length; length++)
            {
                byte[] part = new byte[length];
                System.Array.Copy(whole, 0, part, 0, length);
                storage.Put(ProvisioningJournal.FileName, part);
                Assert.IsFalse(journal.Load(), "the first " + length.ToString() + " bytes");
            }

            storage.Put(ProvisioningJournal.FileName, whole);
            Assert.IsTrue(journal.Load());
            storage.Unreadable = ProvisioningJournal.FileName;
            Assert.IsFalse(journal.Load());
        }

        [TestMethod]
        public void EveryFlippedBitMakesItNoJournal()
        {
            MemoryStorage storage = new MemoryStorage(null);
            ProvisioningJournal journal = new ProvisioningJournal(storage);
            journal.Take(Bytes(Answer), Now, null);
            journal.Save();
            byte[] file = storage.Peek(ProvisioningJournal.FileName);
            for (int bit = 0; bit < file.Length * 8; bit++)
            {
                file[bit / 8] ^= (byte)(1 << (bit % 8));
                Assert.IsFalse(journal.Load(), "bit " + bit.ToString());
                file[bit / 8] ^= (byte)(1 << (bit % 8));
            }

            Assert.IsTrue(journal.Load());
        }

        [TestMethod]
        public void ChangedAnswersAreTakenWholeOrNotAtAll()
        {
            byte[] whole = Bytes(Answer);
            ProvisioningJournal journal = new ProvisioningJournal(new MemoryStorage(null));
            uint random = 20260801;
            int taken = 0;
            for (int round = 0; round < 250; round++)
            {
                byte[] changed = new byte[whole.Length];
                whole.CopyTo(changed, 0);
                random = (random * 1664525) + 1013904223;
                int at = (int)((random >> 8) % (uint)changed.Length);
                random = (random * 1664525) + 1013904223;
                changed[at] = round % 2 == 0 ? (byte)(random >> 24) : changed[(at + (int)(random >> 24)) % changed.Length];
                if (journal.Take(changed, Now, null) != null)
                {
                    continue;
                }

                taken++;
                Assert.IsTrue(journal.GetCertificateId().Length > 0 && journal.GetToken().Length > 0, "round " + round.ToString());
                Assert.IsTrue(Begins(journal.GetCertificate()) && Begins(journal.GetKey()), "round " + round.ToString());
                Assert.IsTrue(journal.IsTokenFresh(Now), "round " + round.ToString());
            }

            Assert.IsTrue(taken > 10 && taken < 200, taken.ToString() + " taken");
        }

        [TestMethod]
        public void AWriteThatFailsOrDoesNotReadBackIsTold()
        {
            MemoryStorage storage = new MemoryStorage(new Trace());
            ProvisioningJournal journal = new ProvisioningJournal(storage);
            journal.Take(Bytes(Answer), Now, null);
            storage.FailAt = 1;
            storage.CorruptAt = 2;
            Assert.Contains("cannot be written", journal.Save());
            Assert.Contains("does not read back", journal.Save());
            Assert.IsNull(journal.Save());
        }

        [TestMethod]
        public void TheTokenIsFreshFor55Minutes()
        {
            MemoryStorage storage = new MemoryStorage(new Trace());
            ProvisioningJournal journal = new ProvisioningJournal(storage);
            journal.Take(Bytes(Answer), Now, null);
            journal.Save();
            journal.Load();
            Assert.IsTrue(journal.IsTokenFresh(Now));
            Assert.IsTrue(journal.IsTokenFresh(Now + (55 * 60) - 1));
            Assert.IsFalse(journal.IsTokenFresh(Now + (55 * 60)));
            Assert.IsFalse(journal.IsTokenFresh(Now + 100000000));
            Assert.IsTrue(journal.IsTokenFresh(Now - 1000), "the clock was set back: then the cloud is to say");
        }

        [TestMethod]
        public void DeletingIsSilentEvenWhereItFails()
        {
            MemoryStorage storage = new MemoryStorage(new Trace());
            ProvisioningJournal journal = new ProvisioningJournal(storage);
            journal.Delete();
            journal.Take(Bytes(Answer), Now, null);
            journal.Save();
            journal.Delete();
            Assert.IsNull(storage.Peek(ProvisioningJournal.FileName));
            Assert.IsFalse(journal.Load());
        }

        private static bool Begins(byte[] pem) => pem[pem.Length - 1] == 0 && Encoding.UTF8.GetString(pem, 0, 11) == "-----BEGIN ";

        private static void Check(ProvisioningJournal journal)
        {
            Assert.AreEqual("id-1", journal.GetCertificateId());
            byte[] certificate = journal.GetCertificate();
            Assert.AreEqual(20, certificate.Length);
            Assert.AreEqual("-----BEGIN CERT-1\nx", Encoding.UTF8.GetString(certificate, 0, 19));
            Assert.AreEqual(0, (int)certificate[19]);
            byte[] key = journal.GetKey();
            Assert.AreEqual(18, key.Length);
            Assert.AreEqual("-----BEGIN KEY-1/", Encoding.UTF8.GetString(key, 0, 17));
            Assert.AreEqual(0, (int)key[17]);
            Assert.AreEqual("TOKEN=", journal.GetToken());
            Assert.IsTrue(journal.IsTokenFresh(Now));
        }

        private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
    }
}
