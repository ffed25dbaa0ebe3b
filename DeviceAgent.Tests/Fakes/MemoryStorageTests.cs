using System.IO;
using System.Text;
using nanoFramework.TestFramework;

namespace DeviceAgent.Tests.Fakes
{
    /// <summary>The storage that loses power is what other tests stand on.</summary>
    [TestClass]
    public class MemoryStorageTests
    {
        private static readonly byte[] s_old = Encoding.UTF8.GetBytes("old");
        private static readonly byte[] s_new = Encoding.UTF8.GetBytes("newer");

        [TestMethod]
        public void ACutInAWriteLeavesTheOldFileNoFileOrAnyPartOfTheNew()
        {
            for (int bytes = MemoryStorage.Before; bytes <= 6; bytes++)
            {
                MemoryStorage storage = Cut(2, bytes == 6 ? MemoryStorage.After : bytes);
                Assert.ThrowsException(typeof(PowerCutException), () => storage.Write("a", s_new));
                Assert.AreEqual(2, storage.Changes);
                string expected = bytes == MemoryStorage.Before ? "old" : bytes == MemoryStorage.Deleted ? null : "newer".Substring(0, bytes > 5 ? 5 : bytes);
                Assert.AreEqual(expected, TextOf(storage), bytes.ToString());
            }
        }

        [TestMethod]
        public void ACutInADeletionLeavesTheFileOrNone()
        {
            MemoryStorage storage = Cut(2, MemoryStorage.Before);
            Assert.ThrowsException(typeof(PowerCutException), () => storage.Delete("a"));
            Assert.AreEqual("old", TextOf(storage));
            storage = Cut(2, MemoryStorage.After);
            Assert.ThrowsException(typeof(PowerCutException), () => storage.Delete("a"));
            Assert.IsNull(TextOf(storage));
        }

        [TestMethod]
        public void NothingReachesItAfterTheCutUntilThePowerComesBack()
        {
            MemoryStorage storage = Cut(2, MemoryStorage.Before);
            Assert.ThrowsException(typeof(PowerCutException), () => storage.Write("a", s_new));
            Assert.ThrowsException(typeof(PowerCutException), () => storage.Write("a", s_new));
            Assert.ThrowsException(typeof(PowerCutException), () => storage.Delete("a"));
            Assert.ThrowsException(typeof(PowerCutException), () => storage.Read("a"));
            Assert.ThrowsException(typeof(PowerCutException), () => storage.Holds("a", s_old));
            Assert.ThrowsException(typeof(PowerCutException), () => storage.List());
            storage.PowerOff();
            Assert.AreEqual(0, storage.Changes);
            Assert.IsTrue(storage.Holds("a", s_old));
            storage.Write("a", s_new);
            storage.Write("a", s_new);
            Assert.AreEqual("newer", TextOf(storage));
        }

        [TestMethod]
        public void WhatIsNotDurableIsLostWithThePowerFromAPointOn()
        {
            MemoryStorage storage = new MemoryStorage(null);
            storage.UndurableFrom = 2;
            storage.Write("a", s_old);
            storage.Write("a", s_new);
            storage.Write("b", s_new);
            storage.Delete("a");
            Assert.IsNull(TextOf(storage));
            storage.PowerOff();
            Assert.AreEqual("old", TextOf(storage));
            Assert.AreEqual(1, storage.List().Length);
            storage.Write("a", s_new);
            storage.PowerOff();
            Assert.AreEqual("newer", TextOf(storage));
        }

        [TestMethod]
        public void AFullOneSaysSoOrKeepsHalf()
        {
            MemoryStorage storage = new MemoryStorage(null);
            storage.Write("a", s_old);
            storage.FullFrom = 2;
            Assert.ThrowsException(typeof(IOException), () => storage.Write("a", s_new));
            Assert.IsNull(TextOf(storage));
            storage.IsFullSilently = true;
            storage.Write("a", s_new);
            Assert.AreEqual("ne", TextOf(storage));
        }

        [TestMethod]
        public void BitsFlipAndAFormatTakesAll()
        {
            MemoryStorage storage = new MemoryStorage(null);
            storage.Write("a", s_old);
            storage.Flip("a", 8);
            Assert.AreEqual("omd", TextOf(storage));
            storage.Flip("a", 8);
            Assert.AreEqual("old", TextOf(storage));
            storage.Format();
            Assert.AreEqual(0, storage.List().Length);
        }

        private static MemoryStorage Cut(int change, int bytes)
        {
            MemoryStorage storage = new MemoryStorage(null);
            storage.Write("a", s_old);
            storage.CutAt = change;
            storage.CutBytes = bytes;
            return storage;
        }

        private static string TextOf(MemoryStorage storage)
        {
            byte[] file = storage.Peek("a");
            return file == null ? null : file.Length == 0 ? "" : Encoding.UTF8.GetString(file, 0, file.Length);
        }
    }
}
