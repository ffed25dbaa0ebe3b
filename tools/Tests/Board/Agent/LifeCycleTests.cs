using System;
using System.Collections;
using System.Text;
using DeviceAgent.Identity;
using DeviceAgent.Provisioning;
using DeviceAgent.Tests.Fakes;
using nanoFramework.TestFramework;

namespace DeviceAgent.Tests.Agent
{
    [TestClass]
    public class LifeCycleTests
    {
        private static bool s_wasStuck;

        [TestMethod]
        public void AFreshBoardProvisionsItselfAndPublishes()
        {
            FakeDevice device = new FakeDevice();
            device.Cloud.AnswerTime = 1; // fast enough for two CONNECTs in a second
            device.Run(125);
            Assert.AreEqual(1, device.Cloud.Certificates.Count);
            Assert.AreEqual(1, device.Trace.Count("CreateKeys"));
            Assert.AreEqual(1, device.Trace.Count("RegisterThing"));
            Assert.AreEqual(1, device.Cloud.ActiveOf(FakeDevice.Name));
            Assert.AreEqual("CERT-1", device.Clients.Last.Certificate);
            Assert.AreEqual(FakeDevice.Name, device.Clients.Last.ClientId);
            Assert.IsFalse(device.Clients.Last.IsCleanSession);
            Assert.AreEqual(2, device.Clients.Made);
            Assert.AreEqual(3, device.Cloud.Received);
            for (int i = 0; i < 3; i++)
            {
                Assert.AreEqual(FakeDevice.TelemetryTopic, (string)device.Cloud.Topics[i]);
                Hashtable reading = FlatJson.Parse((string)device.Cloud.Payloads[i]);
                Assert.AreEqual((20 + i).ToString() + ".50", (string)reading["TEMPERATURE"]);
                Assert.AreEqual(FakeDevice.Name, (string)reading["CLIENT_ID"]);
            }

            Assert.AreEqual(0, device.Cloud.Hasty);
            Assert.AreEqual(2, device.Cloud.Goodbyes);
            Assert.AreEqual(0, device.Board.Reboots);
            Assert.AreEqual("", device.Agent.Status.LastError);
            Assert.AreEqual("lab", device.Network.Ssid);
        }

        [TestMethod]
        public void ASecondBootProvisionsNothingAndWritesNothing()
        {
            FakeDevice device = Provisioned();
            int received = device.Cloud.Received;
            device.Run(65);
            Assert.AreEqual(0, device.Trace.Count("CreateKeys"));
            Assert.AreEqual(0, device.Trace.Count("CONNECT CERT-c"));
            Assert.AreEqual(1, device.Trace.Count("CONNECT CERT-1"));
            Assert.AreEqual(0, device.Trace.Count("write"));
            Assert.AreEqual(0, device.Trace.Count("delete"));
            Assert.AreEqual(received + 2, device.Cloud.Received);
            Assert.AreEqual(1, device.Cloud.Certificates.Count);
            Assert.IsTrue(device.Log.Has("identity: thing a0b1c2d3e4f5, certificate id-1"));
        }

        [TestMethod]
        public void TheIdentityAndWhatTheCloudConfiguresWinOverTheFile()
        {
            FakeDevice device = new FakeDevice();
            device.Cloud.ThingPrefix = "fleet-";
            device.Cloud.Configuration = "\"endpoint\":\"other.example\",\"location\":\"osaka\",\"intervalSeconds\":\"10\",\"layout\":\"wide\"";
            device.Run(25);
            for (int boot = 0; boot < 2; boot++)
            {
                Assert.AreEqual("other.example", device.Clients.Last.Host);
                Assert.AreEqual("fleet-" + FakeDevice.Name, device.Clients.Last.ClientId);
                Assert.AreEqual("dt/weather/osaka/fleet-" + FakeDevice.Name, (string)device.Cloud.Topics[device.Cloud.Topics.Count - 1]);
                Assert.IsTrue(device.Log.Has("layout is neither combined nor perType: wide"));
                Assert.AreEqual(3 * (boot + 1), device.Cloud.Received);
                device.Run(25);
            }
        }

        [TestMethod]
        public void ALostConnectionLosesNoReadingThatFits()
        {
            FakeDevice device = Provisioned();
            device.Cloud.Kept = 40;
            device.Cloud.Topics.Clear();
            device.Cloud.Payloads.Clear();
            device.Clock.After(90 * 1000, () =>
            {
                device.Network.IsDown = true;
                device.Cloud.Close(device.Clients.Live);
            });
            device.Clock.After(20 * 60 * 1000, () => device.Network.IsDown = false);
            device.Run(40 * 60);
            Assert.AreEqual(40, device.Cloud.Payloads.Count);
            int first = 0;
            for (int i = 0; i < 40; i++)
            {
                Hashtable reading = FlatJson.Parse((string)device.Cloud.Payloads[i]);
                string temperature = (string)reading["TEMPERATURE"];
                int value = int.Parse(temperature.Substring(0, temperature.Length - 3));
                first = i == 0 ? value : first;
                Assert.AreEqual(first + i, value, "reading " + i.ToString());
            }

            Assert.AreEqual(0, device.Agent.Status.Publisher.Dropped);
            Assert.IsTrue(device.Log.Has("the connection was lost"));
            Assert.IsTrue(device.Log.Has("network: out of reach"));
            Assert.AreEqual(0, device.Board.Reboots);
        }

        [TestMethod]
        public void ReadingsAreTakenWhileTheNetworkIsWaitedFor()
        {
            FakeDevice device = new FakeDevice();
            device.Configure("\"sensors\":[{\"type\":\"fake\"}],\"telemetry\":{\"intervalSeconds\":10,\"outboxReadings\":100}");
            device.Run(5);
            device.Network.IsDown = true;
            device.Clock.After(15 * 60000, () => device.Network.IsDown = false);
            device.Run(14 * 60);
            Assert.AreEqual(84, device.Agent.Status.Publisher.Taken);
            Assert.AreEqual(84, device.Agent.Status.Publisher.Waiting);
        }

        [TestMethod]
        public void ANetworkThatFailsAtOnceIsNotAskedAgainAtOnce()
        {
            FakeDevice device = Provisioned();
            device.Network.IsAbsent = true;
            device.Run(3600);
            Assert.IsTrue(device.Network.Attempts < 40, device.Network.Attempts.ToString() + " attempts");
            Assert.AreEqual(60, device.Agent.Status.Publisher.Taken);
        }

        [TestMethod]
        public void ABrokerThatDoesNotAcknowledgeTwoReadingsIsLeft()
        {
            FakeDevice device = Provisioned();
            device.Cloud.Always("PUBLISH", "lose");
            device.Run(8);
            Assert.AreEqual(1, device.Agent.Status.FailedAttempts);
            Assert.AreEqual("the broker does not acknowledge readings", device.Agent.Status.LastError);
        }

        [TestMethod]
        public void WhatKeepsABoardFromBeingProvisionedIsInItsStatus()
        {
            FakeDevice device = new FakeDevice();
            device.Cloud.Always("CreateKeys", "rejected {\"statusCode\":403,\"errorMessage\":\"no\"}");
            device.Run(10);
            Assert.IsTrue(device.Agent.Status.FailedAttempts > 2);
            Assert.IsTrue(device.Agent.Status.LastError.StartsWith("CreateKeysAndCertificate: rejected: statusCode 403"), device.Agent.Status.LastError);
            Assert.IsNull(device.Agent.Status.Identity);
            device.Run(3600);
            Assert.Contains("the 5 certificates of 24 hours (provisioning.maxCertificatesPerDay) have been asked for", device.Agent.Status.LastError);
        }

        [TestMethod]
        public void AReadingIsSentAgainUntilItIsAcknowledged()
        {
            FakeDevice device = Provisioned();
            device.Cloud.Topics.Clear();
            device.Cloud.Payloads.Clear();
            device.Clock.After(61 * 1000, () => device.Cloud.Always("PUBLISH", "lose"));
            device.Clock.After(200 * 1000, () => device.Cloud.Always("PUBLISH", "ok"));
            device.Run(600);
            Assert.IsTrue(device.Log.Has("the broker does not acknowledge readings"));
            Assert.AreEqual(0, device.Agent.Status.Publisher.Waiting);
            Assert.AreEqual(10, device.Agent.Status.Publisher.Published);
            Assert.AreEqual(10, device.Agent.Status.Publisher.Taken);
            string last = (string)device.Cloud.Payloads[device.Cloud.Payloads.Count - 1];
            Assert.Contains("\"TEMPERATURE\":" + (19 + device.Board.Sensor.Measured).ToString() + ".50", last);
        }

        // By the handshake, by the broker before its answer, and by a code
        [TestMethod]
        [DataRow("-80")]
        [DataRow("close")]
        [DataRow("code+close 7")]
        [DataRow("code 5")]
        public void ARefusedIdentityIsKeptAndTriedAgainWithGrowingPauses(string refusal)
        {
            FakeDevice device = Provisioned();
            ArrayList bounds = device.Board.Bounds;
            bounds.Clear();
            device.Cloud.Always("CONNECT", refusal);
            device.Run(6 * 3600);
            Assert.AreEqual(0, device.Trace.Count("CONNECT CERT-c"), "back to the claim");
            Assert.AreEqual(3 + 8, device.Storage.Writes, "writes: three for the identity and eight for pauses that grew");
            Assert.AreEqual(1, device.Storage.Deletes);
            Assert.AreEqual(2001, (int)bounds[0]);
            Assert.AreEqual(4001, (int)bounds[1]);
            Assert.AreEqual((60 * 60 * 1000) + 1, (int)bounds[bounds.Count - 1]);
            Assert.IsTrue(bounds.Count < 40, "attempts " + bounds.Count.ToString());
            Assert.AreEqual(bounds.Count, device.Agent.Status.FailedAttempts);
            device.Cloud.Always("CONNECT", "ok");
            int received = device.Cloud.Received;
            device.Run(3600); // the first attempt waits a part of the pause that had grown
            Assert.IsTrue(device.Cloud.Received > received);
            Assert.AreEqual(0, device.Agent.Status.FailedAttempts);
            Assert.AreEqual(1, device.Cloud.Certificates.Count);
        }

        [TestMethod]
        public void ForWantOfAConnectionPausesGrowToAQuarterOfAnHour()
        {
            FakeDevice device = Provisioned();
            device.Board.Bounds.Clear();
            device.Cloud.Always("CONNECT", "10035");
            device.Run(3 * 3600);
            ArrayList bounds = device.Board.Bounds;
            Assert.AreEqual(2001, (int)bounds[0]);
            Assert.AreEqual(900001, (int)bounds[bounds.Count - 1]);
            Assert.IsTrue(device.Log.Has("connecting: nobody answers at iot.example port 8883"));

            // And short again once it is there
            device.Cloud.Always("CONNECT", "ok");
            device.Run(900);
            Assert.AreEqual(900000, (int)bounds[bounds.Count - 1], "the first attempt waits a part of the pause that had grown");
            device.Clock.After(70000, () => device.Cloud.Close(device.Clients.Live));
            device.Run(300);
            Assert.AreEqual(2001, (int)bounds[bounds.Count - 1]);
        }

        [TestMethod]
        public void AFreshBoardWaitsARandomPartOfTheSpreadAndGoesOnWithAProvisionedOneAtOnce()
        {
            FakeDevice device = new FakeDevice();
            device.Put("agent.json", "{\"endpoint\":\"e\",\"product\":\"p\",\"location\":\"l\",\"provisioning\":{\"template\":\"the-template\",\"spreadSeconds\":600}}");
            long start = device.Clock.World;
            device.Board.Chance = 30;
            device.Cloud.Always("CONNECT", "10035");
            device.Run(185);
            Assert.AreEqual(600000, (int)device.Board.Bounds[0]);
            Assert.IsTrue(device.Clients.Made > 0);
            device.Run(175);
            int made = device.Clients.Made;
            device.Cloud.Always("CONNECT", "ok");
            device.Run(185);
            Assert.AreEqual(1, device.Cloud.Certificates.Count);
            Assert.IsTrue(device.Clients.Made > made);
            start = device.Clock.World;
            int received = device.Cloud.Received;
            device.Run(5);
            Assert.IsTrue(device.Cloud.Received > received, "a provisioned board waited");
        }

        [TestMethod]
        public void MalformedSettingsEndInDeepSleepWithAllProblemsLogged()
        {
            FakeDevice device = new FakeDevice();
            device.Put("agent.json", "{\"endpoint\":5,\"product\":\"p\",\"colour\":1}");
            device.Run(60);
            Assert.AreEqual(3600, device.Board.Sleep);
            Assert.IsTrue(device.Log.Has("agent.json: endpoint is not a string"));
            Assert.IsTrue(device.Log.Has("agent.json: location is missing"));
            Assert.IsTrue(device.Log.Has("agent.json: colour is not a setting"));
            Assert.IsTrue(device.Log.Has("agent.json: provisioning.template is missing"));
            Assert.AreEqual(0, device.Clients.Made);
            Assert.AreEqual(0, device.Board.Reboots);
            device = new FakeDevice();
            device.Storage.Remove("agent.json");
            device.Run(60);
            Assert.AreEqual(3600, device.Board.Sleep);
            Assert.IsTrue(device.Log.Has("agent.json: there is no such file"));
            Assert.IsTrue(device.Log.Has("storage holds:"));
            Assert.IsTrue(device.Log.Has(" claim.pem.crt"));
        }

        [TestMethod]
        public void ACommandIsAnsweredOnTheTelemetryTopic()
        {
            FakeDevice device = Provisioned();
            device.Cloud.Topics.Clear();
            device.Cloud.Payloads.Clear();
            Command(device, 20, "{\"id\":\"c-1\",\"command\":\"ping\"}");
            Command(device, 30, "{\"id\":\"c-2\",\"command\":\"report\"}");
            Command(device, 40, "nonsense");
            device.Clock.After(50000, () => device.Cloud.Send(device.Clients.Live, FakeDevice.CommandTopic, new byte[2000], false));
            device.Run(59);
            Assert.AreEqual(5, device.Cloud.Payloads.Count);
            string[] results = new string[] { "ok", "ok", "error", "error" };
            for (int i = 0; i < 4; i++)
            {
                Assert.AreEqual(FakeDevice.TelemetryTopic, (string)device.Cloud.Topics[i + 1]);
                Hashtable answer = FlatJson.Parse((string)device.Cloud.Payloads[i + 1]);
                Assert.AreEqual(i < 2 ? "c-" + (i + 1).ToString() : "", (string)answer["COMMAND_ID"]);
                Assert.AreEqual(results[i], (string)answer["RESULT"]);
            }

            Assert.Contains("too large", (string)device.Cloud.Payloads[4]);
            Assert.IsTrue(device.Log.Has("command: "));
            Assert.AreEqual("1", (string)FlatJson.Parse((string)device.Cloud.Payloads[2])["CONNECTIONS"]);
        }

        [TestMethod]
        public void CommandsThatComeTooFastAreCountedInAnAnswer()
        {
            FakeDevice device = new FakeDevice();
            device.Clock.After(
                20000,
                () =>
                {
                    for (int i = 0; i < 7; i++)
                    {
                        device.Cloud.Send(device.Clients.Live, FakeDevice.CommandTopic, Encoding.UTF8.GetBytes("{\"id\":\"" + i.ToString() + "\",\"command\":\"ping\"}"), false);
                    }
                });
            device.Run(30);
            int answered = 0;
            int dropped = 0;
            foreach (string payload in device.Cloud.Payloads)
            {
                answered += payload.IndexOf("\"ok\"") >= 0 ? 1 : 0;
                int at = payload.IndexOf(" commands came faster");
                dropped += at > 0 ? payload[at - 1] - '0' : 0;
            }

            Assert.IsTrue(dropped > 0);
            Assert.AreEqual(7, answered + dropped);
        }

        [TestMethod]
        public void CommandsThatAreDroppedDuringThatAnswerAreCountedInTheNext()
        {
            FakeDevice device = Provisioned();
            device.Cloud.Next("PUBLISH", "ok");
            device.Cloud.Always("PUBLISH", "late"); // an answer takes a second and a half
            for (int second = 20; second <= 28; second += 8)
            {
                for (int i = 0; i < 7; i++)
                {
                    Command(device, second, "{\"id\":\"1\",\"command\":\"ping\"}");
                }
            }

            device.Run(50);
            Assert.AreEqual(1, device.Log.Count("2 commands came faster"), "of the first seven");
            Assert.AreEqual(1, device.Log.Count("3 commands came faster"), "of those that came while that was told");
            Assert.AreEqual(9, device.Log.Count("\"ok\""));
        }

        [TestMethod]
        public void ABoardWhoseClockIsNotSetDoesNotConnect()
        {
            FakeDevice device = new FakeDevice();
            device.Clock.UtcNow = new DateTime(1970, 1, 1);
            device.Run(100);
            Assert.AreEqual(0, device.Clients.Made);
            Assert.IsTrue(device.Log.Has("the time of day is not set"));
        }

        [TestMethod]
        public void AnAnswerThatIsNotAcknowledgedIsTold()
        {
            FakeDevice device = Provisioned();
            Command(device, 20, "{\"id\":\"c-1\",\"command\":\"ping\"}");
            device.Clock.After(20001, () => device.Cloud.Always("PUBLISH", "lose"));
            device.Clock.After(25000, () => device.Cloud.Always("PUBLISH", "ok"));
            device.Run(90);
            Assert.AreEqual("command: the answer was not acknowledged", device.Agent.Status.LastError);
            Assert.AreEqual(1, device.Trace.Count("CONNECT"));
            Assert.AreEqual(0, device.Agent.Status.Publisher.Waiting);
        }

        [TestMethod]
        public void ANetworkIsWaitedForAMinuteAtATime()
        {
            FakeDevice device = new FakeDevice();
            device.Network.IsDown = true;
            device.Run(600);
            Assert.AreEqual(60, device.Network.LongestWait);
            Assert.IsTrue(device.Network.Attempts < 9, device.Network.Attempts.ToString() + " attempts");
        }

        [TestMethod]
        public void AnIntervalThatWasSetByCommandHoldsAfterAReboot()
        {
            FakeDevice device = Provisioned();
            Command(device, 5, "{\"id\":\"1\",\"command\":\"set-interval\",\"intervalSeconds\":10}");
            device.Run(9);
            Assert.AreEqual(1, device.Trace.Count("write identity.1"));
            int received = device.Cloud.Received;
            device.Run(35);
            Assert.AreEqual(received + 4, device.Cloud.Received);
            Assert.AreEqual("id-1", new IdentityStore(device.Storage).Load().CertificateId);
        }

        [TestMethod]
        public void ARebootIsAnsweredFirst()
        {
            FakeDevice device = Provisioned();
            Command(device, 20, "{\"id\":\"r-1\",\"command\":\"reboot\"}");
            long start = device.Clock.World;
            device.Run(3600);
            Assert.AreEqual(1, device.Board.Reboots);
            Assert.IsTrue(device.Clock.World - start < 30000);
            Assert.Contains("\"r-1\"", (string)device.Cloud.Payloads[device.Cloud.Payloads.Count - 1]);
            Assert.IsNull(device.Clients.Live);
            Assert.AreEqual(1, device.Trace.Count("DISCONNECT CERT-1"));
        }

        [TestMethod]
        [DataRow("sensor", "InvalidOperationException: the bus is stuck")]
        [DataRow("storage", "InvalidOperationException: the flash driver failed")]
        [DataRow("memory", "OutOfMemoryException")]
        public void AnExceptionThatNobodyExpectsEndsInAPauseAndAReboot(string place, string told)
        {
            FakeDevice device = Provisioned();
            device.Clients.DieAtGoodbye = true; // what is caught while the failure goes up must not end it
            device.Board.Sensor.IsBroken = place == "sensor";
            device.Storage.IsBroken = place == "storage";
            device.Clients.Failure = place == "memory" ? new OutOfMemoryException() : null;
            long start = device.Clock.World;
            device.Run(3600);
            Assert.AreEqual(1, device.Board.Reboots);
            Assert.IsTrue(device.Log.Has("unexpected " + told), device.Log.Last);
            long pause = device.Clock.World - start;
            Assert.IsTrue(pause >= 25000 && pause < 90000, "the pause took " + pause.ToString());
            device.Board.Sensor.IsBroken = false;
            device.Storage.IsBroken = false;
            device.Clients.Failure = null;
            device.Clients.DieAtGoodbye = false;
            int received = device.Cloud.Received;
            device.Run(60);
            Assert.IsTrue(device.Cloud.Received > received);
        }

        [TestMethod]
        public void ASensorThatThrowsAtEachReadingDoesNotShortenThePause()
        {
            FakeDevice device = new FakeDevice();
            device.Configure("\"sensors\":[{\"type\":\"fake\"}],\"telemetry\":{\"intervalSeconds\":1}");
            device.Board.Sensor.IsBroken = true;
            long start = device.Clock.World;
            device.Run(3600);
            Assert.AreEqual(1, device.Board.Reboots);
            Assert.IsTrue(device.Clock.World - start >= 25000, "rebooted after " + (device.Clock.World - start).ToString());
        }

        [TestMethod]
        public void SensorsThatAreNotThereAreNamedAndTheOthersUsed()
        {
            FakeDevice device = new FakeDevice();
            device.Configure("\"sensors\":[{\"type\":\"absent\",\"address\":118},{\"type\":\"unheard\"},{\"type\":\"simulated\"},{\"type\":\"fake\"}]");
            device.Run(10);
            Assert.IsTrue(device.Log.Has("sensor absent does not answer: nothing at address 118"));
            Assert.IsTrue(device.Log.Has("sensor unheard: this board knows no such type"));
            Assert.IsTrue(((string)device.Cloud.Payloads[0]).EndsWith("\"TEMPERATURE\":20.00,\"HUMIDITY\":50.00,\"TEMPERATURE\":20.50,\"HUMIDITY\":50.00}"), (string)device.Cloud.Payloads[0]);
        }

        [TestMethod]
        public void APolicyDenialIsNamedTheSecondTime()
        {
            FakeDevice device = Provisioned();
            device.Cloud.Next("PUBLISH", "close");
            device.Cloud.Next("PUBLISH", "close");
            device.Run(60);
            Assert.AreEqual(1, device.Log.Count("the broker closed the connection on PUBLISH to " + FakeDevice.TelemetryTopic + ", 2 times in a row: its policy probably does not allow iot:Publish on topic/" + FakeDevice.TelemetryTopic));
            Assert.AreEqual(2, device.Log.Count("the broker closed the connection on PUBLISH"));
            Assert.AreEqual(0, device.Agent.Status.Publisher.Waiting);
        }

        [TestMethod]
        public void WhereCommandsAreDeniedReadingsGoOnWithoutThem()
        {
            FakeDevice device = Provisioned();
            device.Board.Chance = 0; // no pauses
            device.Cloud.Always("SUBSCRIBE", "close");
            int received = device.Cloud.Received;
            device.Run(180);
            Assert.AreEqual(1, device.Log.Count("2 times in a row: its policy probably does not allow iot:Subscribe on topicfilter/" + FakeDevice.CommandTopic));
            Assert.AreEqual(3, device.Trace.Count("SUBSCRIBE"));
            Assert.AreEqual(0, device.Cloud.Hasty, "one client id connects twice within a second");
            Assert.IsTrue(device.Cloud.Received >= received + 3);
            Assert.AreEqual(0, device.Agent.Status.Publisher.Waiting);
        }

        [TestMethod]
        public void WhereCommandsAreNotGrantedReadingsGoOn()
        {
            FakeDevice device = Provisioned();
            device.Cloud.Always("SUBSCRIBE", "refuse");
            int received = device.Cloud.Received;
            device.Run(125);
            Assert.AreEqual(received + 3, device.Cloud.Received);
            Assert.IsTrue(device.Log.Has("the broker does not grant it; going on without commands"));
            Assert.AreEqual(1, device.Trace.Count("CONNECT"));
        }

        [TestMethod]
        public void TheSupervisorRebootsWhatIsStuck()
        {
            FakeDevice device = new FakeDevice();
            device.Run(1);
            LifeCycleOf(device, 599);
            Assert.IsFalse(device.Agent.IsStuck());
            device.Clock.Pass(2000);
            Assert.IsTrue(device.Agent.IsStuck());

            // Its own loop finds that out by itself
            LifeCycleOf(device, 0);
            long start = device.Clock.World;
            device.Agent.Supervise();
            Assert.AreEqual(1, device.Board.Reboots);
            Assert.IsTrue(device.Clock.World - start > 600000 && device.Clock.World - start <= 630000);
            Assert.IsTrue(device.Log.Has("stuck for 10 minutes"));
        }

        [TestMethod]
        [DataRow("CONNECT", "silence")]
        [DataRow("SUBSCRIBE", "silence")]
        [DataRow("PUBLISH", "silence")]
        [DataRow("CreateKeys", "lose")]
        [DataRow("RegisterThing", "lose")]
        public void WhateverIsWaitedForTheSupervisorFindsNothingStuck(string step, string fault)
        {
            FakeDevice device = new FakeDevice();
            if (step == "CONNECT")
            {
                device.Cloud.Next(step, "ok"); // the claim's
            }

            device.Cloud.Always(step, fault);
            s_wasStuck = false;
            WatchEveryMinute(device);
            device.Run(2400);
            Assert.IsFalse(s_wasStuck);
            Assert.AreEqual(0, device.Board.Reboots);
            Assert.IsTrue(device.Clients.Made >= 5, device.Clients.Made.ToString() + " connections");
        }

        [TestMethod]
        public void AJournalWhoseWorkIsDoneDoesNotComeBack()
        {
            // The power goes between the identity and the journal's deletion
            FakeDevice device = new FakeDevice();
            device.Storage.CutAt = 4;
            device.Storage.CutBytes = MemoryStorage.Before;
            device.Cloud.Configuration = "\"intervalSeconds\":\"7\"";
            device.Run(60);
            device.Run(60);
            Assert.AreEqual("CERT-1", device.Clients.Last.Certificate);

            // The button asks for another identity, and gets one
            device.Clock.Pass(2 * 3600 * 1000);
            device.Board.IsResetButtonHeld = true;
            device.Run(60);
            Assert.AreEqual(2, device.Cloud.Certificates.Count);
            Assert.AreEqual("id-2", new IdentityStore(device.Storage).Load().CertificateId);
        }

        [TestMethod]
        public void APowerCutAtAnyChangeOfTheStorageLeavesADeviceThatComesUp()
        {
            int[] lengths = new int[] { MemoryStorage.Before, MemoryStorage.Deleted, 0, 60, MemoryStorage.After };
            for (int change = 1; change <= 4; change++)
            {
                for (int i = 0; i < lengths.Length; i++)
                {
                    FakeDevice device = new FakeDevice();
                    device.Storage.CutAt = change;
                    device.Storage.CutBytes = lengths[i];
                    device.Run(60);
                    Assert.AreEqual(1, device.Board.Reboots);
                    device.Run(60);
                    CheckComeUp(device, change == 2 && lengths[i] != MemoryStorage.After ? 2 : 1, "change " + change.ToString() + " at " + lengths[i].ToString());
                }
            }
        }

        [TestMethod]
        public void APowerCutAtAnyWaitLeavesADeviceThatComesUp()
        {
            FakeDevice whole = new FakeDevice();
            whole.Run(20);
            int waits = whole.Clock.Waits;
            Assert.IsTrue(waits >= 8 && waits < 40, "waits " + waits.ToString());
            for (int cut = 1; cut <= waits; cut++)
            {
                FakeDevice device = new FakeDevice();
                device.Cloud.RefusesRepeats = cut % 2 == 0;
                device.Clock.CutAt = cut;
                device.Run(20);
                device.Clock.CutAt = 0;
                device.Run(60);
                CheckComeUp(device, 2, "wait " + cut.ToString());
            }
        }

        [TestMethod]
        public void TheTimeOfAReadingIsRightThoughTheClockWasSetLater()
        {
            FakeDevice device = Provisioned();
            device.Cloud.Payloads.Clear();
            device.Cloud.Topics.Clear();
            device.Clock.UtcNow = new DateTime(1970, 1, 1);
            device.Network.IsDown = true;
            device.Network.Time = new DateTime(2026, 8, 3, 10, 0, 0);
            device.Clock.After(150000, () => device.Network.IsDown = false);
            device.Run(400);
            for (int i = 0; i < device.Cloud.Payloads.Count; i++)
            {
                Assert.Contains("\"TIMESTAMP\":\"2026-08-03T", (string)device.Cloud.Payloads[i]);
            }

            Assert.IsTrue(device.Cloud.Payloads.Count >= 6);
            Assert.Contains("T09:5", (string)device.Cloud.Payloads[0]);
        }

        [TestMethod]
        public void ReadingsThatDoNotFitAreDroppedOldestFirst()
        {
            FakeDevice device = new FakeDevice();
            device.Configure("\"sensors\":[{\"type\":\"fake\"}],\"telemetry\":{\"outboxReadings\":5}");
            device.Run(10);
            device.Cloud.Payloads.Clear();
            device.Network.IsDown = true;
            device.Clock.After(20 * 60000, () => device.Network.IsDown = false);
            device.Run(19 * 60);
            Assert.AreEqual(5, device.Agent.Status.Publisher.Waiting);
            Assert.AreEqual(device.Agent.Status.Publisher.Taken - 5, device.Agent.Status.Publisher.Dropped);
        }

        private static void WatchEveryMinute(FakeDevice device)
        {
            device.Clock.After(60000, () =>
            {
                s_wasStuck |= device.Agent.IsStuck();
                WatchEveryMinute(device);
            });
        }

        private static FakeDevice Provisioned()
        {
            FakeDevice device = new FakeDevice();
            device.Run(10);
            Assert.AreEqual(1, device.Cloud.Certificates.Count);
            device.Trace.Clear();
            return device;
        }

        private static void CheckComeUp(FakeDevice device, int mostCertificates, string when)
        {
            Assert.IsTrue(device.Cloud.Received > 0, "nothing published after " + when);
            Assert.AreEqual(1, device.Cloud.ActiveOf(FakeDevice.Name), "active certificates after " + when);
            Assert.IsTrue(device.Cloud.Certificates.Count <= mostCertificates, device.Cloud.Certificates.Count.ToString() + " certificates after " + when);
            FakeCertificate active = (FakeCertificate)device.Cloud.Certificates[device.Cloud.Certificates.Count - 1];
            Assert.IsTrue(active.IsActive);
            Assert.AreEqual("id-" + active.Number.ToString(), new IdentityStore(device.Storage).Load().CertificateId, when);
            Assert.IsNull(device.Storage.Peek(ProvisioningJournal.FileName), "a journal is left after " + when);
        }

        private static void Command(FakeDevice device, int second, string json)
        {
            device.Clock.After(second * 1000, () => device.Cloud.Send(device.Clients.Live, FakeDevice.CommandTopic, Encoding.UTF8.GetBytes(json), false));
        }

        /// <summary>Makes an agent that does nothing, and lets seconds pass.</summary>
        private static void LifeCycleOf(FakeDevice device, int seconds)
        {
            device.Agent = new DeviceAgent.Agent.LifeCycle(device.Storage, device.Network, device.Clock, device.Clients, device.Board, device.Log, null);
            device.Clock.Pass(seconds * 1000);
        }
    }
}
