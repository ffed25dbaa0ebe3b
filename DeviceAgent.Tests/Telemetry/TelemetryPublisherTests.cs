using System;
using DeviceAgent.Identity;
using DeviceAgent.Messaging;
using DeviceAgent.Sensors;
using DeviceAgent.Settings;
using DeviceAgent.Telemetry;
using DeviceAgent.Tests.Fakes;
using nanoFramework.TestFramework;

namespace DeviceAgent.Tests.Telemetry
{
    [TestClass]
    public class TelemetryPublisherTests
    {
        [TestMethod]
        public void AReadingIsOneMessageToTheLetter()
        {
            FakeParts device = new FakeParts();
            TelemetryPublisher publisher = Make(device, device.ReadSettings(), device.Board.Sensor);
            MqttSession session = Open(device);
            Assert.IsTrue(publisher.TakeIfDue());
            Assert.IsTrue(publisher.PublishOldest(session));
            Check(device, 0, FakeParts.TelemetryTopic, "{\"CLIENT_ID\":\"a0b1c2d3e4f5\",\"TIMESTAMP\":\"2026-08-01T12:00:01\",\"TEMPERATURE\":20.50,\"HUMIDITY\":50.00}");
            Assert.AreEqual(1, device.Cloud.Received);
            Assert.AreEqual(0, publisher.Waiting);
            Assert.AreEqual(1, publisher.Published);
            Assert.AreEqual(1, publisher.Taken);
        }

        [TestMethod]
        public void PerTypeEachQuantityIsAMessageOfItsOwn()
        {
            FakeParts device = new FakeParts();
            AgentSettings settings = device.ReadSettings();
            settings.IsPerType = true;
            TelemetryPublisher publisher = Make(device, settings, device.Board.Sensor);
            MqttSession session = Open(device);
            publisher.TakeIfDue();
            Assert.IsTrue(publisher.PublishOldest(session));
            Check(device, 0, FakeParts.TelemetryTopic + "/temperature", "{\"CLIENT_ID\":\"a0b1c2d3e4f5\",\"TIMESTAMP\":\"2026-08-01T12:00:01\",\"TEMPERATURE\":20.50}");
            Check(device, 1, FakeParts.TelemetryTopic + "/humidity", "{\"CLIENT_ID\":\"a0b1c2d3e4f5\",\"TIMESTAMP\":\"2026-08-01T12:00:01\",\"HUMIDITY\":50.00}");
            Assert.AreEqual(2, device.Cloud.Received);
            Assert.AreEqual(0, publisher.Waiting);
        }

        [TestMethod]
        public void TheTimeIsThatOfTheMeasurementEvenIfTheClockIsSetAfterwards()
        {
            FakeParts device = new FakeParts();
            device.Clock.UtcNow = new DateTime(1970, 1, 1);
            TelemetryPublisher publisher = Make(device, device.ReadSettings(), device.Board.Sensor);
            publisher.TakeIfDue();
            device.Clock.Pass(90000);
            publisher.TakeIfDue();
            device.Clock.Pass(10000);
            device.Clock.UtcNow = new DateTime(2026, 8, 2, 0, 0, 30); // SNTP
            MqttSession session = Open(device);
            device.Clock.Pass(3600000);
            publisher.PublishOldest(session);
            publisher.PublishOldest(session);
            Assert.Contains("\"TIMESTAMP\":\"2026-08-01T23:58:50\",\"TEMPERATURE\":20.50", (string)device.Cloud.Payloads[0]);
            Assert.Contains("\"TIMESTAMP\":\"2026-08-02T00:00:20\",\"TEMPERATURE\":21.50", (string)device.Cloud.Payloads[1]);
        }

        [TestMethod]
        public void WhatWasNotMeasuredIsLeftOut()
        {
            for (int i = 0; i < 2; i++)
            {
                FakeParts device = new FakeParts();
                AgentSettings settings = device.ReadSettings();
                settings.IsPerType = i == 1;
                FakeSensor other = new FakeSensor(new string[] { "PRESSURE" });
                TelemetryPublisher publisher = Make(device, settings, device.Board.Sensor, other);
                MqttSession session = Open(device);
                publisher.TakeIfDue();
                device.Board.Sensor.Missing = 0;
                other.IsMute = true;
                device.Clock.Pass(60000);
                publisher.TakeIfDue();
                publisher.PublishOldest(session);
                int received = device.Cloud.Received;
                Assert.AreEqual(i == 0 ? 1 : 3, received);
                publisher.PublishOldest(session);
                Assert.AreEqual(received + 1, device.Cloud.Received);
                Assert.IsTrue(((string)device.Cloud.Payloads[received]).EndsWith(":01\",\"HUMIDITY\":51.00}"), (string)device.Cloud.Payloads[received]);
            }
        }

        [TestMethod]
        public void SeveralSensorsMakeOneReading()
        {
            FakeParts device = new FakeParts();
            TelemetryPublisher publisher = Make(device, device.ReadSettings(), new FakeSensor(new string[] { "PRESSURE" }), device.Board.Sensor);
            publisher.TakeIfDue();
            publisher.PublishOldest(Open(device));
            Assert.IsTrue(((string)device.Cloud.Payloads[0]).EndsWith("\"PRESSURE\":20.50,\"TEMPERATURE\":20.50,\"HUMIDITY\":50.00}"), (string)device.Cloud.Payloads[0]);
        }

        [TestMethod]
        public void WhereNoSensorGivesAnythingThereIsNoReading()
        {
            FakeParts device = new FakeParts();
            device.Board.Sensor.IsMute = true;
            TelemetryPublisher publisher = Make(device, device.ReadSettings(), device.Board.Sensor);
            Assert.IsTrue(publisher.TakeIfDue());
            Assert.AreEqual(0, publisher.Waiting);
            Assert.AreEqual(0, publisher.Taken);
            Assert.AreEqual(60000, publisher.UntilDue);
            Assert.IsFalse(publisher.TakeIfDue());
        }

        [TestMethod]
        public void AReadingStaysUntilItIsAcknowledged()
        {
            FakeParts device = new FakeParts();
            TelemetryPublisher publisher = Make(device, device.ReadSettings(), device.Board.Sensor);
            MqttSession session = Open(device);
            publisher.TakeIfDue();
            device.Cloud.Always("PUBLISH", "silence");
            Assert.IsFalse(publisher.PublishOldest(session));
            Assert.AreEqual(1, publisher.Waiting);
            Assert.AreEqual(0, publisher.Published);
            device.Clock.Pass(30000);
            device.Cloud.Always("PUBLISH", "ok");
            Assert.IsTrue(publisher.PublishOldest(session));
            Assert.AreEqual(0, publisher.Waiting);
            Assert.Contains("\"TIMESTAMP\":\"2026-08-01T12:00:01\"", (string)device.Cloud.Payloads[0]);
        }

        [TestMethod]
        public void PerTypeAReadingStaysUntilAllOfItIsAcknowledged()
        {
            FakeParts device = new FakeParts();
            AgentSettings settings = device.ReadSettings();
            settings.IsPerType = true;
            TelemetryPublisher publisher = Make(device, settings, device.Board.Sensor);
            MqttSession session = Open(device);
            publisher.TakeIfDue();
            device.Cloud.Next("PUBLISH", "ok");
            device.Cloud.Next("PUBLISH", "close");
            Assert.IsFalse(publisher.PublishOldest(session));
            Assert.AreEqual(1, publisher.Waiting);
            session.Close();
            Assert.IsTrue(publisher.PublishOldest(Open(device)));
            Assert.IsTrue(((string)device.Cloud.Topics[device.Cloud.Topics.Count - 1]).EndsWith("/humidity"));
            Assert.AreEqual(0, publisher.Waiting);
        }

        [TestMethod]
        public void ReadingsAreTakenAtTheirIntervalAndMissedOnesNotMadeUpFor()
        {
            FakeParts device = new FakeParts();
            TelemetryPublisher publisher = Make(device, device.ReadSettings(), device.Board.Sensor);
            Assert.IsTrue(publisher.UntilDue <= 0);
            Assert.IsTrue(publisher.TakeIfDue());
            Assert.IsFalse(publisher.TakeIfDue());
            Assert.AreEqual(60000, publisher.UntilDue);
            device.Clock.Pass(59999);
            Assert.IsFalse(publisher.TakeIfDue());
            device.Clock.Pass(31);
            Assert.IsTrue(publisher.TakeIfDue());
            Assert.AreEqual(59970, publisher.UntilDue);
            device.Clock.Pass(400000);
            Assert.IsTrue(publisher.TakeIfDue());
            Assert.IsFalse(publisher.TakeIfDue());
            Assert.AreEqual(60000, publisher.UntilDue);
            Assert.AreEqual(3, publisher.Taken);
        }

        [TestMethod]
        public void AnIntervalThatWasChangedCountsFromNow()
        {
            FakeParts device = new FakeParts();
            AgentSettings settings = device.ReadSettings();
            settings.IntervalSeconds = 86400;
            TelemetryPublisher publisher = Make(device, settings, device.Board.Sensor);
            publisher.TakeIfDue();
            Assert.AreEqual(86400000, publisher.UntilDue);
            device.Clock.Pass(1000);
            settings.IntervalSeconds = 5;
            publisher.Reschedule();
            Assert.AreEqual(5000, publisher.UntilDue);
            device.Clock.Pass(5000);
            Assert.IsTrue(publisher.TakeIfDue());
            Assert.AreEqual(5000, publisher.UntilDue);
        }

        [TestMethod]
        public void ReadingsThatDoNotFitAreCounted()
        {
            FakeParts device = new FakeParts();
            AgentSettings settings = device.ReadSettings();
            settings.OutboxReadings = 2;
            TelemetryPublisher publisher = Make(device, settings, device.Board.Sensor);
            for (int i = 0; i < 5; i++)
            {
                publisher.TakeIfDue();
                device.Clock.Pass(60000);
            }

            Assert.AreEqual(5, publisher.Taken);
            Assert.AreEqual(2, publisher.Waiting);
            Assert.AreEqual(3, publisher.Dropped);
            publisher.PublishOldest(Open(device));
            Assert.Contains("\"TEMPERATURE\":23.50", (string)device.Cloud.Payloads[0]);
        }

        [TestMethod]
        public void ATopicOfItsOwnTakesThePlaceOfTheUsualOne()
        {
            FakeParts device = new FakeParts();
            AgentSettings settings = device.ReadSettings();
            settings.TelemetryTopic = "fleet/one";
            TelemetryPublisher publisher = Make(device, settings, device.Board.Sensor);
            publisher.TakeIfDue();
            publisher.PublishOldest(Open(device));
            Assert.AreEqual("fleet/one", (string)device.Cloud.Topics[0]);
        }

        private static TelemetryPublisher Make(FakeParts device, AgentSettings settings, params ISensor[] sensors) => new TelemetryPublisher(settings, sensors, device.Clock);

        private static MqttSession Open(FakeParts device)
        {
            device.Clock.Pass(1000);
            MqttSession session = new MqttSession(device.Clients, device.Clock, device.Signal, 100);
            byte[][] credentials = new byte[][] { PemFile.Read(device.Storage, PemFile.RootCa), PemFile.Read(device.Storage, PemFile.ClaimCertificate), PemFile.Read(device.Storage, PemFile.ClaimKey) };
            Assert.IsNull(session.Open("iot.example", 8883, credentials, "client-1", true, 60));
            return session;
        }

        private static void Check(FakeParts device, int index, string topic, string payload)
        {
            Assert.AreEqual(topic, (string)device.Cloud.Topics[index]);
            Assert.AreEqual(payload, (string)device.Cloud.Payloads[index]);
        }
    }
}
