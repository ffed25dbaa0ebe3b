using System.Collections;
using DeviceAgent.Messaging;
using DeviceAgent.Provisioning;
using DeviceAgent.Sensors;

namespace DeviceAgent.Settings
{
    /// <summary>
    /// How an agent is set up: what <see cref="SettingsReader"/> read, with placeholders filled in, and what the cloud has overridden since.
    /// Fields, not properties: each accessor would cost heap for the life of the board.
    /// </summary>
    public sealed class AgentSettings
    {
        /// <summary>Shortest interval between readings, in seconds.</summary>
        public const int MinimumInterval = 1;

        /// <summary>Longest interval between readings, in seconds: a day.</summary>
        public const int MaximumInterval = 86400;

        /// <summary>Characters that a thing name may have (AWS IoT API reference, CreateThing).</summary>
        public const int MaximumThingName = 128;

        /// <summary>Characters that an endpoint may have (RFC 1035).</summary>
        internal const int MaximumHostName = 253;

        /// <summary>Bytes of UTF-8 that the name of a WiFi network may have: the nanoFramework firmware stores 32, ended by a zero (nf-interpreter, nanoHAL_Network.h).</summary>
        internal const int LongestSsid = 31;

        /// <summary>Bytes of UTF-8 that its password may have, likewise.</summary>
        internal const int LongestPassword = 63;

        /// <summary>The longest that layout perType puts after a topic.</summary>
        internal const string LongestType = "/temperature";

        private const int LongestShown = 100;

        private static readonly string[] s_configurable = new string[] { "endpoint", "intervalSeconds", "product", "location", "layout" };

        /// <summary>Host name of the broker: the one that the cloud has pinned, where it has.</summary>
        public string Endpoint;

        /// <summary>The settings' own endpoint, where the cloud has pinned another; <see langword="null"/> where it has not.</summary>
        public string FactoryEndpoint;

        /// <summary>TCP port, 1 to 65535.</summary>
        public int Port = 8883;

        /// <summary>The product: one topic level; <see langword="null"/> only where <see cref="TelemetryTopic"/> is given: then there are no commands.</summary>
        public string Product;

        /// <summary>Where the device stands: one or more topic levels.</summary>
        public string Location;

        /// <summary>The thing name that the device asks for, and its client id until it has an identity; <see langword="null"/> where <see cref="IsNamedByCertificate"/>.</summary>
        public string ThingName;

        /// <summary>Whether the thing name is the common name of the certificate that the factory has put onto the board.</summary>
        public bool IsNamedByCertificate;

        /// <summary>The board's serial number.</summary>
        public string Serial;

        /// <summary>How the device gets its identity: one of <see cref="ProvisioningMethod"/>.</summary>
        public string Method = ProvisioningMethod.Claim;

        /// <summary>Whether the thing's name is known before the cloud tells it: given, or asked for. Where the template composes it of other parameters it is not.</summary>
        public bool IsNameKnown = true;

        /// <summary>Name of the fleet provisioning template; <see langword="null"/> where the method needs none.</summary>
        public string Template;

        /// <summary>What the template is given: names and values, both strings.</summary>
        public Hashtable Parameters;

        /// <summary>The first attempt of a fresh device waits a random part of this many seconds, 0 to 86,400.</summary>
        public int SpreadSeconds;

        /// <summary>How many certificates are asked for in 24 hours of running at most, 1 to 20.</summary>
        public int MaxCertificatesPerDay = 5;

        /// <summary>For how many hours in a row the identity must be refused before the device asks for another by itself, 1 to 8,760; 0 for never.</summary>
        public int ReprovisionAfterHours;

        /// <summary>After how many days of a certificate's life the device rotates it by itself, 1 to 36,500; 0 for never.</summary>
        public int RotateAfterDays;

        /// <summary>Seconds between readings.</summary>
        public int IntervalSeconds = 60;

        /// <summary>Whether each quantity of a reading goes to a topic of its own.</summary>
        public bool IsPerType;

        /// <summary>How many readings wait for the network at most, 1 to 1,000.</summary>
        public int OutboxReadings = 60;

        /// <summary>The sensors, in the order of the file.</summary>
        public SensorOptions[] Sensors;

        /// <summary>MQTT keep-alive, 30 to 1,200 s (AWS IoT Core quotas).</summary>
        public int KeepAliveSeconds = 60;

        /// <summary>Whether the broker keeps commands for a device that is away (clean session 0).</summary>
        public bool IsPersistentSession = true;

        /// <summary>WiFi network to join; <see langword="null"/> to use what the board has stored.</summary>
        public string WifiSsid;

        /// <summary>Its password.</summary>
        public string WifiPassword;

        /// <summary>Bits a second on the port where an installer brings a claim, 9,600 to 921,600.</summary>
        public int InstallerBaudRate = 115200;

        /// <summary>The pin that the board sends to an installer on, 0 to 48.</summary>
        public int InstallerTransmitPin = 17;

        /// <summary>The pin that it receives on, 0 to 48.</summary>
        public int InstallerReceivePin = 16;

        /// <summary>The topic for readings and answers in place of the one that product, location and thing name make; <see langword="null"/> for that one.</summary>
        public string TelemetryTopic;

        /// <summary>Whether a text may be a thing name: 1 to 128 of <c>[a-zA-Z0-9:_-]</c> (AWS IoT API reference, CreateThing).</summary>
        /// <param name="name">The text, or <see langword="null"/>.</param>
        public static bool IsThingName(string name)
        {
            return !string.IsNullOrEmpty(name) && name.Length <= MaximumThingName && Consists(name, ":_-");
        }

        /// <summary>Whether a text may be an endpoint: a host name of 1 to 253 characters (RFC 1035), without scheme, port or path.</summary>
        /// <param name="text">The text.</param>
        public static bool IsHostName(string text) => text.Length > 0 && text.Length <= MaximumHostName && Consists(text, ".-_");

        /// <summary>Whether the cloud can configure a setting of this name.</summary>
        /// <param name="name">The name.</param>
        public static bool IsConfigurable(string name)
        {
            for (int i = 0; i < s_configurable.Length; i++)
            {
                if (s_configurable[i] == name)
                {
                    return true;
                }
            }

            return false;
        }

        /// <summary>
        /// Takes over all that the cloud has configured for this device. The order of the names does not matter, and applying the same again
        /// changes nothing.
        /// </summary>
        /// <param name="configuration">Names and values in turn, each name once.</param>
        /// <returns>For each name why its value was refused, as <see cref="Override"/> says it; <see langword="null"/> where it was not.</returns>
        public string[] Apply(string[] configuration)
        {
            string[] reasons = new string[configuration.Length / 2];

            // Product, location and layout make one topic: what does not fit yet may once the other two are changed
            for (int round = 0; round < 3; round++)
            {
                for (int i = 0; i < s_configurable.Length; i++)
                {
                    for (int at = 0; at < configuration.Length; at += 2)
                    {
                        if (configuration[at] == s_configurable[i] && (round == 0 || reasons[at / 2] != null))
                        {
                            reasons[at / 2] = Override(configuration[at], configuration[at + 1]);
                        }
                    }
                }
            }

            return reasons;
        }

        /// <summary>
        /// Takes over what the cloud has configured for this device (the template's <c>DeviceConfiguration</c>, or a command):
        /// <c>endpoint</c>, <c>product</c>, <c>location</c>, <c>intervalSeconds</c>, <c>layout</c>. Names it does not know are left alone.
        /// </summary>
        /// <param name="name">The setting.</param>
        /// <param name="value">Its value as text.</param>
        /// <returns>Why the value was refused and the setting left as it was; <see langword="null"/> where it was not.</returns>
        public string Override(string name, string value)
        {
            switch (name)
            {
                case "endpoint":
                    if (!IsHostName(value))
                    {
                        return "endpoint is not a host name: " + Shown(value);
                    }

                    string factory = FactoryEndpoint ?? Endpoint;
                    FactoryEndpoint = value.ToLower() == factory.ToLower() ? null : factory;
                    Endpoint = value;
                    return null;

                case "product":
                    return OverrideTopic(name, value, Location);

                case "location":
                    return OverrideTopic(name, Product, value);

                case "intervalSeconds":
                    int seconds = ParseInterval(value);
                    if (seconds == 0)
                    {
                        return "intervalSeconds is not a whole number of 1 to 86400: " + Shown(value);
                    }

                    IntervalSeconds = seconds;
                    return null;

                case "layout":
                    if (value != "combined" && value != "perType")
                    {
                        return "layout is neither combined nor perType: " + Shown(value);
                    }

                    string problem = Unfit(Product, Location, value == "perType");
                    if (problem == null)
                    {
                        IsPerType = value == "perType";
                    }

                    return problem == null ? null : "layout " + value + " does not fit: " + problem;

                default:
                    return null;
            }
        }

        /// <summary>What is wrong with the topics that these parts make; <see langword="null"/> where nothing is.</summary>
        internal static string TopicProblem(string product, string location, string thing)
        {
            if (product.IndexOf('/') >= 0)
            {
                return "product \"" + Shown(product) + "\" is more than one level";
            }

            // The longest topic that the agent uses: a type's own, below the command topic's longer prefix
            string problem = Topics.Problem(Topics.Command(product, location, thing));
            return problem == null ? null : "topic \"" + Shown(Topics.Command(product, location, thing)) + "\" " + problem;
        }

        /// <summary>Whether a text has only letters and digits of ASCII, and some others.</summary>
        private static bool Consists(string text, string others)
        {
            for (int i = 0; i < text.Length; i++)
            {
                char c = text[i];
                if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || others.IndexOf(c) >= 0))
                {
                    return false;
                }
            }

            return true;
        }

        /// <summary>What keeps these from being used together; <see langword="null"/> where nothing does, or the settings are not complete yet.</summary>
        private string Unfit(string product, string location, bool isPerType)
        {
            string problem = product == null || location == null || ThingName == null ? null : TopicProblem(product, location, isPerType ? ThingName + LongestType : ThingName);
            if (problem == null && isPerType && TelemetryTopic != null)
            {
                problem = Topics.Problem(TelemetryTopic + LongestType);
                problem = problem == null ? null : "layout perType does not fit telemetry.topic, which then " + problem;
            }

            return problem;
        }

        private string OverrideTopic(string name, string product, string location)
        {
            if (Product == null)
            {
                return name + " has no use: telemetry.topic stands in its place";
            }

            string problem = Unfit(product, location, IsPerType);
            if (problem != null)
            {
                return name + " does not fit: " + problem;
            }

            Product = product;
            Location = location;
            return null;
        }

        /// <summary>A text for the log and for reports: as much of it as tells which it is.</summary>
        private static string Shown(string text) => Rejection.Plain(text.Length > LongestShown ? text.Substring(0, LongestShown) + "..." : text);

        /// <summary>A number of seconds from text; 0 where it is none. int.TryParse on the board throws on what is out of range.</summary>
        private static int ParseInterval(string text)
        {
            int value = 0;
            for (int i = 0; i < text.Length; i++)
            {
                if (text[i] < '0' || text[i] > '9' || value > MaximumInterval)
                {
                    return 0;
                }

                value = (value * 10) + (text[i] - '0');
            }

            return value < MinimumInterval || value > MaximumInterval ? 0 : value;
        }
    }
}
