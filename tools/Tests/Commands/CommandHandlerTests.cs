using System.Collections;
using System.Text;
using DeviceAgent.Agent;
using DeviceAgent.Commands;
using DeviceAgent.Identity;
using DeviceAgent.Provisioning;
using DeviceAgent.Sensors;
using DeviceAgent.Settings;
using DeviceAgent.Telemetry;
using DeviceAgent.Tests.Fakes;
using nanoFramework.M2Mqtt.Messages;
using nanoFramework.TestFramework;

namespace DeviceAgent.Tests.Commands
{
    [TestClass]
    public class CommandHandlerTests
    {
        private static FakeDevice s_device;
        private static AgentSettings s_settings;
        private static AgentStatus s_status;
        private static IdentityStore s_store;
        private static AttemptRecord s_attempts;
        private static CommandHandler s_commands;

        [TestMethod]
        public void PingIsAnswered()
        {
            Begin();
            Hashtable answer = Send("{\"id\":\"c-1\",\"command\":\"ping\"}");
            Check(answer, "c-1", null);
            Assert.AreEqual(4, answer.Count);
            Assert.AreEqual(FakeDevice.Name, (string)answer["CLIENT_ID"]);
            Assert.AreEqual("2026-08-01T12:00:00", (string)answer["TIMESTAMP"]);
            Assert.IsFalse(s_commands.IsRebootWanted);
        }

        [TestMethod]
        public void AnIntervalIsUsedFromNowOnAndKept()
        {
            Begin();
            s_status.Publisher.TakeIfDue();
            Check(Send("{\"id\":\"1\",\"command\":\"set-interval\",\"intervalSeconds\":5}"), "1", null);
            Assert.AreEqual(5, s_settings.IntervalSeconds);
            Assert.AreEqual(5000, s_status.Publisher.UntilDue);
            Assert.AreEqual(2, s_device.Storage.Writes);
            DeviceIdentity kept = new IdentityStore(s_device.Storage).Load();
            AgentSettings settings = s_device.ReadSettings();
            Assert.AreEqual(2, kept.Configuration.Length);
            Assert.IsNull(settings.Override(kept.Configuration[0], kept.Configuration[1]));
            Assert.AreEqual(5, settings.IntervalSeconds);
            Assert.AreEqual("id-1", kept.CertificateId);
        }

        [TestMethod]
        public void AnIntervalThatIsSetAlreadyIsNotWrittenAgain()
        {
            Begin();
            Check(Send("{\"id\":\"1\",\"command\":\"set-interval\",\"intervalSeconds\":60}"), "1", null);
            Assert.AreEqual(1, s_device.Storage.Writes);
            Check(Send("{\"id\":\"2\",\"command\":\"set-interval\",\"intervalSeconds\":61}"), "2", null);
            Check(Send("{\"id\":\"3\",\"command\":\"set-interval\",\"intervalSeconds\":61}"), "3", null);
            Assert.AreEqual(2, s_device.Storage.Writes);
        }

        [TestMethod]
        public void IntervalsAreTakenFromOneSecondToADay()
        {
            string[] right = new string[] { "1", "86400" };
            for (int i = 0; i < right.Length; i++)
            {
                Begin();
                Check(Send("{\"id\":\"1\",\"command\":\"set-interval\",\"intervalSeconds\":" + right[i] + "}"), "1", null);
                Assert.AreEqual(int.Parse(right[i]), s_settings.IntervalSeconds);
            }

            string[] wrong = new string[] { ",\"intervalSeconds\":0", ",\"intervalSeconds\":86401", ",\"intervalSeconds\":-5", ",\"intervalSeconds\":\"5\"", ",\"intervalSeconds\":5.5", ",\"intervalSeconds\":5e1", ",\"intervalSeconds\":null", ",\"intervalSeconds\":[5]", ",\"intervalSeconds\":4294967301", "", ",\"IntervalSeconds\":5" };
            Begin();
            for (int i = 0; i < wrong.Length; i++)
            {
                Check(Send("{\"id\":\"1\",\"command\":\"set-interval\"" + wrong[i] + "}"), "1", "set-interval needs intervalSeconds");
                Assert.AreEqual(60, s_settings.IntervalSeconds);
            }

            Assert.AreEqual(1, s_device.Storage.Writes);
        }

        [TestMethod]
        public void AnIntervalThatCannotBeStoredIsNotUsed()
        {
            Begin();
            s_device.Storage.FailAt = 2;
            s_device.Storage.CorruptAt = 3;
            Check(Send("{\"id\":\"1\",\"command\":\"set-interval\",\"intervalSeconds\":5}"), "1", "cannot be stored: identity.1 cannot be written");
            Check(Send("{\"id\":\"1\",\"command\":\"set-interval\",\"intervalSeconds\":5}"), "1", "cannot be stored: identity.1 does not read back");
            Assert.AreEqual(60, s_settings.IntervalSeconds);
            Assert.AreEqual(0, s_status.Identity.Configuration.Length);
            Assert.AreEqual("id-1", new IdentityStore(s_device.Storage).Load().CertificateId);
        }

        [TestMethod]
        public void RebootIsAnsweredAndWanted()
        {
            Begin();
            Check(Send("{\"command\":\"reboot\",\"id\":\"r\"}"), "r", null);
            Assert.IsTrue(s_commands.IsRebootWanted);
            Assert.AreEqual(0, s_device.Board.Reboots);
        }

        [TestMethod]
        public void AWishForAnotherIdentityIsDurableBeforeItIsAnswered()
        {
            Begin();
            Check(Send("{\"id\":\"n-1\",\"command\":\"reprovision\"}"), "n-1", null);
            AttemptRecord reborn = new AttemptRecord(s_device.Storage, s_device.Clock);
            reborn.Load();
            Assert.AreEqual("id-1", reborn.Unwanted);
            Assert.AreEqual("n-1", reborn.CommandId);

            // Wished for already: flash is not worn for it
            int writes = s_device.Storage.Writes;
            Check(Send("{\"id\":\"n-2\",\"command\":\"reprovision\"}"), "n-2", null);
            Assert.AreEqual(writes, s_device.Storage.Writes);
        }

        [TestMethod]
        public void AWishThatCannotBeStoredIsNoWish()
        {
            Begin();
            s_device.Storage.FailAt = 2;
            s_device.Storage.CorruptAt = 3;
            Check(Send("{\"id\":\"1\",\"command\":\"reprovision\"}"), "1", "it cannot be remembered: attempts.0 cannot be written");
            Check(Send("{\"id\":\"1\",\"command\":\"reprovision\"}"), "1", "it cannot be remembered: attempts.0 does not read back");
            Assert.AreEqual("", s_attempts.Unwanted);
        }

        [TestMethod]
        public void AWishThatTheBrokerSendsAgainIsFulfilledOnce()
        {
            Begin();
            byte[] command = Encoding.UTF8.GetBytes("{\"id\":\"n-1\",\"command\":\"reprovision\"}");
            s_attempts.CommandId = "n-1"; // carried out by the identity before this one
            int writes = s_device.Storage.Writes;
            s_commands.Handle(new MqttMsgPublishEventArgs(FakeDevice.CommandTopic, command, true, MqttQoSLevel.AtLeastOnce, false));
            Assert.AreEqual("", s_attempts.Unwanted);
            Assert.AreEqual(writes, s_device.Storage.Writes);

            command = Encoding.UTF8.GetBytes("{\"id\":\"n-1\",\"command\":\"rotate-certificate\"}");
            s_commands.Handle(new MqttMsgPublishEventArgs(FakeDevice.CommandTopic, command, true, MqttQoSLevel.AtLeastOnce, false));
            Assert.AreEqual("", s_attempts.Unwanted);

            // The same id in a new message is a new wish
            s_commands.Handle(new MqttMsgPublishEventArgs(FakeDevice.CommandTopic, command, false, MqttQoSLevel.AtLeastOnce, false));
            Assert.AreEqual("id-1", s_attempts.Unwanted);
            Assert.IsTrue(s_attempts.IsRotation);
        }

        [TestMethod]
        public void AReportTellsHowTheDeviceIs()
        {
            Begin();
            s_settings.IntervalSeconds = 1;
            for (int i = 0; i < 5; i++)
            {
                s_status.Publisher.TakeIfDue();
                s_device.Clock.Pass(1000);
            }

            s_status.Connections = 3;
            s_status.Identity.ReplacedCertificateId = "id-0";
            s_status.LastError = "text \"with\" \\ everything\n";
            Hashtable answer = Send("{\"id\":\"1\",\"command\":\"report\"}");
            Check(answer, "1", null);
            Assert.AreEqual("5", (string)answer["UPTIME_SECONDS"]);
            Assert.AreEqual("40000", (string)answer["FREE_MEMORY"]);
            Assert.AreEqual("90000/60000", (string)answer["NATIVE_MEMORY"]);
            Assert.AreEqual(FirmwareVersion.Text, (string)answer["FIRMWARE_VERSION"]);
            Assert.AreEqual("id-1", (string)answer["CERTIFICATE_ID"]);
            Assert.AreEqual("id-0", (string)answer["REPLACED_CERTIFICATE_ID"]);
            Assert.AreEqual("1", (string)answer["INTERVAL_SECONDS"]);
            Assert.AreEqual("3", (string)answer["CONNECTIONS"]);
            Assert.AreEqual("5", (string)answer["READINGS_TAKEN"]);
            Assert.AreEqual("3", (string)answer["READINGS_WAITING"]);
            Assert.AreEqual("2", (string)answer["READINGS_DROPPED"]);
            Assert.AreEqual("text \"with\" \\ everything ", (string)answer["LAST_ERROR"]);
        }

        [TestMethod]
        public void AReportTellsWhatTheCloudHasConfigured()
        {
            Begin();
            Hashtable answer = Send("{\"id\":\"1\",\"command\":\"report\"}");
            Assert.AreEqual("", (string)answer["CONFIGURATION_LEFT_OUT"]);
            Assert.IsFalse(answer.Contains("CONFIGURATION"), "an empty object");
            s_status.Endpoint = "region.example";
            s_status.Identity.LeftOut = "much";
            s_status.Identity.Configuration = new string[] { "location", "osaka/roof", "intervalSeconds", "0", "q\"\\\u0001q", "\"\\\u0001\n/\u00e9", "", "" };
            answer = Send("{\"id\":\"1\",\"command\":\"report\"}");
            Check(answer, "1", null);
            Assert.AreEqual("region.example", (string)answer["ENDPOINT"]);
            Assert.AreEqual("osaka/roof", (string)answer["CONFIGURATION.location"]);
            Assert.AreEqual("0", (string)answer["CONFIGURATION.intervalSeconds"]);
            Assert.AreEqual("\"\\  /\u00e9", (string)answer["CONFIGURATION.q___q"]);
            Assert.AreEqual("", (string)answer["CONFIGURATION."]);
            Assert.AreEqual("intervalSeconds is not a whole number of 1 to 86400: 0", (string)answer["CONFIGURATION_REFUSED.intervalSeconds"]);
            Assert.IsFalse(answer.Contains("CONFIGURATION_REFUSED.location"));
            Assert.AreEqual("much", (string)answer["CONFIGURATION_LEFT_OUT"]);

            // What a command has set takes the refused value's place
            Check(Send("{\"id\":\"2\",\"command\":\"set-interval\",\"intervalSeconds\":5}"), "2", null);
            answer = Send("{\"id\":\"3\",\"command\":\"report\"}");
            Assert.AreEqual("5", (string)answer["CONFIGURATION.intervalSeconds"]);
            Assert.IsFalse(answer.Contains("CONFIGURATION_REFUSED.intervalSeconds"));
            Assert.AreEqual("much", new IdentityStore(s_device.Storage).Load().LeftOut);
        }

        [TestMethod]
        public void EveryPrefixOfACommandIsAnsweredAndChangesNothing()
        {
            Begin();
            byte[] whole = Encoding.UTF8.GetBytes("{\"x\":[1],\"command\":\"set-interval\",\"intervalSeconds\":7,\"id\":\"\\u0031\"}");
            for (int length = 0; length < whole.Length; length++)
            {
                byte[] part = new byte[length];
                System.Array.Copy(whole, 0, part, 0, length);
                Assert.AreEqual("error", (string)Send(part, false)["RESULT"], "the first " + length.ToString() + " bytes");
            }

            Assert.AreEqual(60, s_settings.IntervalSeconds);
            Assert.AreEqual(1, s_device.Storage.Writes);
            Check(Send(whole, false), "1", null);
            Assert.AreEqual(7, s_settings.IntervalSeconds);
        }

        [TestMethod]
        public void ControlCharactersOfAnyKindAreNoId()
        {
            Begin();
            string[] characters = new string[] { "\\u0001", "\\n", "\\u001f", "\\u007f", "\\u0080", "\u0085", "\\u009f" };
            for (int i = 0; i < characters.Length; i++)
            {
                Check(Send("{\"id\":\"a" + characters[i] + "\",\"command\":\"reboot\"}"), "", "id is not a text of 1 to 64 printable characters");
            }

            Assert.IsFalse(s_commands.IsRebootWanted);
            Check(Send("{\"id\":\"~\\u00a0\u00e9\",\"command\":\"ping\"}"), "~\u00a0\u00e9", null);
        }

        [TestMethod]
        public void WhatWentWrongIsReportedShortAndWithoutWhatJsonCannotCarry()
        {
            Begin();
            s_status.LastError = "layout is neither: \u0001\u001b\u007f\u0085x";
            Assert.AreEqual("layout is neither:     x", (string)Send("{\"id\":\"1\",\"command\":\"report\"}")["LAST_ERROR"]);
            s_status.LastError = new string('x', 5000);
            Assert.AreEqual(512, ((string)Send("{\"id\":\"1\",\"command\":\"report\"}")["LAST_ERROR"]).Length);
        }

        [TestMethod]
        public void WhateverElseComesIsAnsweredWithWhatIsWrong()
        {
            string[] cases = new string[]
            {
                "{\"id\":\"1\",\"command\":\"format\"}", "1", "unknown command",
                "{\"id\":\"1\",\"command\":\"Ping\"}", "1", "unknown command",
                "{\"id\":\"1\",\"command\":\"\"}", "1", "unknown command",
                "{\"id\":\"1\"}", "1", "command is missing",
                "{\"id\":\"1\",\"command\":7}", "1", "command is missing",
                "{\"id\":\"1\",\"command\":null}", "1", "command is missing",
                "{\"id\":\"1\",\"command\":\"ping\\u0000\"}", "1", "command is missing",
                "{\"command\":\"reboot\"}", "", "id is missing",
                "{}", "", "id is missing",
                "{\"id\":\"\",\"command\":\"reboot\"}", "", "id is not a text",
                "{\"id\":true,\"command\":\"reboot\"}", "", "id is not a text",
                "{\"id\":{\"x\":1},\"command\":\"reboot\"}", "", "id is not a text",
                "{\"id\":\"a\\u0000\",\"command\":\"reboot\"}", "", "id is not a text",
                "{\"id\":\"a\\n\",\"command\":\"reboot\"}", "", "id is not a text",
                "{\"id\":\"" + new string('i', 65) + "\",\"command\":\"reboot\"}", "", "id is not a text",
                "", "", "not a JSON object",
                "reboot", "", "not a JSON object",
                "\"reboot\"", "", "not a JSON object",
                "[{\"id\":\"1\",\"command\":\"reboot\"}]", "", "not a JSON object",
                "{\"id\":\"1\",\"command\":\"reboot\"", "1", "not a JSON object",
                "{\"id\":\"1\",\"command\":\"reboot\"}}", "1", "not a JSON object",
                "{\"id\":\"1\",\"command\":\"reboot\",}", "1", "not a JSON object",
            };
            Begin();
            for (int i = 0; i < cases.Length; i += 3)
            {
                Check(Send(cases[i]), cases[i + 1], cases[i + 2]);
                Assert.IsFalse(s_commands.IsRebootWanted, cases[i]);
            }

            Assert.AreEqual(1, s_device.Storage.Writes);
        }

        [TestMethod]
        public void IdsComeBackAsTheyWere()
        {
            Begin();
            Check(Send("{\"id\":17,\"command\":\"ping\"}"), "17", null);
            Check(Send("{\"id\":\"q\\\"\\\\\\u00e9\\/\",\"command\":\"p\\u0069ng\",\"more\":{\"id\":\"x\",\"command\":\"reboot\"}}"), "q\"\\\u00e9/", null);
            Check(Send("{\"id\":\"" + new string('i', 64) + "\",\"command\":\"ping\"}"), new string('i', 64), null);
            Check(Send("{\"id\":\"late\",\"command\":\"ping\",\"id\":\"later\"}"), "later", null);
            Check(Send("{\"command\":\"ping\"}"), "", "id is missing");
        }

        [TestMethod]
        public void ACommandThatIsTooLargeChangesNothing()
        {
            Begin();
            string begin = "{\"id\":\"1\",\"command\":\"reboot\",\"x\":\"";
            byte[] fits = Encoding.UTF8.GetBytes(begin + new string('x', 1024 - begin.Length - 2) + "\"}");
            Assert.AreEqual(CommandHandler.LargestCommand, fits.Length);
            byte[] large = Encoding.UTF8.GetBytes(begin + new string('x', 1025 - begin.Length - 2) + "\"}");
            Check(Send(large, false), "", "too large");
            Check(Send((byte[])null, false), "", "too large");
            Assert.IsFalse(s_commands.IsRebootWanted);
            Check(Send(fits, false), "1", null);
            Assert.IsTrue(s_commands.IsRebootWanted);
        }

        [TestMethod]
        public void ARetainedCommandIsNotCarriedOut()
        {
            Begin();
            Check(Send(Encoding.UTF8.GetBytes("{\"id\":\"1\",\"command\":\"reboot\"}"), true), "1", "retained");
            Check(Send(Encoding.UTF8.GetBytes("{\"id\":\"2\",\"command\":\"set-interval\",\"intervalSeconds\":5}"), true), "2", "retained");
            Assert.IsFalse(s_commands.IsRebootWanted);
            Assert.AreEqual(60, s_settings.IntervalSeconds);
        }

        [TestMethod]
        public void NothingIsLeftOfTheCommandBefore()
        {
            Begin();
            Send("{\"id\":\"1\",\"command\":\"set-interval\",\"intervalSeconds\":5}");
            Check(Send("{\"id\":\"2\",\"command\":\"set-interval\"}"), "2", "set-interval needs");
            Check(Send("{\"id\":\"3\"}"), "3", "command is missing");
        }

        [TestMethod]
        public void ChangedCommandsAreAnsweredOneAndAll()
        {
            Begin();
            byte[] whole = Encoding.UTF8.GetBytes("{\"id\":\"1\",\"command\":\"set-interval\",\"intervalSeconds\":5}");
            uint random = 42;
            for (int round = 0; round < 150; round++)
            {
                byte[] changed = new byte[whole.Length];
                whole.CopyTo(changed, 0);
                random = (random * 1664525) + 1013904223;
                changed[(int)((random >> 8) % (uint)changed.Length)] = (byte)(random >> 24);
                Hashtable answer = Send(changed, false);
                Assert.IsTrue(answer.Contains("COMMAND_ID"));
                Assert.AreEqual((string)answer["RESULT"] == "error", answer.Contains("ERROR"));
            }
        }

        [Cleanup]
        public void End()
        {
            s_device = null;
            s_settings = null;
            s_status = null;
            s_store = null;
            s_attempts = null;
            s_commands = null;
        }

        private static void Begin()
        {
            s_device = new FakeDevice();
            s_settings = s_device.ReadSettings();
            s_settings.OutboxReadings = 3;
            s_status = new AgentStatus();
            s_status.Publisher = new TelemetryPublisher(s_settings, new ISensor[] { s_device.Board.Sensor }, s_device.Clock);
            s_status.Identity = new DeviceIdentity();
            s_status.Identity.ThingName = FakeDevice.Name;
            s_status.Identity.CertificateId = "id-1";
            s_status.Identity.Certificate = new byte[] { 1 };
            s_status.Identity.Key = new byte[] { 2 };
            s_status.Identity.Configuration = new string[0];
            s_store = new IdentityStore(s_device.Storage);
            s_store.Load();
            s_store.Commit(s_status.Identity);
            s_attempts = new AttemptRecord(s_device.Storage, s_device.Clock);
            s_attempts.Load();
            Enrollment enrollment = new Enrollment(s_device.Storage, s_device.Board, s_store, s_attempts, new Backoff(s_device.Board, s_attempts), s_device.Clients, s_device.Clock, s_device.Log, s_status, s_device.Signal, new Installer(s_device.Serial, s_device.Board, s_device.Clients, s_device.Clock, s_device.Log));
            s_commands = new CommandHandler(s_device.Clock, s_device.Board, s_store, s_settings, s_status, enrollment);
        }

        private static Hashtable Send(string command) => Send(Encoding.UTF8.GetBytes(command), false);

        private static Hashtable Send(byte[] payload, bool isRetained)
        {
            return FlatJson.Parse(s_commands.Handle(new MqttMsgPublishEventArgs(FakeDevice.CommandTopic, payload, false, MqttQoSLevel.AtLeastOnce, isRetained)));
        }

        private static void Check(Hashtable answer, string id, string problem)
        {
            Assert.AreEqual(id, (string)answer["COMMAND_ID"]);
            Assert.AreEqual(problem == null ? "ok" : "error", (string)answer["RESULT"], (string)answer["ERROR"]);
            if (problem != null)
            {
                Assert.Contains(problem, (string)answer["ERROR"]);
            }
        }
    }
}
