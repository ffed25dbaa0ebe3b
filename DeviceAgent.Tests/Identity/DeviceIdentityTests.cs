using DeviceAgent.Identity;
using nanoFramework.TestFramework;

namespace DeviceAgent.Tests.Identity
{
    [TestClass]
    public class DeviceIdentityTests
    {
        [TestMethod]
        public void ANameIsConfiguredOnceHoweverOften()
        {
            DeviceIdentity identity = new DeviceIdentity();
            identity.Configuration = new string[0];
            identity.Configure("a", "1");
            identity.Configure("b", "a");
            identity.Configure("a", "2");
            identity.Configure("c", "3");
            Assert.AreEqual(6, identity.Configuration.Length);
            Assert.AreEqual("2", identity.Configuration[1]);
            Assert.AreEqual("b", identity.Configuration[2]);
            Assert.AreEqual("a", identity.Configuration[3]);
            Assert.AreEqual("3", identity.Configuration[5]);
        }
    }
}
