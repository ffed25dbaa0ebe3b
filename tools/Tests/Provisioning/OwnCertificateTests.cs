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
    /// <summary>Boards that carry a certificate of the owner's own CA, which the cloud registers when they first connect: method <c>jitp</c>.</summary>
    [TestClass]
    public class OwnCertificateTests
    {
        private const string Name = "board-01:AB_cd";
        private const string Other = "press-7";
        private const string Id = "9ad8410540488445794ff53d45dc2200e311cca0c910de0a88f5e917165e5f5d";
        private const string OtherId = "1f668e755a25797ac278e370a54d7fddc5df5d96044ef05bd5b62edef162d894";
        private const string Reprovision = "{\"id\":\"n-1\",\"command\":\"reprovision\"}";
        private const string Tried = "CONNECT CERT-1 as board-01:AB_cd | ";

        [TestMethod]
        public void TheFirstConnectionsAreDroppedByDesignAndTheDeviceIsInSoon()
        {
            FakeDevice device = Make(Name, 2);
            device.Board.Chance = 100;
            device.Run(60);
            Assert.AreEqual(Tried + Tried + Tried + "DISCONNECT CERT-1 | write identity.0 | " + Tried + "SUBSCRIBE 1 | DISCONNECT CERT-1", device.Trace.ToString());
            Assert.AreEqual(1, device.Agent.Status.Publisher.Published);
            Assert.AreEqual("dt/weather/tokyo/lab/" + Name, (string)device.Cloud.Topics[0]);
            Assert.AreEqual(2, device.Log.Count("TLS error -80: iot.example closed the connection in the handshake: it does not accept the client certificate (unknown, inactive or revoked); the first connections are dropped while the cloud registers the certificate, so it is tried again"));
            DeviceIdentity identity = new IdentityStore(device.Storage).Load();
            Assert.AreEqual(Name, identity.ThingName);
            Assert.AreEqual(Id, identity.CertificateId);
            Assert.AreEqual("", identity.ReplacedCertificateId);
            Assert.AreEqual(0, identity.Configuration.Length);
            Assert.AreEqual(device.Storage.Peek(PemFile.DeviceCertificate).Length + 1, identity.Certificate.Length);
            Assert.IsTrue(device.Clients.AreUsable(identity.Certificate, identity.Key));

            // A later boot is one of every other method's: with what is stored, and with no change of the storage
            device.Trace.Clear();
            device.Storage.Remove(PemFile.DeviceCertificate);
            device.Run(60);
            Assert.AreEqual(Tried + "SUBSCRIBE 1 | DISCONNECT CERT-1", device.Trace.ToString());
        }

        [TestMethod]
        public void FourDropsTakeHalfAMinuteAtMost()
        {
            FakeDevice device = Make(Name, 4);
            device.Board.Chance = 100;
            device.Run(33);
            Assert.AreEqual(Id, new IdentityStore(device.Storage).Load().CertificateId);
            Assert.AreEqual(3, device.Storage.Writes, "the identity; that the pause has grown to half a minute; that it is short again");
        }

        [TestMethod]
        public void ACertificateThatIsNeverLetInIsTriedPatientlyAndTheLogSaysWhatToLookAt()
        {
            FakeDevice device = Make(Name, 0);
            device.Run(120);
            Assert.AreEqual(4, device.Log.Count("so it is tried again"));
            Assert.IsTrue(device.Log.Has("; 5 times now, so look at the cloud's side: is the certificate's CA registered, active and with auto-registration on,"));
            device.Run(24 * 3600);
            Assert.IsTrue(device.Clients.Made > 30 && device.Clients.Made < 80, device.Clients.Made.ToString());
            Assert.IsNull(new IdentityStore(device.Storage).Load());
            Assert.IsTrue(device.Storage.Writes <= 8, device.Storage.Writes.ToString());
            Assert.AreEqual(0, device.Trace.Count("CreateKeys"));

            // The owner activates it; the pause that had grown holds over a reboot
            ((FakeCertificate)device.Cloud.Certificates[0]).IsActive = true;
            device.Run(2 * 3600);
            Assert.IsTrue(device.Log.Has("waiting 1799 s, since attempts before this start have failed"));
            Assert.IsTrue(device.Agent.Status.Publisher.Published > 0);
        }

        [TestMethod]
        public void WhateverADropLooksLikeItIsTriedAgain()
        {
            string[] drops = new string[] { "close", "silence", "code 5", "code+close 7", "-80", "1" };
            for (int i = 0; i < drops.Length; i++)
            {
                FakeDevice device = Make(Name, 0);
                ((FakeCertificate)device.Cloud.Certificates[0]).IsActive = true;
                device.Cloud.Next("CONNECT", drops[i]);
                device.Cloud.Next("CONNECT", drops[i]);
                device.Run(100);
                Assert.AreEqual(4, device.Trace.Count("CONNECT"), drops[i]);
                Assert.AreEqual(drops[i] == "silence" ? 0 : 2, device.Log.Count("so it is tried again"));
                Assert.AreEqual(Id, new IdentityStore(device.Storage).Load().CertificateId, drops[i]);
            }

            // And what is none of the certificate's is no drop
            FakeDevice other = Make(Name, 0);
            ((FakeCertificate)other.Cloud.Certificates[0]).IsActive = true;
            other.Cloud.Next("CONNECT", "-9984");
            other.Cloud.Next("CONNECT", "10035");
            other.Run(60);
            Assert.IsFalse(other.Log.Has("first connections are dropped"));
            Assert.AreEqual(Id, new IdentityStore(other.Storage).Load().CertificateId);
        }

        [TestMethod]
        public void TheNameInTheSettingsComesBeforeTheCommonName()
        {
            FakeDevice device = Make("lamp-" + FakeDevice.Name, 1);
            Configure(device, ",\"thingName\":\"lamp-${mac}\"", "");
            device.Run(60);
            Assert.AreEqual("lamp-" + FakeDevice.Name, new IdentityStore(device.Storage).Load().ThingName);
            Assert.AreEqual("dt/weather/tokyo/lab/lamp-" + FakeDevice.Name, (string)device.Cloud.Topics[0]);

            // Then a certificate needs no common name, nor one that could be a thing's
            device = Make("lamp-" + FakeDevice.Name, 1);
            Configure(device, ",\"thingName\":\"lamp-${mac}\"", "");
            PutCertificate(device, 1, CertificateReaderTests.Nameless);
            device.Run(60);
            Assert.AreEqual(1, device.Agent.Status.Publisher.Published);
        }

        [TestMethod]
        public void ANameThatNoThingCanHaveIsNamed()
        {
            FakeDevice device = Make(Name, 0);
            PutCertificate(device, 1, CertificateReaderTests.Nameless);
            Refuse(device, "reading the board's own certificate: device.pem.crt has no common name: give thingName in agent.json");

            // "board-01:AB_cd" in base 64, in the subject, with a space for the colon
            device = Make(Name, 0);
            string body = CertificateReaderTests.Curve;
            int at = body.IndexOf("DmJvYXJkLTAxOkFCX2NkMFkw");
            PutCertificate(device, 1, body.Substring(0, at) + "DmJvYXJkLTAxIEFCX2NkMFkw" + body.Substring(at + 24));
            Refuse(device, "the common name \"board-01 AB_cd\" of device.pem.crt is not 1 to 128 of a-z A-Z 0-9 : _ -: give thingName in agent.json");

            device = Make(Name, 0);
            string deep = "\"location\":\"" + new string('x', 232) + "\"";
            string settings = Encoding.UTF8.GetString(device.Storage.Peek("agent.json"), 0, device.Storage.Peek("agent.json").Length);
            at = settings.IndexOf("\"location\":\"tokyo/lab\"");
            device.Put("agent.json", settings.Substring(0, at) + deep + settings.Substring(at + 22));
            Assert.IsNotNull(device.ReadSettings(), "without the name nothing is wrong yet");
            Refuse(device, "has more than 256 bytes: give thingName in agent.json, or flash another certificate");
        }

        [TestMethod]
        public void AMissingOrUnreadableFileIsNamedAndLookedForWithTheLongestPauses()
        {
            string[] cases = new string[] { PemFile.DeviceCertificate, PemFile.DeviceKey, PemFile.RootCa };
            for (int i = 0; i < cases.Length; i++)
            {
                FakeDevice device = Make(Name, 0);
                device.Storage.Remove(cases[i]);
                Refuse(device, cases[i] + (i == 2 ? ": it is missing" : " is missing: flash the certificate that your CA has made for this board, and its key"));
            }

            FakeDevice broken = Make(Name, 0);
            broken.Storage.Unreadable = PemFile.DeviceKey;
            Refuse(broken, "device.pem.key is missing");
            broken = Make(Name, 0);
            broken.Put(PemFile.DeviceCertificate, "-----BEGIN CERT-1\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
            Refuse(broken, "device.pem.crt does not begin with a certificate in PEM");
            broken = Make(Name, 0);
            broken.Put(PemFile.DeviceKey, "no key");
            Refuse(broken, "device.pem.crt or device.pem.key cannot be read");
        }

        [TestMethod]
        public void SettingsNeedNoTemplateAndNoParameters()
        {
            AgentSettings settings = Make(Name, 0).ReadSettings();
            Assert.AreEqual(ProvisioningMethod.Jitp, settings.Method);
            Assert.IsNull(settings.Template);
            Assert.IsNull(settings.ThingName);
            Assert.IsTrue(settings.IsNamedByCertificate);

            // The same file does for a fleet some of whose boards have another method
            FakeDevice device = Make(Name, 0);
            Configure(device, ",\"thingName\":\"${serial}\",\"serial\":\"S-7\"", ",\"template\":\"t\",\"parameters\":{\"A\":\"${thingName}\"}");
            settings = device.ReadSettings();
            Assert.AreEqual("S-7", settings.ThingName);
            Assert.IsFalse(settings.IsNamedByCertificate);
        }

        [TestMethod]
        public void WhatComesFromTheOwnersCaIsNotRotated()
        {
            FakeDevice device = Provisioned();
            Command(device, 20, Name, "{\"id\":\"n-1\",\"command\":\"rotate-certificate\"}");
            device.Run(60);
            Hashtable answer = Answer(device, "n-1");
            Assert.AreEqual("error", (string)answer["RESULT"]);
            Assert.AreEqual(ProvisioningMethod.NoRotation, (string)answer["ERROR"]);
            Assert.AreEqual(Tried + "SUBSCRIBE 1 | DISCONNECT CERT-1", device.Trace.ToString());

            Configure(device, "", ",\"rotateAfterDays\":300");
            SettingsReader reader = new SettingsReader(FakeDevice.Name);
            Assert.IsNull(reader.Read(device.Storage.Read(SettingsReader.FileName)));
            Assert.AreEqual("provisioning.rotateAfterDays cannot be: " + ProvisioningMethod.NoRotation, (string)reader.Problems[0]);
        }

        [TestMethod]
        public void AWishForARotationThatIsOlderThanTheMethodEnds()
        {
            FakeDevice device = Provisioned();
            AttemptRecord attempts = new AttemptRecord(device.Storage, device.Clock);
            attempts.Load();
            attempts.Unwanted = Id;
            attempts.IsRotation = true;
            Assert.IsNull(attempts.Save());
            device.Run(60);
            Assert.IsTrue(device.Log.Has("provisioning: rotating the certificate: " + ProvisioningMethod.NoRotation));
            Assert.IsTrue(device.Log.Has("the rotation is given up, and certificate " + Id + " stays in use"));
            Assert.AreEqual(1, device.Trace.Count("CONNECT"));
            Assert.AreEqual(1, device.Agent.Status.Publisher.Published);
        }

        [TestMethod]
        public void ReprovisioningWithTheSameCertificateEndsWithAReason()
        {
            FakeDevice device = Provisioned();
            device.Cloud.Kept = 80;
            Command(device, 20, Name, Reprovision);
            Command(device, 50, Name, "{\"id\":\"r\",\"command\":\"report\"}");
            device.Run(3600);
            Assert.Contains("device.pem.crt is the certificate that the device has already: flash the one that is to replace it", (string)Answer(device, "r")["LAST_ERROR"]);
            Assert.IsTrue(device.Log.Has("identity: it is not replaced, and no more tries are made"));
            Assert.AreEqual(2, device.Trace.Count("CONNECT"), "nothing is tried");
            Assert.AreEqual(60, device.Agent.Status.Publisher.Published);
            device.Trace.Clear();
            device.Run(60);
            Assert.AreEqual(Tried + "SUBSCRIBE 1 | DISCONNECT CERT-1", device.Trace.ToString());
        }

        [TestMethod]
        public void ACertificateThatWasFlashedSinceReplacesTheIdentityOnceItIsIn()
        {
            FakeDevice device = Provisioned();
            AddOther(device, 2);
            device.Run(60);
            Assert.AreEqual(Id, new IdentityStore(device.Storage).Load().CertificateId, "nobody has asked for it yet");
            device.Trace.Clear();
            Command(device, 20, Name, Reprovision);
            device.Run(120);
            Assert.AreEqual(3, device.Trace.Count("CONNECT CERT-2 as press-7") - 1, device.Trace.ToString());
            Assert.AreEqual(3, device.Trace.Count("CONNECT CERT-1"), "the device works on in between");
            Assert.AreEqual(2, device.Trace.Count("write"), "the wish, and the other slot");
            Check(device, Other, OtherId, Id);
            Assert.IsTrue(device.Log.Has("certificate " + OtherId + " has connected; " + Id + ", which it replaces, can be deactivated"));
            Assert.AreEqual("dt/weather/tokyo/lab/press-7", device.Agent.Status.Publisher.Topic);
            Assert.AreEqual(device.Agent.Status.Publisher.Taken, device.Agent.Status.Publisher.Published);

            device.Trace.Clear();
            device.Run(60);
            Assert.AreEqual("CONNECT CERT-2 as press-7 | SUBSCRIBE 1 | DISCONNECT CERT-2", device.Trace.ToString());
        }

        [TestMethod]
        public void ACertificateThatIsNeverLetInReplacesNothingAndTheDeviceWorksOn()
        {
            FakeDevice device = Provisioned();
            AddOther(device, 0);
            Command(device, 20, Name, Reprovision);
            device.Run(6 * 3600);
            Check(device, Name, Id, "");
            int tries = device.Trace.Count("CONNECT CERT-2");
            Assert.IsTrue(tries > 20 && tries < 80, tries.ToString());
            Assert.AreEqual(360, device.Agent.Status.Publisher.Published);

            // Over a reboot too, until another certificate is flashed, or the same one again
            device.Run(3600);
            Assert.IsTrue(device.Trace.Count("CONNECT CERT-2") > tries);
            PutCertificate(device, 1, CertificateReaderTests.Curve);
            device.Run(3600);
            Assert.IsTrue(device.Log.Has("identity: it is not replaced, and no more tries are made"));
            device.Trace.Clear();
            device.Run(3600);
            Assert.AreEqual(Tried + "SUBSCRIBE 1 | DISCONNECT CERT-1", device.Trace.ToString());
        }

        [TestMethod]
        public void ARefusedIdentityIsReplacedByAFlashedCertificateAfterTheHoursThatTheSettingsSay()
        {
            // Whatever number the firmware gives a handshake that was turned away
            int[] numbers = new int[] { -80, DeviceAgent.Messaging.ConnectFailure.HandshakeFailed };
            for (int i = 0; i < numbers.Length; i++)
            {
                FakeDevice device = Provisioned();
                Configure(device, "", ",\"reprovisionAfterHours\":3");
                device.Cloud.Refusal = numbers[i];
                ((FakeCertificate)device.Cloud.Certificates[0]).IsActive = false;
                device.Run(12 * 3600);
                Check(device, Name, Id, "");
                AddOther(device, 2);
                device.Run(12 * 3600);
                Check(device, Other, OtherId, Id);
                Assert.IsTrue(device.Agent.Status.Publisher.Published > 0);
            }
        }

        [TestMethod]
        public void APowerCutAtAnyChangeOfTheStorageIsGotOver()
        {
            int[] lengths = new int[] { MemoryStorage.Before, MemoryStorage.Deleted, 0, 60, MemoryStorage.After };
            for (int i = 0; i < lengths.Length; i++)
            {
                // the first identity
                FakeDevice device = Make(Name, 2);
                device.Storage.CutAt = 1;
                device.Storage.CutBytes = lengths[i];
                device.Run(60);
                Assert.AreEqual(1, device.Board.Reboots);
                device.Run(60);
                Check(device, Name, Id, "");

                // another one in its place: the wish, then the identity
                for (int change = 1; change <= 2; change++)
                {
                    device = Provisioned();
                    AddOther(device, 2);
                    device.Storage.CutAt = change;
                    device.Storage.CutBytes = lengths[i];
                    device.Board.IsResetButtonHeld = true;
                    device.Run(120);
                    string when = "change " + change.ToString() + " at " + lengths[i].ToString();
                    Assert.AreEqual(1, device.Board.Reboots, when);
                    device.Board.IsResetButtonHeld = change == 1; // the wish may not have been durable yet
                    device.Run(120);
                    device.Board.IsResetButtonHeld = false;
                    Check(device, Other, OtherId, Id);
                    device.Run(60);
                    Assert.AreEqual("press-7", device.Clients.Last.ClientId, when);
                }
            }
        }

        [TestMethod]
        public void APowerCutAtAnyWaitIsGotOver()
        {
            FakeDevice whole = Make(Name, 2);
            whole.Run(20);
            int waits = whole.Clock.Waits;
            Assert.IsTrue(waits >= 6 && waits < 60, "waits " + waits.ToString());
            for (int cut = 1; cut <= waits; cut++)
            {
                FakeDevice device = Make(Name, 2);
                device.Clock.CutAt = cut;
                device.Run(20);
                device.Clock.CutAt = 0;
                device.Run(60);
                Check(device, Name, Id, "");
                Assert.IsTrue(device.Agent.Status.Publisher.Published > 0, "wait " + cut.ToString());
            }
        }

        [TestMethod]
        public void WhatIsUnderWayByAnotherMethodIsGivenUp()
        {
            FakeDevice device = Make(Name, 1);
            FakeDevice other = new FakeDevice();
            other.Cloud.Always("RegisterThing", "close");
            other.Run(10);
            device.Storage.Put(ProvisioningJournal.FileName, other.Storage.Peek(ProvisioningJournal.FileName));
            device.Put(DeviceKey.FileName, "a key");
            device.Run(60);
            Check(device, Name, Id, "id-1");
            Assert.IsNull(device.Storage.Peek(ProvisioningJournal.FileName));
            Assert.IsNull(device.Storage.Peek(DeviceKey.FileName), "a key that nobody asks for a certificate for");
            Assert.IsTrue(device.Log.Has("provisioning: certificate id-1 was under way, and is given up: provisioning.method is jitp"));
        }

        [TestMethod]
        public void AnIdentityThatCannotBeStoredIsStoredLater()
        {
            FakeDevice device = Make(Name, 1);
            device.Storage.FailAt = 1;
            device.Run(60);
            Assert.IsTrue(device.Log.Has("provisioning: storing the identity: identity.0 cannot be written"));
            Check(device, Name, Id, "");
        }

        /// <summary>A board that carries a certificate, which is let in after so many connections as that thing; 0 for never.</summary>
        private static FakeDevice Make(string thing, int drops)
        {
            FakeDevice device = new FakeDevice();
            device.Storage.Remove(PemFile.ClaimCertificate);
            device.Storage.Remove(PemFile.ClaimKey);
            PutCertificate(device, 1, CertificateReaderTests.Curve);
            Add(device, 1, thing, drops);
            Configure(device, "", "");
            return device;
        }

        private static FakeDevice Provisioned()
        {
            FakeDevice device = Make(Name, 1);
            device.Run(20);
            Check(device, Name, Id, "");
            device.Clock.Pass(5000);
            device.Trace.Clear();
            return device;
        }

        /// <summary>A technician flashes another certificate.</summary>
        private static void AddOther(FakeDevice device, int drops)
        {
            PutCertificate(device, 2, CertificateReaderTests.Multiple);
            Add(device, 2, Other, drops);
        }

        private static void Add(FakeDevice device, int number, string thing, int drops)
        {
            FakeCertificate certificate = new FakeCertificate();
            certificate.Number = number;
            certificate.ThingName = thing;
            certificate.Drops = drops;
            device.Cloud.Certificates.Add(certificate);
        }

        /// <summary>The fakes know a certificate by what stands before it, and the firmware by what it is.</summary>
        private static void PutCertificate(FakeDevice device, int number, string body)
        {
            device.Put(PemFile.DeviceCertificate, "-----BEGIN CERT-" + number.ToString() + "\n" + CertificateReaderTests.Begin + body + CertificateReaderTests.End);
            device.Put(PemFile.DeviceKey, "-----BEGIN KEY-" + number.ToString());
        }

        private static void Configure(FakeDevice device, string members, string provisioning)
        {
            int at = FakeDevice.Factory.IndexOf("\"template\":\"the-template\"");
            device.Put("agent.json", "{" + FakeDevice.Factory.Substring(0, at) + "\"method\":\"jitp\"" + provisioning + FakeDevice.Factory.Substring(at + 25) + members + ",\"sensors\":[{\"type\":\"fake\"}]}");
        }

        private static void Command(FakeDevice device, int second, string thing, string json)
        {
            device.Clock.After(second * 1000, () => device.Cloud.Send(device.Clients.Live, "cmd/weather/tokyo/lab/" + thing, Encoding.UTF8.GetBytes(json), false));
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

        private static void Refuse(FakeDevice device, string reason)
        {
            device.Board.Chance = 100;
            device.Run(3 * 3600);
            Assert.Contains(reason, device.Agent.Status.LastError);
            Assert.AreEqual(0, device.Clients.Made);
            Assert.AreEqual(3600001, (int)device.Board.Bounds[device.Board.Bounds.Count - 1]);
        }

        private static void Check(FakeDevice device, string name, string id, string replaced)
        {
            DeviceIdentity identity = new IdentityStore(device.Storage).Load();
            Assert.IsNotNull(identity);
            Assert.AreEqual(name, identity.ThingName);
            Assert.AreEqual(id, identity.CertificateId);
            Assert.AreEqual(replaced, identity.ReplacedCertificateId);
        }
    }
}
