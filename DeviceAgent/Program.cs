using System.Threading;
using DeviceAgent.Agent;
using DeviceAgent.Esp32;

namespace DeviceAgent
{
    /// <summary>Puts the agent together from the parts of an ESP32.</summary>
    public static class Program
    {
        /// <summary>Where the firmware starts. It never returns: a program that ends leaves the board waiting for a debugger.</summary>
        public static void Main()
        {
            LifeCycle agent = new LifeCycle(new InternalStorage(), new WifiNetwork(), new SystemClock(), new MqttClients(), new Esp32Board(), new ConsoleLog(), new SerialLine());
            new Thread(agent.Supervise).Start();
            agent.Run();
            Thread.Sleep(Timeout.Infinite);
        }
    }
}
