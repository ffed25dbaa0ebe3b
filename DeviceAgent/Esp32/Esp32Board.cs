using System;
using System.Device.Gpio;
using System.Net.NetworkInformation;
using DeviceAgent.Board;
using DeviceAgent.Sensors;
using nanoFramework.Hardware.Esp32;
using nanoFramework.Runtime.Native;

namespace DeviceAgent.Esp32
{
    /// <summary>An ESP32 board.</summary>
    public sealed class Esp32Board : IBoard
    {
        /// <summary>GPIO 0: the BOOT button of nearly all ESP32 boards. Held while the board powers on it starts the ROM's loader, so press it just after.</summary>
        private const int BootButton = 0;

        private readonly Random _random = new Random(); // esp_random(): a true source while the radio is on
        private string _hardwareId;

        /// <inheritdoc/>
        public string HardwareId
        {
            get
            {
                if (_hardwareId == null)
                {
                    byte[] mac = NetworkInterface.GetAllNetworkInterfaces()[0].PhysicalAddress;
                    string id = "";
                    for (int i = 0; i < mac.Length; i++)
                    {
                        id += mac[i].ToString("X2");
                    }

                    _hardwareId = id.ToLower();
                }

                return _hardwareId;
            }
        }

        /// <inheritdoc/>
        public int FreeMemory => (int)nanoFramework.Runtime.Native.GC.Run(false);

        /// <inheritdoc/>
        public string NativeMemory
        {
            get
            {
                nanoFramework.Hardware.Esp32.NativeMemory.GetMemoryInfo(nanoFramework.Hardware.Esp32.NativeMemory.MemoryType.Internal, out uint _, out uint free, out uint largest);
                return free.ToString() + "/" + largest.ToString();
            }
        }

        /// <inheritdoc/>
        public string WakeCause
        {
            get
            {
                switch (Sleep.GetWakeupCause())
                {
                    case Sleep.WakeupCause.Undefined:
                        return "power or reset";
                    case Sleep.WakeupCause.Timer:
                        return "timer";
                    default:
                        return "wake-up cause " + ((int)Sleep.GetWakeupCause()).ToString();
                }
            }
        }

        /// <inheritdoc/>
        public bool IsResetButtonHeld
        {
            get
            {
                using (GpioController pins = new GpioController())
                {
                    return pins.OpenPin(BootButton, PinMode.InputPullUp).Read() == PinValue.Low;
                }
            }
        }

        /// <summary>Leads the second serial port to two pins.</summary>
        /// <param name="transmitPin">The pin to send on.</param>
        /// <param name="receivePin">The pin to receive on.</param>
        public static void RouteSerialPort(int transmitPin, int receivePin)
        {
            Configuration.SetPinFunction(transmitPin, DeviceFunction.COM2_TX);
            Configuration.SetPinFunction(receivePin, DeviceFunction.COM2_RX);
        }

        /// <inheritdoc/>
        public int Random(int below) => _random.Next(below);

        /// <inheritdoc/>
        public ISensor CreateSensor(string type, SensorOptions options) => type == "bme280" ? new Bme280Sensor(options) : null;

        /// <inheritdoc/>
        public void Reboot() => Power.RebootDevice(RebootOption.NormalReboot);

        /// <inheritdoc/>
        public void DeepSleep(int seconds)
        {
            Sleep.EnableWakeupByTimer(TimeSpan.FromSeconds(seconds));
            Sleep.StartDeepSleep();
        }
    }
}
