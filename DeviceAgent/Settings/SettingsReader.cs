using System;
using System.Collections;
using System.Text;
using DeviceAgent.Agent;
using DeviceAgent.Json;
using DeviceAgent.Messaging;
using DeviceAgent.Sensors;

namespace DeviceAgent.Settings
{
    /// <summary>
    /// Reads <c>agent.json</c>: one JSON object. Names every key that is unknown, missing or malformed, all at once, so that a file is mended in one go.
    /// </summary>
    public sealed class SettingsReader
    {
        /// <summary>The file in the board's storage.</summary>
        public const string FileName = "agent.json";

        /// <summary>Characters that a template's name may have (aws/Fleet-Provisioning-for-AWS-IoT-embedded-sdk, fleet_provisioning.h).</summary>
        private const int MaximumTemplateName = 36;

        private const int MaximumSerial = 128;

        private const int MaximumParameter = 4096;

        private readonly ArrayList _problems = new ArrayList();
        private readonly string _hardwareId;
        private JsonReader _json;
        private AgentSettings _settings;
        private string _serial;
        private string _thingName;

        /// <summary>Makes a reader.</summary>
        /// <param name="hardwareId">The board's MAC, for <c>${mac}</c> and as the serial number where the file gives none.</param>
        public SettingsReader(string hardwareId)
        {
            _hardwareId = hardwareId;
        }

        /// <summary>What is wrong with the file, a string each; empty where it can be used.</summary>
        public ArrayList Problems => _problems;

        /// <summary>Reads the settings.</summary>
        /// <param name="file">The file's bytes; <see langword="null"/> where there is no file.</param>
        /// <returns>The settings; <see langword="null"/> where there are <see cref="Problems"/>.</returns>
        public AgentSettings Read(byte[] file)
        {
            if (file == null)
            {
                _problems.Add("there is no such file");
                return null;
            }

            _settings = new AgentSettings();
            _json = new JsonReader(file);
            if (_json.Read() != JsonTokenType.ObjectStart)
            {
                _problems.Add(_json.Problem ?? "it is not a JSON object");
                return null;
            }

            ArrayList seen = new ArrayList();
            while (NextMember("", seen))
            {
                ReadTop();
            }

            if (_json.Read() == JsonTokenType.Error)
            {
                _problems.Add("it is not JSON: " + _json.Problem);
                return null;
            }

            Finish();
            return _problems.Count == 0 ? _settings : null;
        }

        private void ReadTop()
        {
            if (_json.Is("endpoint"))
            {
                _settings.Endpoint = ReadText("endpoint", 1, AgentSettings.MaximumHostName);
            }
            else if (_json.Is("port"))
            {
                _settings.Port = ReadNumber("port", 1, 65535);
            }
            else if (_json.Is("product"))
            {
                _settings.Product = ReadText("product", 1, 256);
            }
            else if (_json.Is("location"))
            {
                _settings.Location = ReadText("location", 1, 256);
            }
            else if (_json.Is("thingName"))
            {
                _thingName = ReadText("thingName", 1, 256);
            }
            else if (_json.Is("serial"))
            {
                _serial = ReadText("serial", 1, MaximumSerial);
            }
            else if (_json.Is("provisioning"))
            {
                ReadSection("provisioning", 0);
            }
            else if (_json.Is("telemetry"))
            {
                ReadSection("telemetry", 1);
            }
            else if (_json.Is("mqtt"))
            {
                ReadSection("mqtt", 2);
            }
            else if (_json.Is("wifi"))
            {
                ReadSection("wifi", 3);
            }
            else if (_json.Is("installer"))
            {
                ReadSection("installer", 4);
            }
            else if (_json.Is("sensors"))
            {
                ReadSensors();
            }
            else
            {
                Unknown("");
            }
        }

        private void ReadSection(string name, int section)
        {
            if (!Begin(name, JsonTokenType.ObjectStart, "an object"))
            {
                return;
            }

            string prefix = name + ".";
            ArrayList seen = new ArrayList();
            while (NextMember(prefix, seen))
            {
                bool known = section == 0 ? ReadProvisioning() : section == 1 ? ReadTelemetry() : section == 2 ? ReadMqtt() : section == 3 ? ReadWifi() : ReadInstaller();
                if (!known)
                {
                    Unknown(prefix);
                }
            }
        }

        private bool ReadProvisioning()
        {
            if (_json.Is("method"))
            {
                string method = ReadText("provisioning.method", 1, 32);
                if (ProvisioningMethod.IsKnown(method))
                {
                    _settings.Method = method;
                }
                else if (method != null)
                {
                    _problems.Add("provisioning.method \"" + method + "\" is none that this firmware knows: " + ProvisioningMethod.All);
                }
            }
            else if (_json.Is("template"))
            {
                _settings.Template = ReadText("provisioning.template", 1, MaximumTemplateName);
                if (_settings.Template != null && (!AgentSettings.IsThingName(_settings.Template) || _settings.Template.IndexOf(':') >= 0))
                {
                    _problems.Add("provisioning.template \"" + _settings.Template + "\" is not of a-z A-Z 0-9 _ -");
                }
            }
            else if (_json.Is("parameters"))
            {
                ReadParameters();
            }
            else if (_json.Is("spreadSeconds"))
            {
                _settings.SpreadSeconds = ReadNumber("provisioning.spreadSeconds", 0, 86400);
            }
            else if (_json.Is("maxCertificatesPerDay"))
            {
                _settings.MaxCertificatesPerDay = ReadNumber("provisioning.maxCertificatesPerDay", 1, AttemptRecord.MostRequests);
            }
            else if (_json.Is("reprovisionAfterHours"))
            {
                _settings.ReprovisionAfterHours = ReadNumber("provisioning.reprovisionAfterHours", 0, 8760);
            }
            else if (_json.Is("rotateAfterDays"))
            {
                _settings.RotateAfterDays = ReadNumber("provisioning.rotateAfterDays", 0, 36500);
            }
            else
            {
                return false;
            }

            return true;
        }

        private bool ReadTelemetry()
        {
            if (_json.Is("intervalSeconds"))
            {
                _settings.IntervalSeconds = ReadNumber("telemetry.intervalSeconds", AgentSettings.MinimumInterval, AgentSettings.MaximumInterval);
            }
            else if (_json.Is("layout"))
            {
                string layout = ReadText("telemetry.layout", 1, 32);
                string problem = layout == null ? null : _settings.Override("layout", layout);
                if (problem != null)
                {
                    _problems.Add("telemetry." + problem);
                }
            }
            else if (_json.Is("topic"))
            {
                _settings.TelemetryTopic = ReadText("telemetry.topic", 1, Topics.MaximumLength);
            }
            else if (_json.Is("outboxReadings"))
            {
                _settings.OutboxReadings = ReadNumber("telemetry.outboxReadings", 1, 1000);
            }
            else
            {
                return false;
            }

            return true;
        }

        private bool ReadMqtt()
        {
            if (_json.Is("keepAliveSeconds"))
            {
                _settings.KeepAliveSeconds = ReadNumber("mqtt.keepAliveSeconds", 30, 1200);
            }
            else if (_json.Is("persistentSession"))
            {
                JsonTokenType token = _json.Read();
                if (token == JsonTokenType.True || token == JsonTokenType.False)
                {
                    _settings.IsPersistentSession = token == JsonTokenType.True;
                }
                else
                {
                    Wrong("mqtt.persistentSession", "true or false");
                }
            }
            else
            {
                return false;
            }

            return true;
        }

        private bool ReadWifi()
        {
            if (_json.Is("ssid"))
            {
                _settings.WifiSsid = ReadBytes("wifi.ssid", 1, AgentSettings.LongestSsid);
            }
            else if (_json.Is("password"))
            {
                _settings.WifiPassword = ReadBytes("wifi.password", 0, AgentSettings.LongestPassword);
            }
            else
            {
                return false;
            }

            return true;
        }

        private bool ReadInstaller()
        {
            if (_json.Is("baudRate"))
            {
                _settings.InstallerBaudRate = ReadNumber("installer.baudRate", 9600, 921600);
            }
            else if (_json.Is("transmitPin"))
            {
                _settings.InstallerTransmitPin = ReadNumber("installer.transmitPin", 0, 48);
            }
            else if (_json.Is("receivePin"))
            {
                _settings.InstallerReceivePin = ReadNumber("installer.receivePin", 0, 48);
            }
            else
            {
                return false;
            }

            return true;
        }

        private void ReadParameters()
        {
            if (!Begin("provisioning.parameters", JsonTokenType.ObjectStart, "an object"))
            {
                return;
            }

            _settings.Parameters = new Hashtable();
            ArrayList seen = new ArrayList();
            while (NextMember("provisioning.parameters.", seen))
            {
                string name = (string)seen[seen.Count - 1];
                string value = ReadText("provisioning.parameters." + name, 0, MaximumParameter);
                if (value == null)
                {
                    continue;
                }

                // nanoFramework.Json writes names as they are, and of control characters in values it escapes these five
                if (Holds(name, "\"\\", ""))
                {
                    _problems.Add("provisioning.parameters: a name holds a quote, a backslash or a control character");
                }
                else if (Holds(value, "", "\n\r\t\b\f"))
                {
                    _problems.Add("provisioning.parameters." + name + " holds a control character other than \\n \\r \\t \\b \\f");
                }
                else
                {
                    _settings.Parameters[name] = value;
                }
            }
        }

        /// <summary>Whether a text holds one of some characters, or a control character but some.</summary>
        private static bool Holds(string text, string characters, string controls)
        {
            for (int i = 0; i < text.Length; i++)
            {
                if (text[i] < ' ' ? controls.IndexOf(text[i]) < 0 : characters.IndexOf(text[i]) >= 0)
                {
                    return true;
                }
            }

            return false;
        }

        private void ReadSensors()
        {
            if (!Begin("sensors", JsonTokenType.ArrayStart, "an array of objects"))
            {
                return;
            }

            ArrayList sensors = new ArrayList();
            while (_json.Read() != JsonTokenType.ArrayEnd && _json.Token != JsonTokenType.Error)
            {
                string prefix = "sensors[" + sensors.Count.ToString() + "].";
                SensorOptions options = new SensorOptions();
                sensors.Add(options);
                if (_json.Token != JsonTokenType.ObjectStart)
                {
                    Wrong("sensors", "an array of objects");
                    continue;
                }

                ArrayList seen = new ArrayList();
                while (NextMember(prefix, seen))
                {
                    if (_json.Is("type"))
                    {
                        options.Type = ReadText(prefix + "type", 1, 32);
                    }
                    else if (_json.Is("bus"))
                    {
                        options.Bus = ReadNumber(prefix + "bus", 1, 2);
                    }
                    else if (_json.Is("address"))
                    {
                        options.Address = ReadNumber(prefix + "address", 0, 127);
                    }
                    else if (_json.Is("dataPin"))
                    {
                        options.DataPin = ReadNumber(prefix + "dataPin", 0, 48);
                    }
                    else if (_json.Is("clockPin"))
                    {
                        options.ClockPin = ReadNumber(prefix + "clockPin", 0, 48);
                    }
                    else
                    {
                        Unknown(prefix);
                    }
                }

                if (!seen.Contains("type") && _json.Token != JsonTokenType.Error)
                {
                    _problems.Add(prefix + "type is missing");
                }
            }

            _settings.Sensors = new SensorOptions[sensors.Count];
            sensors.CopyTo(_settings.Sensors);
        }

        /// <summary>Fills in defaults and placeholders, and checks what hangs together.</summary>
        private void Finish()
        {
            Require(_settings.Endpoint, "endpoint");
            if (_settings.TelemetryTopic == null || _settings.Product != null || _settings.Location != null)
            {
                Require(_settings.Product, "product");
                Require(_settings.Location, "location");
            }

            bool isOwn = _settings.Method == ProvisioningMethod.Jitp;
            if (!isOwn)
            {
                Require(_settings.Template, "provisioning.template");
            }
            else if (_settings.RotateAfterDays > 0)
            {
                _problems.Add("provisioning.rotateAfterDays cannot be: " + ProvisioningMethod.NoRotation);
            }

            if (_settings.WifiSsid == null && _settings.WifiPassword != null)
            {
                _problems.Add("wifi.ssid is missing");
            }

            if (_settings.InstallerTransmitPin == _settings.InstallerReceivePin)
            {
                _problems.Add("installer.transmitPin and installer.receivePin are the same pin");
            }

            if (_settings.Endpoint != null && !AgentSettings.IsHostName(_settings.Endpoint))
            {
                _problems.Add("endpoint \"" + _settings.Endpoint + "\" is not a host name: leave out the scheme and the port (there is a key port)");
            }

            string serial = _serial;
            _serial = null; // it is no placeholder of its own
            _serial = serial == null ? _hardwareId : Fill("serial", serial, MaximumSerial);
            _settings.Serial = _serial;
            _settings.IsNamedByCertificate = isOwn && _thingName == null;
            if (!_settings.IsNamedByCertificate)
            {
                _settings.ThingName = Fill("thingName", _thingName ?? "${mac}", AgentSettings.MaximumThingName);
            }

            bool isNamed = AgentSettings.IsThingName(_settings.ThingName);
            if (!isNamed && _settings.ThingName != null && _settings.ThingName.IndexOf("${") < 0)
            {
                _problems.Add("thingName \"" + _settings.ThingName + "\" is not 1 to 128 of a-z A-Z 0-9 : _ -");
            }

            if (_settings.Product != null || _settings.Location != null)
            {
                // Each part is looked at even where another one is missing: all that is wrong is told at once
                string thing = isNamed ? _settings.ThingName : "thing";
                string problem = AgentSettings.TopicProblem(_settings.Product ?? "product", _settings.Location ?? "location", _settings.IsPerType ? thing + AgentSettings.LongestType : thing);
                if (problem != null)
                {
                    _problems.Add("product, location and thingName: " + problem);
                }
            }

            if (_settings.TelemetryTopic != null)
            {
                string problem = Topics.Problem(_settings.IsPerType ? _settings.TelemetryTopic + AgentSettings.LongestType : _settings.TelemetryTopic);
                if (problem != null)
                {
                    _problems.Add("telemetry.topic " + problem);
                }
            }

            if (isOwn)
            {
                _settings.Parameters = null; // the template belongs to the CA, and takes its parameters from the certificate
            }
            else if (_settings.Parameters == null)
            {
                _settings.Parameters = new Hashtable();
                _settings.Parameters["ThingName"] = _settings.ThingName;
            }
            else
            {
                bool isAsked = false;
                foreach (string name in CopyKeys(_settings.Parameters))
                {
                    string value = (string)_settings.Parameters[name];
                    isAsked |= value.IndexOf("${thingName}") >= 0;
                    _settings.Parameters[name] = Fill("provisioning.parameters." + name, value, MaximumParameter);
                }

                _settings.IsNameKnown = isAsked || _thingName != null;
            }

            if (_settings.Sensors == null || _settings.Sensors.Length == 0)
            {
                SensorOptions simulated = new SensorOptions();
                simulated.Type = "simulated";
                _settings.Sensors = new SensorOptions[] { simulated };
            }
        }

        private static string[] CopyKeys(Hashtable table)
        {
            string[] keys = new string[table.Count];
            table.Keys.CopyTo(keys, 0);
            return keys;
        }

        /// <summary>Replaces <c>${serial}</c>, <c>${mac}</c> and <c>${thingName}</c>.</summary>
        /// <param name="key">The key, for problems.</param>
        /// <param name="text">The text.</param>
        /// <param name="maximum">Characters that the filled text may have: a name of many placeholders within values of many would fill the heap.</param>
        /// <returns>The filled text; the text as it was where that is a problem.</returns>
        private string Fill(string key, string text, int maximum)
        {
            int start = text.IndexOf("${");
            if (start < 0)
            {
                return text;
            }

            StringBuilder filled = new StringBuilder();
            int copied = 0;
            while (start >= 0 && filled.Length <= maximum)
            {
                int end = text.IndexOf('}', start);
                string name = end < 0 ? null : text.Substring(start + 2, end - start - 2);
                string value = name == "mac" ? _hardwareId : name == "serial" ? _serial : name == "thingName" ? _settings.ThingName : null;
                if (value == null)
                {
                    _problems.Add(key + " holds a placeholder that is none of ${mac}, ${serial} (but in serial) and ${thingName} (but in both names)");
                    return text;
                }

                filled.Append(text.Substring(copied, start - copied));
                filled.Append(value);
                copied = end + 1;
                start = copied < text.Length ? text.IndexOf("${", copied) : -1;
            }

            filled.Append(text.Substring(copied));
            if (filled.Length > maximum)
            {
                _problems.Add(key + " has more than " + maximum.ToString() + " characters once its placeholders are filled in");
                return text;
            }

            return filled.ToString();
        }

        private void Require(string value, string key)
        {
            if (value == null)
            {
                // A key that is there and malformed has been named already
                foreach (string problem in _problems)
                {
                    if (problem.StartsWith(key + " "))
                    {
                        return;
                    }
                }

                _problems.Add(key + " is missing");
            }
        }

        /// <summary>Goes to the next member's name, and notes it in <paramref name="seen"/>.</summary>
        private bool NextMember(string prefix, ArrayList seen)
        {
            if (_json.Read() != JsonTokenType.Name)
            {
                return false;
            }

            string name = _json.GetString() ?? "";
            if (_json.HasNul)
            {
                _problems.Add(prefix + "a name holds U+0000");
            }

            if (seen.Contains(name))
            {
                _problems.Add(prefix + name + " is given twice");
            }

            seen.Add(name);
            return true;
        }

        /// <summary>Steps into an object or array; names the key where its value is something else.</summary>
        private bool Begin(string key, JsonTokenType start, string expected)
        {
            if (_json.Read() == start)
            {
                return true;
            }

            Wrong(key, expected);
            return false;
        }

        private string ReadText(string key, int minimum, int maximum)
        {
            if (_json.Read() != JsonTokenType.String)
            {
                Wrong(key, "a string");
                return null;
            }

            string text = _json.GetString();
            if (text == null || text.Length < minimum || text.Length > maximum)
            {
                _problems.Add(key + " is not a string of " + minimum.ToString() + " to " + maximum.ToString() + " characters");
                return null;
            }

            return text;
        }

        /// <summary>A text whose length counts in bytes, not in characters.</summary>
        private string ReadBytes(string key, int minimum, int maximum)
        {
            string text = ReadText(key, minimum, maximum);
            if (text != null && _json.DecodedLength > maximum)
            {
                _problems.Add(key + " is longer than the " + maximum.ToString() + " bytes that the board stores: letters other than a-z take two or more");
                return null;
            }

            return text;
        }

        private int ReadNumber(string key, int minimum, int maximum)
        {
            _json.Read();
            if (_json.TryGetInt(out int value) && value >= minimum && value <= maximum)
            {
                return value;
            }

            Wrong(key, "a whole number of " + minimum.ToString() + " to " + maximum.ToString());
            return minimum;
        }

        private void Wrong(string key, string expected)
        {
            if (_json.Token != JsonTokenType.Error)
            {
                _problems.Add(key + " is not " + expected);
                _json.Skip();
            }
        }

        private void Unknown(string prefix)
        {
            _problems.Add(prefix + _json.GetString() + " is not a setting");
            _json.Read();
            _json.Skip();
        }
    }
}
