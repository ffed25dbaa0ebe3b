using System;
using System.Text;
using DeviceAgent.Agent;
using DeviceAgent.Crypto;
using DeviceAgent.Identity;
using DeviceAgent.Provisioning;
using DeviceAgent.Settings;
using DeviceAgent.Tests.Fakes;
using nanoFramework.TestFramework;

namespace DeviceAgent.Tests.Provisioning
{
    [TestClass]
    public class DeviceKeyTests
    {
        private const string Create = "CreateCertificateFromCsr: ";
        private const string Permission = "the claim policy must allow iot:Publish and iot:Receive on topic/$aws/certificates/create-from-csr/* and iot:Subscribe on topicfilter/$aws/certificates/create-from-csr/*, which AWS's sample policy for claims does not";

        // A key takes seconds on a board: most tests use this one
        private static byte[] s_record;

        [TestMethod]
        public void TheKeyIsDurableBeforeAnythingIsAskedForAndGoesOnceAnIdentityHasIt()
        {
            FakeDevice device = new FakeDevice();
            FleetProvisioning provisioning = Make(device);
            Run(device, provisioning, ProvisioningOutcome.Done);
            Assert.AreEqual(
                "write device.key | CONNECT CERT-c as a0b1c2d3e4f5 | SUBSCRIBE 4 | write attempts.0 | CreateFromCsr QoS 0 | write provisioning | RegisterThing QoS 0 | write identity.0 | delete device.key | DISCONNECT CERT-c",
                device.Trace.ToString());
            DeviceIdentity identity = new IdentityStore(device.Storage).Load();
            Assert.AreEqual(228, identity.Key.Length);
            Assert.AreEqual("-----BEGIN EC PRIVATE KEY-----\n", Encoding.UTF8.GetString(identity.Key, 0, 31));
            Assert.IsTrue(provisioning.IsTaken(Settings(device), identity.Certificate, identity.Key, false), "the identity's key is not the request's");
            Assert.IsTrue(device.Log.Has("made and stored in"));
        }

        [TestMethod]
        public void APowerCutInTheWritingOfTheKeyCostsNoCertificate()
        {
            int[] ways = new int[] { 10, MemoryStorage.After };
            for (int i = 0; i < ways.Length; i++)
            {
                CutAndCheck(new FakeDevice(), 1, ways[i]);
            }
        }

        [TestMethod]
        public void APowerCutAtAnyChangeCostsNoSecondKey()
        {
            // The count of the request, the journal, the identity, then the key and the journal go
            int[] ways = new int[] { MemoryStorage.Before, MemoryStorage.Deleted, 10, MemoryStorage.After };
            for (int change = 1; change <= 5; change++)
            {
                for (int i = 0; i < ways.Length; i++)
                {
                    CutAndCheck(WithKey(), change, ways[i]);
                }
            }
        }

        [TestMethod]
        public void OneKeyIsAskedWithUntilAnIdentityHasItAndNoneTwice()
        {
            FakeDevice device = WithKey();
            device.Cloud.Next("CreateFromCsr", "close");
            device.Cloud.Next("CreateFromCsr", "lose");
            device.Cloud.Next("CreateFromCsr", "rejected {\"statusCode\":400}");
            FleetProvisioning provisioning = Make(device);
            Run(device, provisioning, ProvisioningOutcome.Failed);
            Run(device, provisioning, ProvisioningOutcome.Failed);
            Run(device, Make(device), ProvisioningOutcome.Refused); // another boot
            Run(device, Make(device), ProvisioningOutcome.Done);
            Assert.AreEqual(1, device.Cloud.PublicKeys.Count);
            Assert.IsNull(device.Storage.Peek(DeviceKey.FileName));

            // The power has gone before the key could; then another identity is wanted
            device.Storage.Put(DeviceKey.FileName, s_record);
            IdentityStore store = new IdentityStore(device.Storage);
            DeviceIdentity first = store.Load();
            provisioning = Make(device);
            Assert.AreEqual((int)ProvisioningOutcome.Done, (int)provisioning.Run(Settings(device), first), provisioning.Problem);
            Assert.AreEqual(2, device.Cloud.PublicKeys.Count);
            DeviceIdentity second = store.Load();
            Assert.IsTrue(provisioning.IsTaken(Settings(device), second.Certificate, second.Key, false));

            // The first identity is in the other slot still
            device.Storage.Put(DeviceKey.FileName, s_record);
            device.Cloud.Always("CreateFromCsr", "lose");
            AgentSettings settings = Settings(device);
            settings.MaxCertificatesPerDay = 6;
            Assert.AreEqual((int)ProvisioningOutcome.Failed, (int)provisioning.Run(settings, second), provisioning.Problem);
            Assert.AreEqual(3, device.Cloud.PublicKeys.Count);
        }

        [TestMethod]
        public void ATornOrDamagedKeyCountsAsNone()
        {
            FakeDevice device = WithKey();
            byte[] whole = device.Storage.Peek(DeviceKey.FileName);
            DeviceKey key = new DeviceKey(device.Storage, device.Board);
            for (int length = 0; length < whole.Length; length += 7)
            {
                byte[] part = new byte[length];
                Array.Copy(whole, 0, part, 0, length);
                device.Storage.Put(DeviceKey.FileName, part);
                Assert.IsFalse(key.Load(), "the first " + length.ToString() + " bytes");
            }

            device.Storage.Put(DeviceKey.FileName, whole);
            for (int bit = 0; bit < whole.Length * 8; bit += 5)
            {
                device.Storage.Flip(DeviceKey.FileName, bit);
                Assert.IsFalse(key.Load(), "bit " + bit.ToString());
                device.Storage.Flip(DeviceKey.FileName, bit);
            }

            device.Storage.Put(DeviceKey.FileName, Record.Create("DAK1", 0, new byte[][] { Bytes("-----BEGIN KEY\0"), Bytes("no request") }));
            Assert.IsFalse(key.Load());
            device.Storage.Put(DeviceKey.FileName, whole);
            Assert.IsTrue(key.Load());
            device.Storage.Unreadable = DeviceKey.FileName;
            Assert.IsFalse(key.Load());
            Assert.IsNull(key.Key);
        }

        [TestMethod]
        public void AKeyThatCannotBeStoredIsNotAskedWith()
        {
            for (int i = 0; i < 2; i++)
            {
                FakeDevice device = new FakeDevice();
                device.Storage.FailAt = i == 0 ? 1 : 0;
                device.Storage.FullFrom = i == 1 ? 1 : 0;
                device.Storage.IsFullSilently = true;
                FleetProvisioning provisioning = Make(device);
                Run(device, provisioning, ProvisioningOutcome.Refused);
                Assert.IsTrue(provisioning.Problem.StartsWith("the device's own key: device.key "), provisioning.Problem);
                Assert.AreEqual(0, device.Clients.Made);
            }
        }

        [TestMethod]
        public void BytesThatAreNoKeyAreMadeAnew()
        {
            FakeDevice device = new FakeDevice();
            device.Board.StuckBytes = 4 * EcKey.Size;
            DeviceKey key = new DeviceKey(device.Storage, device.Board);
            Assert.Contains("random", key.Make("a"));
            Assert.AreEqual(0, device.Storage.Writes);

            // And a name that is too long for a subject is the board's instead
            device.Board.StuckBytes = EcKey.Size;
            AgentSettings settings = Settings(device);
            settings.ThingName = new string('n', 65);
            device.Cloud.Next("CONNECT", "-9984");
            Assert.AreEqual((int)ProvisioningOutcome.Failed, (int)Make(device).Run(settings, null));
            Assert.IsTrue(key.Load());
            byte[] request = Pem.Decode(key.Request);
            Assert.AreEqual(FakeDevice.Name, Encoding.UTF8.GetString(request, 21, 12));
        }

        [TestMethod]
        public void TheFactorysKeyAndRequestAreUsed()
        {
            FakeDevice device = WithFactoryKey();
            FleetProvisioning provisioning = Make(device);
            Run(device, provisioning, ProvisioningOutcome.Done);
            Assert.AreEqual(0, device.Trace.Count("write device.key"));
            byte[] key = device.Storage.Peek(DeviceKey.FactoryKey);
            DeviceIdentity identity = new IdentityStore(device.Storage).Load();
            Assert.AreEqual(Encoding.UTF8.GetString(key, 0, key.Length), Encoding.UTF8.GetString(identity.Key, 0, identity.Key.Length - 1));
            Assert.IsTrue(provisioning.IsTaken(Settings(device), identity.Certificate, identity.Key, false));

            // For another certificate too: there is no other
            Assert.AreEqual((int)ProvisioningOutcome.Done, (int)provisioning.Run(Settings(device), identity), provisioning.Problem);
            Assert.AreEqual(2, device.Cloud.Certificates.Count);
            Assert.AreEqual(1, device.Cloud.PublicKeys.Count);
        }

        [TestMethod]
        public void WhatIsWrongWithTheFactorysFilesIsNamedBeforeAnythingIsAskedFor()
        {
            CheckFactory(DeviceKey.FactoryKey, null, "device.pem.key is missing or cannot be read, and device.pem.csr is there");
            CheckFactory(DeviceKey.FactoryRequest, null, "device.pem.csr is missing or cannot be read, and device.pem.key is there");
            CheckFactory(DeviceKey.FactoryRequest, "-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----\n", "device.pem.csr is no certificate request");
            CheckFactory(DeviceKey.FactoryRequest, "0\u0082", "device.pem.csr is no certificate request");
            CheckFactory(DeviceKey.FactoryKey, "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n", "device.pem.key cannot be read");

            byte[] der = new byte[] { 0x30, 0x25, 0x02, 0x01, 0x01, 0x04, 0x20, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32 };
            byte[] withoutPoint = Pem.Encode("EC PRIVATE KEY", der);
            CheckFactory(DeviceKey.FactoryKey, Encoding.UTF8.GetString(withoutPoint, 0, withoutPoint.Length), "device.pem.key is without its public point");

            // Another board's key: as long, and with its public part
            FakeDevice device = WithFactoryKey();
            byte[] key = device.Storage.Peek(DeviceKey.FactoryKey);
            key[150] = key[150] == (byte)'A' ? (byte)'B' : (byte)'A';
            CheckFactory(DeviceKey.FactoryKey, Encoding.UTF8.GetString(key, 0, key.Length), "device.pem.key is not the key that device.pem.csr is for");
        }

        [TestMethod]
        public void ACertificateForAnotherKeyIsRefusedBeforeItIsJournalled()
        {
            FakeDevice device = WithKey();
            device.Cloud.Next("CreateFromCsr", "answered {\"certificateId\":\"id-#\",\"certificatePem\":\"-----BEGIN CERT-#\\n" + new string('A', 200) + "\\n-----END CERT-#\",\"certificateOwnershipToken\":\"TOKEN-#\"}");
            FleetProvisioning provisioning = Make(device);
            Run(device, provisioning, ProvisioningOutcome.Refused);
            Assert.AreEqual(Create + "the answer cannot be used: its certificate is for another key than the device's", provisioning.Problem);
            Assert.AreEqual(0, device.Trace.Count("write provisioning"));
            Run(device, provisioning, ProvisioningOutcome.Done);
            Assert.AreEqual(1, device.Cloud.PublicKeys.Count);
        }

        [TestMethod]
        public void AKeyInTheAnswerIsNotTaken()
        {
            MemoryStorage storage = new MemoryStorage(null);
            ProvisioningJournal journal = new ProvisioningJournal(storage);
            byte[] key = Bytes("-----BEGIN KEY-own\0");
            string answer = "\"certificateId\":\"id-1\",\"certificatePem\":\"-----BEGIN CERT-1\",\"certificateOwnershipToken\":\"t\"}";
            Assert.IsNull(journal.Take(Bytes("{" + answer), 0, key));
            Assert.AreEqual("-----BEGIN KEY-own\0", Encoding.UTF8.GetString(journal.GetKey(), 0, journal.GetKey().Length));
            Assert.IsNull(journal.Take(Bytes("{\"privateKey\":\"-----BEGIN KEY-cloud\\u0000\"," + answer), 0, key));
            Assert.IsNull(journal.Save());
            Assert.IsTrue(journal.Load());
            Assert.AreEqual("-----BEGIN KEY-own\0", Encoding.UTF8.GetString(journal.GetKey(), 0, journal.GetKey().Length));
            Assert.AreEqual("-----BEGIN CERT-1", Encoding.UTF8.GetString(journal.GetCertificate(), 0, 17));
            Assert.AreEqual("certificateId, certificatePem or certificateOwnershipToken is missing", journal.Take(Bytes("{}"), 0, key));
        }

        [TestMethod]
        public void ARequestThatWasThrottledDoesNotCount()
        {
            FakeDevice device = WithKey();
            device.Cloud.Next("CreateFromCsr", "rejected {\"statusCode\":429,\"errorCode\":\"ThrottlingException\",\"errorMessage\":\"slow\"}");
            FleetProvisioning provisioning = Make(device);
            AgentSettings settings = Settings(device);
            settings.MaxCertificatesPerDay = 1;
            Assert.AreEqual((int)ProvisioningOutcome.Failed, (int)provisioning.Run(settings, null));
            Assert.AreEqual(Create + "rejected: statusCode 429, errorCode ThrottlingException, errorMessage slow", provisioning.Problem);
            device.Cloud.Next("CreateFromCsr", "lose");
            Assert.AreEqual((int)ProvisioningOutcome.Failed, (int)provisioning.Run(settings, null));
            Assert.AreEqual((int)ProvisioningOutcome.Spent, (int)provisioning.Run(settings, null));
            Assert.IsTrue(provisioning.Problem.StartsWith(Create + "the 1 certificates of 24 hours"), provisioning.Problem);
        }

        [TestMethod]
        public void WhatTheClaimPolicyHasToAllowIsTold()
        {
            string[] cases = new string[] { "SUBSCRIBE", "close", "SUBSCRIBE", "refuse", "CreateFromCsr", "close", "CreateFromCsr", "silence" };
            for (int i = 0; i < cases.Length; i += 2)
            {
                FakeDevice device = WithKey();
                device.Cloud.Next(cases[i], cases[i + 1]);
                FleetProvisioning provisioning = Make(device);
                Run(device, provisioning, ProvisioningOutcome.Failed);
                Assert.Contains(Permission, provisioning.Problem);
                Assert.IsTrue(device.Log.Has(Permission));
                Run(device, provisioning, ProvisioningOutcome.Done);
            }
        }

        /// <summary>Lets the power go in a change of the first boot, and sees that the next boots come to an identity with one key.</summary>
        private static void CutAndCheck(FakeDevice device, int change, int way)
        {
            string told = "change " + change.ToString() + ", " + way.ToString();
            device.Use(ProvisioningMethod.ClaimCsr);
            device.Storage.CutAt = change;
            device.Storage.CutBytes = way;
            device.Run(100);
            device.Run(100);
            Assert.IsTrue(device.Agent.Status.Connections > 0, told);
            Assert.AreEqual(1, device.Cloud.PublicKeys.Count, told);
            Assert.AreEqual(1, device.Cloud.ActiveOf(FakeDevice.Name), told);
            Assert.IsNull(device.Storage.Peek(DeviceKey.FileName), told);
            Assert.IsNull(device.Storage.Peek(ProvisioningJournal.FileName), told);
        }

        private static void CheckFactory(string file, string content, string problem)
        {
            FakeDevice device = WithFactoryKey();
            if (content == null)
            {
                device.Storage.Remove(file);
            }
            else
            {
                device.Put(file, content);
            }

            FleetProvisioning provisioning = Make(device);
            Run(device, provisioning, ProvisioningOutcome.Refused);
            Assert.Contains(problem, provisioning.Problem);
            Assert.AreEqual(0, device.Clients.Made);
            Assert.AreEqual(0, device.Storage.Writes);
        }

        /// <summary>A board that has made its key.</summary>
        private static FakeDevice WithKey()
        {
            FakeDevice device = new FakeDevice();
            if (s_record == null)
            {
                device.Board.Random(256); // so that it is another than the first that a board makes
                Assert.IsNull(new DeviceKey(device.Storage, device.Board).Make(FakeDevice.Name));
                s_record = device.Storage.Peek(DeviceKey.FileName);
                device = new FakeDevice();
            }

            device.Storage.Put(DeviceKey.FileName, s_record);
            return device;
        }

        /// <summary>A board whose key the factory has made.</summary>
        private static FakeDevice WithFactoryKey()
        {
            FakeDevice device = WithKey();
            DeviceKey key = new DeviceKey(device.Storage, device.Board);
            Assert.IsTrue(key.Load());
            device.Put(DeviceKey.FactoryKey, Encoding.UTF8.GetString(key.Key, 0, key.Key.Length - 1));
            device.Storage.Put(DeviceKey.FactoryRequest, key.Request);
            device.Storage.Remove(DeviceKey.FileName);
            return device;
        }

        private static AgentSettings Settings(FakeDevice device)
        {
            AgentSettings settings = device.ReadSettings();
            settings.Method = ProvisioningMethod.ClaimCsr;
            return settings;
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
            device.Clock.Pass(5000);
            ProvisioningOutcome outcome = provisioning.Run(Settings(device), null);
            Assert.AreEqual((int)expected, (int)outcome, provisioning.Problem);
            Assert.IsNull(device.Clients.Live, "a client is left");
            Assert.IsNull(device.Clients.Fault, device.Clients.Fault);
            Assert.IsNull(device.Log.Leak, "a secret is in the log");
        }

        private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
    }
}
