using DeviceAgent.Settings;
using nanoFramework.TestFramework;

namespace DeviceAgent.Tests.Settings
{
    [TestClass]
    public class AgentSettingsTests
    {
        [TestMethod]
        public void TheCloudOverridesWhatItMay()
        {
            AgentSettings settings = Make();
            Assert.IsNull(settings.Override("endpoint", "other.example"));
            Assert.IsNull(settings.Override("product", "soil"));
            Assert.IsNull(settings.Override("location", "osaka/roof"));
            Assert.IsNull(settings.Override("intervalSeconds", "86400"));
            Assert.IsNull(settings.Override("layout", "perType"));
            Assert.IsNull(settings.Override("colour", "blue"));
            Assert.AreEqual("other.example", settings.Endpoint);
            Assert.AreEqual("soil", settings.Product);
            Assert.AreEqual("osaka/roof", settings.Location);
            Assert.AreEqual(86400, settings.IntervalSeconds);
            Assert.IsTrue(settings.IsPerType);
            Assert.IsNull(settings.Override("layout", "combined"));
            Assert.IsFalse(settings.IsPerType);
        }

        [TestMethod]
        public void WhatCannotBeIsRefusedAndChangesNothing()
        {
            string[] cases = new string[]
            {
                "endpoint", "", "endpoint", "https://iot.example", "endpoint", "iot.example:8883", "endpoint", "iot.example\n", "endpoint", "\u00e9", "endpoint", new string('e', 254),
                "product", "", "product", "a/b", "product", "+", "location", "", "location", "a//b", "location", "a/#", "location", "a/b/c/d/e/f",
                "intervalSeconds", "0", "intervalSeconds", "86401", "intervalSeconds", "-1", "intervalSeconds", "", "intervalSeconds", "1.5", "intervalSeconds", "4294967297", "intervalSeconds", "99999999999999999999",
                "layout", "", "layout", "PerType",
            };
            for (int i = 0; i < cases.Length; i += 2)
            {
                AgentSettings settings = Make();
                Assert.IsNotNull(settings.Override(cases[i], cases[i + 1]), cases[i] + " " + cases[i + 1]);
                Assert.AreEqual("e p l 60", settings.Endpoint + " " + settings.Product + " " + settings.Location + " " + settings.IntervalSeconds.ToString());
                Assert.IsFalse(settings.IsPerType);
            }
        }

        [TestMethod]
        public void TheLayoutAndTheLocationMustFitEachOther()
        {
            AgentSettings settings = Make();
            Assert.IsNull(settings.Override("location", "a/b/c/d/e"));
            Assert.IsNotNull(settings.Override("layout", "perType"), "eight slashes by the layout");
            Assert.IsFalse(settings.IsPerType);
            Assert.IsNull(settings.Override("location", "a/b/c/d"));
            Assert.IsNull(settings.Override("layout", "perType"));
            Assert.IsNotNull(settings.Override("location", "a/b/c/d/e"), "eight slashes by the location");
            Assert.AreEqual("a/b/c/d", settings.Location);
        }

        private static AgentSettings Make()
        {
            AgentSettings settings = new AgentSettings();
            settings.Endpoint = "e";
            settings.Product = "p";
            settings.Location = "l";
            settings.ThingName = "t";
            return settings;
        }
    }
}
