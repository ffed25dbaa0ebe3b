using System.Text;
using DeviceAgent.Identity;
using DeviceAgent.Tests.Fakes;
using nanoFramework.TestFramework;

namespace DeviceAgent.Tests.Identity
{
    [TestClass]
    public class IdentityStoreTests
    {
        [TestMethod]
        public void AnEmptyStorageHoldsNoIdentity()
        {
            MemoryStorage storage = new MemoryStorage(new Trace());
            IdentityStore store = new IdentityStore(storage);
            Assert.IsNull(store.Load());
            Assert.AreEqual(0, store.Generation);
            Assert.AreEqual(0, storage.Writes);
        }

        [TestMethod]
        public void AnIdentityComesBackWhole()
        {
            MemoryStorage storage = new MemoryStorage(new Trace());
            IdentityStore store = new IdentityStore(storage);
            store.Load();
            DeviceIdentity identity = Make("thing-1");
            identity.Configuration = new string[] { "location", "osaka", "empty", "", "text", "a\u00e9\"\\" };
            Assert.IsNull(store.Commit(identity));
            Assert.AreEqual(1, store.Generation);
            DeviceIdentity back = new IdentityStore(storage).Load();
            Assert.AreEqual("thing-1", back.ThingName);
            Assert.AreEqual("id of thing-1", back.CertificateId);
            Assert.AreEqual(5, back.Certificate.Length);
            Assert.AreEqual("CERT", Encoding.UTF8.GetString(back.Certificate, 0, 4));
            Assert.AreEqual(0, (int)back.Certificate[4]);
            Assert.AreEqual(4, back.Key.Length);
            Assert.AreEqual(0, (int)back.Key[3]);
            Assert.AreEqual(6, back.Configuration.Length);
            for (int i = 0; i < 6; i++)
            {
                Assert.AreEqual(identity.Configuration[i], back.Configuration[i]);
            }

            Assert.AreEqual(1, storage.Writes);
        }

        [TestMethod]
        public void TheSlotsAlternateAndTheNewestCounts()
        {
            Trace trace = new Trace();
            MemoryStorage storage = new MemoryStorage(trace);
            for (int i = 1; i <= 5; i++)
            {
                IdentityStore store = new IdentityStore(storage);
                store.Load();
                Assert.AreEqual(i - 1, store.Generation);
                Assert.IsNull(store.Commit(Make("thing-" + i.ToString())));
                Assert.AreEqual("thing-" + i.ToString(), new IdentityStore(storage).Load().ThingName);
            }

            Assert.AreEqual("write identity.0 | write identity.1 | write identity.0 | write identity.1 | write identity.0", trace.ToString());
        }

        [TestMethod]
        public void OneStoreAlternatesToo()
        {
            Trace trace = new Trace();
            MemoryStorage storage = new MemoryStorage(trace);
            IdentityStore store = new IdentityStore(storage);
            store.Load();
            store.Commit(Make("thing-1"));
            store.Commit(Make("thing-1"));
            store.Commit(Make("thing-1"));
            Assert.AreEqual("write identity.0 | write identity.1 | write identity.0", trace.ToString());
            Assert.AreEqual(3, store.Generation);
        }

        [TestMethod]
        public void APowerCutInAWriteLeavesTheOldIdentityOrTheNew()
        {
            const int Whole = 49;
            for (int bytes = MemoryStorage.Before; bytes <= Whole; bytes++)
            {
                MemoryStorage storage = new MemoryStorage(new Trace());
                IdentityStore store = new IdentityStore(storage);
                store.Load();
                store.Commit(Make("first"));
                store.Commit(Make("second"));
                storage.CutAt = 3;
                storage.CutBytes = bytes;
                Assert.ThrowsException(typeof(PowerCutException), () => store.Commit(Make("third")));
                storage.PowerOff();
                IdentityStore reborn = new IdentityStore(storage);
                Assert.AreEqual(bytes == Whole ? "third" : "second", reborn.Load().ThingName, bytes.ToString() + " bytes written");
                Assert.IsNull(reborn.Commit(Make("fourth")));
                Assert.AreEqual("fourth", new IdentityStore(storage).Load().ThingName);
            }
        }

        [TestMethod]
        public void AWriteThatFailsIsToldAndLeavesTheOldIdentity()
        {
            MemoryStorage storage = new MemoryStorage(new Trace());
            IdentityStore store = new IdentityStore(storage);
            store.Load();
            store.Commit(Make("first"));
            storage.FailAt = 2;
            string problem = store.Commit(Make("second"));
            Assert.IsTrue(problem.StartsWith("identity.1 cannot be written: the storage is full"), problem);
            Assert.AreEqual(1, store.Generation);
            Assert.AreEqual("first", new IdentityStore(storage).Load().ThingName);
            Assert.IsNull(store.Commit(Make("third")));
            Assert.AreEqual("third", new IdentityStore(storage).Load().ThingName);
        }

        [TestMethod]
        public void WhatDoesNotReadBackIsToldAndDoesNotCount()
        {
            MemoryStorage storage = new MemoryStorage(new Trace());
            IdentityStore store = new IdentityStore(storage);
            store.Load();
            store.Commit(Make("first"));
            storage.CorruptAt = 2;
            string problem = store.Commit(Make("second"));
            Assert.IsTrue(problem.StartsWith("identity.1 does not read back"), problem);
            Assert.AreEqual(1, store.Generation);
            Assert.AreEqual("first", new IdentityStore(storage).Load().ThingName);

            // The next one goes to the same slot: the good one is never the one overwritten
            Assert.IsNull(store.Commit(Make("third")));
            Assert.IsTrue(Record.IsValid(storage.Peek("identity.0"), "DAI2", 5));
        }

        [TestMethod]
        public void ASlotThatCannotBeReadIsAsGoodAsNone()
        {
            MemoryStorage storage = new MemoryStorage(new Trace());
            IdentityStore store = new IdentityStore(storage);
            store.Load();
            store.Commit(Make("first"));
            store.Commit(Make("second"));
            storage.Unreadable = "identity.1";
            Assert.AreEqual("first", new IdentityStore(storage).Load().ThingName);
            storage.Unreadable = "identity.0";
            Assert.AreEqual("second", new IdentityStore(storage).Load().ThingName);
        }

        [TestMethod]
        public void DamagedSlotsAreLeftOut()
        {
            MemoryStorage storage = new MemoryStorage(new Trace());
            IdentityStore store = new IdentityStore(storage);
            store.Load();
            store.Commit(Make("first"));
            store.Commit(Make("second"));
            storage.Peek("identity.1")[30] ^= 1;
            Assert.AreEqual("first", new IdentityStore(storage).Load().ThingName);
            storage.Peek("identity.0")[30] ^= 1;
            Assert.IsNull(new IdentityStore(storage).Load());
            storage.Put("identity.1", Encoding.UTF8.GetBytes("hello"));
            Assert.IsNull(new IdentityStore(storage).Load());
        }

        [TestMethod]
        public void EveryFlippedBitAndEveryTornLengthOfTheNewestSlotLeavesTheOlder()
        {
            MemoryStorage storage = new MemoryStorage(null);
            IdentityStore store = new IdentityStore(storage);
            store.Load();
            store.Commit(Make("first"));
            store.Commit(Make("second"));
            byte[] slot = storage.Peek("identity.1");
            for (int bit = 0; bit < slot.Length * 8; bit++)
            {
                slot[bit / 8] ^= (byte)(1 << (bit % 8));
                Assert.AreEqual("first", new IdentityStore(storage).Load().ThingName, "bit " + bit.ToString());
                slot[bit / 8] ^= (byte)(1 << (bit % 8));
            }

            for (int length = 0; length < slot.Length; length++)
            {
                byte[] torn = new byte[length];
                System.Array.Copy(slot, 0, torn, 0, length);
                storage.Put("identity.1", torn);
                Assert.AreEqual("first", new IdentityStore(storage).Load().ThingName, "the first " + length.ToString() + " bytes");
            }

            storage.Put("identity.1", slot);
            Assert.AreEqual("second", new IdentityStore(storage).Load().ThingName);
        }

        private static DeviceIdentity Make(string thing)
        {
            DeviceIdentity identity = new DeviceIdentity();
            identity.ThingName = thing;
            identity.CertificateId = "id of " + thing;
            identity.Certificate = new byte[] { (byte)'C', (byte)'E', (byte)'R', (byte)'T', 0 };
            identity.Key = new byte[] { (byte)'K', (byte)'E', (byte)'Y', 0 };
            identity.Configuration = new string[0];
            return identity;
        }
    }
}
