using System.Text;
using DeviceAgent.Sensors;
using DeviceAgent.Settings;
using nanoFramework.TestFramework;

namespace DeviceAgent.Tests.Settings
{
    [TestClass]
    public class SettingsReaderTests
    {
        private const string Mac = "a0b1c2d3e4f5";
        // No constant: the compiler would write it anew into each text that holds it, and the board allows 64 KB of text
        private static string Required => "\"endpoint\":\"iot.example\",\"product\":\"weather\",\"location\":\"tokyo/lab\",\"provisioning\":{\"template\":\"the-template\"}";

        [TestMethod]
        public void AFileWithTheRequiredKeysGetsTheDefaults()
        {
            AgentSettings settings = Read("{" + Required + "}", "");
            Assert.AreEqual("iot.example", settings.Endpoint);
            Assert.AreEqual(8883, settings.Port);
            Assert.AreEqual("weather", settings.Product);
            Assert.AreEqual("tokyo/lab", settings.Location);
            Assert.AreEqual(Mac, settings.ThingName);
            Assert.AreEqual("the-template", settings.Template);
            Assert.AreEqual(1, settings.Parameters.Count);
            Assert.AreEqual(Mac, (string)settings.Parameters["ThingName"]);
            Assert.AreEqual(0, settings.SpreadSeconds);
            Assert.AreEqual(60, settings.IntervalSeconds);
            Assert.IsFalse(settings.IsPerType);
            Assert.AreEqual(60, settings.OutboxReadings);
            Assert.AreEqual(1, settings.Sensors.Length);
            Assert.AreEqual("simulated", settings.Sensors[0].Type);
            Assert.AreEqual(60, settings.KeepAliveSeconds);
            Assert.IsTrue(settings.IsPersistentSession);
            Assert.IsNull(settings.WifiSsid);
            Assert.IsNull(settings.WifiPassword);
            Assert.IsNull(settings.TelemetryTopic);
        }

        [TestMethod]
        public void EveryKeyIsTakenOver()
        {
            AgentSettings settings = Read(
                " {\"endpoint\":\"a\\u002eb\",\"port\":443,\"product\":\"p\",\"location\":\"l\",\"thingName\":\"t:_-9\",\"serial\":\"S1\",\n"
                + "\"provisioning\":{\"method\":\"claim\",\"template\":\"T\",\"parameters\":{\"A\":\"1\",\"B\":\"\"},\"spreadSeconds\":86400,\"reprovisionAfterHours\":8760,\"rotateAfterDays\":36500},"
                + "\"telemetry\":{\"intervalSeconds\":1,\"layout\":\"perType\",\"outboxReadings\":1000,\"topic\":\"x/y\"},"
                + "\"sensors\":[{\"type\":\"simulated\"},{\"type\":\"bme280\",\"bus\":2,\"address\":118,\"dataPin\":18,\"clockPin\":0}],"
                + "\"mqtt\":{\"keepAliveSeconds\":1200,\"persistentSession\":false},\"wifi\":{\"ssid\":\"net\",\"password\":\"\"}}",
                "");
            Assert.AreEqual("a.b", settings.Endpoint);
            Assert.AreEqual(443, settings.Port);
            Assert.AreEqual("p", settings.Product);
            Assert.AreEqual("l", settings.Location);
            Assert.AreEqual("t:_-9", settings.ThingName);
            Assert.AreEqual("T", settings.Template);
            Assert.AreEqual(2, settings.Parameters.Count);
            Assert.AreEqual("1", (string)settings.Parameters["A"]);
            Assert.AreEqual("", (string)settings.Parameters["B"]);
            Assert.AreEqual(86400, settings.SpreadSeconds);
            Assert.AreEqual(8760, settings.ReprovisionAfterHours);
            Assert.AreEqual(36500, settings.RotateAfterDays);
            Assert.AreEqual(1, settings.IntervalSeconds);
            Assert.IsTrue(settings.IsPerType);
            Assert.AreEqual(1000, settings.OutboxReadings);
            Assert.AreEqual("x/y", settings.TelemetryTopic);
            Assert.AreEqual(2, settings.Sensors.Length);
            SensorOptions sensor = settings.Sensors[1];
            Assert.AreEqual("bme280", sensor.Type);
            Assert.AreEqual(2, sensor.Bus);
            Assert.AreEqual(118, sensor.Address);
            Assert.AreEqual(18, sensor.DataPin);
            Assert.AreEqual(0, sensor.ClockPin);
            Assert.AreEqual(SensorOptions.NotGiven, settings.Sensors[0].Address);
            Assert.AreEqual(1200, settings.KeepAliveSeconds);
            Assert.IsFalse(settings.IsPersistentSession);
            Assert.AreEqual("net", settings.WifiSsid);
            Assert.AreEqual("", settings.WifiPassword);
        }

        [TestMethod]
        public void PlaceholdersAreFilledIn()
        {
            AgentSettings settings = Read(
                "{" + Required.Substring(0, Required.Length - 1) + ",\"parameters\":{\"ThingName\":\"${thingName}\",\"All\":\"<${serial}|${mac}|${thingName}>\",\"Plain\":\"$serial {mac} $\"}},"
                + "\"serial\":\"SN-${mac}\",\"thingName\":\"dev_${serial}_${mac}\"}",
                "");
            string thing = "dev_SN-" + Mac + "_" + Mac;
            Assert.AreEqual(thing, settings.ThingName);
            Assert.AreEqual(3, settings.Parameters.Count);
            Assert.AreEqual(thing, (string)settings.Parameters["ThingName"]);
            Assert.AreEqual("<SN-" + Mac + "|" + Mac + "|" + thing + ">", (string)settings.Parameters["All"]);
            Assert.AreEqual("$serial {mac} $", (string)settings.Parameters["Plain"]);
            Assert.AreEqual(Mac, Read("{" + Required + ",\"thingName\":\"${serial}\"}", "").ThingName);
        }

        [TestMethod]
        public void AnUnknownOrUnendedPlaceholderIsNamedWithItsKey()
        {
            string[] cases = new string[]
            {
                "\"thingName\":\"${thingName}\"", "thingName holds a placeholder",
                "\"thingName\":\"a${mac\"", "thingName holds a placeholder",
                "\"thingName\":\"${MAC}\"", "thingName holds a placeholder",
                "\"serial\":\"${thingName}\"", "serial holds a placeholder",
                "\"serial\":\"x${serial}\"", "serial holds a placeholder",
            };
            for (int i = 0; i < cases.Length; i += 2)
            {
                Read("{" + Required + "," + cases[i] + "}", cases[i + 1]);
            }

            Read("{" + Required.Substring(0, Required.Length - 1) + ",\"parameters\":{\"Color\":\"${color}\"}}}", "provisioning.parameters.Color holds a placeholder");
        }

        [TestMethod]
        public void EveryPrefixOfAFileIsRefusedWithAReason()
        {
            byte[] whole = Encoding.UTF8.GetBytes("{" + Required + ",\"sensors\":[{\"type\":\"simulated\"}],\"thingName\":\"\\u0061${mac}\"}");
            Assert.IsNotNull(new SettingsReader(Mac).Read(whole));
            for (int length = 0; length < whole.Length; length++)
            {
                byte[] part = new byte[length];
                System.Array.Copy(whole, 0, part, 0, length);
                SettingsReader reader = new SettingsReader(Mac);
                Assert.IsNull(reader.Read(part), "the first " + length.ToString() + " bytes");
                Assert.IsTrue(reader.Problems.Count > 0, "the first " + length.ToString() + " bytes");
            }
        }

        [TestMethod]
        public void PlaceholdersWithinPlaceholdersDoNotGrowWithoutEnd()
        {
            string parameters = "{" + Required.Substring(0, Required.Length - 1) + ",\"parameters\":{\"A\":\"" + Repeat("${thingName}", 300) + "\"}}";
            Read(parameters + ",\"thingName\":\"" + new string('t', 13) + "\"}", "");
            Read(parameters + ",\"thingName\":\"" + new string('t', 14) + "\"}", "provisioning.parameters.A has more than 4096 characters once its placeholders");
            Read("{" + Required + ",\"serial\":\"" + Repeat("${mac}", 11) + "\"}", "serial has more than 128 characters once its placeholders");
            Read("{" + Required + ",\"thingName\":\"" + Repeat("${mac}", 11) + "\"}", "thingName has more than 128 characters once its placeholders");
        }

        [TestMethod]
        public void WhatOnlyTheBrokerOrTheBoardWouldRefuseIsRefused()
        {
            string start = "{\"product\":\"p\",\"location\":\"l\",\"endpoint\":\"";
            string[] templates = new string[] { "a/b", "a+b", "#", "a b", "a:b", "\u00e9", "a\\n" };
            for (int i = 0; i < templates.Length; i++)
            {
                Read(start + "e\",\"provisioning\":{\"template\":\"" + templates[i] + "\"}}", "provisioning.template \"");
            }

            string[] endpoints = new string[] { "e\\n", "e\\t", "e?x", "e\u00e9", "a@e" };
            for (int i = 0; i < endpoints.Length; i++)
            {
                Read(start + endpoints[i] + "\",\"provisioning\":{\"template\":\"t\"}}", "is not a host name");
            }

            // 16 letters of two bytes where 31 bytes go in
            Read("{" + Required + ",\"wifi\":{\"ssid\":\"" + Repeat("\u00e9", 15) + "e\"}}", "");
            Read("{" + Required + ",\"wifi\":{\"ssid\":\"" + Repeat("\u00e9", 16) + "\"}}", "wifi.ssid is longer than the 31 bytes");
            Read("{" + Required + ",\"wifi\":{\"ssid\":\"s\",\"password\":\"" + Repeat("\\u00e9", 32) + "\"}}", "wifi.password is longer than the 63 bytes");
            Read("{" + Required.Substring(0, Required.Length - 1) + ",\"parameters\":{\"a\\u0000b\":\"x\"}}}", "provisioning.parameters.a name holds U+0000");
        }

        [TestMethod]
        public void EveryMissingKeyIsNamedAtOnce()
        {
            SettingsReader reader = new SettingsReader(Mac);
            Assert.IsNull(reader.Read(Encoding.UTF8.GetBytes("{\"sensors\":[{\"bus\":1}],\"wifi\":{\"password\":\"x\"}}")));
            Assert.AreEqual("sensors[0].type is missing; endpoint is missing; product is missing; location is missing; provisioning.template is missing; wifi.ssid is missing; ", All(reader));
        }

        [TestMethod]
        public void EverythingWrongIsNamedAtOnce()
        {
            SettingsReader reader = new SettingsReader(Mac);
            string file = "{\"endpoint\":7,\"port\":0,\"colour\":{\"a\":[1]},\"product\":\"p\",\"location\":\"l\",\"provisioning\":{\"template\":[\"x\"],\"methods\":null},"
                + "\"telemetry\":{\"layout\":\"wide\",\"intervalSeconds\":\"60\"},\"mqtt\":{\"keepAliveSeconds\":29},\"port\":8883}";
            Assert.IsNull(reader.Read(Encoding.UTF8.GetBytes(file)));
            Assert.AreEqual(
                "endpoint is not a string; port is not a whole number of 1 to 65535; colour is not a setting; provisioning.template is not a string; provisioning.methods is not a setting; "
                + "telemetry.layout is neither combined nor perType: wide; telemetry.intervalSeconds is not a whole number of 1 to 86400; mqtt.keepAliveSeconds is not a whole number of 30 to 1200; port is given twice; ",
                All(reader));
        }

        [TestMethod]
        public void UnknownKeysAreNamedAtEachLevel()
        {
            Read("{" + Required + ",\"x\":1}", "x is not a setting");
            Read("{" + Required + ",\"Endpoint\":1}", "Endpoint is not a setting");
            Read("{" + Required.Substring(0, Required.Length - 1) + ",\"x\":{\"template\":\"y\"}}}", "provisioning.x is not a setting");
            Read("{" + Required + ",\"telemetry\":{\"x\":[]}}", "telemetry.x is not a setting");
            Read("{" + Required + ",\"mqtt\":{\"x\":true}}", "mqtt.x is not a setting");
            Read("{" + Required + ",\"wifi\":{\"ssid\":\"s\",\"x\":\"y\"}}", "wifi.x is not a setting");
            Read("{" + Required + ",\"sensors\":[{\"type\":\"simulated\"},{\"type\":\"simulated\",\"x\":1}]}", "sensors[1].x is not a setting");
        }

        [TestMethod]
        public void KeysGivenTwiceAreNamedAtEachLevel()
        {
            Read("{" + Required + ",\"port\":1,\"port\":1}", "port is given twice");
            Read("{" + Required + ",\"provisioning\":{\"template\":\"t\"}}", "provisioning is given twice");
            Read("{" + Required + ",\"mqtt\":{\"persistentSession\":true,\"persistentSession\":true}}", "mqtt.persistentSession is given twice");
            Read("{" + Required + ",\"sensors\":[{\"type\":\"a\",\"type\":\"a\"}]}", "sensors[0].type is given twice");
            Read("{" + Required.Substring(0, Required.Length - 1) + ",\"parameters\":{\"A\":\"1\",\"A\":\"2\"}}}", "provisioning.parameters.A is given twice");
        }

        [TestMethod]
        public void WrongTypesAreNamed()
        {
            string[] cases = new string[]
            {
                "\"port\":\"8883\"", "port is not a whole number",
                "\"port\":1.5", "port is not a whole number",
                "\"port\":null", "port is not a whole number",
                "\"thingName\":1", "thingName is not a string",
                "\"serial\":{}", "serial is not a string",
                "\"telemetry\":[]", "telemetry is not an object",
                "\"telemetry\":\"combined\"", "telemetry is not an object",
                "\"mqtt\":{\"persistentSession\":1}", "mqtt.persistentSession is not true or false",
                "\"wifi\":null", "wifi is not an object",
                "\"wifi\":{\"ssid\":\"s\",\"password\":12345678}", "wifi.password is not a string",
                "\"sensors\":{\"type\":\"simulated\"}", "sensors is not an array of objects",
                "\"sensors\":[\"simulated\"]", "sensors is not an array of objects",
                "\"sensors\":[{\"type\":1}]", "sensors[0].type is not a string",
                "\"sensors\":[{\"type\":\"a\",\"bus\":\"1\"}]", "sensors[0].bus is not a whole number",
            };
            for (int i = 0; i < cases.Length; i += 2)
            {
                Read("{" + Required + "," + cases[i] + "}", cases[i + 1]);
            }

            Read("{" + Required.Substring(0, Required.Length - 1) + ",\"parameters\":{\"A\":1}}}", "provisioning.parameters.A is not a string");
            Read("{" + Required.Substring(0, Required.Length - 1) + ",\"parameters\":[]}}", "provisioning.parameters is not an object");
        }

        [TestMethod]
        public void NumbersAreTakenUpToTheirLimitsAndNotBeyond()
        {
            string[] cases = new string[]
            {
                "\"port\":#", "1", "65535",
                "\"telemetry\":{\"intervalSeconds\":#}", "1", "86400",
                "\"telemetry\":{\"outboxReadings\":#}", "1", "1000",
                "\"mqtt\":{\"keepAliveSeconds\":#}", "30", "1200",
                "\"sensors\":[{\"type\":\"a\",\"bus\":#}]", "1", "2",
                "\"sensors\":[{\"type\":\"a\",\"address\":#}]", "0", "127",
                "\"sensors\":[{\"type\":\"a\",\"dataPin\":#}]", "0", "48",
                "\"sensors\":[{\"type\":\"a\",\"clockPin\":#}]", "0", "48",
            };
            for (int i = 0; i < cases.Length; i += 3)
            {
                int at = cases[i].IndexOf('#');
                string begin = "{" + Required + "," + cases[i].Substring(0, at);
                string end = cases[i].Substring(at + 1) + "}";
                Read(begin + cases[i + 1] + end, "");
                Read(begin + cases[i + 2] + end, "");
                string problem = " is not a whole number of " + cases[i + 1] + " to " + cases[i + 2];
                Read(begin + (int.Parse(cases[i + 1]) - 1).ToString() + end, problem);
                Read(begin + (int.Parse(cases[i + 2]) + 1).ToString() + end, problem);
            }
        }

        [TestMethod]
        public void TextsAreTakenUpToTheirLengthsAndNotBeyond()
        {
            string[] cases = new string[] { "\"wifi\":{\"ssid\":\"#\"}", "31", "\"wifi\":{\"ssid\":\"s\",\"password\":\"#\"}", "63", "\"serial\":\"#\"", "128" };
            for (int i = 0; i < cases.Length; i += 2)
            {
                int at = cases[i].IndexOf('#');
                int longest = int.Parse(cases[i + 1]);
                string begin = "{" + Required + "," + cases[i].Substring(0, at);
                string end = cases[i].Substring(at + 1) + "}";
                Read(begin + new string('x', longest) + end, "");
                Read(begin + new string('x', longest + 1) + end, " to " + cases[i + 1] + " characters");
            }
        }

        [TestMethod]
        public void ThingNamesAreTakenUpTo128OfTheirCharacters()
        {
            Read("{" + Required + ",\"thingName\":\"azAZ09:_-" + new string('x', 119) + "\"}", "");
            string[] names = new string[] { "", "a b", "a/b", "a.b", "a+b", "\u00e9", new string('x', 129) };
            for (int i = 0; i < names.Length; i++)
            {
                Read("{" + Required + ",\"thingName\":\"" + names[i] + "\"}", "thingName ");
            }
        }

        [TestMethod]
        public void TopicsThatTheCloudWouldRefuseAreRefused()
        {
            // With cmd and the thing seven slashes at most, and 256 bytes
            string[] right = new string[] { "a/b/c/d/e", new string('x', 239 - 12) };
            for (int i = 0; i < right.Length; i++)
            {
                Read(File("p", right[i], ""), "");
            }

            string[] wrong = new string[] { "a/b/c/d/e/f", "", "/a", "a/", "a//b", "a+", "#", "a\\u0007", new string('x', 241), "\\u00e9" + new string('x', 239) };
            for (int i = 0; i < wrong.Length; i++)
            {
                Read(File("p", wrong[i], ""), "location");
            }

            Read(File("p/q", "l", ""), "product");
            Read(File("p+", "l", ""), "product");
            Read(File("#", "l", ""), "product");
        }

        [TestMethod]
        public void PerTypeTopicsCountWithTheirLastLevel()
        {
            Read(File("p", "a/b/c/d", ",\"telemetry\":{\"layout\":\"perType\"}"), "");
            Read(File("p", "a/b/c/d/e", ",\"telemetry\":{\"layout\":\"perType\"}"), "slashes");
            Read("{" + Required + ",\"telemetry\":{\"topic\":\"a/b/c/d/e/f/g/h\",\"layout\":\"combined\"}}", "");
            Read("{" + Required + ",\"telemetry\":{\"topic\":\"a/b/c/d/e/f/g/h\",\"layout\":\"perType\"}}", "telemetry.topic");
        }

        [TestMethod]
        public void ATopicForReadingsStandsInForProductAndLocation()
        {
            AgentSettings settings = Read("{\"endpoint\":\"e\",\"provisioning\":{\"template\":\"t\"},\"telemetry\":{\"topic\":\"x/y\"}}", "");
            Assert.AreEqual("x/y", settings.TelemetryTopic);
            Assert.IsNull(settings.Product);
            Read("{\"endpoint\":\"e\",\"product\":\"p\",\"provisioning\":{\"template\":\"t\"},\"telemetry\":{\"topic\":\"x/y\"}}", "location is missing");
            Read("{\"endpoint\":\"e\",\"provisioning\":{\"template\":\"t\"},\"telemetry\":{\"topic\":\"$x/y\"}}", "telemetry.topic begins with $");
            Read("{\"endpoint\":\"e\",\"provisioning\":{\"template\":\"t\"},\"telemetry\":{\"topic\":\"x//y\"}}", "telemetry.topic has an empty level");
        }

        [TestMethod]
        public void EndpointsAreHostNames()
        {
            string[] wrong = new string[] { "https://iot.example", "iot.example:8883", "iot.example/x", "iot example", "" };
            for (int i = 0; i < wrong.Length; i++)
            {
                Read("{\"endpoint\":\"" + wrong[i] + "\",\"product\":\"p\",\"location\":\"l\",\"provisioning\":{\"template\":\"t\"}}", "endpoint ");
            }
        }

        [TestMethod]
        public void WhatCannotBePutIntoARequestIsNoParameter()
        {
            string begin = "{" + Required.Substring(0, Required.Length - 1) + ",\"parameters\":{";
            Read(begin + "\"a\\\"b\":\"1\"}}}", "a name holds a quote");
            Read(begin + "\"a\\\\b\":\"1\"}}}", "a name holds a quote");
            Read(begin + "\"a\\u0001\":\"1\"}}}", "a name holds a quote");
            Read(begin + "\"a\":\"\\u0000\"}}}", "provisioning.parameters.a ");
            Read(begin + "\"a\":\"\\u0001\"}}}", "provisioning.parameters.a ");
            Assert.AreEqual("q\"b\\n\n", (string)Read(begin + "\"a\":\"q\\\"b\\\\n\\n\"}}}", "").Parameters["a"]);
        }

        [TestMethod]
        public void OtherMethodsThanTheClaimAreRefused()
        {
            Read("{" + Required.Substring(0, Required.Length - 1) + ",\"method\":\"magic\"}}", "provisioning.method \"magic\"");
            Read("{\"endpoint\":\"e\",\"product\":\"p\",\"location\":\"l\",\"provisioning\":{\"template\":\"" + new string('t', 37) + "\"}}", "provisioning.template is not a string of 1 to 36");
        }

        [TestMethod]
        public void AFileThatIsMissingOrNoJsonObjectIsRefused()
        {
            SettingsReader reader = new SettingsReader(Mac);
            Assert.IsNull(reader.Read(null));
            Assert.AreEqual("there is no such file; ", All(reader));
            string[] files = new string[] { "", "x", "[]", "\"a\"", "{" + Required, "{" + Required + "}}", "{" + Required + ",}", "{\"endpoint\":\"e\" \"port\":1}", "{\"sensors\":[{\"type\"", "{\"telemetry\":{" };
            for (int i = 0; i < files.Length; i++)
            {
                reader = new SettingsReader(Mac);
                Assert.IsNull(reader.Read(Encoding.UTF8.GetBytes(files[i])), "file " + i.ToString());
                Assert.AreEqual(1, reader.Problems.Count, "file " + i.ToString() + ": " + All(reader));
            }

            reader = new SettingsReader(Mac);
            reader.Read(Encoding.UTF8.GetBytes("{" + Required + ",}"));
            Assert.Contains("at byte", (string)reader.Problems[0]);
        }

        [TestMethod]
        public void EveryPrefixOfAFileIsRefused()
        {
            byte[] whole = Encoding.UTF8.GetBytes("{" + Required + ",\"sensors\":[{\"type\":\"simulated\",\"bus\":1}],\"mqtt\":{\"keepAliveSeconds\":60}}");
            for (int length = 0; length < whole.Length; length++)
            {
                byte[] part = new byte[length];
                System.Array.Copy(whole, 0, part, 0, length);
                Assert.IsNull(new SettingsReader(Mac).Read(part), "the first " + length.ToString() + " bytes");
            }
        }

        private static string File(string product, string location, string more)
        {
            return "{\"endpoint\":\"e\",\"product\":\"" + product + "\",\"location\":\"" + location + "\",\"provisioning\":{\"template\":\"t\"}" + more + "}";
        }

        private static string Repeat(string text, int times)
        {
            StringBuilder repeated = new StringBuilder();
            for (int i = 0; i < times; i++)
            {
                repeated.Append(text);
            }

            return repeated.ToString();
        }

        /// <summary>Reads a file of which exactly this is wrong; nothing, where it is empty.</summary>
        private static AgentSettings Read(string file, string problem)
        {
            SettingsReader reader = new SettingsReader(Mac);
            AgentSettings settings = reader.Read(Encoding.UTF8.GetBytes(file));
            if (problem.Length == 0)
            {
                Assert.IsNotNull(settings, All(reader));
                Assert.AreEqual(0, reader.Problems.Count);
                return settings;
            }

            Assert.IsNull(settings, "it was taken though it should say: " + problem);
            Assert.AreEqual(1, reader.Problems.Count, All(reader));
            Assert.IsTrue(((string)reader.Problems[0]).Contains(problem), "not " + problem + " but " + All(reader));
            return null;
        }

        private static string All(SettingsReader reader)
        {
            string all = "";
            foreach (string problem in reader.Problems)
            {
                all += problem + "; ";
            }

            return all;
        }
    }
}
