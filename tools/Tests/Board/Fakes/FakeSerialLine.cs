using System;
using System.Collections;
using System.Text;
using DeviceAgent.Board;

namespace DeviceAgent.Tests.Fakes
{
    /// <summary>A serial port with an installer at its other end.</summary>
    public sealed class FakeSerialLine : ISerialLine
    {
        private const int LinesKept = 12;

        private readonly ArrayList _sent = new ArrayList();
        private readonly ArrayList _times = new ArrayList();
        private byte[] _typed = new byte[0];
        private int _taken;

        /// <summary>Why it cannot be opened, or used any more; <see langword="null"/> where it can.</summary>
        public string Problem { get; set; }

        /// <summary>Whether it is open.</summary>
        public bool IsOpen { get; private set; }

        /// <summary>How often it was opened.</summary>
        public int Opened { get; private set; }

        /// <summary>Bits a second, and both pins, that it was opened with last.</summary>
        public string Setting { get; private set; }

        /// <summary>The lines that the board has sent, the last of them; one that was sent several times in a row is there once.</summary>
        public ArrayList Sent => _sent;

        /// <inheritdoc/>
        public int Available => Check(_typed.Length - _taken);

        /// <summary>The installer sends a text.</summary>
        public void Type(string text)
        {
            byte[] more = Encoding.UTF8.GetBytes(text);
            byte[] typed = new byte[_typed.Length - _taken + more.Length];
            Array.Copy(_typed, _taken, typed, 0, _typed.Length - _taken);
            Array.Copy(more, 0, typed, _typed.Length - _taken, more.Length);
            _typed = typed;
            _taken = 0;
        }

        /// <summary>Forgets what the board has sent.</summary>
        public void Clear()
        {
            _sent.Clear();
            _times.Clear();
        }

        /// <summary>How many of the lines sent hold a text.</summary>
        public int Count(string text)
        {
            int count = 0;
            for (int i = 0; i < _sent.Count; i++)
            {
                count += ((string)_sent[i]).Contains(text) ? (int)_times[i] : 0;
            }

            return count;
        }

        /// <inheritdoc/>
        public string Open(int baudRate, int transmitPin, int receivePin)
        {
            Opened++;
            Setting = baudRate.ToString() + " " + transmitPin.ToString() + " " + receivePin.ToString();
            IsOpen = Problem == null;
            return Problem;
        }

        /// <inheritdoc/>
        public int Read(byte[] buffer, int offset, int count)
        {
            Check(0);
            Array.Copy(_typed, _taken, buffer, offset, count);
            _taken += count;
            return count;
        }

        /// <inheritdoc/>
        public void Write(byte[] bytes)
        {
            Check(0);
            string line = Encoding.UTF8.GetString(bytes, 0, bytes.Length);
            int last = _sent.Count - 1;
            if (last >= 0 && (string)_sent[last] == line)
            {
                _times[last] = (int)_times[last] + 1;
                return;
            }

            if (_sent.Count == LinesKept)
            {
                _sent.RemoveAt(0);
                _times.RemoveAt(0);
            }

            _sent.Add(line);
            _times.Add(1);
        }

        /// <inheritdoc/>
        public void Close() => IsOpen = false;

        private int Check(int value)
        {
            if (!IsOpen || Problem != null)
            {
                throw new InvalidOperationException(Problem ?? "the port is not open");
            }

            return value;
        }
    }
}
