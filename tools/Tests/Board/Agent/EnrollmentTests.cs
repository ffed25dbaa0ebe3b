using System.Collections;
using System.Text;
using DeviceAgent.Identity;
using DeviceAgent.Messaging;
using DeviceAgent.Provisioning;
using DeviceAgent.Tests.Fakes;
using nanoFramework.TestFramework;

namespace DeviceAgent.Tests.Agent
{
    /// <summary>How an identity is replaced, seen from outside: by what reaches the storage and the cloud.</summary>
    [TestClass]
    public class EnrollmentTests
    {
        private const string Reprovision = "{\"id\":\"n-1\",\"command\":\"reprovision\"}";
        private const string Wish = "write attempts.0 | ";
        private const string TheWholeWay =
            "CONNECT CERT-c as a0b1c2d3e4f5-claim | SUBSCRIBE 4 | write attempts.1 | CreateKeys QoS 0 | write provisioning"
            + " | RegisterThing QoS 0 | write identity.1 | DISCONNECT CERT-c | CONNECT CERT-2 as a0b1c2d3e4f5 | delete provisioning | SUBSCRIBE 1 | DISCONNECT CERT-2";

        [TestMethod]
        public void ACommandReplacesTheIdentityAndTheOldOneGoesOnlyOnceTheNewOneHasConnected()
        {
            FakeDevice device = Provisioned();
            Command(device, 20, Reprovision);
            device.Clock.After(19900, () => device.Trace.Clear());
            Command(device, 50, "{\"id\":\"r\",\"command\":\"report\"}");
            device.Run(130);
            Assert.AreEqual(Wish + "DISCONNECT CERT-1 | " + TheWholeWay, device.Trace.ToString());
            Assert.AreEqual(2, device.Cloud.ActiveOf(FakeDevice.Name), "the old certificate is its owner's to deactivate");
            Hashtable answer = Answer(device, "n-1");
            Assert.AreEqual("ok", (string)answer["RESULT"]);
            answer = Answer(device, "r");
            Assert.AreEqual("id-2", (string)answer["CERTIFICATE_ID"]);
            Assert.AreEqual("id-1", (string)answer["REPLACED_CERTIFICATE_ID"]);
            Assert.AreEqual("", (string)answer["LAST_ERROR"]);
            Assert.IsTrue(device.Log.Has("id-1, which it replaces, can be deactivated"));
            Assert.AreEqual(device.Agent.Status.Publisher.Taken, device.Agent.Status.Publisher.Published);
            Assert.AreEqual(3, device.Agent.Status.Publisher.Taken);

            // Neither a later boot nor the interval changes that
            device.Trace.Clear();
            Command(device, 5, "{\"id\":\"1\",\"command\":\"set-interval\",\"intervalSeconds\":10}");
            device.Run(30);
            Assert.AreEqual(2, device.Cloud.Certificates.Count);
            Assert.AreEqual(1, device.Trace.Count("write"));
            Assert.AreEqual("id-1", new IdentityStore(device.Storage).Load().ReplacedCertificateId);
        }

        [TestMethod]
        public void TheResetButtonReplacesTheIdentity()
        {
            FakeDevice device = Provisioned();
            device.Board.IsResetButtonHeld = true;
            device.Run(10);
            device.Board.IsResetButtonHeld = false;
            Assert.AreEqual(Wish + TheWholeWay, device.Trace.ToString());
            CheckReplaced(device, "by the button");
            device.Run(10);
            Assert.AreEqual("CERT-2", device.Clients.Last.Certificate);
            Assert.AreEqual(2, device.Cloud.Certificates.Count);
        }

        [TestMethod]
        public void ARefusedIdentityIsReplacedAfterTheHoursThatTheSettingsSay()
        {
            // Whatever number the firmware gives a handshake that was turned away
            int[] numbers = new int[] { -80, ConnectFailure.HandshakeFailed };
            for (int i = 0; i < numbers.Length; i++)
            {
                FakeDevice device = new FakeDevice();
                Configure(device, "\"reprovisionAfterHours\":3");
                device.Run(10);
                device.Cloud.Refusal = numbers[i];
                ((FakeCertificate)device.Cloud.Certificates[0]).IsActive = false;
                device.Run(2 * 3600);
                Assert.AreEqual(1, device.Cloud.Certificates.Count);

                // A network that is away proves nothing
                device.Network.IsDown = true;
                device.Run(5 * 3600);
                device.Network.IsDown = false;
                device.Run(3600);
                Assert.AreEqual(1, device.Cloud.Certificates.Count, "too early");
                device.Run(5 * 3600);
                Assert.AreEqual(2, device.Cloud.Certificates.Count);
                Assert.AreEqual("CERT-2", device.Clients.Last.Certificate);
                Assert.IsTrue(device.Cloud.Received > 0);
            }
        }

        [TestMethod]
        public void WithNoConnectionInBetweenIsWhatInARowMeans()
        {
            FakeDevice device = new FakeDevice();
            Configure(device, "\"reprovisionAfterHours\":3");
            device.Run(10);
            FakeCertificate certificate = (FakeCertificate)device.Cloud.Certificates[0];
            for (int i = 0; i < 3; i++)
            {
                certificate.IsActive = false;
                device.Run(150 * 60);
                certificate.IsActive = true;
                device.Run(2 * 3600);
            }

            Assert.AreEqual(1, device.Cloud.Certificates.Count);
        }

        [TestMethod]
        public void ACandidateThatIsTurnedAwayAlsoWhenItIsRegisteredAgainGoesAndTheIdentityBeforeItIsUsedAgain()
        {
            // By a number that tells, and by one that does not: then by the claim, or by the old identity
            for (int i = 0; i < 3; i++)
            {
                FakeDevice device = Provisioned();
                device.Cloud.Refusal = i == 0 ? -80 : ConnectFailure.HandshakeFailed;
                device.Cloud.Configuration = "\"intervalSeconds\":\"7\"";
                bool isClaimGone = i == 2;
                Command(device, 20, Reprovision);
                WhenRegistered(device, 2, isClaimGone);
                WhenRegistered(device, 2, isClaimGone); // again
                device.Run(isClaimGone ? 3 * 3600 : 1200); // without the claim it is known only when the token is too old
                Assert.AreEqual("CERT-1", device.Clients.Last.Certificate);
                Assert.AreEqual("id-1", new IdentityStore(device.Storage).Load().CertificateId);
                if (!isClaimGone)
                {
                    Assert.AreEqual(6, device.Trace.Count("CONNECT CERT-2"), "case " + i.ToString());
                    Assert.AreEqual(2, device.Trace.Count("RegisterThing"), "case " + i.ToString());
                    Assert.AreEqual("identity: certificate id-2 was turned away 3 times as thing a0b1c2d3e4f5 and is given up; id-1 is used again", device.Agent.Status.LastError);
                }

                Assert.IsNull(device.Storage.Peek(ProvisioningJournal.FileName), "case " + i.ToString());
                Assert.AreEqual(device.Agent.Status.Publisher.Taken, device.Agent.Status.Publisher.Published);
                Assert.AreEqual(60, device.Agent.Status.Publisher.IntervalSeconds, "what the cloud has configured went with it");

                // And that is the end of it
                device.Trace.Clear();
                device.Run(120);
                Assert.AreEqual(2, device.Cloud.Certificates.Count);
                Assert.AreEqual(0, device.Trace.Count("write"));
                Assert.AreEqual("id-1", device.Agent.Status.Identity.CertificateId);
            }
        }

        [TestMethod]
        public void ACandidateWithTheNameOfAnotherThingIsRegisteredAgain()
        {
            // Where the cloud takes the token twice, and where it does not
            for (int i = 0; i < 2; i++)
            {
                FakeDevice device = Provisioned();
                device.Cloud.RefusesRepeats = i == 1;
                device.Cloud.Next("RegisterThing", "answered {\"deviceConfiguration\":{},\"thingName\":\"another\"}");
                Command(device, 20, Reprovision);
                device.Run(1200);
                CheckReplaced(device, "case " + i.ToString());
                Assert.AreEqual(FakeDevice.Name, new IdentityStore(device.Storage).Load().ThingName);
                Assert.AreEqual(2, device.Cloud.Certificates.Count);
            }
        }

        [TestMethod]
        public void AFirstIdentityThatIsTurnedAwayIsRegisteredAgain()
        {
            // It was given another's name: where the cloud takes the token twice, where it does not, and with the power gone in between
            for (int i = 0; i < 4; i++)
            {
                FakeDevice device = new FakeDevice();
                device.Cloud.RefusesRepeats = i % 2 == 1;
                device.Cloud.Configuration = "\"intervalSeconds\":\"30\"";
                device.Cloud.Next("RegisterThing", "answered {\"deviceConfiguration\":{},\"thingName\":\"another\"}");
                device.Run(i < 2 ? 1800 : 3);
                if (i >= 2)
                {
                    Assert.AreEqual("another", new IdentityStore(device.Storage).Load().ThingName);
                    device.Run(1800);
                }

                Assert.AreEqual(1, device.Cloud.Certificates.Count, "case " + i.ToString());
                Assert.AreEqual(1, device.Trace.Count("CreateKeys"));
                Assert.AreEqual(FakeDevice.Name, device.Clients.Last.ClientId);
                Assert.AreEqual(FakeDevice.Name, new IdentityStore(device.Storage).Load().ThingName);
                Assert.AreEqual(i % 2 == 1 ? 60 : 30, device.Agent.Status.Publisher.IntervalSeconds);
                Assert.IsTrue(device.Cloud.Received > 0);
                Assert.IsNull(device.Storage.Peek(ProvisioningJournal.FileName), "it has proved itself");
                Assert.IsTrue(device.Log.Has("identity: certificate id-1 was turned away 3 times as thing another and is registered again"), device.Log.Last);
            }
        }

        [TestMethod]
        public void AFirstIdentityThatTheCloudRegistersNoMoreStaysAndNoOtherIsAskedFor()
        {
            FakeDevice device = new FakeDevice();
            device.Cloud.RefusesRepeats = true;
            WhenRegistered(device, 1, false);
            device.Run(3 * 86400);
            Assert.AreEqual(0, device.Cloud.Received);
            Assert.IsNull(device.Storage.Peek(ProvisioningJournal.FileName), "it is given up to register it");
            Assert.AreEqual(1, device.Cloud.Certificates.Count);
            Assert.AreEqual(1, device.Trace.Count("CreateKeys"));
            Assert.AreEqual("id-1", new IdentityStore(device.Storage).Load().CertificateId);
            Assert.AreEqual(1, device.Trace.Count("write identity"));
            ((FakeCertificate)device.Cloud.Certificates[0]).IsActive = true;
            device.Run(2 * 3600);
            Assert.IsTrue(device.Cloud.Received > 0);
        }

        [TestMethod]
        public void ForWantOfAConnectionNoCandidateIsGivenUp()
        {
            string[] failures = new string[] { "10035", "-9984", "10022", "silence", "1" };
            FakeDevice device = Provisioned();
            device.Board.IsResetButtonHeld = true;
            device.Cloud.Next("CONNECT", "ok");
            for (int i = 0; i < 25; i++)
            {
                device.Cloud.Next("CONNECT", failures[i % 5]);
            }

            device.Run(600);
            device.Board.IsResetButtonHeld = false;
            Assert.IsNotNull(device.Storage.Peek(ProvisioningJournal.FileName), "it is a candidate");
            Assert.AreEqual("id-2", new IdentityStore(device.Storage).Load().CertificateId);
            device.Run(4 * 3600);
            CheckReplaced(device, "after failures");
        }

        [TestMethod]
        public void WhatMayPassIsTriedAgainWhileTheDeviceWorksOn()
        {
            FakeDevice device = Provisioned();
            device.Cloud.Always("CreateKeys", "rejected {\"statusCode\":429}");
            Command(device, 20, Reprovision);
            device.Run(300);
            Assert.IsTrue(device.Trace.Count("CreateKeys") >= 3, device.Trace.Count("CreateKeys").ToString());
            Assert.AreEqual(device.Trace.Count("CreateKeys") + 1, device.Trace.Count("CONNECT CERT-1"));
            Assert.AreEqual(5, device.Agent.Status.Publisher.Published);
            device.Cloud.Always("CreateKeys", "ok");
            device.Run(300);
            CheckReplaced(device, "when it had passed");
        }

        [TestMethod]
        public void ARefusalEndsTheWishAndIsTold()
        {
            string[] cases = new string[] { "403", "rejected: statusCode 403", "file", "claim.pem.key: it is missing", "claim", "connecting with the claim certificate: TLS error -80" };
            for (int i = 0; i < cases.Length; i += 2)
            {
                FakeDevice device = Provisioned();
                if (cases[i] == "403")
                {
                    device.Cloud.Always("CreateKeys", "rejected {\"statusCode\":403,\"errorMessage\":\"no\"}");
                }

                if (cases[i] == "file")
                {
                    device.Storage.Remove(PemFile.ClaimKey);
                }

                device.Cloud.Kept = 80;
                device.Cloud.IsClaimActive = cases[i] != "claim";
                Command(device, 20, Reprovision);
                Command(device, 50, "{\"id\":\"r\",\"command\":\"report\"}");
                device.Run(3600);
                Assert.Contains(cases[i + 1], (string)Answer(device, "r")["LAST_ERROR"]);
                Assert.AreEqual(60, device.Agent.Status.Publisher.Published);
                Assert.IsTrue(device.Trace.Count("CONNECT CERT-c") <= 1);
                device.Trace.Clear();
                device.Run(60);
                Assert.AreEqual(0, device.Trace.Count("CONNECT CERT-c"), "after a reboot " + cases[i]);
            }
        }

        [TestMethod]
        public void AJournalIsResolvedThoughTheRegistrationIsRefused()
        {
            FakeDevice device = Provisioned();
            device.Cloud.Always("RegisterThing", "rejected {\"statusCode\":400}");
            Command(device, 20, Reprovision);
            device.Run(1800);
            Assert.AreEqual(4, device.Trace.Count("RegisterThing"), "each time until the certificate was turned away three times");
            Assert.AreEqual(3, device.Trace.Count("CONNECT CERT-2"));
            Assert.IsNull(device.Storage.Peek(ProvisioningJournal.FileName));
            Assert.AreEqual(2, device.Cloud.Certificates.Count);
            Assert.AreEqual("id-1", new IdentityStore(device.Storage).Load().CertificateId);
            Assert.AreEqual(30, device.Agent.Status.Publisher.Published);
        }

        [TestMethod]
        public void ARegistrationWhoseAnswerWasLostIsFoundOutUnderTheNameThatTheThingHas()
        {
            FakeDevice device = new FakeDevice();
            device.Cloud.ThingPrefix = "fleet-";
            device.Cloud.RefusesRepeats = true;
            device.Run(10);
            device.Cloud.Next("RegisterThing", "cut");
            device.Board.IsResetButtonHeld = true;
            device.Run(60);
            Assert.AreEqual("CERT-2", device.Clients.Last.Certificate);
            Assert.AreEqual("fleet-" + FakeDevice.Name, device.Clients.Last.ClientId);
            Assert.AreEqual(2, device.Cloud.Certificates.Count);
            Assert.AreEqual("id-1", new IdentityStore(device.Storage).Load().ReplacedCertificateId);
        }

        [TestMethod]
        public void WhileTheDaysCertificatesAreUsedUpTheDeviceWorksOnUndisturbed()
        {
            FakeDevice device = new FakeDevice();
            Configure(device, "\"maxCertificatesPerDay\":1");
            device.Run(10);
            device.Trace.Clear();
            Command(device, 20, Reprovision);
            device.Run(23 * 3600);
            Assert.AreEqual(1, device.Trace.Count("CONNECT"));
            Assert.AreEqual(1, device.Cloud.Certificates.Count);
            Assert.IsTrue(device.Trace.Count("write") <= 24, device.Trace.Count("write").ToString());
            device.Run(2 * 3600);
            CheckReplaced(device, "on the next day");
        }

        [TestMethod]
        public void WhatTheCloudConfiguresAnewWinsOverWhatItHadConfigured()
        {
            FakeDevice device = new FakeDevice();
            device.Cloud.Configuration = "\"location\":\"osaka\",\"intervalSeconds\":\"5\"";
            device.Run(10);
            device.Cloud.Configuration = "\"intervalSeconds\":\"20\"";
            device.Clock.After(12000, () => device.Cloud.Send(device.Clients.Live, "cmd/weather/osaka/" + FakeDevice.Name, Encoding.UTF8.GetBytes(Reprovision), false));
            device.Run(80);
            Assert.AreEqual(FakeDevice.TelemetryTopic, device.Agent.Status.Publisher.Topic);
            Assert.AreEqual(20, device.Agent.Status.Publisher.IntervalSeconds);
            Assert.AreEqual(3 + 3, device.Agent.Status.Publisher.Taken);
            Assert.AreEqual(6, device.Agent.Status.Publisher.Published);
        }

        [TestMethod]
        public void APowerCutAtAnyChangeOfTheStorageEndsInOneProvedIdentity()
        {
            int[] lengths = new int[] { MemoryStorage.Before, MemoryStorage.Deleted, 0, 60, MemoryStorage.After };
            for (int change = 1; change <= 5; change++)
            {
                for (int i = 0; i < lengths.Length; i++)
                {
                    FakeDevice device = Provisioned();
                    device.Cloud.RefusesRepeats = i % 2 == 0;
                    device.Storage.CutAt = change;
                    device.Storage.CutBytes = lengths[i];
                    device.Board.IsResetButtonHeld = true;
                    device.Run(60);
                    string when = "change " + change.ToString() + " at " + lengths[i].ToString();
                    Assert.AreEqual(1, device.Board.Reboots, when);
                    device.Board.IsResetButtonHeld = change == 1; // the wish may not have been durable yet
                    device.Run(60);
                    CheckReplaced(device, when);
                    Assert.IsTrue(device.Cloud.Certificates.Count <= (change == 3 && lengths[i] != MemoryStorage.After ? 3 : 2), device.Cloud.Certificates.Count.ToString() + " certificates after " + when);
                }
            }
        }

        [TestMethod]
        public void APowerCutAtAnyWaitEndsInOneProvedIdentity()
        {
            FakeDevice whole = Provisioned();
            whole.Board.IsResetButtonHeld = true;
            int before = whole.Clock.Waits;
            whole.Run(10);
            int waits = whole.Clock.Waits - before;
            Assert.IsTrue(waits >= 8 && waits < 60, "waits " + waits.ToString());
            for (int cut = 1; cut <= waits; cut++)
            {
                FakeDevice device = Provisioned();
                device.Cloud.RefusesRepeats = cut % 2 == 0;
                device.Board.IsResetButtonHeld = true;
                device.Clock.CutAt = device.Clock.Waits + cut;
                device.Run(10);
                device.Clock.CutAt = 0;
                device.Board.IsResetButtonHeld = false;
                device.Run(60);
                CheckReplaced(device, "wait " + cut.ToString());
            }
        }

        [TestMethod]
        public void ACrashThatComesBackIsSpacedMoreAndMoreAcrossReboots()
        {
            FakeDevice device = Provisioned();
            device.Board.Sensor.IsBroken = true;
            device.Board.Bounds.Clear();
            int writes = device.Storage.Writes;
            for (int i = 0; i < 8; i++)
            {
                device.Run(3600);
            }

            Assert.AreEqual(8, device.Board.Reboots);
            int[] bounds = new int[] { 64001, 128001, 256001, 512001, 900001, 900001, 900001, 900001 };
            for (int i = 0; i < bounds.Length; i++)
            {
                Assert.AreEqual(bounds[i], (int)device.Board.Bounds[i]);
            }

            Assert.AreEqual(4, device.Storage.Writes - writes);
            device.Board.Sensor.IsBroken = false;
            device.Run(3700);
            Assert.AreEqual(5, device.Storage.Writes - writes);
        }

        [TestMethod]
        public void ABoardThatRebootsEveryMinuteGoesOnWithTheLongPause()
        {
            FakeDevice device = Provisioned();
            device.Cloud.Always("CONNECT", "10035");
            device.Run(3600);
            int made = device.Clients.Made;
            device.Board.Bounds.Clear();
            for (int boot = 0; boot < 30; boot++)
            {
                device.Run(60);
                Assert.AreEqual(900000, (int)device.Board.Bounds[device.Board.Bounds.Count - 1]);
            }

            Assert.AreEqual(made, device.Clients.Made);
            Assert.AreEqual(1, device.Agent.Status.Publisher.Taken, "readings are taken meanwhile");
        }

        private static FakeDevice Provisioned()
        {
            FakeDevice device = new FakeDevice();
            device.Run(10);
            Assert.AreEqual(1, device.Cloud.Certificates.Count);
            device.Clock.Pass(5000);
            device.Trace.Clear();
            device.Storage.Remove("attempts.0"); // so that its slots are those of a fresh start
            return device;
        }

        private static void Configure(FakeDevice device, string provisioning)
        {
            int at = FakeDevice.Factory.IndexOf("\"template\":");
            device.Put("agent.json", "{" + FakeDevice.Factory.Substring(0, at) + provisioning + "," + FakeDevice.Factory.Substring(at) + ",\"sensors\":[{\"type\":\"fake\"}]}");
        }

        private static void Command(FakeDevice device, int second, string json)
        {
            device.Clock.After(second * 1000, () => device.Cloud.Send(device.Clients.Live, FakeDevice.CommandTopic, Encoding.UTF8.GetBytes(json), false));
        }

        private static Hashtable Answer(FakeDevice device, string id)
        {
            for (int i = device.Cloud.Payloads.Count - 1; i >= 0; i--)
            {
                Hashtable payload = FlatJson.Parse((string)device.Cloud.Payloads[i]);
                if ((string)payload["COMMAND_ID"] == id)
                {
                    return payload;
                }
            }

            Assert.IsTrue(false, "no answer to " + id);
            return null;
        }

        /// <summary>Lets a certificate be turned away from the moment on in which its thing is registered.</summary>
        private static void WhenRegistered(FakeDevice device, int number, bool isClaimGone)
        {
            device.Clock.After(10, () =>
            {
                FakeCertificate certificate = device.Cloud.Certificates.Count < number ? null : (FakeCertificate)device.Cloud.Certificates[number - 1];
                if (certificate != null && certificate.IsActive)
                {
                    certificate.IsActive = false;
                    device.Cloud.IsClaimActive = !isClaimGone;
                }
                else
                {
                    WhenRegistered(device, number, isClaimGone);
                }
            });
        }

        private static void CheckReplaced(FakeDevice device, string when)
        {
            FakeCertificate newest = (FakeCertificate)device.Cloud.Certificates[device.Cloud.Certificates.Count - 1];
            DeviceIdentity identity = new IdentityStore(device.Storage).Load();
            Assert.AreEqual("id-" + newest.Number.ToString(), identity.CertificateId, when);
            Assert.AreEqual("id-1", identity.ReplacedCertificateId, when);
            Assert.AreEqual("CERT-" + newest.Number.ToString(), device.Clients.Last.Certificate, when);
            Assert.AreEqual(2, device.Cloud.ActiveOf(FakeDevice.Name), "active certificates " + when);
            Assert.IsNull(device.Storage.Peek(ProvisioningJournal.FileName), "a journal is left " + when);
            Assert.AreEqual(device.Agent.Status.Publisher.Taken, device.Agent.Status.Publisher.Published, when);
            Assert.IsTrue(device.Agent.Status.Publisher.Published > 0, "nothing published " + when);
        }
    }
}
