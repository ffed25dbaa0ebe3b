namespace DeviceAgent.Sensors
{
    /// <summary>One entry of the settings' <c>sensors</c>. A number that is not given is <see cref="NotGiven"/>.</summary>
    public sealed class SensorOptions
    {
        /// <summary>Stands for a number that the settings do not give.</summary>
        public const int NotGiven = int.MinValue;

        /// <summary>Which driver: <c>simulated</c>, <c>bme280</c>.</summary>
        public string Type;

        /// <summary>I2C bus number, from 1.</summary>
        public int Bus = NotGiven;

        /// <summary>I2C address, 0 to 127.</summary>
        public int Address = NotGiven;

        /// <summary>GPIO of the I2C data line.</summary>
        public int DataPin = NotGiven;

        /// <summary>GPIO of the I2C clock line.</summary>
        public int ClockPin = NotGiven;
    }
}
