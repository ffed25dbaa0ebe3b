using System.Collections;
using System.Globalization;
using System.Text;

namespace nanoFramework.Json
{
    /// <summary>
    /// nanoFramework.Json's serialiser, for the types whose text is the same on a board; it writes what the original writes, faults
    /// included. Everything else throws <see cref="NotSupportedException"/>, floating point numbers above all: a board's text of them
    /// is neither short nor exact, so none of them belongs into a message by way of a serialiser.
    /// </summary>
    public static class JsonConvert
    {
        /// <summary>Writes an object as JSON.</summary>
        /// <param name="oSource">
        /// A dictionary, another collection, a string, a boolean, an integer, a <see cref="DateTime"/> or null. Keys are written as they
        /// are, without escapes; a number, a boolean or a date that stands alone comes in brackets.
        /// </param>
        /// <exception cref="NotSupportedException">It holds something else, or text with U+0000, at which a board cuts a string.</exception>
        public static string SerializeObject(object oSource)
        {
            var json = new StringBuilder();
            if (oSource is ValueType)
            {
                json.Append('[');
                Append(json, oSource);
                json.Append(']');
            }
            else
            {
                Append(json, oSource);
            }

            return json.ToString();
        }

        private static void Append(StringBuilder json, object value)
        {
            switch (value)
            {
                case null:
                    json.Append("null");
                    break;

                case string text:
                    AppendString(json, text);
                    break;

                case bool flag:
                    json.Append(flag ? "true" : "false");
                    break;

                case sbyte or byte or short or ushort or int or uint or long or ulong:
                    json.Append(CultureInfo.InvariantCulture, $"{value}");
                    break;

                case DateTime time:
                    json.Append('"').Append(time.ToString("yyyy-MM-ddTHH:mm:ss.fffffff", CultureInfo.InvariantCulture)).Append("Z\"");
                    break;

                case IDictionary dictionary:
                    AppendDictionary(json, dictionary);
                    break;

                case IEnumerable items:
                    AppendItems(json, items);
                    break;

                default:
                    throw new NotSupportedException($"A {value.GetType()} has no text here that a board would give it.");
            }
        }

        private static void AppendDictionary(StringBuilder json, IDictionary dictionary)
        {
            var separator = string.Empty;
            json.Append('{');
            foreach (DictionaryEntry entry in dictionary)
            {
                if (entry.Key is not string key)
                {
                    throw new NotSupportedException("A key that is no string.");
                }

                RefuseNul(key);
                json.Append(separator).Append('"').Append(key).Append("\":");
                Append(json, entry.Value);
                separator = ",";
            }

            json.Append('}');
        }

        private static void AppendItems(StringBuilder json, IEnumerable items)
        {
            var separator = string.Empty;
            json.Append('[');
            foreach (var item in items)
            {
                json.Append(separator);
                Append(json, item);
                separator = ",";
            }

            json.Append(']');
        }

        private static void AppendString(StringBuilder json, string text)
        {
            RefuseNul(text);
            json.Append('"');
            foreach (var character in text)
            {
                // The original escapes these seven and no other control character.
                var escape = character switch
                {
                    '\n' => 'n',
                    '\r' => 'r',
                    '\b' => 'b',
                    '\f' => 'f',
                    '\t' => 't',
                    '\\' => '\\',
                    '"' => '"',
                    _ => '\0',
                };
                json.Append(escape == '\0' ? string.Empty : "\\").Append(escape == '\0' ? character : escape);
            }

            json.Append('"');
        }

        private static void RefuseNul(string text)
        {
            if (text.Contains('\0'))
            {
                throw new NotSupportedException("A board cuts a string at U+0000.");
            }
        }
    }
}
