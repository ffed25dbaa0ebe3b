using System.Text;
using DeviceAgent.Identity;
using DeviceAgent.Provisioning;
using DeviceAgent.Tests.Fakes;
using nanoFramework.TestFramework;

namespace DeviceAgent.Tests.Provisioning
{
    [TestClass]
    public class InstallerTests
    {
        private const string Method = "\"provisioning\":{\"template\":\"the-template\",\"method\":\"trusted-user\"";
        private const string Claim = "{\"certificatePem\":\"-----BEGIN CERT-claim\",\"keyPair\":{\"PublicKey\":\"x\",\"PrivateKey\":\"-----BEGIN KEY-claim\"},\"certificateId\":\"1\",\"expiration\":1.5";
        private const string Wifi = ",\"wifi\":{\"ssid\":\"field\",\"password\":\"hunter2\"}";

        [TestMethod]
        public void ABoardWaitsForItsClaimTakesItAndForgetsIt()
        {
            FakeDevice device = Make("");
            device.Clock.After(60 * 60 * 1000, () => device.Serial.Type(Claim + "}\r\n"));
            device.Run((60 * 60) + 30);
            Assert.AreEqual(FakeDevice.Name, new IdentityStore(device.Storage).Load().ThingName);
            Assert.IsTrue(device.Cloud.Received > 0);
            Assert.AreEqual("{\"state\":\"done\",\"thingName\":\"a0b1c2d3e4f5\",\"certificateId\":\"id-1\"}\r\n", (string)device.Serial.Sent[device.Serial.Sent.Count - 1]);
            Assert.AreEqual("{\"state\":\"accepted\"}\r\n", (string)device.Serial.Sent[device.Serial.Sent.Count - 5]);
            Assert.AreEqual(1, device.Serial.Count("joining the network"));
            Assert.AreEqual(1, device.Serial.Count("asking for a certificate"));
            Assert.AreEqual(1, device.Serial.Count("connecting as thing a0b1c2d3e4f5"));
            Assert.IsFalse(device.Serial.IsOpen);
            Assert.AreEqual("115200 17 16", device.Serial.Setting);
            Assert.IsTrue(device.Log.Has("the claim forgotten"));
            Assert.AreEqual(3, device.Storage.Writes);

            int opened = device.Serial.Opened;
            device.Run(30); // a boot with an identity waits for nobody
            Assert.AreEqual(opened, device.Serial.Opened);
        }

        [TestMethod]
        public void ABoardThatWaitsAnnouncesItselfAndDoesNothingElse()
        {
            FakeDevice device = Make(",\"serial\":\"s \\\"7\\\"\",\"installer\":{\"baudRate\":9600,\"transmitPin\":4,\"receivePin\":5}");
            device.Run(24 * 60 * 60);
            Assert.AreEqual("9600 4 5", device.Serial.Setting);
            Assert.AreEqual(
                "{\"state\":\"waiting\",\"for\":\"claim\",\"hardwareId\":\"a0b1c2d3e4f5\",\"serial\":\"s \\\"7\\\"\",\"thingName\":\"a0b1c2d3e4f5\",\"endpoint\":\"iot.example\",\"template\":\"the-template\",\"firmware\":\"1.0.0\"}\r\n",
                (string)device.Serial.Sent[0]);
            Assert.AreEqual(0, device.Storage.Writes);
            Assert.AreEqual(0, device.Network.Attempts);
            Assert.AreEqual(0, device.Clients.Made);
            Assert.AreEqual(0, device.Board.Reboots);
            Assert.IsTrue(device.Clock.Waits > 24 * 60 * 60);
        }

        [TestMethod]
        public void ALineThatIsWrongIsAnsweredAndChangesNothing()
        {
            FakeDevice device = Make("");
            string[] lines = new string[]
            {
                "hello", "it is no JSON object",
                "{}", "certificatePem is missing",
                "[" + Claim + "}]", "it is no JSON object",
                Claim, "it is no JSON object",
                Claim + "}}", "it is no JSON object",
                Claim + ",\"hunter2\":1}", "it has a member that is none of certificatePem",
                Claim + ",\"wifi\":{\"ssid\":\"field\",\"hunter2\":1}}", "wifi has a member",
                Claim + ",\"wifi\":{\"password\":\"hunter2\"}}", "wifi.ssid is missing",
                Claim + ",\"wifi\":{\"ssid\":\"12345678901234567890123456789012\"}}", "wifi.ssid is missing",
                Claim + ",\"wifi\":{\"ssid\":\"field\",\"password\":7}}", "wifi.password is not a string",
                Claim + ",\"wifi\":\"hunter2\"}", "keyPair or wifi is no object",
                Claim + ",\"keyPair\":{\"PrivateKey\":\"KEY-\"}}", "keyPair.PrivateKey is missing",
                Claim + ",\"keyPair\":{\"PrivateKey\":\"-----BEGIN \\u0000KEY-\"}}", "keyPair.PrivateKey is missing",
                Claim + ",\"keyPair\":{\"PrivateKey\":\"-----BEGIN nothing\"}}", "the claim certificate or its key cannot be read",
                Claim + ",\"keyPair\":{\"privateKey\":1}}", "keyPair has a member",
            };
            for (int i = 0; i < lines.Length; i += 2)
            {
                string line = lines[i];
                string problem = lines[i + 1];
                device.Clock.After((i + 1) * 1000, () => device.Serial.Type(line + "\n"));
                device.Clock.After((i + 2) * 1000, () =>
                {
                    Assert.AreEqual(1, device.Serial.Count("{\"state\":\"refused\",\"error\":\"" + problem), problem);
                    Assert.AreEqual(1, device.Serial.Count("refused"), problem);
                    Assert.AreEqual(0, device.Serial.Count("accepted"));
                    Assert.AreEqual(0, device.Serial.Count("hunter2"));
                    device.Serial.Clear();
                });
            }

            device.Run(lines.Length + 2);
            Assert.AreEqual(0, device.Serial.Count("refused"));
            Assert.AreEqual(0, device.Network.Attempts);
            Assert.AreEqual(0, device.Storage.Writes);
        }

        [TestMethod]
        public void ALineThatIsTooLongIsAnsweredAtItsEnd()
        {
            FakeDevice device = Make("");
            for (int i = 0; i < 9; i++)
            {
                device.Clock.After((i + 1) * 1000, () => device.Serial.Type(new string(' ', 1000)));
            }

            device.Clock.After(10000, () => device.Serial.Type("{}\n" + Claim + "}\n"));
            device.Run(20);
            Assert.AreEqual(1, device.Serial.Count("the line has more than 8192 bytes"));
            Assert.AreEqual(1, device.Serial.Count("done"));
        }

        [TestMethod]
        public void AnEmptyLineIsNothingAndALineThatBreaksOffEndsByItself()
        {
            FakeDevice device = Make("");
            device.Clock.After(1000, () => device.Serial.Type("\r\n\n \n"));
            device.Clock.After(5000, () => device.Serial.Type("{\"certificatePem\":\"-----BEGIN KEY-"));
            device.Clock.After(9000, () => device.Serial.Type(Claim));
            device.Clock.After(10500, () => device.Serial.Type("}\n"));
            device.Run(20);
            Assert.AreEqual(1, device.Serial.Count("refused"));
            Assert.AreEqual(1, device.Serial.Count("the line broke off"));
            Assert.AreEqual(1, device.Serial.Count("done"));
        }

        [TestMethod]
        public void WhatFloodsThePortDoesNotKeepTheBoardFromItsWork()
        {
            FakeDevice device = Make("");
            StringBuilder flood = new StringBuilder();
            for (int i = 0; i < 200; i++)
            {
                flood.Append("x\n");
            }

            device.Clock.After(1000, () => device.Serial.Type(flood.ToString()));
            device.Clock.After(2000, () => device.Serial.Type(Claim + "}\n"));
            device.Run(90);
            Assert.AreEqual(1, device.Serial.Count("done"));
        }

        [TestMethod]
        public void TheInstallersWifiIsJoinedAndNeverTold()
        {
            FakeDevice device = new FakeDevice();
            device.Put("agent.json", "{\"endpoint\":\"iot.example\",\"product\":\"weather\",\"location\":\"tokyo/lab\"," + Method + "}}");
            device.Network.IsDown = true;
            device.Clock.After(5000, () => device.Serial.Type(Claim + Wifi + "}\n"));
            device.Clock.After(66000, () =>
            {
                Assert.AreEqual("field", device.Network.Ssid);
                Assert.AreEqual(1, device.Serial.Count("network: out of reach"));
                device.Network.IsDown = false;
            });
            device.Clock.After(100000, () => device.Cloud.Close(device.Clients.Live));
            device.Run(120);
            Assert.AreEqual(1, device.Serial.Count("done"));
            Assert.AreEqual(0, device.Serial.Count("hunter2"));
            Assert.IsNull(device.Network.Ssid, "once the claim is forgotten the board joins what it has stored");
        }

        [TestMethod]
        public void WifiIsRefusedWhereTheSettingsNameANetwork()
        {
            FakeDevice device = Make(",\"wifi\":{\"ssid\":\"lab\"}");
            device.Clock.After(1000, () => device.Serial.Type(Claim + Wifi + "}\n"));
            device.Run(10);
            Assert.AreEqual(1, device.Serial.Count("agent.json names a network"));
            Assert.AreEqual(0, device.Network.Attempts);
        }

        [TestMethod]
        public void AClaimIsUsedForFiveMinutesAndNoLonger()
        {
            FakeDevice device = Make("");
            device.Cloud.Always("CONNECT", "silence");
            device.Clock.After(1000, () => device.Serial.Type(Claim + "}\n"));
            device.Run(340);
            Assert.AreEqual(1, device.Serial.Count("{\"state\":\"failed\",\"error\":\"the claim's five minutes are over; the last attempt: connecting with the claim certificate"));
            Assert.IsTrue(device.Clients.Made > 2);
            int made = device.Clients.Made;
            device.Cloud.Always("CONNECT", "ok");
            device.Run(60);
            Assert.AreEqual(made, device.Clients.Made, "it is used after a restart");
        }

        [TestMethod]
        public void AClaimThatIsTurnedAwayThreeTimesIsGivenUpAndTheNextOneWorks()
        {
            FakeDevice device = Make("");
            device.Cloud.IsClaimActive = false;
            device.Clock.After(1000, () => device.Serial.Type(Claim + "}\n"));
            device.Clock.After(60000, () =>
            {
                Assert.AreEqual(3, device.Clients.Made);
                device.Cloud.IsClaimActive = true;
                device.Serial.Type(Claim + "}\n");
            });
            device.Run(90);
            Assert.AreEqual(1, device.Serial.Count("{\"state\":\"failed\",\"error\":\"connecting with the claim certificate: TLS error -80"));
            Assert.AreEqual(1, device.Serial.Count("done"));
        }

        [TestMethod]
        public void AnotherLineTakesTheClaimsPlaceWhileItIsTriedAgain()
        {
            FakeDevice device = Make("");
            device.Cloud.Always("SUBSCRIBE", "close");
            device.Clock.After(1000, () => device.Serial.Type(Claim + "}\n"));
            device.Clock.After(200000, () =>
            {
                Assert.IsTrue(device.Serial.Count("\"retrying\"") > 10);
                device.Cloud.Always("SUBSCRIBE", "ok");
                device.Serial.Type(Claim + "}\n");
            });
            device.Run(210);
            Assert.AreEqual(1, device.Serial.Count("done"));
        }

        [TestMethod]
        public void APowerCutAfterTheJournalCostsNoSecondCertificate()
        {
            FakeDevice device = Make("");
            device.Cloud.Next("RegisterThing", "close");
            device.Cloud.Always("CONNECT", "silence");
            device.Cloud.Next("CONNECT", "ok");
            device.Clock.After(1000, () => device.Serial.Type(Claim + "}\n"));
            device.Run(20); // and then the power goes
            Assert.AreEqual(1, device.Cloud.Certificates.Count);
            Assert.IsNotNull(device.Storage.Peek(ProvisioningJournal.FileName));
            device.Cloud.Always("CONNECT", "ok");
            device.Serial.Clear();
            device.Clock.After(40 * 60 * 1000, () => device.Serial.Type(Claim + "}\n"));
            device.Run((40 * 60) + 20);
            Assert.AreEqual(1, device.Serial.Count("done"));
            Assert.AreEqual(1, device.Cloud.Certificates.Count);
            Assert.AreEqual(1, device.Cloud.ActiveOf(FakeDevice.Name));
        }

        [TestMethod]
        public void ABoardWithoutAPortSaysSoAndWaits()
        {
            FakeDevice device = Make("");
            device.Serial.Problem = "no driver";
            device.Clock.After(90 * 1000, () => device.Serial.Problem = null);
            device.Clock.After(130 * 1000, () => device.Serial.Type(Claim + "}\n"));
            device.Run(180);
            Assert.AreEqual(1, device.Log.Count("the serial port cannot be used: no driver"));
            Assert.AreEqual(1, device.Serial.Count("done"));
        }

        [TestMethod]
        public void TheDeviceWorksOnWhileItWaitsForAnInstallerToReplaceItsIdentity()
        {
            FakeDevice device = Make("");
            device.Serial.Type(Claim + "}\n");
            device.Run(30);
            int received = device.Cloud.Received;
            device.Serial.Clear();
            device.Clock.After(5000, () => device.Cloud.Send(device.Clients.Live, FakeDevice.CommandTopic, Encoding.UTF8.GetBytes("{\"id\":\"1\",\"command\":\"reprovision\"}"), false));
            device.Run(10 * 60);
            Assert.IsTrue(device.Cloud.Received >= received + 10);
            Assert.IsTrue(device.Serial.Count("waiting") > 30);
            Assert.AreEqual(1, device.Cloud.Certificates.Count);

            // The wish outlives a restart, and a claim that is turned away
            device.Cloud.IsClaimActive = false;
            device.Clock.After(60 * 1000, () => device.Serial.Type(Claim + "}\n"));
            device.Clock.After(120 * 1000, () =>
            {
                Assert.AreEqual(1, device.Serial.Count("failed"));
                device.Cloud.IsClaimActive = true;
                device.Serial.Type(Claim + "}\n");
            });
            device.Run(5 * 60);
            Assert.AreEqual(1, device.Serial.Count("{\"state\":\"done\",\"thingName\":\"a0b1c2d3e4f5\",\"certificateId\":\"id-2\"}"));
            Assert.AreEqual(2, device.Cloud.Certificates.Count);
            Assert.AreEqual("id-1", new IdentityStore(device.Storage).Load().ReplacedCertificateId);
            Assert.IsFalse(device.Serial.IsOpen);
        }

        [TestMethod]
        public void ARotationNeedsNoInstaller()
        {
            FakeDevice device = Make("");
            device.Serial.Type(Claim + "}\n");
            device.Run(30);
            int opened = device.Serial.Opened;
            device.Clock.After(5000, () => device.Cloud.Send(device.Clients.Live, FakeDevice.CommandTopic, Encoding.UTF8.GetBytes("{\"id\":\"1\",\"command\":\"rotate-certificate\"}"), false));
            device.Run(60);
            Assert.AreEqual("id-2", new IdentityStore(device.Storage).Load().CertificateId);
            Assert.AreEqual(opened, device.Serial.Opened);
        }

        [TestMethod]
        public void AnInstallerMayBringAClaimToADeviceWhoseNetworkIsGone()
        {
            FakeDevice device = new FakeDevice();
            device.Put("agent.json", "{\"endpoint\":\"iot.example\",\"product\":\"weather\",\"location\":\"tokyo/lab\"," + Method + "}}");
            device.Serial.Type(Claim + "}\n");
            device.Run(30);
            device.Board.IsResetButtonHeld = true;
            device.Network.IsDown = true;
            device.Clock.After(20 * 60 * 1000, () => device.Serial.Type(Claim + Wifi + "}\n"));
            device.Clock.After(22 * 60 * 1000, () => device.Network.IsDown = false);
            device.Run(26 * 60);
            Assert.AreEqual("id-2", new IdentityStore(device.Storage).Load().CertificateId);
        }

        [TestMethod]
        public void EachPrefixOfALineIsRefused()
        {
            byte[] whole = Encoding.UTF8.GetBytes(Claim + Wifi + "}");
            for (int length = 0; length < whole.Length; length++)
            {
                byte[] part = new byte[length];
                System.Array.Copy(whole, 0, part, 0, length);
                Assert.IsNotNull(new InstallerClaim().Read(part), "the first " + length.ToString() + " bytes");
            }

            InstallerClaim claim = new InstallerClaim();
            Assert.IsNull(claim.Read(whole));
            Assert.AreEqual("field", claim.WifiSsid);
            Assert.AreEqual(0, (int)claim.Key[claim.Key.Length - 1]);
            byte[] key = claim.Key;
            claim.Forget();
            for (int i = 0; i < key.Length; i++)
            {
                Assert.AreEqual(0, (int)key[i]);
            }
        }

        private static FakeDevice Make(string members)
        {
            FakeDevice device = new FakeDevice();
            device.Put("agent.json", "{\"endpoint\":\"iot.example\",\"product\":\"weather\",\"location\":\"tokyo/lab\"," + Method + "}" + members + "}");
            device.Storage.Delete("claim.pem.crt");
            device.Storage.Delete("claim.pem.key");
            return device;
        }
    }
}
