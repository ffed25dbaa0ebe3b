using System;
using System.Collections;
using System.Text;
using System.Threading;
using DeviceAgent.Board;
using DeviceAgent.Commands;
using DeviceAgent.Identity;
using DeviceAgent.Messaging;
using DeviceAgent.Provisioning;
using DeviceAgent.Sensors;
using DeviceAgent.Settings;
using DeviceAgent.Telemetry;
using nanoFramework.M2Mqtt.Messages;

namespace DeviceAgent.Agent
{
    /// <summary>The agent from power-on: settings, identity, connection, readings and commands, and back to work after whatever goes wrong.</summary>
    public sealed class LifeCycle
    {
        /// <summary>How often the broker must close the connection on the same request before the log names the policy.</summary>
        private const int DenialsToName = 2;

        /// <summary>How often it must do so on the subscription to commands before the agent goes on without commands.</summary>
        private const int DenialsToGoWithout = 3;

        private readonly IStorage _storage;
        private readonly IClock _clock;
        private readonly IMqttClients _clients;
        private readonly IBoard _board;
        private readonly ILog _log;
        private readonly IdentityStore _store;
        private readonly AutoResetEvent _signal = new AutoResetEvent(false);
        private readonly ArrayList _aside = new ArrayList();
        private readonly AgentStatus _status = new AgentStatus();
        private readonly AttemptRecord _attempts;
        private readonly Backoff _backoff;
        private readonly Enrollment _enrollment;
        private readonly Waiting _waiting;
        private readonly Installer _installer;
        private AgentSettings _settings;
        private CommandHandler _commands;
        private string _commandTopic;
        private long _connectedAt = -MqttSession.BetweenConnects;
        private int _lost;
        private string _suspect;
        private int _denials;

        /// <summary>Makes an agent of a board's parts; it does nothing yet.</summary>
        /// <param name="storage">The board's storage.</param>
        /// <param name="network">Its network.</param>
        /// <param name="clock">Its clock.</param>
        /// <param name="clients">Its MQTT clients.</param>
        /// <param name="board">The board itself.</param>
        /// <param name="log">Where it tells what it does.</param>
        /// <param name="serial">The serial port where an installer may bring a claim; <see langword="null"/> where the board has none.</param>
        public LifeCycle(IStorage storage, INetwork network, IClock clock, IMqttClients clients, IBoard board, ILog log, ISerialLine serial)
        {
            _storage = storage;
            _clock = clock;
            _clients = clients;
            _board = board;
            _log = log;
            _store = new IdentityStore(storage);
            _attempts = new AttemptRecord(storage, clock);
            _backoff = new Backoff(board, _attempts);
            _installer = new Installer(serial, board, clients, clock, log);
            _enrollment = new Enrollment(storage, board, _store, _attempts, _backoff, clients, clock, log, _status, _signal, _installer);
            _waiting = new Waiting(network, clock, _status, _signal, _installer);
        }

        /// <summary>What the agent knows of itself.</summary>
        public AgentStatus Status => _status;

        /// <summary>
        /// Runs the agent. It never returns on a board: whatever escapes is logged, and the board starts anew after a pause.
        /// It returns after <see cref="Stop"/>, and elsewhere than on a board after a reboot was asked for.
        /// </summary>
        public void Run()
        {
            try
            {
                Live();
            }
            catch (Exception e)
            {
                try
                {
                    Note("unexpected " + e.GetType().Name + ": " + e.Message + "; the board starts anew");
                    _waiting.Pause(_backoff.Pause(AttemptRecord.Starting), null); // no readings: they may be what failed
                    _backoff.Grow(AttemptRecord.Starting); // last: the storage may be
                }
                catch (Exception)
                {
                    // Not even that much could be done, as when memory is out: only starting anew is left
                }

                if (!_waiting.IsStopping)
                {
                    _board.Reboot();
                }
            }
        }

        /// <summary>Ends <see cref="Run"/> at its next wait.</summary>
        public void Stop()
        {
            _waiting.IsStopping = true;
            _signal.Set();
        }

        /// <summary>Watches over <see cref="Run"/> from a thread of its own, and reboots when it has not come round for <see cref="Waiting.LongestRound"/>.</summary>
        public void Supervise()
        {
            AutoResetEvent never = new AutoResetEvent(false);
            while (!_waiting.IsStopping)
            {
                _clock.Wait(never, Waiting.Slice);
                if (IsStuck())
                {
                    Note("the main loop has been stuck for 10 minutes; the board starts anew");
                    _board.Reboot();
                    return;
                }
            }
        }

        /// <summary>Whether the main loop has not come round for <see cref="Waiting.LongestRound"/>.</summary>
        public bool IsStuck() => _waiting.IsStuck();

        private void Live()
        {
            _log.Write("agent " + FirmwareVersion.Text + " on board " + _board.HardwareId + ", started by " + _board.WakeCause + ", " + _board.FreeMemory.ToString() + " bytes free");
            _attempts.Load();
            _settings = ReadSettings();
            if (_settings == null)
            {
                // Somebody has to flash the file anew, and that starts the board anew; if nobody does, a look once an hour is enough
                _board.DeepSleep(Backoff.LongestRefused / 1000);
                return;
            }

            _enrollment.Load();
            if (_status.Identity == null)
            {
                if (_settings.Method != ProvisioningMethod.TrustedUser)
                {
                    PauseAtRandom(_settings.SpreadSeconds * 1000);
                }

                Provision();
                if (_waiting.IsStopping)
                {
                    return;
                }

                UseIdentity(_settings);
            }
            else
            {
                UseIdentity(_settings);
                if (_board.IsResetButtonHeld)
                {
                    string problem = _enrollment.Want("", false, false);
                    Note("identity: the reset button is held, so the device is provisioned again" + (problem == null ? "" : ", but that cannot be remembered: " + problem));
                }

                if (!_enrollment.IsDue(_settings))
                {
                    PauseAtRandom(0);
                }
            }

            while (!_waiting.IsStopping && !_commands.IsRebootWanted)
            {
                if (_enrollment.IsDue(_settings))
                {
                    Replace();
                }
                else
                {
                    Connect();
                }
            }

            if (!_waiting.IsStopping)
            {
                _board.Reboot();
            }
        }

        /// <summary>Reads the settings as the factory has set them.</summary>
        /// <returns>The settings; <see langword="null"/> where they cannot be used.</returns>
        private AgentSettings ReadSettings()
        {
            SettingsReader reader = new SettingsReader(_board.HardwareId);
            AgentSettings settings = reader.Read(_storage.Read(SettingsReader.FileName));
            foreach (string problem in reader.Problems)
            {
                Note(SettingsReader.FileName + ": " + problem);
            }

            if (settings == null)
            {
                string files = "";
                foreach (string file in _storage.List())
                {
                    files += " " + file;
                }

                _log.Write("storage holds:" + files);
            }

            return settings;
        }

        /// <summary>Tries until the device has an identity.</summary>
        private void Provision()
        {
            bool isTrusted = _settings.Method == ProvisioningMethod.TrustedUser;
            if (isTrusted)
            {
                _installer.Want(_settings);
            }

            while (!_waiting.IsStopping)
            {
                if (isTrusted && !_installer.HasClaim)
                {
                    _waiting.Pause(int.MaxValue);
                    continue;
                }

                if (_installer.TakeNew())
                {
                    // Somebody stands there and waits
                    _attempts.Doublings[AttemptRecord.Connecting] = 0;
                    _attempts.Doublings[AttemptRecord.Refused] = 0;
                }

                int pause;
                _installer.Tell("joining the network");
                string problem = _waiting.AwaitNetwork(_settings);
                if (problem != null)
                {
                    Failed("network: " + problem);
                    pause = _backoff.Next(AttemptRecord.Connecting);
                }
                else
                {
                    _installer.Tell("asking for a certificate");
                    pause = _enrollment.Provision(_settings);
                    _connectedAt = _clock.Milliseconds;
                    if (pause < 0)
                    {
                        return;
                    }
                }

                _waiting.Pause(pause);
            }
        }

        /// <summary>One attempt to get another identity, while there is no connection; then the device works on, with the one or the other.</summary>
        private void Replace()
        {
            _installer.Tell("joining the network");
            string problem = _waiting.AwaitNetwork(_settings);
            if (problem != null)
            {
                Failed("network: " + problem);
                _waiting.Pause(_backoff.Next(AttemptRecord.Connecting));
                return;
            }

            _installer.Tell("asking for a certificate");
            AgentSettings settings = ReadSettings() ?? _settings;
            if (_enrollment.Replace(settings))
            {
                UseIdentity(settings);
            }

            _connectedAt = _clock.Milliseconds;
        }

        /// <summary>Makes of the identity what the agent works with: its name, what the cloud has configured, its topics, sensors and commands.</summary>
        /// <param name="settings">The settings as the factory has set them.</param>
        private void UseIdentity(AgentSettings settings)
        {
            DeviceIdentity identity = _status.Identity;
            _settings = settings;
            _log.Write("identity: thing " + identity.ThingName + ", certificate " + identity.CertificateId);
            _settings.ThingName = identity.ThingName;
            Configure(identity);

            if (_status.Publisher == null)
            {
                _status.Publisher = new TelemetryPublisher(_settings, MakeSensors(), _clock);
            }
            else
            {
                _status.Publisher.Use(_settings);
            }

            _commands = new CommandHandler(_clock, _board, _store, _settings, _status, _enrollment);
            _commandTopic = _settings.Product != null ? Topics.Command(_settings.Product, _settings.Location, _settings.ThingName) : null;
        }

        /// <summary>Applies what the cloud has configured, and tells what became of it.</summary>
        private void Configure(DeviceIdentity identity)
        {
            string[] reasons = _settings.Apply(identity.Configuration);
            string applied = "";
            string unknown = "";
            for (int i = 0; i < reasons.Length; i++)
            {
                string name = identity.Configuration[i * 2];
                if (reasons[i] != null)
                {
                    Note("device configuration: " + reasons[i] + "; it is left as it was");
                }
                else if (AgentSettings.IsConfigurable(name))
                {
                    applied += " " + name;
                }
                else
                {
                    unknown += " " + Rejection.Plain(name);
                }
            }

            if (applied.Length > 0)
            {
                _log.Write("device configuration: applied:" + applied);
            }

            if (unknown.Length > 0)
            {
                _log.Write("device configuration: unknown here, kept:" + unknown);
            }

            if (identity.LeftOut.Length > 0)
            {
                Note("device configuration: not kept, for it is too large or no text: " + identity.LeftOut);
            }
        }

        private ISensor[] MakeSensors()
        {
            ArrayList sensors = new ArrayList();
            foreach (SensorOptions options in _settings.Sensors)
            {
                try
                {
                    ISensor sensor = options.Type == "simulated" ? new SimulatedClimateSensor(_board) : _board.CreateSensor(options.Type, options);
                    if (sensor != null)
                    {
                        sensors.Add(sensor);
                        continue;
                    }

                    Note("sensor " + options.Type + ": this board knows no such type");
                }
                catch (Exception e)
                {
                    Note("sensor " + options.Type + " does not answer: " + e.Message);
                }
            }

            ISensor[] made = new ISensor[sensors.Count];
            sensors.CopyTo(made);
            return made;
        }

        /// <summary>
        /// One connection with the device's own identity, from the network to its loss, and the pause after it. Where the endpoint that the cloud
        /// has pinned cannot be reached, or ends the handshake, the settings' own is tried too; one that answers and turns the identity away has been reached.
        /// </summary>
        private void Connect()
        {
            string certificateId = _status.Identity.CertificateId;
            string problem = _waiting.AwaitNetwork(_settings);
            bool wasOpen = false;
            bool wasRefused = false;
            bool isUnclear = false;
            if (problem != null)
            {
                problem = "network: " + problem;
            }
            else
            {
                string host = _settings.Endpoint;
                while (host != null)
                {
                    _waiting.ComeRound();
                    long sinceConnect;
                    while ((sinceConnect = _clock.Milliseconds - _connectedAt) < MqttSession.BetweenConnects && !_waiting.IsStopping)
                    {
                        _waiting.Pause((int)(MqttSession.BetweenConnects - sinceConnect)); // a claim that comes ends it early
                    }

                    _installer.Tell("connecting as thing " + _settings.ThingName);
                    _connectedAt = _clock.Milliseconds;
                    string other = null;
                    MqttSession session = new MqttSession(_clients, _clock, _signal, CommandHandler.LargestCommand);
                    Exception failure = null;
                    try
                    {
                        string reason = Open(session, host);
                        wasOpen = reason == null;
                        if (wasOpen)
                        {
                            problem = Serve(session);
                        }
                        else if (problem != null)
                        {
                            problem += "; and " + reason; // a refusal here is none: it may be another region, which does not know the identity
                        }
                        else
                        {
                            problem = reason;
                            bool isPinned = _settings.FactoryEndpoint != null;
                            isUnclear = session.IsUnclear || (isPinned && session.WasCut); // so it looks too when a region is down
                            wasRefused = session.WasRefused && !isUnclear;
                            other = wasRefused || _waiting.IsStopping ? null : _settings.FactoryEndpoint;
                        }
                    }
                    catch (Exception e)
                    {
                        failure = e;
                    }

                    session.CloseAfter(failure);
                    TakeOver(session);
                    _enrollment.TakeRotated();
                    host = other;
                    if (host != null)
                    {
                        Note(problem + "; trying " + host);
                    }
                }
            }

            _waiting.ComeRound();
            if (problem != null && !_waiting.IsStopping)
            {
                Failed(problem);
                if (!wasOpen)
                {
                    wasRefused = _enrollment.NotConnected(_settings, wasRefused, isUnclear);
                    _connectedAt = _clock.Milliseconds;
                }
            }

            if (_status.Identity.CertificateId != certificateId)
            {
                UseIdentity(ReadSettings() ?? _settings);
            }

            if (problem != null && !_waiting.IsStopping)
            {
                int pause = _backoff.Next(wasRefused ? AttemptRecord.Refused : AttemptRecord.Connecting);
                if (!_enrollment.IsDue(_settings))
                {
                    _waiting.Pause(pause);
                }
            }
        }

        private string Open(MqttSession session, string host)
        {
            byte[] rootCa = PemFile.Read(_storage, PemFile.RootCa);
            if (rootCa == null)
            {
                return PemFile.RootCa + " is missing: flash the certificates that the endpoint's own must lead to";
            }

            byte[][] credentials = new byte[][] { rootCa, _status.Identity.Certificate, _status.Identity.Key };
            string problem = session.Open(host, _settings.Port, credentials, _settings.ThingName, _settings.IsPersistentSession, _settings.KeepAliveSeconds);
            if (problem != null)
            {
                return "connecting: " + problem;
            }

            _status.Connections++;
            _status.Endpoint = host;
            _enrollment.Connected();
            _log.Write("connected to " + host + " as " + _settings.ThingName);
            return null;
        }

        /// <summary>Works on an open connection until it is lost, a reboot or another identity is wanted, or the agent is stopped.</summary>
        /// <returns>Why the connection is to be made anew; <see langword="null"/> where it is not.</returns>
        private string Serve(MqttSession session)
        {
            if (_commandTopic != null && !(_suspect == _commandTopic && _denials >= DenialsToGoWithout))
            {
                string problem = session.Subscribe(new string[] { _commandTopic }, MqttQoSLevel.AtLeastOnce);
                if (problem != null && !session.IsOpen)
                {
                    return Denied(_commandTopic, "SUBSCRIBE to " + _commandTopic, "iot:Subscribe on topicfilter/");
                }

                if (problem != null)
                {
                    Note("commands: " + _commandTopic + ": " + problem + "; going on without commands");
                }
                else if (_suspect == _commandTopic)
                {
                    _suspect = null;
                }
            }

            int unacknowledged = 0;
            while (!_waiting.IsStopping && !_commands.IsRebootWanted)
            {
                _waiting.ComeRound();
                if (!session.IsOpen)
                {
                    return "the connection was lost";
                }

                MqttMsgPublishEventArgs message = Take(session);
                if (message != null && MqttSession.IsBrokersOwn(message))
                {
                    _log.Write("an answer that nobody waits for any more is left alone: " + message.Topic);
                    continue;
                }

                if (message != null)
                {
                    Answer(session, _commands.Handle(message));
                    continue;
                }

                int dropped = _lost + session.TakeLost();
                if (dropped > 0)
                {
                    _lost = 0; // before the answer: more may be dropped while it is sent
                    Answer(session, _commands.Refuse(dropped.ToString() + " commands came faster than they could be carried out, and were dropped"));
                    continue; // and they may be waiting already, without a signal any more
                }

                if (_enrollment.IsDue(_settings))
                {
                    return null;
                }

                if (_enrollment.IsRotationDue(_settings))
                {
                    // The commands that came meanwhile are carried out when it is decided which identity stays: one that were stored now would take the other's place
                    if (_enrollment.Rotate(session, _settings, _aside) || !session.IsOpen)
                    {
                        return null;
                    }

                    continue;
                }

                TelemetryPublisher publisher = _status.Publisher;
                publisher.TakeIfDue();
                if (publisher.Waiting == 0)
                {
                    int untilDue = publisher.UntilDue;
                    _clock.Wait(_signal, untilDue < _waiting.Longest ? untilDue : _waiting.Longest);
                }
                else if (publisher.PublishOldest(session))
                {
                    unacknowledged = 0;
                    Succeeded(publisher.Topic);
                    _log.Write("reading " + publisher.Published.ToString() + " acknowledged, " + publisher.Waiting.ToString() + " waiting");
                }
                else if (!session.IsOpen)
                {
                    return Denied(publisher.Topic, "PUBLISH to " + publisher.Topic, "iot:Publish on topic/");
                }
                else if (++unacknowledged == 2)
                {
                    return "the broker does not acknowledge readings";
                }
            }

            return null;
        }

        /// <summary>The oldest message that has not been looked at.</summary>
        private MqttMsgPublishEventArgs Take(MqttSession session)
        {
            if (_aside.Count == 0)
            {
                return session.Receive(0);
            }

            MqttMsgPublishEventArgs message = (MqttMsgPublishEventArgs)_aside[0];
            _aside.RemoveAt(0);
            return message;
        }

        /// <summary>Keeps for the next connection what has come over one that has ended: M2Mqtt has acknowledged it, and nobody sends it again.</summary>
        private void TakeOver(MqttSession session)
        {
            MqttMsgPublishEventArgs message;
            while ((message = session.Receive(0)) != null)
            {
                if (_aside.Count < FleetProvisioning.MostAside)
                {
                    _aside.Add(message);
                }
                else
                {
                    session.Drop();
                }
            }

            _lost += session.TakeLost();
        }

        private void Answer(MqttSession session, string answer)
        {
            _log.Write("command: " + answer);
            if (!session.Publish(_status.Publisher.Topic, Encoding.UTF8.GetBytes(answer)))
            {
                Note("command: the answer was not acknowledged");
            }
        }

        /// <summary>A request went through: what was suspected of it is forgotten, and pauses are short again.</summary>
        private void Succeeded(string topic)
        {
            if (_suspect == topic)
            {
                _suspect = null;
            }

            _attempts.Worked();
            _status.FailedAttempts = 0;
        }

        /// <summary>
        /// The connection closed on a request. AWS closes it without a word when a policy does not allow the request, so the second time
        /// on the same one that is the likely cause.
        /// </summary>
        private string Denied(string topic, string request, string action)
        {
            _denials = _suspect == topic ? _denials + 1 : 1;
            _suspect = topic;
            string text = "the broker closed the connection on " + request;
            return _denials < DenialsToName ? text
                : text + ", " + _denials.ToString() + " times in a row: its policy probably does not allow " + action + topic;
        }

        /// <summary>Waits before the first attempt: a random part of a bound, or of that to which pauses had grown before the start.</summary>
        /// <param name="bound">In milliseconds.</param>
        private void PauseAtRandom(int bound)
        {
            string reason = "so that not all boards ask at once";
            for (int kind = AttemptRecord.Connecting; kind <= AttemptRecord.Refused; kind++)
            {
                if (_attempts.Doublings[kind] > 0 && _backoff.Bound(kind) > bound)
                {
                    bound = _backoff.Bound(kind);
                    reason = "since attempts before this start have failed";
                }
            }

            if (bound > 0)
            {
                int pause = _board.Random(bound);
                _log.Write("waiting " + (pause / 1000).ToString() + " s, " + reason);
                _waiting.Pause(pause);
            }
        }

        private void Failed(string problem)
        {
            _status.FailedAttempts++;
            Note(problem);
            _installer.Retry(problem, false);
        }

        private void Note(string problem)
        {
            _status.LastError = problem;
            _log.Write(problem);
        }
    }
}
