using System;
using DeviceAgent.Board;

namespace DeviceAgent.Esp32
{
    /// <summary>Writes to the board's serial port, in release builds too; Debug.WriteLine would say nothing there.</summary>
    public sealed class ConsoleLog : ILog
    {
        /// <inheritdoc/>
        public void Write(string line) => Console.WriteLine(DateTime.UtcNow.ToString("yyyy-MM-ddTHH:mm:ss") + " " + line);
    }
}
