using System;
using System.Threading;
using DeviceAgent.Board;

namespace DeviceAgent.Esp32
{
    /// <summary>The board's own clock; the firmware sets it by SNTP as soon as there is an address.</summary>
    public sealed class SystemClock : IClock
    {
        /// <inheritdoc/>
        public DateTime UtcNow => DateTime.UtcNow;

        /// <inheritdoc/>
        public bool IsSet => DateTime.UtcNow.Year >= 2026; // without SNTP the board starts in 1970

        /// <inheritdoc/>
        public long Milliseconds => Environment.TickCount64;

        /// <inheritdoc/>
        public bool Wait(AutoResetEvent signal, int milliseconds) => signal.WaitOne(milliseconds < 0 ? 0 : milliseconds, false);
    }
}
