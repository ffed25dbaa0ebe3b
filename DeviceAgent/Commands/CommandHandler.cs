using System;
using System.Collections;
using DeviceAgent.Agent;
using DeviceAgent.Board;
using DeviceAgent.Identity;
using DeviceAgent.Json;
using DeviceAgent.Provisioning;
using DeviceAgent.Settings;
using DeviceAgent.Telemetry;
using nanoFramework.Json;
using nanoFramework.M2Mqtt.Messages;

namespace DeviceAgent.Commands
{
    /// <summary>
    /// Carries out commands: JSON objects with <c>id</c> and <c>command</c>. Every message is answered; one that is unknown, malformed or
    /// too large is answered with what is wrong, and changes nothing.
    /// </summary>
    public sealed class CommandHandler
    {
        /// <summary>Bytes that a command may have.</summary>
        public const int LargestCommand = 1024;

        private const int LongestId = 64;
        private const int LongestError = 512;

        private readonly IClock _clock;
        private readonly IBoard _board;
        private readonly IdentityStore _store;
        private readonly AgentSettings _settings;
        private readonly AgentStatus _status;
        private readonly Enrollment _enrollment;
        private bool _isRebootWanted;

        // The command at hand
        private string _id;
        private string _command;
        private int _seconds;
        private bool _hasSeconds;

        /// <summary>Makes a handler.</summary>
        /// <param name="clock">For the time and the uptime.</param>
        /// <param name="board">For reports.</param>
        /// <param name="store">Keeps what commands change.</param>
        /// <param name="settings">What commands change.</param>
        /// <param name="status">For reports.</param>
        /// <param name="enrollment">Is told that another identity is wanted.</param>
        public CommandHandler(IClock clock, IBoard board, IdentityStore store, AgentSettings settings, AgentStatus status, Enrollment enrollment)
        {
            _clock = clock;
            _board = board;
            _store = store;
            _settings = settings;
            _status = status;
            _enrollment = enrollment;
        }

        /// <summary>Whether a command has asked for a reboot; its answer is to be sent before.</summary>
        public bool IsRebootWanted => _isRebootWanted;

        /// <summary>Carries out a command.</summary>
        /// <param name="message">The message as it came; its payload <see langword="null"/> where it was too large to keep.</param>
        /// <returns>The answer, as JSON.</returns>
        public string Handle(MqttMsgPublishEventArgs message)
        {
            Hashtable answer = new Hashtable();
            string problem = Parse(message);
            return Complete(answer, problem == null ? CarryOut(answer, message.DupFlag) : problem);
        }

        /// <summary>The answer to commands that could not be read.</summary>
        /// <param name="problem">What became of them.</param>
        public string Refuse(string problem)
        {
            _id = null;
            return Complete(new Hashtable(), problem);
        }

        private string Complete(Hashtable answer, string problem)
        {
            answer["CLIENT_ID"] = _settings.ThingName;
            answer["TIMESTAMP"] = ReadingFormat.Timestamp(_clock.UtcNow);
            answer["COMMAND_ID"] = _id;
            answer["RESULT"] = problem == null ? "ok" : "error";
            if (problem != null)
            {
                answer["ERROR"] = problem;
            }

            return JsonConvert.SerializeObject(answer);
        }

        private string CarryOut(Hashtable answer, bool isRepeated)
        {
            switch (_command)
            {
                case "ping":
                    return null;

                case "set-interval":
                    return SetInterval();

                case "reboot":
                    _isRebootWanted = true;
                    return null;

                case "reprovision":
                case "rotate-certificate":
                    if (_command == "rotate-certificate" && _settings.Method == ProvisioningMethod.Jitp)
                    {
                        return ProvisioningMethod.NoRotation;
                    }

                    string unwished = _enrollment.Want(_id, _command == "rotate-certificate", isRepeated);
                    return unwished == null ? null : "it cannot be remembered: " + unwished;

                case "report":
                    answer["UPTIME_SECONDS"] = (int)(_clock.Milliseconds / 1000);
                    answer["FREE_MEMORY"] = _board.FreeMemory;
                    answer["NATIVE_MEMORY"] = _board.NativeMemory;
                    answer["FIRMWARE_VERSION"] = FirmwareVersion.Text;
                    answer["CERTIFICATE_ID"] = _status.Identity.CertificateId;
                    answer["CERTIFICATE_NOT_BEFORE"] = NotBefore();
                    answer["REPLACED_CERTIFICATE_ID"] = _status.Identity.ReplacedCertificateId;
                    answer["INTERVAL_SECONDS"] = _settings.IntervalSeconds;
                    answer["CONNECTIONS"] = _status.Connections;
                    answer["READINGS_TAKEN"] = _status.Publisher.Taken;
                    answer["READINGS_WAITING"] = _status.Publisher.Waiting;
                    answer["READINGS_DROPPED"] = _status.Publisher.Dropped;
                    answer["ENDPOINT"] = _status.Endpoint;
                    answer["LAST_ERROR"] = LastError();
                    ReportConfiguration(answer);
                    return null;

                default:
                    return "unknown command: there are ping, set-interval, reboot, reprovision, rotate-certificate and report";
            }
        }

        /// <summary>What went wrong last. It may hold what came from outside: it goes out short, and without what nanoFramework.Json writes as no JSON.</summary>
        private string LastError()
        {
            string text = _status.LastError;
            return Rejection.Plain(text.Length > LongestError ? text.Substring(0, LongestError) : text);
        }

        private string NotBefore()
        {
            long seconds = _enrollment.GetNotBefore();
            return seconds == 0 ? "" : ReadingFormat.Timestamp(new DateTime(1970, 1, 1).AddTicks(seconds * 10000000L));
        }

        /// <summary>What the cloud has configured, all of it, and why what of it is refused: applied again, which changes nothing, it is refused again.</summary>
        private void ReportConfiguration(Hashtable answer)
        {
            DeviceIdentity identity = _status.Identity;
            string[] reasons = _settings.Apply(identity.Configuration);
            Hashtable configuration = new Hashtable();
            Hashtable refused = new Hashtable();
            for (int i = 0; i < reasons.Length; i++)
            {
                string name = MemberName(identity.Configuration[i * 2]);
                configuration[name] = Rejection.Plain(identity.Configuration[(i * 2) + 1]);
                if (reasons[i] != null)
                {
                    refused[name] = reasons[i];
                }
            }

            answer["CONFIGURATION"] = configuration;
            answer["CONFIGURATION_REFUSED"] = refused;
            answer["CONFIGURATION_LEFT_OUT"] = identity.LeftOut;
        }

        /// <summary>A text as the name of a JSON member: nanoFramework.Json writes it as it is.</summary>
        private static string MemberName(string text)
        {
            char[] characters = text.ToCharArray();
            for (int i = 0; i < characters.Length; i++)
            {
                if (characters[i] < ' ' || characters[i] == '"' || characters[i] == '\\')
                {
                    characters[i] = '_';
                }
            }

            return new string(characters);
        }

        private string SetInterval()
        {
            if (!_hasSeconds || _seconds < AgentSettings.MinimumInterval || _seconds > AgentSettings.MaximumInterval)
            {
                return "set-interval needs intervalSeconds, a whole number of 1 to 86400";
            }

            if (_seconds == _settings.IntervalSeconds)
            {
                return null; // as it is already: flash is not worn for it
            }

            DeviceIdentity identity = _status.Identity;
            string[] before = (string[])identity.Configuration.Clone();
            identity.Configure("intervalSeconds", _seconds.ToString());
            string problem = _store.Commit(identity);
            if (problem != null)
            {
                identity.Configuration = before;
                return "the interval cannot be stored: " + problem;
            }

            _settings.IntervalSeconds = _seconds;
            _status.Publisher.Reschedule();
            return null;
        }

        /// <summary>Reads a command.</summary>
        /// <returns><see langword="null"/> where it is one, else what is wrong with it.</returns>
        private string Parse(MqttMsgPublishEventArgs message)
        {
            _id = null;
            _command = null;
            _hasSeconds = false;
            if (message.Message == null || message.Message.Length > LargestCommand)
            {
                return "too large: a command has at most 1024 bytes";
            }

            bool hasBadId = false;
            JsonReader reader = new JsonReader(message.Message);
            if (reader.Read() == JsonTokenType.ObjectStart)
            {
                while (reader.Read() == JsonTokenType.Name)
                {
                    int member = reader.Is("id") ? 1 : reader.Is("command") ? 2 : reader.Is("intervalSeconds") ? 3 : 0;
                    JsonTokenType token = reader.Read();
                    if (member == 1)
                    {
                        _id = token == JsonTokenType.String || token == JsonTokenType.Number ? reader.GetString() : null;
                        if (!IsPlain(_id))
                        {
                            _id = null;
                            hasBadId = true;
                        }
                    }
                    else if (member == 2 && token == JsonTokenType.String)
                    {
                        _command = reader.GetString();
                    }
                    else if (member == 3)
                    {
                        _hasSeconds = reader.TryGetInt(out _seconds);
                    }

                    reader.Skip();
                }
            }

            if (reader.Token != JsonTokenType.ObjectEnd || reader.Read() != JsonTokenType.End)
            {
                return "not a JSON object: " + (reader.Problem ?? "it begins with something else");
            }

            if (_id == null)
            {
                return hasBadId ? "id is not a text of 1 to 64 printable characters" : "id is missing";
            }

            if (_command == null)
            {
                return "command is missing, or no string";
            }

            // The broker hands a retained message to every new connection: a reboot would never end
            return message.Retain ? "a retained command is not carried out: publish it without the retain flag" : null;
        }

        private static bool IsPlain(string id)
        {
            if (id == null || id.Length == 0 || id.Length > LongestId)
            {
                return false;
            }

            for (int i = 0; i < id.Length; i++)
            {
                if (id[i] < ' ' || (id[i] >= '\u007f' && id[i] <= '\u009f'))
                {
                    return false;
                }
            }

            return true;
        }
    }
}
