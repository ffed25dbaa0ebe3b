using System.Text;
using DeviceAgent.Agent;
using DeviceAgent.Identity;
using DeviceAgent.Provisioning;
using DeviceAgent.Tests.Fakes;
using nanoFramework.TestFramework;

namespace DeviceAgent.Tests.Agent
{
    /// <summary>
    /// A test for each safeguard that keeps an exchange with the cloud from leaving debris: it fails where that one safeguard is taken away,
    /// and its name says which one it guards.
    /// </summary>
    [TestClass]
    public class SafeguardTests
    {
        [TestMethod]
        public void JournalBeforeRegisterThing_ACutAfterTheRegistrationLeavesNoCertificateWhoseKeyNobodyHas()
        {
            for (int i = 0; i < 2; i++)
            {
                FakeDevice device = new FakeDevice();
                device.Cloud.RefusesRepeats = i == 1;
                device.Cloud.Next("RegisterThing", "lose");
                CutWhenRegistered(device);
                device.Run(60);
                Assert.AreEqual(1, device.Cloud.ActiveOf(FakeDevice.Name), "it was registered when the power went");
                device.Clock.CutAt = 0;
                device.Run(60);
                Assert.AreEqual(1, device.Cloud.Certificates.Count);
                CheckIdentity(device, 1);
            }
        }

        // The count of requests, the journal and the identity
        [TestMethod]
        [DataRow(1)]
        [DataRow(2)]
        [DataRow(3)]
        public void ReadBack_WhatWasWrittenWrongDoesNotCount(int write)
        {
            FakeDevice device = new FakeDevice();
            device.Storage.CorruptAt = write;
            device.Run(20);
            Assert.AreEqual(1, device.Cloud.ActiveOf(FakeDevice.Name), "a certificate was registered that is not kept");
            int certificates = device.Cloud.Certificates.Count;
            Assert.AreEqual(write == 2 ? 2 : 1, certificates);
            AttemptRecord attempts = new AttemptRecord(device.Storage, device.Clock);
            attempts.Load();
            Assert.AreEqual(certificates == 1, attempts.UntilAllowed(2) == 0);
            Assert.IsTrue(attempts.UntilAllowed(1) > 0, "a request was made that is not counted");
            device.Run(60);
            Assert.AreEqual(certificates, device.Cloud.Certificates.Count);
            CheckIdentity(device, certificates);
        }

        [TestMethod]
        public void ReadBack_AFullStorageThatSaysNothingCostsOneRequestAndNoRegistration()
        {
            FakeDevice device = new FakeDevice();
            device.Storage.FullFrom = 2;
            device.Storage.IsFullSilently = true;
            device.Run(30);
            Assert.AreEqual(0, device.Trace.Count("RegisterThing"));
            Assert.AreEqual(1, device.Trace.Count("CreateKeys"), "the second could not be counted");
        }

        [TestMethod]
        public void Crc_ADamagedRecordIsNotBelieved()
        {
            // One bit of the newest identity: in the thing's name, the certificate, the key
            int[] bits = new int[] { 12 * 8, 45 * 8, 60 * 8 };
            for (int i = 0; i < bits.Length; i++)
            {
                FakeDevice device = WithTwoSlots();
                byte[] newest = device.Storage.Peek("identity.1");
                byte before = newest[bits[i] / 8];
                device.Storage.Flip("identity.1", bits[i]);
                Assert.IsTrue(before != newest[bits[i] / 8]);
                device.Run(20);
                Assert.AreEqual(1, device.Cloud.Certificates.Count, "bit " + bits[i].ToString());
                Assert.AreEqual(FakeDevice.Name, device.Clients.Last.ClientId);
                Assert.AreEqual("CERT-1", device.Clients.Last.Certificate);
                Assert.AreEqual("KEY-1", device.Clients.Last.Key);
                Assert.AreEqual(60, device.Agent.Status.Publisher.IntervalSeconds, "the older slot counts");
            }

            // One bit of the journal, in the certificate's id: nothing of it is gone on with
            FakeDevice torn = new FakeDevice();
            torn.Cloud.Always("RegisterThing", "close");
            torn.Run(4);
            torn.Cloud.Always("RegisterThing", "ok");
            torn.Storage.Flip(ProvisioningJournal.FileName, 15 * 8);
            torn.Run(60);
            CheckIdentity(torn, 2);
            Assert.AreEqual(1, torn.Cloud.ActiveOf(FakeDevice.Name));
        }

        [TestMethod]
        public void SecondSlot_ACutAnywhereInTheWriteOfAnIdentityLeavesTheOneBefore()
        {
            int[] lengths = new int[] { MemoryStorage.Before, MemoryStorage.Deleted, 0, 1, 9, 40, 80, MemoryStorage.After };
            for (int i = 0; i < lengths.Length; i++)
            {
                FakeDevice device = new FakeDevice();
                device.Run(10);
                for (int interval = 10; interval <= 11; interval++)
                {
                    device.Storage.CutAt = 1;
                    device.Storage.CutBytes = lengths[i];
                    string command = "{\"id\":\"1\",\"command\":\"set-interval\",\"intervalSeconds\":" + interval.ToString() + "}";
                    device.Clock.After(5000, () => device.Cloud.Send(device.Clients.Live, FakeDevice.CommandTopic, Encoding.UTF8.GetBytes(command), false));
                    device.Run(60);
                    device.Run(10);
                    Assert.AreEqual(1, device.Cloud.Certificates.Count, "the identity is lost by a cut at " + lengths[i].ToString());
                    CheckIdentity(device, 1);
                }
            }
        }

        [TestMethod]
        public void QosZeroRequest_ASlowAnswerIsWaitedForAndNoSecondCertificateAskedFor()
        {
            FakeDevice device = new FakeDevice();
            device.Cloud.AnswerTime = 2500;
            device.Run(60);
            Assert.AreEqual(1, device.Trace.Count("CreateKeys QoS 0"));
            Assert.AreEqual(1, device.Cloud.Certificates.Count);
            CheckIdentity(device, 1);
        }

        [TestMethod]
        public void DisposeOfTheClaimClient_ItIsFreedBeforeTheNextClientIsMade()
        {
            string[] faults = new string[] { "ok", "close", "lose", "rejected {\"statusCode\":500}" };
            for (int i = 0; i < faults.Length; i++)
            {
                FakeDevice device = new FakeDevice();
                device.Cloud.Next("CreateKeys", faults[i]);
                device.Run(60); // which looks for a client that was made while another was there
                Assert.AreEqual(i == 0 ? 2 : 3, device.Clients.Made);
                Assert.IsNull(device.Clients.Live);
                CheckIdentity(device, device.Cloud.Certificates.Count);
            }
        }

        [TestMethod]
        public void PersistedBudget_FiveRequestsADayAreAllAcrossRebootsAndClocksThatJump()
        {
            FakeDevice device = new FakeDevice();
            device.Cloud.Always("CreateKeys", "lose");
            device.Board.Chance = 0;
            for (int boot = 0; boot < 12; boot++)
            {
                device.Clock.UtcNow = boot % 3 == 0 ? new System.DateTime(2030, 1, 1) : new System.DateTime(2026, 8, 2);
                device.Run(20);
            }

            Assert.AreEqual(5, device.Trace.Count("CreateKeys"));
            device.Run(23 * 3600);
            Assert.AreEqual(5, device.Trace.Count("CreateKeys"));
            device.Cloud.Always("CreateKeys", "ok");
            device.Run(3 * 3600); // the last hour that is not written counts once more
            CheckIdentity(device, 6);
        }

        [TestMethod]
        public void ProofMark_AnIdentityGoesOnlyForOneThatHasConnected()
        {
            // The new certificate is registered and stored, and the power goes before it could connect; then it is not in force
            FakeDevice device = new FakeDevice();
            device.Run(10);
            device.Clock.Pass(5000);
            device.Board.IsResetButtonHeld = true;
            CutWhenStored(device);
            device.Run(60);
            device.Board.IsResetButtonHeld = false;
            device.Clock.CutAt = 0;
            Assert.AreEqual("id-2", new IdentityStore(device.Storage).Load().CertificateId);
            ((FakeCertificate)device.Cloud.Certificates[1]).IsActive = false;
            device.Cloud.RefusesRepeats = true;
            device.Run(600);
            CheckIdentity(device, 1);
            Assert.AreEqual("CERT-1", device.Clients.Last.Certificate);
        }

        private static FakeDevice WithTwoSlots()
        {
            FakeDevice device = new FakeDevice();
            device.Clock.After(5000, () => device.Cloud.Send(device.Clients.Live, FakeDevice.CommandTopic, Encoding.UTF8.GetBytes("{\"id\":\"1\",\"command\":\"set-interval\",\"intervalSeconds\":7}"), false));
            device.Run(10);
            Assert.AreEqual(7, device.Agent.Status.Publisher.IntervalSeconds);
            return device;
        }

        /// <summary>The power goes at the first wait after the thing was registered.</summary>
        private static void CutWhenRegistered(FakeDevice device)
        {
            device.Clock.After(10, () =>
            {
                if (device.Cloud.ActiveOf(FakeDevice.Name) > 0)
                {
                    device.Clock.CutAt = 1;
                }
                else
                {
                    CutWhenRegistered(device);
                }
            });
        }

        /// <summary>The power goes at the first wait after a second identity was stored.</summary>
        private static void CutWhenStored(FakeDevice device)
        {
            device.Clock.After(10, () =>
            {
                if (device.Storage.Peek("identity.1") != null)
                {
                    device.Clock.CutAt = 1;
                }
                else
                {
                    CutWhenStored(device);
                }
            });
        }

        private static void CheckIdentity(FakeDevice device, int number)
        {
            Assert.AreEqual("id-" + number.ToString(), new IdentityStore(device.Storage).Load().CertificateId);
            Assert.IsNull(device.Storage.Peek(ProvisioningJournal.FileName), "a journal is left");
            Assert.IsTrue(device.Agent.Status.Publisher.Published > 0, "nothing is published");
        }
    }
}
