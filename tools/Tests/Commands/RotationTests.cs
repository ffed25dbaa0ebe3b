using System.Collections;
using System.Text;
using DeviceAgent.Agent;
using DeviceAgent.Identity;
using DeviceAgent.Provisioning;
using DeviceAgent.Settings;
using DeviceAgent.Tests.Fakes;
using nanoFramework.TestFramework;

namespace DeviceAgent.Tests.Commands
{
    /// <summary>How an identity is rotated over its own connection, seen from outside: by what reaches the storage and the cloud.</summary>
    [TestClass]
    public class RotationTests
    {
        private const string Rotate = "{\"id\":\"n-1\",\"command\":\"rotate-certificate\"}";
        private const string Reprovision = "{\"id\":\"n-2\",\"command\":\"reprovision\"}";
        private const string Statements = "the device policy must allow iot:Publish and iot:Receive on topic/$aws/certificates/create/* and topic/$aws/provisioning-templates/the-template/provision/*,"
            + " and iot:Subscribe on topicfilter/$aws/certificates/create/* and topicfilter/$aws/provisioning-templates/the-template/provision/*";
        private const int Day = 24 * 3600;

        // Certificates of P-256, in JSON: valid from 2026-01-02T03:04:05, and from 2050
        private const string Old = "\\n-----BEGIN CERTIFICATE-----\\nMIIBVzCB/wIIHy49TFtqeYgwCgYIKoZIzj0EAwIwNTELMAkGA1UEBhMCSlAxDTAL"
            + "BgNVBAoMBHNtcGwxFzAVBgNVBAMMDmJvYXJkLTAxOkFCX2NkMB4XDTI2MDEwMjAzMDQwNVoXDTQ5MTIzMTIzNTk1OVowNTELMAkGA1UEBhMCSlAxDTALBgNVBAoMBHNtcGwxFzAV"
            + "BgNVBAMMDmJvYXJkLTAxOkFCX2NkMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEvlCglKIjRVvMlS0NKsX9XOaDV8OfF7mrC7vwZqA5vF2RTOCF7nXHpIIuML1PcU7UVDsWg8QA"
            + "0LMcdyIzUwUKNDAKBggqhkjOPQQDAgNHADBEAiBYJEnZ3OfAtDG063AOn0oDMocLW6h8XE2X5cC/v+9dfwIgAkf/M9rrPo7oEVcgASx7irhxNALUpWTuX0iGEqPVVuw="
            + "\\n-----END CERTIFICATE-----\\n";
        private const string New = "\\n-----BEGIN CERTIFICATE-----\\nMIIBSzCB8wIIHy49TFtqeYgwCgYIKoZIzj0EAwIwLTEOMAwGA1UEAxMFZmlyc3Qx"
            + "CjAIBgNVBAsTAXgxDzANBgNVBAMTBnNlY29uZDAiGA8yMDUwMDIyODEyMDAwMFoYDzk5OTkxMjMxMjM1OTU5WjAtMQ4wDAYDVQQDEwVmaXJzdDEKMAgGA1UECxMBeDEPMA0GA1UE"
            + "AxMGc2Vjb25kMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEv6otxIFJIryp0asnWu1WEiarUXegQ6yKIy6o4xV5wCJW+YULzd0Ko9Wl9gJTaL3bdZPho65bS1bKQ2BqK+gmeTAK"
            + "BggqhkjOPQQDAgNHADBEAiBTe6YXIHJp58GYH5I7fMz8f9a2Rqj5k9+ljevwSHYmCgIgUAyVmCOsLxKyeuDx3oPWBftKR4YcI0QgoRHLQMIW3c4="
            + "\\n-----END CERTIFICATE-----\\n";

        [TestMethod]
        public void ACommandRotatesTheCertificateOverItsOwnConnectionAndNeedsNoClaim()
        {
            FakeDevice device = Provisioned();
            Command(device, 20, Rotate);
            device.Clock.After(19900, () => device.Trace.Clear());
            Command(device, 50, "{\"id\":\"r\",\"command\":\"report\"}");
            device.Run(130);
            Assert.AreEqual(
                "write attempts.0 | SUBSCRIBE 4 | write attempts.1 | CreateKeys QoS 0 | write provisioning | RegisterThing QoS 0 | write identity.1"
                    + " | DISCONNECT CERT-1 | CONNECT CERT-2 as a0b1c2d3e4f5 | delete provisioning | SUBSCRIBE 1 | DISCONNECT CERT-2",
                device.Trace.ToString());
            CheckRotated(device, "by a command");
            Assert.AreEqual("ok", (string)Answer(device, "n-1")["RESULT"]);
            Hashtable answer = Answer(device, "r");
            Assert.AreEqual("id-2", (string)answer["CERTIFICATE_ID"]);
            Assert.AreEqual("id-1", (string)answer["REPLACED_CERTIFICATE_ID"]);
            Assert.AreEqual("", (string)answer["LAST_ERROR"]);
            Assert.IsTrue(device.Log.Has("id-1, which it replaces, can be deactivated"));
            Assert.AreEqual(3, device.Agent.Status.Publisher.Taken);

            // And that is the end of it; the next one goes to the other slot
            device.Trace.Clear();
            device.Run(60);
            Assert.AreEqual(0, device.Trace.Count("write") + device.Trace.Count("delete"));
            Command(device, 5, Rotate);
            device.Run(60);
            Assert.AreEqual("id-3", new IdentityStore(device.Storage).Load().CertificateId);
            Assert.AreEqual(1, device.Trace.Count("write identity.0"));
        }

        [TestMethod]
        public void APowerCutAtAnyChangeOfTheStorageEndsInOneProvedIdentity()
        {
            int[] lengths = new int[] { MemoryStorage.Before, MemoryStorage.Deleted, 0, 40, MemoryStorage.After };
            for (int change = 1; change <= 5; change++)
            {
                for (int i = 0; i < lengths.Length; i++)
                {
                    FakeDevice device = Provisioned();
                    device.Cloud.RefusesRepeats = i % 2 == 0;
                    device.Storage.CutAt = change;
                    device.Storage.CutBytes = lengths[i];
                    Command(device, 2, Rotate);
                    device.Run(60);
                    string when = "change " + change.ToString() + " at " + lengths[i].ToString();
                    Assert.AreEqual(1, device.Board.Reboots, when);
                    if (change == 1 && lengths[i] != MemoryStorage.After)
                    {
                        Command(device, 2, Rotate); // the wish was not durable, and not answered
                    }

                    device.Run(90);
                    CheckRotated(device, when);
                    Assert.IsTrue(device.Cloud.Certificates.Count <= (change == 3 && lengths[i] != MemoryStorage.After ? 3 : 2), device.Cloud.Certificates.Count.ToString() + " certificates after " + when);
                }
            }
        }

        [TestMethod]
        public void APowerCutAtAnyWaitEndsInOneProvedIdentity()
        {
            FakeDevice whole = Provisioned();
            Command(whole, 2, Rotate);
            int before = whole.Clock.Waits;
            whole.Run(10);
            int waits = whole.Clock.Waits - before;
            Assert.IsTrue(waits >= 8 && waits < 80, "waits " + waits.ToString());
            for (int cut = 1; cut <= waits; cut++)
            {
                FakeDevice device = Provisioned();
                device.Cloud.RefusesRepeats = cut % 2 == 0;
                Command(device, 2, Rotate);
                device.Clock.CutAt = device.Clock.Waits + cut;
                device.Run(10);
                device.Clock.CutAt = 0;
                AttemptRecord attempts = new AttemptRecord(device.Storage, device.Clock);
                attempts.Load();
                if (attempts.Unwanted.Length == 0)
                {
                    Command(device, 2, Rotate); // the wish was not durable, and not answered
                }

                device.Run(90);
                CheckRotated(device, "wait " + cut.ToString());
            }
        }

        [TestMethod]
        public void ARotationForAKeyOfTheDevicesOwnIsForAnotherKeyWhereverThePowerGoes()
        {
            int[] lengths = new int[] { MemoryStorage.Before, 40, MemoryStorage.After };
            for (int change = 0; change <= 6; change++)
            {
                for (int i = 0; i < lengths.Length; i += change == 0 ? lengths.Length : 1)
                {
                    FakeDevice device = new FakeDevice();
                    device.Use(ProvisioningMethod.ClaimCsr);
                    device.Run(10);
                    device.Clock.Pass(5000);
                    device.Trace.Clear();
                    device.Put(DeviceKey.FactoryKey, "the factory's: an identity has it already");
                    device.Storage.CutAt = change;
                    device.Storage.CutBytes = lengths[i];
                    Command(device, 2, Rotate);
                    device.Run(60);
                    string when = "change " + change.ToString() + " at " + lengths[i].ToString();
                    Assert.AreEqual(change == 0 ? 0 : 1, device.Board.Reboots, when);
                    if (change == 1 && lengths[i] != MemoryStorage.After)
                    {
                        Command(device, 2, Rotate);
                    }

                    if (change > 0)
                    {
                        device.Run(90);
                    }

                    CheckRotated(device, when);
                    Assert.AreEqual(2, device.Cloud.PublicKeys.Count, when);
                    Assert.AreEqual(0, device.Trace.Count("CreateKeys"));
                    Assert.IsNull(device.Storage.Peek(DeviceKey.FileName), when);
                }
            }
        }

        [TestMethod]
        public void AConnectionThatIsLostAtAnyStepIsMadeAnewAndTheExchangeGoneOnWith()
        {
            string[] cases = new string[] { "SUBSCRIBE", "close", "CreateKeys", "close", "CreateKeys", "cut", "CreateKeys", "lose", "CreateKeys", "late", "RegisterThing", "close", "RegisterThing", "cut", "RegisterThing", "lose" };
            for (int i = 0; i < cases.Length; i += 2)
            {
                for (int repeats = 0; repeats < 2; repeats++)
                {
                    FakeDevice device = Provisioned();
                    device.Cloud.RefusesRepeats = repeats == 1;
                    if (i == 0)
                    {
                        device.Cloud.Next("SUBSCRIBE", "ok"); // to the commands
                    }

                    device.Cloud.Next(cases[i], cases[i + 1]);
                    Command(device, 2, Rotate);
                    device.Run(600);
                    string when = cases[i] + " " + cases[i + 1] + " " + repeats.ToString();
                    CheckRotated(device, when);
                    Assert.IsTrue(device.Cloud.Certificates.Count <= (cases[i] == "CreateKeys" ? 3 : 2), when);
                    Assert.AreEqual(2, device.Cloud.ActiveOf(FakeDevice.Name), when);
                }
            }
        }

        [TestMethod]
        public void APolicyThatDoesNotAllowItIsNamedAndCostsTwoConnections()
        {
            string[] steps = new string[] { "", "SUBSCRIBE", "CreateKeys" };
            for (int i = 0; i < steps.Length; i++)
            {
                FakeDevice device = Provisioned();
                device.Cloud.Kept = 80;
                device.Cloud.IsProvisioningDenied = i == 0;
                if (i == 1)
                {
                    device.Cloud.Next("SUBSCRIBE", "ok"); // to the commands
                    device.Cloud.Next("SUBSCRIBE", "refuse");
                    device.Cloud.Next("SUBSCRIBE", "refuse");
                }
                else if (i == 2)
                {
                    device.Cloud.Always("CreateKeys", "close");
                }

                Command(device, 20, Rotate);
                Command(device, 50, "{\"id\":\"r\",\"command\":\"report\"}");
                device.Run(3600);
                string error = (string)Answer(device, "r")["LAST_ERROR"];
                Assert.Contains(i == 1 ? "the broker does not grant it; " + Statements : "the broker closed the connection; " + Statements, error);
                Assert.IsTrue(device.Log.Has(error), "the log says it too");
                Assert.IsTrue(device.Log.Has("the rotation is given up, and certificate id-1 stays in use"));
                Assert.AreEqual(2, device.Trace.Count("SUBSCRIBE 4"));
                Assert.AreEqual(i == 1 ? 1 : 3, device.Trace.Count("CONNECT"));
                Assert.AreEqual(60, device.Agent.Status.Publisher.Published);
                device.Trace.Clear();
                device.Run(60);
                Assert.AreEqual(0, device.Trace.Count("SUBSCRIBE 4"), "after a reboot");
                Assert.AreEqual(0, device.Trace.Count("write"));

                // The owner mends the policy, and says so again
                device.Cloud.IsProvisioningDenied = false;
                device.Cloud.Always("CreateKeys", "ok");
                Command(device, 5, Rotate);
                device.Run(60);
                CheckRotated(device, "with the policy mended");
            }
        }

        [TestMethod]
        public void WhatIsUnderWayIsResolvedThoughThePolicyEndsTheConnection()
        {
            // With the thing not registered, and with it registered though nobody said so
            for (int i = 0; i < 2; i++)
            {
                FakeDevice device = Provisioned();
                device.Cloud.RefusesRepeats = true;
                device.Cloud.Always("RegisterThing", i == 0 ? "close" : "cut");
                Command(device, 20, Rotate);
                device.Run(3600);
                Assert.IsNull(device.Storage.Peek(ProvisioningJournal.FileName));
                Assert.AreEqual(2, device.Cloud.Certificates.Count);
                Assert.AreEqual(i == 0 ? "id-1" : "id-2", new IdentityStore(device.Storage).Load().CertificateId);
                Assert.AreEqual(i == 0 ? 1 : 2, device.Cloud.ActiveOf(FakeDevice.Name));
                Assert.IsTrue(device.Trace.Count("SUBSCRIBE 4") <= 4, device.Trace.Count("SUBSCRIBE 4").ToString());
                Assert.AreEqual(60, device.Agent.Status.Publisher.Published);
                Assert.AreEqual(0, device.Trace.Count("CONNECT CERT-c"));
                device.Trace.Clear();
                device.Run(60);
                Assert.AreEqual(1, device.Trace.Count("SUBSCRIBE"), "it is over");
            }
        }

        [TestMethod]
        public void AJournalThatIsTooOldIsResolvedByItsCertificate()
        {
            for (int i = 0; i < 2; i++)
            {
                FakeDevice device = Provisioned();
                device.Cloud.Next("RegisterThing", i == 0 ? "silence" : "lose");
                Command(device, 2, Rotate);
                device.Run(10);
                Assert.IsNotNull(device.Storage.Peek(ProvisioningJournal.FileName));
                device.Clock.Pass(2 * 3600 * 1000);
                device.Run(3600);
                Assert.IsNull(device.Storage.Peek(ProvisioningJournal.FileName));
                Assert.AreEqual(i == 0 ? "id-1" : "id-2", new IdentityStore(device.Storage).Load().CertificateId);
                Assert.AreEqual(i == 0 ? 3 : 1, device.Trace.Count("CONNECT CERT-2") - (i == 0 ? 0 : 1));
                Assert.AreEqual(2, device.Cloud.Certificates.Count);
            }
        }

        [TestMethod]
        public void WhatIsUnderWayIsResolvedThoughTheMethodHasNoRotationSince()
        {
            FakeDevice device = Provisioned();
            device.Cloud.Next("RegisterThing", "lose");
            Command(device, 2, Rotate);
            device.Run(10);
            Configure(device, "\"method\":\"jitp\"");
            device.Run(120);
            CheckRotated(device, "with another method");
        }

        [TestMethod]
        public void CommandsThatComeMeanwhileAreCarriedOutByTheIdentityThatStays()
        {
            FakeDevice device = Provisioned();
            device.Cloud.AnswerTime = 4000;
            device.Cloud.Kept = 40;
            Command(device, 20, Rotate);
            Command(device, 22, "{\"id\":\"a\",\"command\":\"ping\"}");
            Command(device, 23, "{\"id\":\"b\",\"command\":\"set-interval\",\"intervalSeconds\":10}");
            Command(device, 25, "{\"id\":\"" + new string('x', 2000) + "\",\"command\":\"ping\"}");
            Command(device, 26, "{\"id\":\"c\",\"command\":\"report\"}");
            device.Run(60);
            CheckRotated(device, "with commands meanwhile");
            Assert.AreEqual("ok", (string)Answer(device, "a")["RESULT"]);
            Assert.AreEqual("ok", (string)Answer(device, "b")["RESULT"]);
            Assert.AreEqual("id-2", (string)Answer(device, "c")["CERTIFICATE_ID"]);
            Assert.AreEqual("10", new IdentityStore(device.Storage).Load().Configuration[1]);
            bool isRefused = false;
            foreach (string payload in device.Cloud.Payloads)
            {
                isRefused |= payload.IndexOf("a command has at most 1024 bytes") > 0;
            }

            Assert.IsTrue(isRefused);

            // More than are kept: the rest is told to have been dropped
            Command(device, 5, Rotate);
            device.Cloud.Payloads.Clear();
            device.Cloud.Topics.Clear();
            for (int i = 0; i < 14; i++)
            {
                Command(device, 7, "{\"id\":\"p" + i.ToString() + "\",\"command\":\"ping\"}");
            }

            device.Run(60);
            int answers = 0;
            int dropped = 0;
            foreach (string payload in device.Cloud.Payloads)
            {
                answers += payload.IndexOf("\"p") > 0 ? 1 : 0;
                int at = payload.IndexOf(" commands came faster");
                dropped += at > 0 ? payload[at - 1] - '0' : 0;
            }

            Assert.AreEqual("id-3", new IdentityStore(device.Storage).Load().CertificateId);
            Assert.IsTrue(answers >= 4 && answers <= 12, answers.ToString());
            Assert.AreEqual(14, answers + dropped);
        }

        [TestMethod]
        public void ReadingsAreTakenMeanwhile()
        {
            FakeDevice device = new FakeDevice();
            device.Configure("\"telemetry\":{\"intervalSeconds\":5},\"sensors\":[{\"type\":\"fake\"}]");
            device.Run(10);
            device.Clock.Pass(5000);
            device.Cloud.AnswerTime = 20000;
            Command(device, 2, Rotate);
            device.Run(60);
            Assert.AreEqual("CERT-2", device.Clients.Last.Certificate);
            Assert.AreEqual(12, device.Agent.Status.Publisher.Taken);
            Assert.AreEqual(12, device.Agent.Status.Publisher.Published);
        }

        [TestMethod]
        public void ACandidateThatIsTurnedAwayAlsoWhenItIsRegisteredAgainGoesAndTheIdentityBeforeItIsUsedAgain()
        {
            FakeDevice device = Provisioned();
            Command(device, 20, Rotate);
            WhenRegistered(device, 2);
            WhenRegistered(device, 2); // again
            device.Run(1200);
            Assert.AreEqual("CERT-1", device.Clients.Last.Certificate);
            Assert.AreEqual("id-1", new IdentityStore(device.Storage).Load().CertificateId);
            Assert.AreEqual(6, device.Trace.Count("CONNECT CERT-2"));
            Assert.AreEqual(2, device.Trace.Count("RegisterThing"));
            Assert.AreEqual(0, device.Trace.Count("CONNECT CERT-c"));
            Assert.AreEqual("identity: certificate id-2 was turned away 3 times as thing a0b1c2d3e4f5 and is given up; id-1 is used again", device.Agent.Status.LastError);
            Assert.IsNull(device.Storage.Peek(ProvisioningJournal.FileName));
            Assert.AreEqual(device.Agent.Status.Publisher.Taken, device.Agent.Status.Publisher.Published);
            device.Trace.Clear();
            device.Run(120);
            Assert.AreEqual(2, device.Cloud.Certificates.Count);
            Assert.AreEqual(1, device.Trace.Count("SUBSCRIBE"));
        }

        [TestMethod]
        public void ACandidateThatIsRegisteredAgainIsTakenWhereverThePowerGoesInBetween()
        {
            for (int seconds = 3; seconds < 30; seconds += 2)
            {
                FakeDevice device = Provisioned();
                device.Cloud.Next("RegisterThing", "answered {\"deviceConfiguration\":{},\"thingName\":\"another\"}");
                Command(device, 2, Rotate);
                device.Run(seconds);
                device.Run(1200);
                CheckRotated(device, "after " + seconds.ToString() + " s");
                Assert.AreEqual(2, device.Cloud.Certificates.Count);
                Assert.AreEqual(FakeDevice.Name, new IdentityStore(device.Storage).Load().ThingName);
                Assert.AreEqual(0, device.Trace.Count("CONNECT CERT-c"));
            }
        }

        [TestMethod]
        public void WhatMayPassIsTriedAgainAndARefusalEndsTheWish()
        {
            FakeDevice device = Provisioned();
            device.Cloud.Always("CreateKeys", "rejected {\"statusCode\":429}");
            Command(device, 20, Rotate);
            device.Run(300);
            Assert.IsTrue(device.Trace.Count("CreateKeys") >= 3, device.Trace.Count("CreateKeys").ToString());
            Assert.AreEqual(1, device.Trace.Count("CONNECT"), "the connection stays");
            Assert.AreEqual(5, device.Agent.Status.Publisher.Published);
            device.Cloud.Always("CreateKeys", "rejected {\"statusCode\":403,\"errorMessage\":\"no\"}");
            device.Run(300);
            Assert.Contains("rejected: statusCode 403", device.Agent.Status.LastError);
            device.Trace.Clear();
            device.Run(300);
            Assert.AreEqual(0, device.Trace.Count("CreateKeys"));
            Assert.AreEqual("id-1", new IdentityStore(device.Storage).Load().CertificateId);
        }

        [TestMethod]
        public void WhileTheDaysCertificatesAreUsedUpTheDeviceWorksOnUndisturbed()
        {
            FakeDevice device = new FakeDevice();
            Configure(device, "\"maxCertificatesPerDay\":1");
            device.Run(10);
            device.Trace.Clear();
            Command(device, 20, Rotate);
            device.Run(23 * 3600);
            Assert.AreEqual(1, device.Trace.Count("CONNECT"));
            Assert.AreEqual(1, device.Trace.Count("SUBSCRIBE"));
            Assert.IsTrue(device.Trace.Count("write") <= 24, device.Trace.Count("write").ToString());
            device.Run(2 * 3600);
            CheckRotated(device, "on the next day");
        }

        // Before anything is under way, and after it
        [TestMethod]
        [DataRow("CreateKeys")]
        [DataRow("RegisterThing")]
        public void AWishForTheClaimCountsInPlaceOfARotation(string step)
        {
            FakeDevice device = Provisioned();
            device.Cloud.Always(step, "rejected {\"statusCode\":429}");
            Command(device, 2, Rotate);
            Command(device, 40, Reprovision);
            device.Run(60);
            Assert.IsTrue(device.Trace.Count("CONNECT CERT-c") > 0);
            device.Trace.Clear();
            device.Cloud.Always(step, "ok");
            device.Run(900); // after a reboot too
            Assert.AreEqual(1, device.Trace.Count("CONNECT CERT-c"));
            CheckReplaced(device, step);
            Assert.AreEqual(2, device.Cloud.Certificates.Count);
        }

        [TestMethod]
        [DataRow("CreateKeys")]
        [DataRow("RegisterThing")]
        public void ARotationCountsInPlaceOfAWishForTheClaim(string step)
        {
            FakeDevice device = Provisioned();
            device.Cloud.Always(step, "rejected {\"statusCode\":429}");
            Command(device, 2, Reprovision);
            Command(device, 40, Rotate);
            device.Run(60);
            device.Cloud.IsClaimActive = false;
            device.Trace.Clear();
            device.Cloud.Always(step, "ok");
            device.Run(900);
            CheckRotated(device, step);
            Assert.AreEqual(2, device.Cloud.Certificates.Count);
        }

        [TestMethod]
        public void ARefusedIdentityIsReplacedThoughARotationWasWishedFor()
        {
            FakeDevice device = new FakeDevice();
            Configure(device, "\"reprovisionAfterHours\":2");
            device.Run(10);
            device.Cloud.Always("CreateKeys", "rejected {\"statusCode\":500}");
            Command(device, 5, Rotate);
            device.Run(20);
            device.Cloud.Always("CreateKeys", "ok");
            ((FakeCertificate)device.Cloud.Certificates[0]).IsActive = false;
            device.Run(5 * 3600);
            Assert.AreEqual("CERT-2", device.Clients.Last.Certificate);
            Assert.IsTrue(device.Trace.Count("CONNECT CERT-c") > 1);
        }

        [TestMethod]
        public void AnOldCertificateIsRotatedOnceWithNoWriteBefore()
        {
            FakeDevice device = new FakeDevice();
            Configure(device, "\"rotateAfterDays\":240");
            device.Cloud.Pem = Old;
            device.Run(10);
            device.Cloud.Pem = New;
            device.Cloud.IsClaimActive = false;
            device.Cloud.Kept = 80;
            Command(device, 5, "{\"id\":\"r\",\"command\":\"report\"}");
            device.Trace.Clear();
            device.Storage.Remove("attempts.0");
            device.Clock.UtcNow = new System.DateTime(2026, 8, 30, 2, 0, 0); // 239 days and 23 hours
            device.Run(3600);
            Assert.AreEqual("2026-01-02T03:04:05", (string)Answer(device, "r")["CERTIFICATE_NOT_BEFORE"]);
            Assert.AreEqual(0, device.Trace.Count("write"));
            Assert.AreEqual(1, device.Cloud.Certificates.Count);

            // At a moment of its own within the next twentieth of the interval
            device.Run(12 * Day + (2 * 3600));
            CheckRotated(device, "by its age");
            Assert.AreEqual(2, device.Cloud.Certificates.Count);
            Assert.AreEqual("write attempts.0", device.Trace.ToString().Substring(device.Trace.ToString().IndexOf("write"), 16));
            Assert.IsTrue(device.Trace.IndexOf("SUBSCRIBE 4") < device.Trace.IndexOf("write"));
            Assert.AreEqual(3, device.Trace.Count("write"));
            device.Run(30 * Day);
            Assert.AreEqual(2, device.Cloud.Certificates.Count);
        }

        [TestMethod]
        public void ARotationByAgeThatFailsIsTriedOnceADayAcrossReboots()
        {
            // A policy that does not allow it, a cloud that does not answer, and a certificate that is as old as the one before
            for (int i = 0; i < 3; i++)
            {
                FakeDevice device = new FakeDevice();
                Configure(device, "\"rotateAfterDays\":1");
                device.Cloud.Pem = Old;
                device.Run(10);
                device.Clock.Pass(3600 * 1000);
                device.Cloud.IsProvisioningDenied = i == 0;
                device.Cloud.Always("CreateKeys", i == 1 ? "lose" : "ok");
                device.Run(24 * 3600);
                device.Trace.Clear();
                for (int boot = 0; boot < 6; boot++)
                {
                    device.Run(12 * 3600);
                }

                int tries = device.Trace.Count("SUBSCRIBE 4");
                Assert.IsTrue(tries >= 2 && tries <= 4, "case " + i.ToString() + " tries " + tries.ToString());
                Assert.IsTrue(device.Trace.Count("write") <= 80, device.Trace.Count("write").ToString());
                Assert.AreEqual(device.Agent.Status.Publisher.Taken, device.Agent.Status.Publisher.Published);
            }
        }

        [TestMethod]
        public void ACertificateWhoseAgeCannotBeToldIsLeftAlone()
        {
            FakeDevice device = new FakeDevice();
            Configure(device, "\"rotateAfterDays\":1");
            device.Run(2 * Day);
            Assert.AreEqual(1, device.Cloud.Certificates.Count);
            Assert.AreEqual(1, device.Trace.Count("SUBSCRIBE 4"), "the first one's");
        }

        private static FakeDevice Provisioned()
        {
            FakeDevice device = new FakeDevice();
            device.Run(10);
            Assert.AreEqual(1, device.Cloud.Certificates.Count);
            device.Clock.Pass(5000);
            device.Trace.Clear();
            device.Storage.Remove("attempts.0"); // so that its slots are those of a fresh start
            device.Cloud.IsClaimActive = true;
            return device;
        }

        private static void Configure(FakeDevice device, string provisioning)
        {
            int at = FakeDevice.Factory.IndexOf("\"template\":");
            device.Put("agent.json", "{" + FakeDevice.Factory.Substring(0, at) + provisioning + "," + FakeDevice.Factory.Substring(at) + ",\"sensors\":[{\"type\":\"fake\"}]}");
        }

        /// <summary>A command, which the broker keeps until the device has subscribed.</summary>
        private static void Command(FakeDevice device, int second, string json)
        {
            device.Clock.After(second * 1000, () =>
            {
                if (device.Clients.Live == null || !device.Clients.Live.Filters.Contains(FakeDevice.CommandTopic))
                {
                    Command(device, 1, json);
                    return;
                }

                device.Cloud.Send(device.Clients.Live, FakeDevice.CommandTopic, Encoding.UTF8.GetBytes(json), false);
            });
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
        private static void WhenRegistered(FakeDevice device, int number)
        {
            device.Clock.After(10, () =>
            {
                FakeCertificate certificate = device.Cloud.Certificates.Count < number ? null : (FakeCertificate)device.Cloud.Certificates[number - 1];
                if (certificate != null && certificate.IsActive)
                {
                    certificate.IsActive = false;
                }
                else
                {
                    WhenRegistered(device, number);
                }
            });
        }

        /// <summary>Whether the identity is another, and the claim was not used for it.</summary>
        private static void CheckRotated(FakeDevice device, string when)
        {
            CheckReplaced(device, when);
            Assert.AreEqual(0, device.Trace.Count("CONNECT CERT-c"), "the claim was used " + when);
        }

        private static void CheckReplaced(FakeDevice device, string when)
        {
            FakeCertificate newest = (FakeCertificate)device.Cloud.Certificates[device.Cloud.Certificates.Count - 1];
            DeviceIdentity identity = new IdentityStore(device.Storage).Load();
            Assert.AreEqual("id-" + newest.Number.ToString(), identity.CertificateId, when);
            Assert.AreEqual("id-1", identity.ReplacedCertificateId, when);
            Assert.IsTrue(Text.Begins(device.Clients.Last.Certificate, "CERT-" + newest.Number.ToString()), when);
            Assert.AreEqual(2, device.Cloud.ActiveOf(FakeDevice.Name), "active certificates " + when);
            Assert.IsNull(device.Storage.Peek(ProvisioningJournal.FileName), "a journal is left " + when);
            Assert.AreEqual(device.Agent.Status.Publisher.Taken, device.Agent.Status.Publisher.Published, when);
            Assert.IsTrue(device.Agent.Status.Publisher.Published > 0, "nothing published " + when);
        }
    }
}
