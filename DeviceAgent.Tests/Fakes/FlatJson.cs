using System;
using System.Collections;
using System.Text;
using DeviceAgent.Json;

namespace DeviceAgent.Tests.Fakes
{
    /// <summary>Reads a JSON object into one table: strings and numbers as text, the names of nested ones with dots.</summary>
    public static class FlatJson
    {
        /// <summary>Reads an object; throws where the text is none.</summary>
        public static Hashtable Parse(string json) => Parse(Encoding.UTF8.GetBytes(json));

        /// <summary>Reads an object; throws where the text is none.</summary>
        public static Hashtable Parse(byte[] json)
        {
            Hashtable members = new Hashtable();
            JsonReader reader = new JsonReader(json);
            if (reader.Read() == JsonTokenType.ObjectStart)
            {
                ReadMembers(reader, "", members);
            }

            if (reader.Token != JsonTokenType.ObjectEnd || reader.Read() != JsonTokenType.End)
            {
                throw new ArgumentException("no JSON object: " + reader.Problem);
            }

            return members;
        }

        private static void ReadMembers(JsonReader reader, string prefix, Hashtable members)
        {
            while (reader.Read() == JsonTokenType.Name)
            {
                string name = prefix + reader.GetString();
                switch (reader.Read())
                {
                    case JsonTokenType.ObjectStart:
                        ReadMembers(reader, name + ".", members);
                        break;
                    case JsonTokenType.String:
                    case JsonTokenType.Number:
                        members.Add(name, reader.GetString());
                        break;
                    default:
                        members.Add(name, "");
                        reader.Skip();
                        break;
                }
            }
        }
    }
}
