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
        public void TheOrderInWhichTheCloudNamesThemDoesNotMatter()
        {
            // Each fits only once the one before it is changed, in this order or the other
            string[] names = new string[] { "layout", "perType", "location", "a/b/c/d", "product", "p2", "x", "y" };
            for (int i = 0; i < 2; i++)
            {
                AgentSettings settings = Make();
                settings.Location = "a/b/c/d/e";
                CheckApplied(settings, i == 0 ? names : new string[] { names[6], names[7], names[4], names[5], names[2], names[3], names[0], names[1] });
                Assert.AreEqual("p2 a/b/c/d", settings.Product + " " + settings.Location);
                Assert.IsTrue(settings.IsPerType);
            }

            // Two long parts change places: 200 bytes and 200 do not fit, not even for a moment
            string text = new string('l', 200);
            for (int i = 0; i < 2; i++)
            {
                AgentSettings settings = Make();
                settings.Product = i == 0 ? text : "s";
                settings.Location = i == 0 ? "s" : text;
                CheckApplied(settings, new string[] { "location", settings.Product, "product", settings.Location });
                CheckApplied(settings, new string[] { "product", settings.Location, "location", settings.Product });
                Assert.AreEqual(i == 0, settings.Product == text);
            }
        }

        [TestMethod]
        public void WhatIsRefusedIsRefusedByNameAndAgainTheNextTime()
        {
            AgentSettings settings = Make();
            string[] configuration = new string[] { "layout", "wide", "intervalSeconds", "30", "colour", "blue", "location", "a//b", "endpoint", new string('e', 300) };
            for (int i = 0; i < 2; i++)
            {
                string[] reasons = settings.Apply(configuration);
                Assert.AreEqual(5, reasons.Length);
                Assert.AreEqual("layout is neither combined nor perType: wide", reasons[0]);
                Assert.IsNull(reasons[1]);
                Assert.IsNull(reasons[2]);
                Assert.AreEqual("location does not fit: topic \"cmd/p/a//b/t\" has an empty level", reasons[3]);
                Assert.AreEqual("endpoint is not a host name: " + new string('e', 100) + "...", reasons[4]);
                Assert.AreEqual("e p l 30", settings.Endpoint + " " + settings.Product + " " + settings.Location + " " + settings.IntervalSeconds.ToString());
            }

            settings = new AgentSettings();
            settings.TelemetryTopic = "own";
            settings.ThingName = "t";
            Assert.AreEqual("product has no use: telemetry.topic stands in its place", settings.Override("product", "p"));
            Assert.IsNull(settings.Product);
        }

        [TestMethod]
        public void APinnedEndpointLeavesTheSettingsOwnBesideIt()
        {
            AgentSettings settings = Make();
            settings.Override("endpoint", "region.example");
            settings.Override("endpoint", "other.example");
            Assert.AreEqual("other.example, e", settings.Endpoint + ", " + settings.FactoryEndpoint);
            settings.Override("endpoint", "E");
            Assert.IsNull(settings.FactoryEndpoint, "it is the same one");
            settings.Override("endpoint", "https://x");
            Assert.AreEqual("E", settings.Endpoint);
            Assert.IsNull(settings.FactoryEndpoint);
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

        private static void CheckApplied(AgentSettings settings, string[] configuration)
        {
            string[] reasons = settings.Apply(configuration);
            for (int i = 0; i < reasons.Length; i++)
            {
                Assert.IsNull(reasons[i], reasons[i]);
            }
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
