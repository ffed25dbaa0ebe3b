using DeviceAgent.Identity;
using DeviceAgent.Tests.Fakes;
using nanoFramework.TestFramework;

namespace DeviceAgent.Tests.Identity
{
    [TestClass]
    public class PemFileTests
    {
        [TestMethod]
        public void APemFileEndsWithTheZeroByteThatMbedTlsWants()
        {
            MemoryStorage storage = new MemoryStorage(new Trace());
            storage.Put("a.pem", new byte[] { 65, 66 });
            byte[] pem = PemFile.Read(storage, "a.pem");
            Assert.AreEqual(3, pem.Length);
            Assert.AreEqual(65, (int)pem[0]);
            Assert.AreEqual(66, (int)pem[1]);
            Assert.AreEqual(0, (int)pem[2]);
        }

        [TestMethod]
        public void AFileThatIsNotThereOrEmptyOrUnreadableIsNone()
        {
            MemoryStorage storage = new MemoryStorage(new Trace());
            Assert.IsNull(PemFile.Read(storage, "a.pem"));
            storage.Put("a.pem", new byte[0]);
            Assert.IsNull(PemFile.Read(storage, "a.pem"));
            storage.Put("a.pem", new byte[] { 65 });
            storage.Unreadable = "a.pem";
            Assert.IsNull(PemFile.Read(storage, "a.pem"));
        }
    }
}
