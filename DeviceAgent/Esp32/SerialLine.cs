using System;
using System.Reflection;
using DeviceAgent.Board;

namespace DeviceAgent.Esp32
{
    /// <summary>
    /// The board's second serial port, COM2: the first one is the debugger's and the log's. Its driver, nanoFramework.System.IO.Ports, is found
    /// by name, so that only boards whose installers use the port have to carry it.
    /// </summary>
    public sealed class SerialLine : ISerialLine
    {
        private const string Port = "COM2";
        private const string Driver = "System.IO.Ports.SerialPort, System.IO.Ports";

        /// <summary>What is kept of what comes while nobody reads, in bytes of native memory, twice: a claim's line has about 3.2 KB.</summary>
        private const int BufferSize = 4096;

        /// <summary>How long bytes may take to be sent, in milliseconds.</summary>
        private const int WriteTimeout = 1000;

        private object _port;
        private MethodInfo _available;
        private MethodInfo _read;
        private MethodInfo _write;

        /// <inheritdoc/>
        public int Available => Number(_available.Invoke(_port, null));

        /// <inheritdoc/>
        public string Open(int baudRate, int transmitPin, int receivePin)
        {
            Type type = Type.GetType(Driver);
            if (type == null)
            {
                return "its driver is not in the firmware: add the package nanoFramework.System.IO.Ports to the project DeviceAgent, build and deploy it";
            }

            Close();
            Esp32Board.RouteSerialPort(transmitPin, receivePin);
            Type[] piece = new Type[] { typeof(byte[]), typeof(int), typeof(int) };
            _available = type.GetMethod("get_BytesToRead");
            _read = type.GetMethod("Read", piece);
            _write = type.GetMethod("Write", piece);

            // The port's name, then no parity, 8 data bits and one stop bit: the constructor has no other overload
            _port = type.GetConstructors()[0].Invoke(new object[] { Port, baudRate, 0, 8, 1 });
            Call(type, "set_ReadBufferSize", BufferSize);
            Call(type, "set_ReadTimeout", 0);
            Call(type, "set_WriteTimeout", WriteTimeout);
            type.GetMethod("Open").Invoke(_port, null);
            return null;
        }

        /// <inheritdoc/>
        public int Read(byte[] buffer, int offset, int count) => Number(_read.Invoke(_port, new object[] { buffer, offset, count }));

        /// <inheritdoc/>
        public void Write(byte[] bytes) => _write.Invoke(_port, new object[] { bytes, 0, bytes.Length });

        /// <inheritdoc/>
        public void Close()
        {
            if (_port != null)
            {
                ((IDisposable)_port).Dispose(); // Close alone would keep the driver's memory, and the name from being used again
                _port = null;
            }
        }

        private void Call(Type type, string setter, int value) => type.GetMethod(setter).Invoke(_port, new object[] { value });

        /// <summary>A native method's number comes without a sign, whatever its declaration says.</summary>
        private static int Number(object boxed) => boxed is uint ? (int)(uint)boxed : (int)boxed;
    }
}
