using DeviceAgent.Agent;
using DeviceAgent.Identity;
using DeviceAgent.Provisioning;
using DeviceAgent.Tests.Fakes;
using nanoFramework.TestFramework;

namespace DeviceAgent.Tests.Agent
{
    /// <summary>The endpoint that the cloud has pinned, and the settings' own beside it: a custom domain that may lead to any region.</summary>
    [TestClass]
    public class PinnedEndpointTests
    {
        private const string Domain = "iot.example";
        private const string Region = "region.example";

        [TestMethod]
        public void TheFirstConnectionGoesToTheDomainAndAllOthersToThePinnedEndpoint()
        {
            FakeDevice device = Provisioned();
            Assert.AreEqual(2, device.Cloud.Hosts.Count);
            Assert.AreEqual(Domain, (string)device.Cloud.Hosts[0]);
            Assert.AreEqual(Region, (string)device.Cloud.Hosts[1]);
            Assert.IsTrue(device.Log.Has("device configuration: applied: endpoint"));
            Assert.AreEqual(Region, device.Agent.Status.Endpoint);
            device.Clock.After(20000, () => device.Cloud.Close(device.Clients.Live));
            device.Run(60);
            Assert.AreEqual(2, device.Agent.Status.Connections);
            Assert.AreEqual(4, device.Cloud.Hosts.Count);
            Assert.AreEqual(Region, (string)device.Cloud.Hosts[2]);
            Assert.AreEqual(Region, (string)device.Cloud.Hosts[3]);
        }

        // No DNS, no route, a server that is another, a handshake that fails for whatever reason, no answer
        [TestMethod]
        [DataRow("10022")]
        [DataRow("10035")]
        [DataRow("-9984")]
        [DataRow("1")]
        [DataRow("-80")]
        [DataRow("silence")]
        public void WhileThePinnedEndpointCannotBeReachedTheDomainIs(string fault)
        {
            FakeDevice device = Provisioned();
            device.Cloud.Always("CONNECT " + Region, fault);
            device.Cloud.Hosts.Clear();
            int received = device.Cloud.Received;
            device.Run(120);
            Assert.AreEqual(2, device.Cloud.Hosts.Count);
            Assert.AreEqual(Region, (string)device.Cloud.Hosts[0]);
            Assert.AreEqual(Domain, (string)device.Cloud.Hosts[1]);
            Assert.AreEqual(Domain, device.Agent.Status.Endpoint);
            Assert.IsTrue(device.Cloud.Received > received);
            Assert.AreEqual(0, device.Cloud.Hasty);
            Assert.AreEqual(0, device.Agent.Status.FailedAttempts);
            Assert.IsTrue(device.Log.Has("; trying iot.example"));

            // A connection that is lost is made to the pinned endpoint again, once it is back
            device.Clock.After(60000, () =>
            {
                device.Cloud.Always("CONNECT " + Region, "ok");
                device.Cloud.Close(device.Clients.Live);
            });
            device.Run(120);
            Assert.AreEqual(Region, device.Agent.Status.Endpoint);
            Assert.AreEqual(device.Agent.Status.Publisher.Taken, device.Agent.Status.Publisher.Published);
        }

        // By the broker before its answer, by a code, and for the key: the owner's word
        [TestMethod]
        [DataRow("-30592")]
        [DataRow("close")]
        [DataRow("code 5")]
        public void WhereThePinnedEndpointRefusesTheIdentityTheDomainIsNotTried(string refusal)
        {
            FakeDevice device = Provisioned();
            device.Cloud.Always("CONNECT " + Region, refusal);
            device.Cloud.Hosts.Clear();
            device.Run(600);
            Assert.IsTrue(device.Cloud.Hosts.Count > 3);
            Assert.IsFalse(device.Cloud.Hosts.Contains(Domain));
        }

        [TestMethod]
        public void ARefusalByTheDomainIsNoneOfTheIdentity()
        {
            FakeDevice device = new FakeDevice();
            Configure(device, "\"reprovisionAfterHours\":2");
            device.Cloud.Configuration = "\"endpoint\":\"" + Region + "\"";
            device.Run(10);
            device.Cloud.Always("CONNECT " + Region, "10035");
            device.Cloud.Always("CONNECT " + Domain, "-80");
            device.Board.Bounds.Clear();
            device.Run(5 * 3600);
            device.Trace.Clear(); // its memory is wanted
            Assert.AreEqual(Backoff.Longest + 1, (int)device.Board.Bounds[device.Board.Bounds.Count - 1], "the pause of a refusal");
            Assert.AreEqual(1, device.Cloud.Certificates.Count, "another identity");
            Assert.Contains("; and connecting: TLS error -80", device.Agent.Status.LastError);
            device.Cloud.Always("CONNECT " + Region, "ok");
            device.Run(1200);
            Assert.AreEqual(Region, device.Agent.Status.Endpoint);
            Assert.AreEqual(device.Agent.Status.Publisher.Taken, device.Agent.Status.Publisher.Published);
        }

        [TestMethod]
        public void ARefusalInTheHandshakeCountsOnceTheClaimIsLetInWhereTheIdentityWasNot()
        {
            FakeDevice device = new FakeDevice();
            Configure(device, "\"reprovisionAfterHours\":2");
            device.Cloud.Configuration = "\"endpoint\":\"" + Region + "\"";
            device.Run(10);
            ((FakeCertificate)device.Cloud.Certificates[0]).IsActive = false; // the domain leads to the same region here
            device.Run(6 * 3600);
            Assert.AreEqual("id-2", new IdentityStore(device.Storage).Load().CertificateId);
            Assert.AreEqual(Region, device.Agent.Status.Endpoint);

            // A region that turns everybody away is down: neither it nor the domain's one, which knows nobody, has a say
            device.Cloud.Always("CONNECT", "-80");
            device.Trace.Clear();
            device.Run(6 * 3600);
            Assert.AreEqual(0, device.Trace.Count("CreateKeys"));
            Assert.AreEqual(2, device.Cloud.Certificates.Count);
        }

        [TestMethod]
        public void ACandidateThatItsRegionTurnsAwayIsRegisteredAgain()
        {
            FakeDevice device = new FakeDevice();
            device.Cloud.Configuration = "\"endpoint\":\"" + Region + "\"";
            device.Cloud.Next("RegisterThing", "answered {\"thingName\":\"other\",\"deviceConfiguration\":{\"endpoint\":\"" + Region + "\"}}");
            device.Run(600);
            Assert.AreEqual(2, device.Trace.Count("RegisterThing"));
            Assert.AreEqual(1, device.Cloud.Certificates.Count);
            Assert.AreEqual(FakeDevice.Name, new IdentityStore(device.Storage).Load().ThingName);
            Assert.AreEqual(Region, device.Agent.Status.Endpoint);
        }

        [TestMethod]
        public void ACandidateWhoseRegionCannotBeReachedIsNotGivenUp()
        {
            FakeDevice device = new FakeDevice();
            device.Cloud.Configuration = "\"endpoint\":\"" + Region + "\"";
            device.Cloud.Always("CONNECT " + Region, "10022");
            device.Cloud.Next("CONNECT " + Domain, "ok"); // the claim's
            device.Cloud.Always("CONNECT " + Domain, "-80");
            device.Run(3600);
            Assert.IsTrue(device.Cloud.Hosts.Count > 12);
            Assert.IsNotNull(device.Storage.Peek(ProvisioningJournal.FileName));
            Assert.AreEqual(1, device.Cloud.Certificates.Count);
            Assert.AreEqual(1, device.Trace.Count("RegisterThing"), "it is not registered again");

            // By the domain it can prove itself all the same
            device.Cloud.Always("CONNECT " + Domain, "ok");
            device.Run(1200);
            Assert.IsNull(device.Storage.Peek(ProvisioningJournal.FileName));
            Assert.AreEqual(Domain, device.Agent.Status.Endpoint);
            Assert.AreEqual("id-1", new IdentityStore(device.Storage).Load().CertificateId);
        }

        [TestMethod]
        public void AnotherIdentityIsAskedForAtTheDomain()
        {
            FakeDevice device = Provisioned();
            device.Cloud.Configuration = "\"endpoint\":\"other.example\"";
            device.Cloud.Hosts.Clear();
            device.Board.IsResetButtonHeld = true;
            device.Run(60);
            Assert.AreEqual(2, device.Cloud.Hosts.Count);
            Assert.AreEqual(Domain, (string)device.Cloud.Hosts[0]);
            Assert.AreEqual("other.example", (string)device.Cloud.Hosts[1]);
            Assert.AreEqual("id-2", new IdentityStore(device.Storage).Load().CertificateId);
        }

        [TestMethod]
        public void AnEndpointThatIsNoneIsRefusedByNameAndTheSettingsOwnIsUsed()
        {
            string[] wrong = new string[] { "https://region.example", "IOT.example" };
            for (int i = 0; i < wrong.Length; i++)
            {
                FakeDevice device = new FakeDevice();
                device.Cloud.Configuration = "\"endpoint\":\"" + wrong[i] + "\",\"colour\":\"blue\"";
                device.Run(10);
                Assert.AreEqual(i == 0, device.Log.Has("device configuration: endpoint is not a host name: https://region.example; it is left as it was"));
                Assert.IsTrue(device.Log.Has("device configuration: unknown here, kept: colour"));
                device.Cloud.Always("CONNECT", "10035");
                device.Board.Bounds.Clear();
                device.Cloud.Hosts.Clear();
                device.Run(60);
                Assert.AreEqual(device.Board.Bounds.Count, device.Cloud.Hosts.Count, "one attempt before each pause");
            }
        }

        [TestMethod]
        public void SilentEndpointsLeaveNothingStuck()
        {
            FakeDevice device = Provisioned();
            device.Cloud.Always("CONNECT", "silence");
            device.Clock.After(9 * 60000, () => Assert.IsFalse(device.Agent.IsStuck()));
            device.Run(600);
            Assert.AreEqual(0, device.Board.Reboots);
            Assert.IsTrue(device.Cloud.Hosts.Contains(Domain));
        }

        private static FakeDevice Provisioned()
        {
            FakeDevice device = new FakeDevice();
            device.Cloud.Configuration = "\"endpoint\":\"" + Region + "\"";
            device.Run(10);
            Assert.AreEqual(1, device.Cloud.Certificates.Count);
            return device;
        }

        private static void Configure(FakeDevice device, string provisioning)
        {
            int at = FakeDevice.Factory.IndexOf("\"template\":");
            device.Put("agent.json", "{" + FakeDevice.Factory.Substring(0, at) + provisioning + "," + FakeDevice.Factory.Substring(at) + ",\"sensors\":[{\"type\":\"fake\"}]}");
        }
    }
}
