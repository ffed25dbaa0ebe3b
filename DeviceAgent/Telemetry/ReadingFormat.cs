using System;
using System.Text;

namespace DeviceAgent.Telemetry
{
    /// <summary>Readings as JSON.</summary>
    public static class ReadingFormat
    {
        /// <summary>The time of day as readings give it: UTC, to the second.</summary>
        /// <param name="time">The time.</param>
        public static string Timestamp(DateTime time) => time.ToString("yyyy-MM-ddTHH:mm:ss");

        /// <summary>Begins a reading.</summary>
        /// <param name="json">Takes the text.</param>
        /// <param name="thing">The thing name; it has no character that JSON would escape.</param>
        /// <param name="time">When it was taken, UTC.</param>
        public static void Begin(StringBuilder json, string thing, DateTime time)
        {
            json.Append("{\"CLIENT_ID\":\"").Append(thing).Append("\",\"TIMESTAMP\":\"").Append(Timestamp(time)).Append('"');
        }

        /// <summary>Adds a measured value.</summary>
        /// <param name="json">Takes the text.</param>
        /// <param name="quantity">What was measured; upper-case letters and underscores.</param>
        /// <param name="value">Its value, finite. Two decimals: more than the sensors mean, and as many as the board's own formatting gets right.</param>
        public static void Add(StringBuilder json, string quantity, float value)
        {
            json.Append(",\"").Append(quantity).Append("\":").Append(((double)value).ToString("F2"));
        }

        /// <summary>Whether a value can be told at all: it was measured, and JSON has a form for it.</summary>
        /// <param name="value">The value.</param>
        public static bool IsMeasured(float value) => value > -1e9f && value < 1e9f;
    }
}
