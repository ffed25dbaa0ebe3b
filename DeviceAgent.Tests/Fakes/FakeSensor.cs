using System;
using DeviceAgent.Sensors;

namespace DeviceAgent.Tests.Fakes
{
    /// <summary>Measures 20.5 °C and 50 %, each time one more of both.</summary>
    public sealed class FakeSensor : ISensor
    {
        private readonly string[] _quantities;

        /// <summary>Makes a sensor of temperature and humidity.</summary>
        public FakeSensor()
            : this(new string[] { "TEMPERATURE", "HUMIDITY" })
        {
        }

        /// <summary>Makes a sensor of other quantities.</summary>
        public FakeSensor(string[] quantities)
        {
            _quantities = quantities;
        }

        /// <inheritdoc/>
        public string[] Quantities => _quantities;

        /// <summary>How often it has measured.</summary>
        public int Measured { get; private set; }

        /// <summary>Whether it gives nothing.</summary>
        public bool IsMute { get; set; }

        /// <summary>Whether it throws.</summary>
        public bool IsBroken { get; set; }

        /// <summary>Which quantity it does not write, from 0; −1 for none.</summary>
        public int Missing { get; set; } = -1;

        /// <inheritdoc/>
        public bool Measure(float[] values, int offset)
        {
            if (IsBroken)
            {
                throw new InvalidOperationException("the bus is stuck");
            }

            if (IsMute)
            {
                return false;
            }

            for (int i = 0; i < _quantities.Length; i++)
            {
                if (i != Missing)
                {
                    values[offset + i] = (i == 0 ? 20.5f : 50f) + Measured;
                }
            }

            Measured++;
            return true;
        }
    }
}
