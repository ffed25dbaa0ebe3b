using System;
using System.Collections;
using DeviceAgent.Board;
using DeviceAgent.Sensors;

namespace DeviceAgent.Tests.Fakes
{
    /// <summary>A board whose chance is ordered.</summary>
    public sealed class FakeBoard : IBoard
    {
        private readonly ArrayList _bounds = new ArrayList();
        private uint _bytes = 1;

        /// <inheritdoc/>
        public string HardwareId => "a0b1c2d3e4f5";

        /// <inheritdoc/>
        public int FreeMemory { get; set; } = 40000;

        /// <inheritdoc/>
        public string NativeMemory => "90000/60000";

        /// <inheritdoc/>
        public string WakeCause => "power";

        /// <inheritdoc/>
        public bool IsResetButtonHeld { get; set; }

        /// <summary>What <see cref="Random"/> gives, in percent of what it may: 0 for the least, 100 for the most.</summary>
        public int Chance { get; set; } = 50;

        /// <summary>How many bytes that are no chance at all, 255, <see cref="Random"/> gives next where it is asked for bytes; after them it gives others each time.</summary>
        public int StuckBytes { get; set; }

        /// <summary>The sensor that the settings call <c>fake</c>.</summary>
        public FakeSensor Sensor { get; } = new FakeSensor();

        /// <summary>How often the board was started anew.</summary>
        public int Reboots { get; private set; }

        /// <summary>How long it sleeps, in seconds; 0 where it does not.</summary>
        public int Sleep { get; private set; }

        /// <summary>The bounds that random numbers were asked with, the last 40.</summary>
        public ArrayList Bounds => _bounds;

        /// <inheritdoc/>
        public int Random(int below)
        {
            if (below < 1)
            {
                throw new ArgumentException("below " + below.ToString());
            }

            if (below == 256)
            {
                _bytes = (_bytes * 1664525) + 1013904223;
                return StuckBytes-- > 0 ? 255 : (int)(_bytes >> 24);
            }

            if (_bounds.Count == 40)
            {
                _bounds.RemoveAt(0);
            }

            _bounds.Add(below);
            return (int)((below - 1L) * Chance / 100);
        }

        /// <inheritdoc/>
        public ISensor CreateSensor(string type, SensorOptions options)
        {
            if (type == "absent")
            {
                throw new InvalidOperationException("nothing at address " + options.Address.ToString());
            }

            return type == "fake" ? Sensor : null;
        }

        /// <inheritdoc/>
        public void Reboot() => Reboots++;

        /// <inheritdoc/>
        public void DeepSleep(int seconds) => Sleep = seconds;
    }
}
