using DeviceAgent.Messaging;
using DeviceAgent.Provisioning;
using nanoFramework.TestFramework;

namespace DeviceAgent.Tests.Messaging
{
    [TestClass]
    public class TopicsTests
    {
        [TestMethod]
        public void TopicsAreMadeOfTheirParts()
        {
            Assert.AreEqual("dt/weather/tokyo/lab/thing", Topics.Telemetry("weather", "tokyo/lab", "thing"));
            Assert.AreEqual("cmd/weather/tokyo/lab/thing", Topics.Command("weather", "tokyo/lab", "thing"));
            Assert.AreEqual("$aws/provisioning-templates/T/provision/json", ProvisioningTopics.Register("T"));
            Assert.AreEqual("$aws/certificates/create/json", ProvisioningTopics.CreateKeys);
        }

        [TestMethod]
        public void WhatTheCloudTakesHasNoProblem()
        {
            string[] topics = new string[] { "a", "a/b/c/d/e/f/g/h", "a$b", "\u00e9 ~", new string('x', 256), new string('\u00e9', 128) };
            for (int i = 0; i < topics.Length; i++)
            {
                Assert.IsNull(Topics.Problem(topics[i]), topics[i]);
            }
        }

        [TestMethod]
        public void WhatItWouldCloseTheConnectionForIsNamed()
        {
            string[] topics = new string[]
            {
                "", "is empty", "$aws/x", "begins with $", "/a", "empty level", "a/", "empty level", "a//b", "empty level", "/", "empty level",
                "a/+/b", "holds +", "a/#", "holds +", "a\u0001", "control character", "a\nb", "control character", "a/b/c/d/e/f/g/h/i", "more than 7 slashes",
                new string('x', 257), "more than 256 bytes", new string('\u00e9', 129), "more than 256 bytes",
            };
            for (int i = 0; i < topics.Length; i += 2)
            {
                string problem = Topics.Problem(topics[i]);
                Assert.IsNotNull(problem, "topic " + i.ToString());
                Assert.Contains(topics[i + 1], problem, "topic " + i.ToString());
            }

            Assert.IsNotNull(Topics.Problem(null));
        }
    }
}
