using DeviceAgent.Agent;
using nanoFramework.TestFramework;

namespace DeviceAgent.Tests.Fakes
{
    /// <summary>A board as it comes from the factory, which can be switched on.</summary>
    public sealed class FakeDevice : FakeParts
    {
        /// <summary>Its serial port.</summary>
        public readonly FakeSerialLine Serial = new FakeSerialLine();

        /// <summary>The agent that was booted last.</summary>
        public LifeCycle Agent;

        /// <summary>Turns the power on, and lets the agent run until the time is over, or it reboots, sleeps or loses its power; then turns the power off.</summary>
        public void Run(int seconds)
        {
            Clock.Boot();
            Agent = new LifeCycle(Storage, Network, Clock, Clients, Board, Log, Serial);
            LifeCycle agent = Agent;
            Clock.After(seconds * 1000, () => agent.Stop());
            agent.Run();
            Clients.PowerOff();
            Storage.PowerOff();
            Clock.Clear();
            Assert.IsNull(Clock.Fault, Clock.Fault);
            Assert.IsNull(Clients.Fault, Clients.Fault);
            Assert.IsNull(Log.Leak, "a secret is in the log");
        }
    }
}
