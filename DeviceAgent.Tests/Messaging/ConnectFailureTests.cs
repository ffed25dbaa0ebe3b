using DeviceAgent.Messaging;
using nanoFramework.TestFramework;

namespace DeviceAgent.Tests.Messaging
{
    [TestClass]
    public class ConnectFailureTests
    {
        [TestMethod]
        public void EachFailureNamesWhatToLookAt()
        {
            Check(-9984, "root-ca.pem", "clock");
            Check(-80, "client certificate", "-80");
            Check(-30592, "private key", "-30592");
            Check(10022, "cannot be resolved", "iot.example");
            Check(ConnectFailure.HandshakeFailed, "handshake", "root-ca.pem");
            Check(0, "before it answered CONNECT", "iot:Connect");
            Check(10035, "nobody answers at iot.example port 8883", "10035");
        }

        [TestMethod]
        public void OnlyCredentialsTurnedAwayAreARefusal()
        {
            Assert.IsTrue(ConnectFailure.IsRefusal(-80));
            Assert.IsTrue(ConnectFailure.IsRefusal(-30592));
            Assert.IsFalse(ConnectFailure.IsRefusal(-9984));
            Assert.IsFalse(ConnectFailure.IsRefusal(10022));
            Assert.IsFalse(ConnectFailure.IsRefusal(10035));
        }

        [TestMethod]
        public void ReturnCodesAreToldWithTheClientId()
        {
            int[] denied = new int[] { 4, 5, 7 };
            for (int i = 0; i < denied.Length; i++)
            {
                string text = ConnectFailure.DescribeReturnCode(denied[i], "thing-9");
                Assert.Contains("client id thing-9 with code " + denied[i].ToString(), text);
                Assert.Contains("iot:Connect", text);
            }

            Assert.Contains("client id", ConnectFailure.DescribeReturnCode(2, "x"));
            Assert.Contains("not available", ConnectFailure.DescribeReturnCode(3, "x"));
            Assert.Contains("code 99", ConnectFailure.DescribeReturnCode(99, "x"));
        }

        private static void Check(int number, string one, string other)
        {
            string text = ConnectFailure.Describe(number, "iot.example", 8883);
            Assert.Contains(one, text);
            Assert.Contains(other, text);
        }
    }
}
