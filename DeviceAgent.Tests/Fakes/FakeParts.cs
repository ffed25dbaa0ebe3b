using System.Text;
using System.Threading;
using DeviceAgent.Settings;

namespace DeviceAgent.Tests.Fakes
{
    /// <summary>The parts of a board as it comes from the factory, and the world around it, all in memory.</summary>
    public class FakeParts
    {
        /// <summary>The password of the WiFi network in the settings; no log line may hold it.</summary>
        public const string WifiPassword = "hunter2";

        /// <summary>The board's MAC, and with the factory's settings its thing name.</summary>
        public const string Name = "a0b1c2d3e4f5";

        /// <summary>Where its readings go with the factory's settings.</summary>
        public const string TelemetryTopic = "dt/weather/tokyo/lab/" + Name;

        /// <summary>Where its commands come from with the factory's settings.</summary>
        public const string CommandTopic = "cmd/weather/tokyo/lab/" + Name;

        private const string Place = "\"endpoint\":\"iot.example\",\"product\":\"weather\",\"location\":\"tokyo/lab\"";

        /// <summary>The settings' members without their braces.</summary>
        public const string Factory = Place + ",\"provisioning\":{\"template\":\"the-template\"},\"wifi\":{\"ssid\":\"lab\",\"password\":\"" + WifiPassword + "\"}";

        /// <summary>What happened.</summary>
        public readonly Trace Trace = new Trace();

        /// <summary>The clock of the board and all the world.</summary>
        public readonly VirtualClock Clock = new VirtualClock();

        /// <summary>The board's storage.</summary>
        public readonly MemoryStorage Storage;

        /// <summary>The cloud.</summary>
        public readonly FakeCloud Cloud;

        /// <summary>The board's MQTT clients.</summary>
        public readonly FakeMqttClients Clients;

        /// <summary>The board's network.</summary>
        public readonly FakeNetwork Network;

        /// <summary>The board.</summary>
        public readonly FakeBoard Board = new FakeBoard();

        /// <summary>The board's log.</summary>
        public readonly FakeLog Log = new FakeLog();

        /// <summary>What the agent's thread waits on, for tests of its parts.</summary>
        public readonly AutoResetEvent Signal = new AutoResetEvent(false);

        /// <summary>Makes a board with the factory's files.</summary>
        public FakeParts()
        {
            Storage = new MemoryStorage(Trace);
            Cloud = new FakeCloud(Clock, Trace);
            Clients = new FakeMqttClients(Clock, Cloud);
            Network = new FakeNetwork(Clock);
            Put("root-ca.pem", "-----BEGIN ROOT");
            Put("claim.pem.crt", "-----BEGIN CERT-claim");
            Put("claim.pem.key", "-----BEGIN KEY-claim");
            Configure("\"sensors\":[{\"type\":\"fake\"}]");
        }

        /// <summary>Writes the settings: the factory's, and further members.</summary>
        public void Configure(string members) => Put(SettingsReader.FileName, "{" + Factory + "," + members + "}");

        /// <summary>Writes the settings: the factory's, with another method to get an identity.</summary>
        public void Use(string method) => Put(SettingsReader.FileName, "{" + Place + ",\"provisioning\":{\"template\":\"the-template\",\"method\":\"" + method + "\"},\"sensors\":[{\"type\":\"fake\"}]}");

        /// <summary>Puts a text file into the storage.</summary>
        public void Put(string name, string text) => Storage.Put(name, Encoding.UTF8.GetBytes(text));

        /// <summary>The settings as they are read at a boot.</summary>
        public AgentSettings ReadSettings() => new SettingsReader(Name).Read(Storage.Read(SettingsReader.FileName));
    }
}
