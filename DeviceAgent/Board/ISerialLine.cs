using System;

namespace DeviceAgent.Board
{
    /// <summary>A serial port of the board, for whoever stands beside it. Nothing here waits for the other side.</summary>
    public interface ISerialLine
    {
        /// <summary>Opens the port: 8 data bits, no parity, one stop bit, no flow control.</summary>
        /// <param name="baudRate">Bits a second.</param>
        /// <param name="transmitPin">The pin that the board sends on; a board with fixed pins takes no notice.</param>
        /// <param name="receivePin">The pin that it receives on, likewise.</param>
        /// <returns><see langword="null"/> once it is open, else why not, in words for the log.</returns>
        string Open(int baudRate, int transmitPin, int receivePin);

        /// <summary>How many bytes have come and not been read. What comes while nobody reads is kept up to some kilobytes.</summary>
        /// <exception cref="Exception">The port is gone.</exception>
        int Available { get; }

        /// <summary>Takes bytes that have come.</summary>
        /// <param name="buffer">Takes them.</param>
        /// <param name="offset">Where the first goes.</param>
        /// <param name="count">How many: at most as many as are <see cref="Available"/>.</param>
        /// <returns>How many were taken.</returns>
        /// <exception cref="Exception">The port is gone.</exception>
        int Read(byte[] buffer, int offset, int count);

        /// <summary>Sends bytes, whether anybody listens or not.</summary>
        /// <param name="bytes">The bytes.</param>
        /// <exception cref="Exception">The port is gone, or does not take them within a second.</exception>
        void Write(byte[] bytes);

        /// <summary>Closes the port; it can be opened again.</summary>
        void Close();
    }
}
