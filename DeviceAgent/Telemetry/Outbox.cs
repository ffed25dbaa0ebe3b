namespace DeviceAgent.Telemetry
{
    /// <summary>
    /// Readings that wait for the broker's acknowledgement: a ring of fixed size, made once. When it is full the oldest goes, and is counted.
    /// </summary>
    public sealed class Outbox
    {
        private readonly long[] _times;
        private readonly float[] _values;
        private readonly int _width;
        private int _first;
        private int _count;
        private int _dropped;

        /// <summary>Makes an empty outbox; takes 8 bytes and 4 for each value for every reading that fits.</summary>
        /// <param name="capacity">How many readings fit, at least 1.</param>
        /// <param name="width">How many values a reading has.</param>
        public Outbox(int capacity, int width)
        {
            _times = new long[capacity];
            _values = new float[capacity * width];
            _width = width;
        }

        /// <summary>Readings that wait.</summary>
        public int Count => _count;

        /// <summary>Readings that were given up because there was no room.</summary>
        public int Dropped => _dropped;

        /// <summary>When the oldest reading was taken, by the clock that never jumps.</summary>
        public long OldestTime => _times[_first];

        /// <summary>Adds a reading.</summary>
        /// <param name="time">When it was taken, in milliseconds since the board started: the time of day may not be known yet.</param>
        /// <param name="values">Its values.</param>
        public void Add(long time, float[] values)
        {
            if (_count == _times.Length)
            {
                RemoveOldest();
                _dropped++;
            }

            int slot = (_first + _count) % _times.Length;
            _times[slot] = time;
            for (int i = 0; i < _width; i++)
            {
                _values[(slot * _width) + i] = values[i];
            }

            _count++;
        }

        /// <summary>A value of the oldest reading; NaN where it was not measured.</summary>
        /// <param name="index">Which, from 0.</param>
        public float OldestValue(int index) => _values[(_first * _width) + index];

        /// <summary>Takes the oldest reading out, once it has been acknowledged.</summary>
        public void RemoveOldest()
        {
            _first = (_first + 1) % _times.Length;
            _count--;
        }
    }
}
