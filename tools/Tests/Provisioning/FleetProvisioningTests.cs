using System.Collections;
using System.Text;
using DeviceAgent.Agent;
using DeviceAgent.Identity;
using DeviceAgent.Provisioning;
using DeviceAgent.Settings;
using DeviceAgent.Tests.Fakes;
using nanoFramework.TestFramework;

namespace DeviceAgent.Tests.Provisioning
{
    [TestClass]
    public class FleetProvisioningTests
    {
        private const string Create = "CreateKeysAndCertificate: ";
        private const string Register = "RegisterThing with template the-template: ";

        [TestMethod]
        public void EveryPrefixOfARegistrationIsRefused()
        {
            byte[] whole = Encoding.UTF8.GetBytes(" {\"deviceConfiguration\":{\"a\":\"\\u0062\",\"c\":[1]},\"x\":{\"thingName\":\"no\"},\"thingName\":\"t\\u002d1\"}");
            for (int length = 0; length < whole.Length; length++)
            {
                byte[] part = new byte[length];
                System.Array.Copy(whole, 0, part, 0, length);
                Assert.IsNotNull(FleetProvisioning.ReadRegistration(part, new DeviceIdentity()), "the first " + length.ToString() + " bytes");
            }

            DeviceIdentity identity = new DeviceIdentity();
            Assert.IsNull(FleetProvisioning.ReadRegistration(whole, identity));
            Assert.AreEqual("t-1", identity.ThingName);
            Assert.AreEqual(2, identity.Configuration.Length);
            Assert.AreEqual("b", identity.Configuration[1]);
        }

        [TestMethod]
        public void TheExchangeAsksOnceForEachAndStoresTheIdentity()
        {
            FakeDevice device = new FakeDevice();
            FleetProvisioning provisioning = Make(device);
            Run(device, provisioning, ProvisioningOutcome.Done);
            Assert.IsNull(provisioning.Problem);
            Assert.AreEqual(1, device.Trace.Count("CreateKeys"));
            Assert.AreEqual(1, device.Trace.Count("RegisterThing"));
            Assert.AreEqual(1, device.Cloud.Certificates.Count);
            Assert.AreEqual(1, device.Cloud.ActiveOf(FakeDevice.Name));
            DeviceIdentity identity = new IdentityStore(device.Storage).Load();
            Assert.AreEqual(FakeDevice.Name, identity.ThingName);
            Assert.AreEqual("id-1", identity.CertificateId);
            Assert.IsTrue(device.Clients.AreUsable(identity.Certificate, identity.Key));
            Assert.AreEqual(0, identity.Configuration.Length);
            Assert.IsNotNull(device.Storage.Peek(ProvisioningJournal.FileName), "it has not proved itself with a connection yet");
            Assert.AreEqual(3, device.Storage.Writes);
            Assert.AreEqual(0, device.Storage.Deletes);
            Assert.AreEqual("CERT-claim", device.Clients.Last.Certificate);
            Assert.AreEqual("iot.example", device.Clients.Last.Host);
            Assert.AreEqual(FakeDevice.Name, device.Clients.Last.ClientId);
            Assert.IsTrue(device.Clients.Last.IsCleanSession);
            Assert.AreEqual(1, device.Cloud.Goodbyes);
            Assert.AreEqual(1, device.Cloud.LowestQos);
        }

        [TestMethod]
        public void EachStepIsDurableBeforeTheNext()
        {
            FakeDevice device = new FakeDevice();
            Run(device, Make(device), ProvisioningOutcome.Done);
            Assert.AreEqual(
                "CONNECT CERT-c as a0b1c2d3e4f5 | SUBSCRIBE 4 | write attempts.0 | CreateKeys QoS 0 | write provisioning | RegisterThing QoS 0 | write identity.0 | DISCONNECT CERT-c",
                device.Trace.ToString());
        }

        [TestMethod]
        public void TheThingIsWhatTheCloudCallsItAndKeepsWhatItConfigures()
        {
            FakeDevice device = new FakeDevice();
            device.Cloud.ThingPrefix = "weather-";
            device.Cloud.Configuration = "\"location\":\"osaka\\/roof\",\"x\":{\"y\":\"z\"},\"intervalSeconds\":\"30\",\"n\":7,\"last\":\"\"";
            Run(device, Make(device), ProvisioningOutcome.Done);
            DeviceIdentity identity = new IdentityStore(device.Storage).Load();
            Assert.AreEqual("weather-" + FakeDevice.Name, identity.ThingName);
            string configuration = "";
            foreach (string text in identity.Configuration)
            {
                configuration += text + ";";
            }

            Assert.AreEqual("location;osaka/roof;intervalSeconds;30;n;7;last;;", configuration);
            Assert.AreEqual("x", identity.LeftOut);
        }

        [TestMethod]
        public void OfAConfigurationWithoutEndWhatTheAgentKnowsIsKeptAndWhatFits()
        {
            string members = "";
            for (int i = 0; i < 40; i++)
            {
                members += "\"k" + i.ToString() + "\":\"v\",";
            }

            DeviceIdentity identity = Read(members + "\"location\":\"osaka\",\"endpoint\":\"" + new string('e', 500) + "\",\"layout\":null,\"k1\":\"again\",\"on\":true");
            Assert.AreEqual(33 * 2, identity.Configuration.Length);
            Assert.AreEqual("k31", identity.Configuration[62]);
            Assert.AreEqual("location", identity.Configuration[64]);
            Assert.AreEqual("osaka", identity.Configuration[65]);
            Assert.AreEqual("k32 k33 k34 k35 k36 k37 k38 k39 endpoint layout k1 on", identity.LeftOut);

            // By size: the bytes of unknown ones in all, one name's, and the list of what is left out
            identity = Read("\"a\":\"" + new string('x', 1500) + "\",\"b\":\"" + new string('x', 600) + "\",\"c\":\"" + new string('x', 540) + "\",\"" + new string('n', 129) + "\":\"\",\"a\\u0007\":[1]");
            Assert.AreEqual(4, identity.Configuration.Length);
            Assert.AreEqual("c", identity.Configuration[2]);
            Assert.AreEqual("b (a long name) a ", identity.LeftOut);
            members = "\"first\":0";
            for (int i = 0; i < 500; i++)
            {
                members += ",\"" + i.ToString() + "\":[]";
            }

            identity = Read(members + ",\"yes\":true,\"no\":false");
            Assert.AreEqual("first 0 yes true no false", string.Concat(string.Concat(identity.Configuration[0], " ", identity.Configuration[1], " "), string.Concat(identity.Configuration[2], " ", identity.Configuration[3], " "), identity.Configuration[4], " " + identity.Configuration[5]));
            Assert.IsTrue(identity.LeftOut.Length > 100 && identity.LeftOut.Length < 260, identity.LeftOut.Length.ToString());
        }

        [TestMethod]
        public void WhereTheCloudComposesTheNameItIsNotGuessed()
        {
            // Refused since it went through before: under the board's own name the certificate is no use, though this broker would let it in
            FakeDevice device = Composed("");
            device.Cloud.RefusesRepeats = true;
            device.Cloud.Next("RegisterThing", "cut");
            FleetProvisioning provisioning = Make(device);
            Run(device, provisioning, ProvisioningOutcome.Failed);
            for (int i = 0; i < 3; i++)
            {
                device.Clock.Pass(5000);
                Run(device, provisioning, ProvisioningOutcome.Refused);
                Assert.Contains("thingName in the settings could tell it", provisioning.Problem);
            }

            Assert.AreEqual(0, device.Trace.Count("CONNECT CERT-1"));
            Assert.IsNull(device.Storage.Peek(ProvisioningJournal.FileName));
            device.Clock.Pass(5000);
            Run(device, provisioning, ProvisioningOutcome.Done);
            DeviceIdentity identity = new IdentityStore(device.Storage).Load();
            Assert.AreEqual("MyThing_" + FakeDevice.Name, identity.ThingName);
            Assert.AreEqual("id-2", identity.CertificateId);
            Assert.AreEqual("id-1", identity.ReplacedCertificateId, "for its owner to deactivate");
        }

        [TestMethod]
        public void AComposedNameThatTheSettingsTellIsTried()
        {
            FakeDevice device = Composed(",\"thingName\":\"MyThing_${serial}\"");
            device.Cloud.RefusesRepeats = true;
            device.Cloud.Next("RegisterThing", "cut");
            Run(device, Make(device), ProvisioningOutcome.Failed);
            device.Clock.Pass(5000);
            Run(device, Make(device), ProvisioningOutcome.Done);
            DeviceIdentity identity = new IdentityStore(device.Storage).Load();
            Assert.AreEqual("MyThing_" + FakeDevice.Name, identity.ThingName);
            Assert.AreEqual("id-1", identity.CertificateId);
            Assert.AreEqual("", identity.ReplacedCertificateId);
        }

        [TestMethod]
        public void TheRegistrationCarriesTheTokenAndTheParameters()
        {
            FakeDevice device = new FakeDevice();
            FleetProvisioning provisioning = Make(device);
            AgentSettings settings = device.ReadSettings();
            settings.Parameters = new Hashtable();
            settings.Parameters["ThingName"] = "t-1";
            settings.Parameters["Note"] = "a \"quoted\\\" text\r\n\t\u00e9\u20ac/";
            settings.Parameters["Empty"] = "";
            Assert.AreEqual((int)ProvisioningOutcome.Done, (int)provisioning.Run(settings, null));
            Hashtable request = FlatJson.Parse(device.Cloud.LastRequest);
            Assert.AreEqual(4, request.Count);
            Assert.AreEqual("TOKEN-1", (string)request["certificateOwnershipToken"]);
            Assert.AreEqual("t-1", (string)request["parameters.ThingName"]);
            Assert.AreEqual("a \"quoted\\\" text\r\n\t\u00e9\u20ac/", (string)request["parameters.Note"]);
            Assert.AreEqual("", (string)request["parameters.Empty"]);
        }

        [TestMethod]
        public void TheFirstRequestIsAnEmptyObject()
        {
            FakeDevice device = new FakeDevice();
            device.Cloud.Next("CreateKeys", "lose");
            Run(device, Make(device), ProvisioningOutcome.Failed);
            Assert.AreEqual("{}", device.Cloud.LastRequest);
        }

        [TestMethod]
        public void AJournalIsGoneOnWithAndNoSecondCertificateAskedFor()
        {
            FakeDevice device = new FakeDevice();
            device.Cloud.Next("RegisterThing", "close");
            Run(device, Make(device), ProvisioningOutcome.Failed);
            device.Clock.Pass(40 * 60 * 1000);
            device.Trace.Clear();
            Run(device, Make(device), ProvisioningOutcome.Done); // another boot
            Assert.AreEqual(0, device.Trace.Count("CreateKeys"));
            Assert.AreEqual(1, device.Trace.Count("RegisterThing"));
            Assert.AreEqual(1, device.Cloud.Certificates.Count);
            Assert.AreEqual("id-1", new IdentityStore(device.Storage).Load().CertificateId);
        }

        [TestMethod]
        public void ARegistrationWhoseAnswerWasLostIsFoundOut()
        {
            // Where the cloud takes the token twice, and where it does not
            for (int i = 0; i < 2; i++)
            {
                FakeDevice device = new FakeDevice();
                device.Cloud.RefusesRepeats = i == 1;
                device.Cloud.Next("RegisterThing", "cut");
                Run(device, Make(device), ProvisioningOutcome.Failed);
                device.Clock.Pass(5000);
                Run(device, Make(device), ProvisioningOutcome.Done);
                Assert.AreEqual(1, device.Cloud.Certificates.Count);
                Assert.AreEqual(1, device.Cloud.ActiveOf(FakeDevice.Name));
                Assert.AreEqual("id-1", new IdentityStore(device.Storage).Load().CertificateId);
                Assert.AreEqual(i, device.Trace.Count("CONNECT CERT-1"));
                Assert.AreEqual(0, device.Cloud.Hasty, "one client id connects twice within a second");
            }
        }

        [TestMethod]
        public void WithATokenThatIsTooOldTheJournalledCertificateIsTriedAtOnce()
        {
            FakeDevice device = new FakeDevice();
            device.Cloud.Next("RegisterThing", "cut");
            Run(device, Make(device), ProvisioningOutcome.Failed);
            device.Clock.Pass(3 * 3600 * 1000);
            device.Trace.Clear();
            Run(device, Make(device), ProvisioningOutcome.Done);
            Assert.AreEqual("CONNECT CERT-1 as a0b1c2d3e4f5 | DISCONNECT CERT-1 | write identity.0", device.Trace.ToString());
            Assert.AreEqual(FakeDevice.Name, new IdentityStore(device.Storage).Load().ThingName);
        }

        [TestMethod]
        public void AJournalledCertificateIsGivenUpAfterThreeRefusals()
        {
            // Whatever number the firmware gives a handshake that was turned away
            int[] numbers = new int[] { -80, DeviceAgent.Messaging.ConnectFailure.HandshakeFailed };
            for (int i = 0; i < numbers.Length; i++)
            {
                FakeDevice device = new FakeDevice();
                device.Cloud.Refusal = numbers[i];
                device.Cloud.Next("RegisterThing", "close");
                FleetProvisioning provisioning = Make(device);
                Run(device, provisioning, ProvisioningOutcome.Failed);
                device.Clock.Pass(2 * 3600 * 1000);
                for (int refusals = 1; refusals <= 3; refusals++)
                {
                    Assert.IsNotNull(device.Storage.Peek(ProvisioningJournal.FileName), "given up after " + (refusals - 1).ToString() + " refusals");
                    Run(device, provisioning, ProvisioningOutcome.Refused);
                    device.Clock.Pass(5000);
                }

                Assert.IsNull(device.Storage.Peek(ProvisioningJournal.FileName));
                Assert.IsTrue(device.Log.Last.Contains("given up"), device.Log.Last);
                Run(device, provisioning, ProvisioningOutcome.Done);
                Assert.AreEqual(2, device.Cloud.Certificates.Count);
                Assert.AreEqual("id-2", new IdentityStore(device.Storage).Load().CertificateId);
                Assert.AreEqual(1, device.Cloud.ActiveOf(FakeDevice.Name));
            }
        }

        [TestMethod]
        public void ForWantOfAConnectionNoCertificateIsGivenUp()
        {
            FakeDevice device = new FakeDevice();
            device.Cloud.Next("RegisterThing", "close");
            FleetProvisioning provisioning = Make(device);
            Run(device, provisioning, ProvisioningOutcome.Failed);
            device.Clock.Pass(2 * 3600 * 1000);
            string[] failures = new string[] { "-9984", "10035", "10022", "silence", "1", "-9984", "10035" };
            for (int i = 0; i < failures.Length; i++)
            {
                device.Cloud.Always("CONNECT", failures[i]);
                Run(device, provisioning, ProvisioningOutcome.Failed);
                device.Clock.Pass(5000);
            }

            // Where nobody can tell whose fault it is, for want of a claim, it is not the certificate's
            device.Cloud.Always("CONNECT", "1");
            device.Storage.Remove(PemFile.ClaimKey);
            for (int i = 0; i < 4; i++)
            {
                Run(device, provisioning, ProvisioningOutcome.Failed);
                device.Clock.Pass(5000);
            }

            Assert.IsNotNull(device.Storage.Peek(ProvisioningJournal.FileName));
        }

        [TestMethod]
        public void BothReasonsAreToldWhereNeitherTheTokenNorTheCertificateIsTaken()
        {
            FakeDevice device = new FakeDevice();
            device.Cloud.Always("RegisterThing", "rejected {\"statusCode\":400,\"errorMessage\":\"mended nothing\"}");
            FleetProvisioning provisioning = Make(device);
            Run(device, provisioning, ProvisioningOutcome.Refused);
            device.Clock.Pass(5000);
            Run(device, provisioning, ProvisioningOutcome.Refused);
            Assert.Contains("mended nothing; and connecting with the journalled certificate: TLS error -80", provisioning.Problem);
        }

        [TestMethod]
        public void ARejectionIsToldWithItsStepAndTriedAgainInItsTime()
        {
            string[] cases = new string[] { "400", "Refused", "403", "Refused", "404", "Refused", "409", "Refused", "429", "Failed", "500", "Failed", "503", "Failed" };
            for (int i = 0; i < cases.Length; i += 2)
            {
                string rejection = "rejected {\"statusCode\":" + cases[i] + ",\"errorCode\":\"Code" + cases[i] + "\",\"errorMessage\":\"because\\/of\"}";
                string told = "rejected: statusCode " + cases[i] + ", errorCode Code" + cases[i] + ", errorMessage because/of";
                ProvisioningOutcome outcome = cases[i + 1] == "Failed" ? ProvisioningOutcome.Failed : ProvisioningOutcome.Refused;
                FakeDevice device = new FakeDevice();
                device.Cloud.Next("CreateKeys", rejection);
                FleetProvisioning provisioning = Make(device);
                Run(device, provisioning, outcome);
                Assert.AreEqual(Create + told, provisioning.Problem);
                Assert.IsTrue(device.Log.Has("provisioning: " + Create + told));
                Assert.AreEqual(1, device.Storage.Writes);
                Assert.AreEqual(0, device.Trace.Count("RegisterThing"));

                device.Clock.Pass(5000);
                device.Cloud.Next("RegisterThing", rejection);
                Run(device, provisioning, outcome);
                Assert.AreEqual(Register + told, provisioning.Problem);
                Assert.IsTrue(device.Log.Has("provisioning: " + Register + told));
                Assert.IsNotNull(device.Storage.Peek(ProvisioningJournal.FileName));
                Assert.IsNull(new IdentityStore(device.Storage).Load());
            }
        }

        [TestMethod]
        public void ARejectionThatCannotBeReadIsTriedAgainSoon()
        {
            string[] rejections = new string[] { "rejected ", "rejected {", "rejected []", "rejected {\"statusCode\":\"400\"}", "large rejected" };
            for (int i = 0; i < rejections.Length; i++)
            {
                FakeDevice device = new FakeDevice();
                device.Cloud.Next("CreateKeys", rejections[i]);
                FleetProvisioning provisioning = Make(device);
                Run(device, provisioning, ProvisioningOutcome.Failed);
                Assert.IsTrue(provisioning.Problem.StartsWith(Create + "rejected"), provisioning.Problem);
            }
        }

        [TestMethod]
        public void AnAnswerIsWaitedForThirtySeconds()
        {
            string[] steps = new string[] { "CreateKeys", Create, "RegisterThing", Register };
            for (int i = 0; i < steps.Length; i += 2)
            {
                FakeDevice device = new FakeDevice();
                device.Cloud.Next(steps[i], "late");
                FleetProvisioning provisioning = Make(device);
                long start = device.Clock.Milliseconds;
                Run(device, provisioning, ProvisioningOutcome.Failed);
                Assert.IsTrue(provisioning.Problem.StartsWith(steps[i + 1] + "no answer within 30 s; the claim policy"), provisioning.Problem);
                Assert.IsTrue(device.Clock.Milliseconds - start >= 30000 && device.Clock.Milliseconds - start < 33000);
                device.Clock.Pass(5000);
                device.Cloud.AnswerTime = 29500;
                Run(device, provisioning, ProvisioningOutcome.Done);
            }
        }

        [TestMethod]
        public void AnAnswerThatMayHaveFoundNoRoomIsToldSo()
        {
            string[] ways = new string[] { "lose", "no answer within 30 s", "close", "the broker closed the connection" };
            for (int i = 0; i < ways.Length; i += 2)
            {
                FakeDevice device = new FakeDevice();
                device.Board.FreeMemory = 9732;
                device.Cloud.Next("CreateKeys", ways[i]);
                FleetProvisioning provisioning = Make(device);
                Run(device, provisioning, ProvisioningOutcome.Failed);
                Assert.IsTrue(provisioning.Problem.StartsWith(Create + ways[i + 1] + "; the answer may have found no room, since only 9732 bytes of memory are free; the claim policy"), provisioning.Problem);
            }
        }

        [TestMethod]
        public void AConnectionMayCloseAtAnyStep()
        {
            string[] cases = new string[]
            {
                "CONNECT", "close", "connecting with the claim certificate: ", "SUBSCRIBE", "close", "subscribing to the answers for template the-template: ",
                "CreateKeys", "close", Create, "CreateKeys", "cut", Create, "RegisterThing", "close", Register, "RegisterThing", "cut", Register,
            };
            for (int i = 0; i < cases.Length; i += 3)
            {
                FakeDevice device = new FakeDevice();
                device.Cloud.Next(cases[i], cases[i + 1]);
                FleetProvisioning provisioning = Make(device);
                Run(device, provisioning, cases[i] == "CONNECT" ? ProvisioningOutcome.Refused : ProvisioningOutcome.Failed);
                Assert.IsTrue(provisioning.Problem.StartsWith(cases[i + 2]), provisioning.Problem);
                Assert.IsTrue(provisioning.Problem.Contains("closed the connection"), provisioning.Problem);
                device.Clock.Pass(5000);
                Run(device, provisioning, ProvisioningOutcome.Done);
                Assert.AreEqual(1, device.Cloud.ActiveOf(FakeDevice.Name));
                Assert.AreEqual(cases[i] == "CreateKeys" && cases[i + 1] == "cut" ? 2 : 1, device.Cloud.Certificates.Count, "certificates after " + cases[i]);
            }
        }

        [TestMethod]
        public void AnswersThatAreTooLargeOrMalformedAreRefused()
        {
            string[] cases = new string[]
            {
                "CreateKeys", "large accepted", "it is too large",
                "CreateKeys", "accepted {\"certificateId\":\"id-1\"}", "is missing",
                "CreateKeys", "accepted hello", "no JSON",
                "CreateKeys", "accepted ", "no JSON",
                "RegisterThing", "large accepted", "it is too large",
                "RegisterThing", "accepted {}", "thingName is missing",
                "RegisterThing", "accepted {\"thingName\":7}", "thingName is missing",
                "RegisterThing", "accepted {\"thingName\":\"\"}", "thingName is missing",
                "RegisterThing", "accepted {\"thingName\":\"a/b\"}", "thingName is missing",
                "RegisterThing", "accepted {\"thingName\":\"a\\u0000\"}", "thingName is missing",
                "RegisterThing", "accepted {\"thingName\":\"a\"", "no JSON",
                "RegisterThing", "accepted {\"thingName\":\"a\"}{}", "no JSON",
                "RegisterThing", "accepted {\"thingName\":\"a\",\"deviceConfiguration\":{\"x\":\"y\"", "no JSON",
                "RegisterThing", "accepted [\"thingName\"]", "no JSON",
            };
            for (int i = 0; i < cases.Length; i += 3)
            {
                FakeDevice device = new FakeDevice();
                device.Cloud.Next(cases[i], cases[i + 1]);
                FleetProvisioning provisioning = Make(device);
                Run(device, provisioning, ProvisioningOutcome.Refused);
                Assert.Contains("the answer cannot be used: ", provisioning.Problem, "case " + i.ToString());
                Assert.Contains(cases[i + 2], provisioning.Problem, "case " + i.ToString());
                Assert.IsNull(new IdentityStore(device.Storage).Load(), "case " + i.ToString());
                Assert.AreEqual(cases[i] == "CreateKeys" ? 1 : 2, device.Storage.Writes, "case " + i.ToString());
            }
        }

        [TestMethod]
        public void AnswersMayBeAnyValidJson()
        {
            FakeDevice device = new FakeDevice();
            device.Cloud.Next(
                "CreateKeys",
                "answered \r\n{ \"extra\" : {\"certificateId\":\"no\",\"list\":[{},[1e5,true,null]]}, \"certificateOwnershipToken\":\"TOKEN\\u002d#\",\n\"privateKey\":\"-----BEGIN KEY-#\\u000ax\\/y\\u003d\\u003D\","
                + "\"certificatePem\":\"\\u002D----BEGIN CERT-#\\n\\/\\/+=\",\"certificateId\":\"\\u0069d-#\",\"\":\"\\ud83d\\ude00\" }");
            device.Cloud.Next("RegisterThing", "answered {\"thingName\" :\"\\u0061-b\",\"other\":[{\"thingName\":\"no\"}],\"deviceConfiguration\":{\"a\":[\"x\"],\"loc\\u0061tion\":\"x\\/y\"},\"more\":{\"thingName\":\"no\"}}\n");
            Run(device, Make(device), ProvisioningOutcome.Done);
            DeviceIdentity identity = new IdentityStore(device.Storage).Load();
            Assert.AreEqual("a-b", identity.ThingName);
            Assert.AreEqual("id-1", identity.CertificateId);
            Assert.AreEqual("-----BEGIN CERT-1\n//+=", Encoding.UTF8.GetString(identity.Certificate, 0, identity.Certificate.Length - 1));
            Assert.AreEqual("-----BEGIN KEY-1\nx/y==", Encoding.UTF8.GetString(identity.Key, 0, identity.Key.Length - 1));
            Assert.AreEqual(2, identity.Configuration.Length);
            Assert.AreEqual("location", identity.Configuration[0]);
            Assert.AreEqual("x/y", identity.Configuration[1]);
        }

        [TestMethod]
        public void AnAnswerToSomethingElseIsPassedOver()
        {
            FakeDevice device = new FakeDevice();
            device.Cloud.Next("CreateKeys", "foreign");
            device.Cloud.Next("RegisterThing", "foreign");
            Run(device, Make(device), ProvisioningOutcome.Done);
            Assert.AreEqual(1, device.Cloud.Certificates.Count);
        }

        [TestMethod]
        public void AMissingFileIsNamed()
        {
            string[] files = new string[] { PemFile.RootCa, PemFile.ClaimCertificate, PemFile.ClaimKey };
            for (int i = 0; i < files.Length; i++)
            {
                FakeDevice device = new FakeDevice();
                device.Storage.Remove(files[i]);
                Run(device, Make(device), ProvisioningOutcome.Refused);
                Assert.IsTrue(device.Log.Last.StartsWith("provisioning: reading " + files[i] + ": it is missing"), device.Log.Last);
                Assert.AreEqual(0, device.Clients.Made);
            }
        }

        [TestMethod]
        public void AClaimThatIsTurnedAwayIsARefusal()
        {
            FakeDevice device = new FakeDevice();
            device.Cloud.IsClaimActive = false;
            FleetProvisioning provisioning = Make(device);
            Run(device, provisioning, ProvisioningOutcome.Refused);
            Assert.IsTrue(provisioning.Problem.StartsWith("connecting with the claim certificate: TLS error -80"), provisioning.Problem);
            device.Cloud.IsClaimActive = true;
            device.Cloud.Next("CONNECT", "-9984");
            device.Clock.Pass(5000);
            Run(device, provisioning, ProvisioningOutcome.Failed);
            device.Cloud.Next("SUBSCRIBE", "refuse");
            device.Clock.Pass(5000);
            Run(device, provisioning, ProvisioningOutcome.Failed);
            Assert.Contains("iot:Subscribe", provisioning.Problem);
            Assert.AreEqual(0, device.Trace.Count("CreateKeys"));
        }

        [TestMethod]
        public void NothingIsRegisteredThatIsNotJournalled()
        {
            for (int i = 0; i < 2; i++)
            {
                FakeDevice device = new FakeDevice();
                device.Storage.FailAt = i == 0 ? 2 : 0;
                device.Storage.CorruptAt = i == 1 ? 2 : 0;
                FleetProvisioning provisioning = Make(device);
                Run(device, provisioning, ProvisioningOutcome.Refused);
                Assert.IsTrue(provisioning.Problem.StartsWith("writing the journal: provisioning "), provisioning.Problem);
                Assert.AreEqual(0, device.Trace.Count("RegisterThing"));
            }
        }

        [TestMethod]
        public void AFailureThatNobodyExpectsGoesUpThoughTheGoodbyeFailsToo()
        {
            FakeDevice device = new FakeDevice();
            device.Storage.CutAt = 1;
            device.Clients.DieAtGoodbye = true;
            FleetProvisioning provisioning = Make(device);
            AgentSettings settings = device.ReadSettings();
            Assert.ThrowsException(typeof(PowerCutException), () => provisioning.Run(settings, null));
            Assert.IsNull(device.Clients.Live);
            Assert.IsNull(device.Clients.Fault, device.Clients.Fault);
            Assert.AreEqual(0, device.Trace.Count("RegisterThing"));
        }

        [TestMethod]
        public void NothingIsAskedForThatIsNotCounted()
        {
            for (int i = 0; i < 2; i++)
            {
                FakeDevice device = new FakeDevice();
                device.Storage.FailAt = i == 0 ? 1 : 0;
                device.Storage.CorruptAt = i == 1 ? 1 : 0;
                FleetProvisioning provisioning = Make(device);
                Run(device, provisioning, ProvisioningOutcome.Refused);
                Assert.IsTrue(provisioning.Problem.StartsWith("counting the request for a certificate: attempts.0 "), provisioning.Problem);
                Assert.AreEqual(0, device.Trace.Count("CreateKeys"));
            }
        }

        [TestMethod]
        public void WhereTheDaysCertificatesHaveBeenAskedForNobodyConnects()
        {
            FakeDevice device = new FakeDevice();
            device.Cloud.Always("CreateKeys", "lose");
            FleetProvisioning provisioning = Make(device);
            for (int i = 0; i < 5; i++)
            {
                Run(device, provisioning, ProvisioningOutcome.Failed);
                device.Clock.Pass(2000);
            }

            int made = device.Clients.Made;
            for (int i = 0; i < 3; i++)
            {
                Run(device, provisioning, ProvisioningOutcome.Spent);
                Assert.AreEqual(60 * 60 * 1000, provisioning.Wait(device.ReadSettings()));
            }

            Assert.AreEqual(made, device.Clients.Made);
            Assert.AreEqual(1, device.Log.Count("the 5 certificates of 24 hours (provisioning.maxCertificatesPerDay) have been asked for"));
            device.Clock.Pass(24 * 60 * 60 * 1000 - (6 * 33 * 1000));
            Run(device, provisioning, ProvisioningOutcome.Spent);
            Assert.IsTrue(provisioning.Wait(device.ReadSettings()) < 60000);
            device.Clock.Pass(provisioning.Wait(device.ReadSettings()));
            Run(device, provisioning, ProvisioningOutcome.Failed);
            Assert.AreEqual(6, device.Trace.Count("CreateKeys"));
        }

        [TestMethod]
        public void AJournalIsGoneOnWithThoughTheDaysCertificatesHaveBeenAskedFor()
        {
            FakeDevice device = new FakeDevice();
            device.Configure("\"sensors\":[{\"type\":\"fake\"}]");
            device.Cloud.Next("RegisterThing", "close");
            AgentSettings settings = device.ReadSettings();
            settings.MaxCertificatesPerDay = 1;
            FleetProvisioning provisioning = Make(device);
            Assert.AreEqual((int)ProvisioningOutcome.Failed, (int)provisioning.Run(settings, null));
            device.Clock.Pass(2000);
            Assert.AreEqual((int)ProvisioningOutcome.Done, (int)provisioning.Run(settings, null));
        }

        [TestMethod]
        public void AnIdentityThatCannotBeStoredIsStoredLater()
        {
            for (int i = 0; i < 2; i++)
            {
                FakeDevice device = new FakeDevice();
                device.Storage.FailAt = i == 0 ? 3 : 0;
                device.Storage.CorruptAt = i == 1 ? 3 : 0;
                FleetProvisioning provisioning = Make(device);
                Run(device, provisioning, ProvisioningOutcome.Failed);
                Assert.IsTrue(provisioning.Problem.StartsWith("storing the identity: identity.0 "), provisioning.Problem);
                Assert.IsNotNull(device.Storage.Peek(ProvisioningJournal.FileName));
                device.Clock.Pass(5000);
                Run(device, provisioning, ProvisioningOutcome.Done);
                Assert.AreEqual(1, device.Cloud.Certificates.Count);
                Assert.AreEqual("id-1", new IdentityStore(device.Storage).Load().CertificateId);
            }
        }

        [TestMethod]
        public void ACertificateThatCannotBeReadIsGivenUp()
        {
            FakeDevice device = new FakeDevice();
            device.Cloud.Next("CreateKeys", "answered {\"certificateId\":\"id-#\",\"certificatePem\":\"-----BEGIN CERT-#\",\"privateKey\":\"-----BEGIN CERT-#\",\"certificateOwnershipToken\":\"TOKEN-#\"}");
            FleetProvisioning provisioning = Make(device);
            Run(device, provisioning, ProvisioningOutcome.Refused);
            Assert.Contains("cannot be read", provisioning.Problem);
            Assert.IsNull(new IdentityStore(device.Storage).Load());
            device.Clock.Pass(5000);
            Run(device, provisioning, ProvisioningOutcome.Done);
            Assert.AreEqual("id-2", new IdentityStore(device.Storage).Load().CertificateId);
        }

        [TestMethod]
        public void AnExchangeOfTheRealSizesFits()
        {
            FakeDevice device = new FakeDevice();
            device.Cloud.Padding = 410; // a certificate of 1.2 KB, a key of 1.7 KB, a token of 0.4 KB
            Run(device, Make(device), ProvisioningOutcome.Done);
            DeviceIdentity identity = new IdentityStore(device.Storage).Load();
            Assert.IsTrue(identity.Certificate.Length > 1200, identity.Certificate.Length.ToString());
            Assert.IsTrue(identity.Key.Length > 1650, identity.Key.Length.ToString());
            Assert.IsTrue(device.Clients.AreUsable(identity.Certificate, identity.Key));
        }

        /// <summary>What becomes of a device configuration.</summary>
        private static DeviceIdentity Read(string members)
        {
            DeviceIdentity identity = new DeviceIdentity();
            Assert.IsNull(FleetProvisioning.ReadRegistration(Encoding.UTF8.GetBytes("{\"thingName\":\"t\",\"deviceConfiguration\":{" + members + "}}"), identity));
            return identity;
        }

        /// <summary>A device whose template composes the thing's name of a serial number.</summary>
        private static FakeDevice Composed(string members)
        {
            FakeDevice device = new FakeDevice();
            device.Cloud.ThingPrefix = "MyThing_";
            device.Cloud.NameParameter = "SerialNumber";
            int at = FakeDevice.Factory.IndexOf("\"template\":");
            device.Put("agent.json", "{" + FakeDevice.Factory.Substring(0, at) + "\"parameters\":{\"SerialNumber\":\"${serial}\"}," + FakeDevice.Factory.Substring(at) + members + "}");
            return device;
        }

        private static FleetProvisioning Make(FakeDevice device)
        {
            IdentityStore store = new IdentityStore(device.Storage);
            store.Load();
            AttemptRecord attempts = new AttemptRecord(device.Storage, device.Clock);
            attempts.Load();
            return new FleetProvisioning(device.Storage, device.Board, store, attempts, device.Clients, device.Clock, device.Log, device.Signal, new Installer(device.Serial, device.Board, device.Clients, device.Clock, device.Log));
        }

        /// <summary>Makes an attempt, and sees that it ends so, leaves no client behind and no secret in the log.</summary>
        private static void Run(FakeDevice device, FleetProvisioning provisioning, ProvisioningOutcome expected)
        {
            ProvisioningOutcome outcome = provisioning.Run(device.ReadSettings(), null);
            Assert.AreEqual((int)expected, (int)outcome, provisioning.Problem);
            Assert.IsNull(device.Clients.Live, "a client is left");
            Assert.IsNull(device.Clients.Fault, device.Clients.Fault);
            Assert.IsNull(device.Clock.Fault, device.Clock.Fault);
            Assert.IsNull(device.Log.Leak, "a secret is in the log");
        }
    }
}
