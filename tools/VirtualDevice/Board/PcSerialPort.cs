using System.IO.Ports;
using DeviceAgent.Board;

namespace VirtualDevice.Board;

/// <summary>A serial port of the PC as a board's.</summary>
public sealed class PcSerialPort : ISerialLine
{
    private const int WriteTimeout = 1000;

    private readonly string _name;
    private SerialPort? _port;

    /// <summary>Uses a port; it is not opened yet.</summary>
    /// <param name="name">Its name: /dev/ttyUSB0, COM3.</param>
    public PcSerialPort(string name)
    {
        _name = name;
    }

    /// <inheritdoc/>
    public int Available => Port.BytesToRead;

    private SerialPort Port => _port ?? throw new InvalidOperationException("The port is not open.");

    /// <inheritdoc/>
    public string? Open(int baudRate, int transmitPin, int receivePin)
    {
        Close();
        SerialPort port = new(_name, baudRate) { WriteTimeout = WriteTimeout, ReadBufferSize = 16_384 };
        try
        {
            port.Open();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            port.Dispose();
            return e.Message;
        }

        _port = port;
        return null;
    }

    /// <inheritdoc/>
    public int Read(byte[] buffer, int offset, int count) => Port.Read(buffer, offset, count);

    /// <inheritdoc/>
    public void Write(byte[] bytes) => Port.Write(bytes, 0, bytes.Length);

    /// <inheritdoc/>
    public void Close()
    {
        _port?.Dispose();
        _port = null;
    }
}
