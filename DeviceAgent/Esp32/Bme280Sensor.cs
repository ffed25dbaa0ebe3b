using System;
using System.Device.I2c;
using DeviceAgent.Sensors;
using Iot.Device.Bmxx80;
using Iot.Device.Bmxx80.ReadResult;
using nanoFramework.Hardware.Esp32;

namespace DeviceAgent.Esp32
{
    /// <summary>Bosch BME280 over I2C: temperature, humidity, pressure.</summary>
    public sealed class Bme280Sensor : ISensor
    {
        private const int DefaultBus = 1;
        private const int DefaultDataPin = 21;
        private const int DefaultClockPin = 22;

        private static readonly string[] s_quantities = new string[] { "TEMPERATURE", "HUMIDITY", "PRESSURE" };

        private readonly Bme280 _sensor;

        /// <summary>Makes the driver; throws where the sensor does not answer.</summary>
        /// <param name="options">Bus 1, pins 21 (data) and 22 (clock), address 119 where they give nothing else.</param>
        public Bme280Sensor(SensorOptions options)
        {
            int bus = Or(options.Bus, DefaultBus);
            Configuration.SetPinFunction(Or(options.DataPin, DefaultDataPin), bus == 1 ? DeviceFunction.I2C1_DATA : DeviceFunction.I2C2_DATA);
            Configuration.SetPinFunction(Or(options.ClockPin, DefaultClockPin), bus == 1 ? DeviceFunction.I2C1_CLOCK : DeviceFunction.I2C2_CLOCK);
            _sensor = new Bme280(I2cDevice.Create(new I2cConnectionSettings(bus, Or(options.Address, Bmx280Base.DefaultI2cAddress))));
        }

        /// <inheritdoc/>
        public string[] Quantities => s_quantities;

        /// <inheritdoc/>
        public bool Measure(float[] values, int offset)
        {
            Bme280ReadResult result;
            try
            {
                result = _sensor.Read();
            }
            catch (Exception)
            {
                return false; // a loose wire: the next reading may be right again
            }

            values[offset] = result.TemperatureIsValid ? (float)result.Temperature.DegreesCelsius : float.NaN;
            values[offset + 1] = result.HumidityIsValid ? (float)result.Humidity.Percent : float.NaN;
            values[offset + 2] = result.PressureIsValid ? (float)result.Pressure.Hectopascals : float.NaN;
            return result.TemperatureIsValid || result.HumidityIsValid || result.PressureIsValid;
        }

        private static int Or(int given, int otherwise) => given == SensorOptions.NotGiven ? otherwise : given;
    }
}
