using System;
using DeviceAgent.Board;

namespace DeviceAgent.Tests.Fakes
{
    /// <summary>A network that is there or not.</summary>
    public sealed class FakeNetwork : INetwork
    {
        private readonly VirtualClock _clock;

        /// <summary>Makes a network that is up.</summary>
        public FakeNetwork(VirtualClock clock)
        {
            _clock = clock;
        }

        /// <summary>Whether it is down: then a wait for it lasts as long as it may.</summary>
        public bool IsDown { get; set; }

        /// <summary>Whether there is nothing to wait for: it fails at once.</summary>
        public bool IsAbsent { get; set; }

        /// <summary>What it sets the clock to when it is joined; <see cref="DateTime.MinValue"/> for nothing.</summary>
        public DateTime Time { get; set; } = DateTime.MinValue;

        /// <summary>How often it was asked for.</summary>
        public int Attempts { get; private set; }

        /// <summary>The longest that it was to be waited for, in seconds.</summary>
        public int LongestWait { get; private set; }

        /// <summary>The network that was asked for last.</summary>
        public string Ssid { get; private set; }

        /// <inheritdoc/>
        public string Connect(string ssid, string password, int timeoutSeconds)
        {
            Attempts++;
            LongestWait = timeoutSeconds > LongestWait ? timeoutSeconds : LongestWait;
            Ssid = ssid;
            if (IsAbsent)
            {
                return "no interface";
            }

            if (IsDown)
            {
                _clock.Pass(timeoutSeconds * 1000);
                return "out of reach";
            }

            if (Time != DateTime.MinValue)
            {
                _clock.UtcNow = Time;
                Time = DateTime.MinValue;
            }

            return null;
        }
    }
}
