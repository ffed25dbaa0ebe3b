using System;
using System.Text;
using DeviceAgent.Board;
using DeviceAgent.Messaging;
using DeviceAgent.Sensors;
using DeviceAgent.Settings;

namespace DeviceAgent.Telemetry
{
    /// <summary>Takes readings when they are due, keeps them while there is no connection, and publishes them, the oldest first.</summary>
    public sealed class TelemetryPublisher
    {
        private AgentSettings _settings;
        private readonly IClock _clock;
        private readonly ISensor[] _sensors;
        private readonly string[] _quantities;
        private readonly float[] _values;
        private readonly Outbox _outbox;
        private string _topic;
        private long _due;
        private int _taken;
        private int _published;

        /// <summary>Makes a publisher whose first reading is due at once.</summary>
        /// <param name="settings">The interval, layout and topic; they may change.</param>
        /// <param name="sensors">What to measure.</param>
        /// <param name="clock">Tells the time.</param>
        public TelemetryPublisher(AgentSettings settings, ISensor[] sensors, IClock clock)
        {
            _settings = settings;
            _sensors = sensors;
            _clock = clock;
            int count = 0;
            for (int i = 0; i < sensors.Length; i++)
            {
                count += sensors[i].Quantities.Length;
            }

            _quantities = new string[count];
            _values = new float[count];
            int at = 0;
            for (int i = 0; i < sensors.Length; i++)
            {
                sensors[i].Quantities.CopyTo(_quantities, at);
                at += sensors[i].Quantities.Length;
            }

            _outbox = new Outbox(settings.OutboxReadings, count);
            _due = clock.Milliseconds;
            UseTopic();
        }

        /// <summary>Where readings and answers go.</summary>
        public string Topic => _topic;

        /// <summary>Seconds between readings.</summary>
        public int IntervalSeconds => _settings.IntervalSeconds;

        /// <summary>Readings that wait for an acknowledgement.</summary>
        public int Waiting => _outbox.Count;

        /// <summary>Readings taken since the start.</summary>
        public int Taken => _taken;

        /// <summary>Readings that the broker has acknowledged since the start.</summary>
        public int Published => _published;

        /// <summary>Readings given up for want of room since the start.</summary>
        public int Dropped => _outbox.Dropped;

        /// <summary>Milliseconds until the next reading is due; 0 or less where it is.</summary>
        public int UntilDue => (int)(_due - _clock.Milliseconds);

        /// <summary>Counts the interval anew, after it was changed.</summary>
        public void Reschedule() => _due = _clock.Milliseconds + (_settings.IntervalSeconds * 1000L);

        /// <summary>Goes on with other settings; what waits is kept, and so are the sensors.</summary>
        /// <param name="settings">The interval, layout and topic from now on.</param>
        public void Use(AgentSettings settings)
        {
            bool isSameInterval = settings.IntervalSeconds == _settings.IntervalSeconds;
            _settings = settings;
            UseTopic();
            if (!isSameInterval)
            {
                Reschedule();
            }
        }

        /// <summary>Takes a reading where one is due.</summary>
        /// <returns>Whether one was due; it was kept, unless no sensor gave anything.</returns>
        public bool TakeIfDue()
        {
            long now = _clock.Milliseconds;
            if (now < _due)
            {
                return false;
            }

            // After a long stop the readings that were missed are not made up for
            _due += _settings.IntervalSeconds * 1000L;
            if (_due <= now)
            {
                _due = now + (_settings.IntervalSeconds * 1000L);
            }

            bool measured = false;
            int at = 0;
            for (int i = 0; i < _sensors.Length; i++)
            {
                int width = _sensors[i].Quantities.Length;
                for (int j = 0; j < width; j++)
                {
                    _values[at + j] = float.NaN;
                }

                measured |= _sensors[i].Measure(_values, at);
                at += width;
            }

            if (measured)
            {
                _outbox.Add(now, _values);
                _taken++;
            }

            return true;
        }

        /// <summary>Publishes the oldest reading, and takes it out of the outbox once the broker has acknowledged all of it.</summary>
        /// <param name="session">An open session.</param>
        /// <returns>Whether it was acknowledged; where not, it stays, and will be sent again.</returns>
        public bool PublishOldest(MqttSession session)
        {
            // The time of day of the measurement, even where the clock was set only after it
            DateTime time = _clock.UtcNow.AddTicks((_outbox.OldestTime - _clock.Milliseconds) * 10000L);
            StringBuilder json = new StringBuilder(128);
            if (!_settings.IsPerType)
            {
                ReadingFormat.Begin(json, _settings.ThingName, time);
            }

            for (int i = 0; i < _quantities.Length; i++)
            {
                float value = _outbox.OldestValue(i);
                if (!ReadingFormat.IsMeasured(value))
                {
                    continue;
                }

                if (_settings.IsPerType)
                {
                    json.Clear();
                    ReadingFormat.Begin(json, _settings.ThingName, time);
                }

                ReadingFormat.Add(json, _quantities[i], value);
                if (_settings.IsPerType && !Publish(session, TypeTopic(i), json))
                {
                    return false;
                }
            }

            if (!_settings.IsPerType && !Publish(session, _topic, json))
            {
                return false;
            }

            _outbox.RemoveOldest();
            _published++;
            return true;
        }

        private string TypeTopic(int quantity) => _topic + "/" + _quantities[quantity].ToLower();

        private static bool Publish(MqttSession session, string topic, StringBuilder json)
        {
            json.Append('}');
            return session.Publish(topic, Encoding.UTF8.GetBytes(json.ToString()));
        }

        private void UseTopic()
        {
            _topic = _settings.TelemetryTopic ?? Topics.Telemetry(_settings.Product, _settings.Location, _settings.ThingName);
            string problem = Topics.Problem(_settings.IsPerType && _quantities.Length > 0 ? TypeTopic(0) : _topic);
            if (problem != null)
            {
                throw new ArgumentException("topic " + _topic + " " + problem);
            }
        }
    }
}
