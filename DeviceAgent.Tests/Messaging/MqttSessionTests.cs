using System;
using System.Text;
using DeviceAgent.Messaging;
using DeviceAgent.Tests.Fakes;
using nanoFramework.M2Mqtt.Messages;
using nanoFramework.TestFramework;

namespace DeviceAgent.Tests.Messaging
{
    [TestClass]
    public class MqttSessionTests
    {
        private const string Topic = "a/b";

        private static readonly byte[] s_payload = new byte[] { 1, 2, 3 };

        [TestMethod]
        public void ASessionConnectsAsItIsTold()
        {
            FakeParts device = new FakeParts();
            MqttSession session = Make(device);
            Assert.IsFalse(session.IsOpen);
            Assert.IsNull(session.Open("iot.example", 8883, Claim(device), "client-1", true, 90));
            Assert.IsTrue(session.IsOpen);
            Assert.IsFalse(session.WasRefused);
            FakeMqttClient client = device.Clients.Live;
            Assert.AreEqual("iot.example", client.Host);
            Assert.AreEqual(8883, client.Port);
            Assert.AreEqual("CERT-claim", client.Certificate);
            Assert.AreEqual("KEY-claim", client.Key);
            Assert.AreEqual("client-1", client.ClientId);
            Assert.AreEqual(90, client.KeepAlive);
            Assert.IsFalse(client.IsCleanSession);
            session.Close();
            session = Make(device);
            device.Clock.Pass(1000);
            session.Open("iot.example", 8883, Claim(device), "client-1", false, 90);
            Assert.IsTrue(device.Clients.Live.IsCleanSession);
        }

        [TestMethod]
        public void ACloseSaysGoodbyeAndFreesTheClientOnce()
        {
            FakeParts device = new FakeParts();
            MqttSession session = Open(device);
            long start = device.Clock.Milliseconds;
            session.Close();
            Assert.IsFalse(session.IsOpen);
            Assert.IsNull(device.Clients.Live);
            Assert.AreEqual(1, device.Cloud.Goodbyes);
            Assert.IsTrue(device.Clock.Milliseconds - start <= 1000);
            session.Close();
            Assert.IsNull(device.Clients.Fault, device.Clients.Fault);
        }

        [TestMethod]
        public void ACloseFreesTheClientWhereNobodyIsThereToSayGoodbyeTo()
        {
            FakeParts device = new FakeParts();
            MqttSession session = Open(device);
            FakeMqttClient client = device.Clients.Live;
            device.Cloud.Close(client);
            session.Close();
            Assert.IsNull(device.Clients.Live);
            Assert.AreEqual(0, device.Cloud.Goodbyes);

            // And where it dies between the look and the goodbye
            session = Open(device);
            device.Clients.Live.DiesAtGoodbye = true;
            session.Close();
            Assert.IsNull(device.Clients.Live);
            Assert.IsNull(device.Clients.Fault, device.Clients.Fault);
        }

        [TestMethod]
        public void EachFailureToConnectIsToldAndJudged()
        {
            string[] cases = new string[]
            {
                "-9984", "root-ca.pem is not its authority", "no",
                "-80", "does not accept the client certificate", "yes",
                "-30592", "private key does not belong", "yes",
                "10035", "nobody answers at iot.example port 8883", "no",
                "10022", "cannot be resolved", "no",
                "1", "the TLS handshake with iot.example failed", "no",
                "close", "closed the connection before it answered CONNECT", "yes",
                "silence", "did not answer CONNECT within 30 s", "no",
                "code 5", "refused client id client-1 with code 5", "yes",
                "code 7", "refused client id client-1 with code 7", "yes",
                "code+close 7", "refused client id client-1 with code 7", "yes",
            };
            for (int i = 0; i < cases.Length; i += 3)
            {
                FakeParts device = new FakeParts();
                device.Cloud.Next("CONNECT", cases[i]);
                MqttSession session = Make(device);
                string problem = session.Open("iot.example", 8883, Claim(device), "client-1", true, 60);
                Assert.IsNotNull(problem, cases[i]);
                Assert.Contains(cases[i + 1], problem, cases[i]);
                Assert.AreEqual(cases[i + 2] == "yes", session.WasRefused, "refusal by " + cases[i]);
                Assert.IsFalse(session.IsOpen);
                session.Close();
                Assert.IsNull(device.Clients.Live, cases[i]);
                Assert.IsNull(device.Clients.Fault, device.Clients.Fault);
            }
        }

        [TestMethod]
        public void AClientThatCannotBeMadeIsAFailureToConnect()
        {
            FakeParts device = new FakeParts();
            MqttSession session = Make(device);
            device.Clients.Failure = new FakeConnectException(10022);
            Assert.Contains("cannot be resolved", session.Open("iot.example", 8883, Claim(device), "client-1", true, 60));
            Assert.IsFalse(session.WasRefused);
            session.Close();
            device.Clients.Failure = new InvalidOperationException("no socket");
            session = Make(device);
            Assert.Contains("no socket", session.Open("iot.example", 8883, Claim(device), "client-1", true, 60));
            Assert.IsFalse(session.WasRefused);
            session.Close();
        }

        [TestMethod]
        public void CredentialsThatCannotBeReadAreARefusalWithoutAConnection()
        {
            FakeParts device = new FakeParts();
            MqttSession session = Make(device);
            byte[][] credentials = Claim(device);
            credentials[2] = new byte[] { 0 };
            Assert.Contains("cannot be read", session.Open("iot.example", 8883, credentials, "client-1", true, 60));
            Assert.IsTrue(session.WasRefused);
            Assert.AreEqual(0, device.Clients.Made);
        }

        [TestMethod]
        public void MemoryThatIsOutIsNoFailureToConnect()
        {
            FakeParts device = new FakeParts();
            device.Clients.Failure = new OutOfMemoryException();
            MqttSession session = Make(device);
            byte[][] credentials = Claim(device);
            Assert.ThrowsException(typeof(OutOfMemoryException), () => session.Open("iot.example", 8883, credentials, "client-1", true, 60));
            session.Close();
            Assert.IsNull(device.Clients.Live);
        }

        [TestMethod]
        public void APublicationIsTrueOnceItsOwnAcknowledgementCame()
        {
            FakeParts device = new FakeParts();
            MqttSession session = Open(device);
            Assert.IsTrue(session.Publish(Topic, s_payload));
            Assert.AreEqual(1, device.Cloud.Received);
            Assert.AreEqual(Topic, (string)device.Cloud.Topics[0]);
            device.Cloud.Next("PUBLISH", "lose");
            device.Cloud.Next("PUBLISH", "lose");
            device.Cloud.Next("PUBLISH", "lose");
            long start = device.Clock.Milliseconds;
            Assert.IsFalse(session.Publish(Topic, s_payload));
            Assert.AreEqual(3001, (int)(device.Clock.Milliseconds - start));
            Assert.AreEqual(4, device.Cloud.Received);
            Assert.IsTrue(session.IsOpen);
            Assert.IsTrue(session.Publish(Topic, s_payload));
        }

        [TestMethod]
        public void AnAcknowledgementMayComeBeforePublishReturns()
        {
            FakeParts device = new FakeParts();
            device.Cloud.IsFast = true;
            MqttSession session = Open(device);
            long start = device.Clock.Milliseconds;
            for (int i = 0; i < 20; i++)
            {
                Assert.IsTrue(session.Publish(Topic, s_payload), i.ToString());
            }

            Assert.AreEqual(start, device.Clock.Milliseconds);
        }

        [TestMethod]
        public void ALateAcknowledgementStillCounts()
        {
            FakeParts device = new FakeParts();
            MqttSession session = Open(device);
            device.Cloud.Next("PUBLISH", "late");
            device.Cloud.Next("PUBLISH", "lose");
            Assert.IsTrue(session.Publish(Topic, s_payload));
            Assert.AreEqual(2, device.Cloud.Received);
        }

        [TestMethod]
        public void AnAcknowledgementOfAnotherMessageDoesNotCount()
        {
            FakeParts device = new FakeParts();
            MqttSession session = Open(device);

            device.Cloud.Always("PUBLISH", "lose");
            device.Clock.After(500, () => device.Clients.Live.Grant(99, new MqttQoSLevel[] { MqttQoSLevel.AtLeastOnce }));
            Assert.IsFalse(session.Publish(Topic, s_payload));
        }

        [TestMethod]
        public void OnADeadConnectionNothingIsWaitedForLong()
        {
            FakeParts device = new FakeParts();
            MqttSession session = Open(device);
            device.Cloud.Next("PUBLISH", "close");
            long start = device.Clock.Milliseconds;
            Assert.IsFalse(session.Publish(Topic, s_payload));
            Assert.IsTrue(device.Clock.Milliseconds - start < 2500, "waited " + (device.Clock.Milliseconds - start).ToString());
            Assert.IsFalse(session.IsOpen);
            start = device.Clock.Milliseconds;
            Assert.IsFalse(session.Publish(Topic, s_payload));
            session.Send(Topic, s_payload);
            Assert.Contains("closed", session.Subscribe(new string[] { Topic }, MqttQoSLevel.AtLeastOnce));
            Assert.IsNull(session.Receive(10000));
            Assert.AreEqual(start, device.Clock.Milliseconds);
        }

        [TestMethod]
        public void SubscriptionsAreGrantedAsAWholeOrNot()
        {
            FakeParts device = new FakeParts();
            MqttSession session = Open(device);
            Assert.IsNull(session.Subscribe(new string[] { Topic, "c" }, MqttQoSLevel.AtLeastOnce));
            device.Cloud.Next("SUBSCRIBE", "refuse");
            Assert.Contains("does not grant", session.Subscribe(new string[] { "d", "e" }, MqttQoSLevel.AtLeastOnce));
            Assert.IsTrue(session.IsOpen);
            device.Cloud.Next("SUBSCRIBE", "close");
            Assert.Contains("closed the connection", session.Subscribe(new string[] { "f" }, MqttQoSLevel.AtLeastOnce));
        }

        [TestMethod]
        public void ASubscriptionThatNobodyAnswersEndsInTenSeconds()
        {
            FakeParts device = new FakeParts();
            MqttSession session = Open(device);
            device.Cloud.Next("SUBSCRIBE", "silence");
            long start = device.Clock.Milliseconds;
            Assert.Contains("does not answer", session.Subscribe(new string[] { Topic }, MqttQoSLevel.AtLeastOnce));
            Assert.AreEqual(10000, (int)(device.Clock.Milliseconds - start));
        }

        [TestMethod]
        public void MessagesComeInTheirOrderAndUpToFourWait()
        {
            FakeParts device = new FakeParts();
            MqttSession session = Subscribed(device);
            for (byte i = 1; i <= 6; i++)
            {
                device.Cloud.Send(device.Clients.Live, Topic, new byte[] { i }, false);
            }

            device.Clock.Pass(100);
            for (int i = 1; i <= 4; i++)
            {
                Assert.AreEqual(i, (int)session.Receive(0).Message[0]);
            }

            Assert.IsNull(session.Receive(0));
            Assert.AreEqual(2, session.TakeLost());
            device.Cloud.Send(device.Clients.Live, Topic, new byte[] { 7 }, true);
            MqttMsgPublishEventArgs message = session.Receive(5000);
            Assert.AreEqual(7, (int)message.Message[0]);
            Assert.IsTrue(message.Retain);
            Assert.AreEqual(Topic, message.Topic);
        }

        [TestMethod]
        public void AMessageThatIsTooLargeComesWithoutItsPayload()
        {
            FakeParts device = new FakeParts();
            MqttSession session = Subscribed(device);
            device.Cloud.Send(device.Clients.Live, Topic, new byte[100], false);
            device.Cloud.Send(device.Clients.Live, Topic, new byte[101], false);
            Assert.AreEqual(100, session.Receive(1000).Message.Length);
            MqttMsgPublishEventArgs message = session.Receive(1000);
            Assert.IsNull(message.Message);
            Assert.AreEqual(Topic, message.Topic);
        }

        [TestMethod]
        public void AWaitForAMessageEndsInItsTime()
        {
            FakeParts device = new FakeParts();
            MqttSession session = Subscribed(device);
            long start = device.Clock.Milliseconds;
            Assert.IsNull(session.Receive(30000));
            Assert.AreEqual(30000, (int)(device.Clock.Milliseconds - start));
            device.Clock.After(5000, () => device.Cloud.Close(device.Clients.Live));
            Assert.IsNull(session.Receive(30000));
            Assert.IsTrue(device.Clock.Milliseconds - start < 38000, "it goes on waiting on a closed connection");
        }

        [TestMethod]
        public void WhatArrivedBeforeTheConnectionClosedIsNotLost()
        {
            FakeParts device = new FakeParts();
            MqttSession session = Subscribed(device);
            FakeMqttClient client = device.Clients.Live;

            // M2Mqtt has read the message, sees the end, and raises the message's event only then; and a second is when the session looks
            device.Clock.After(1000, () =>
            {
                client.Receive(Topic, s_payload, false);
                device.Cloud.Close(client);
            });
            Assert.IsNotNull(session.Receive(10000));
        }

        [TestMethod]
        public void WhatComesBetweenTwoLooksIsNotLost()
        {
            FakeParts device = new FakeParts();
            MqttSession session = Subscribed(device);
            FakeMqttClient client = device.Clients.Live;

            // After the look into the inbox and before the one at the connection: M2Mqtt's thread is another
            client.WhenAsked = () =>
            {
                client.Receive(Topic, s_payload, false);
                device.Cloud.Close(client);
                device.Clock.Pass(1000);
            };
            Assert.IsNotNull(session.Receive(10000));
            Assert.IsFalse(session.IsOpen);
        }

        [TestMethod]
        public void WithQos0NothingIsWaitedFor()
        {
            FakeParts device = new FakeParts();
            MqttSession session = Open(device);
            session.Send(Topic, Encoding.UTF8.GetBytes("x"));
            device.Clock.Pass(10);
            Assert.AreEqual(1, device.Trace.Count("PUBLISH QoS 0"));
            Assert.AreEqual(1, device.Cloud.Received);
        }

        private static byte[][] Claim(FakeParts device)
        {
            return new byte[][] { End(device, "root-ca.pem"), End(device, "claim.pem.crt"), End(device, "claim.pem.key") };
        }

        private static byte[] End(FakeParts device, string file) => DeviceAgent.Identity.PemFile.Read(device.Storage, file);

        private static MqttSession Make(FakeParts device) => new MqttSession(device.Clients, device.Clock, device.Signal, 100);

        private static MqttSession Open(FakeParts device)
        {
            device.Clock.Pass(1000);
            MqttSession session = Make(device);
            Assert.IsNull(session.Open("iot.example", 8883, Claim(device), "client-1", true, 60));
            return session;
        }

        private static MqttSession Subscribed(FakeParts device)
        {
            MqttSession session = Open(device);
            Assert.IsNull(session.Subscribe(new string[] { Topic }, MqttQoSLevel.AtLeastOnce));
            return session;
        }
    }
}
