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
        /// <summary>The longest bound of a pause after what may pass by itself: 15 minutes.</summary>
        public const int LongestPause = 15 * 60 * 1000;

        /// <summary>The longest bound of a pause after a refusal, which somebody has to mend: an hour.</summary>
        public const int LongestPauseRefused = 60 * 60 * 1000;

        /// <summary>How long the main loop may stay away before the supervisor reboots, in milliseconds. A connection takes two minutes at worst.</summary>
        public const int LongestRound = 10 * 60 * 1000;

        /// <summary>How long the network is waited for in one go, in seconds.</summary>
        private const int NetworkTimeout = 60;

        /// <summary>The longest single wait, in milliseconds: the supervisor sees the loop come round that often.</summary>
        private const int Slice = 30000;

        /// <summary>How often the broker must close the connection on the same request before the log names the policy.</summary>
        private const int DenialsToName = 2;

        /// <summary>How often it must do so on the subscription to commands before the agent goes on without commands.</summary>
        private const int DenialsToGoWithout = 3;

        private readonly IStorage _storage;
        private readonly INetwork _network;
        private readonly IClock _clock;
        private readonly IMqttClients _clients;
        private readonly IBoard _board;
        private readonly ILog _log;
        private readonly IdentityStore _store;
        private readonly AutoResetEvent _signal = new AutoResetEvent(false);
        private readonly AgentStatus _status = new AgentStatus();
        private readonly Backoff _backoff;
        private readonly Backoff _refusedBackoff;
        private AgentSettings _settings;
        private CommandHandler _commands;
        private string _commandTopic;
        private long _connectedAt = -MqttSession.BetweenConnects;
        private long _cameRound;
        private string _suspect;
        private int _denials;
        private bool _isStopping;

        /// <summary>Makes an agent of a board's parts; it does nothing yet.</summary>
        /// <param name="storage">The board's storage.</param>
        /// <param name="network">Its network.</param>
        /// <param name="clock">Its clock.</param>
        /// <param name="clients">Its MQTT clients.</param>
        /// <param name="board">The board itself.</param>
        /// <param name="log">Where it tells what it does.</param>
        public LifeCycle(IStorage storage, INetwork network, IClock clock, IMqttClients clients, IBoard board, ILog log)
        {
            _storage = storage;
            _network = network;
            _clock = clock;
            _clients = clients;
            _board = board;
            _log = log;
            _store = new IdentityStore(storage);
            _backoff = new Backoff(board, LongestPause);
            _refusedBackoff = new Backoff(board, LongestPauseRefused);
            _cameRound = clock.Milliseconds;
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
                    Pause(_board.Random(60000), null); // no readings: they may be what failed
                }
                catch (Exception)
                {
                    // Not even that much could be done, as when memory is out: only starting anew is left
                }

                if (!_isStopping)
                {
                    _board.Reboot();
                }
            }
        }

        /// <summary>Ends <see cref="Run"/> at its next wait.</summary>
        public void Stop()
        {
            _isStopping = true;
            _signal.Set();
        }

        /// <summary>Watches over <see cref="Run"/> from a thread of its own, and reboots when it has not come round for <see cref="LongestRound"/>.</summary>
        public void Supervise()
        {
            AutoResetEvent never = new AutoResetEvent(false);
            while (!_isStopping)
            {
                _clock.Wait(never, Slice);
                if (IsStuck())
                {
                    Note("the main loop has been stuck for 10 minutes; the board starts anew");
                    _board.Reboot();
                    return;
                }
            }
        }

        /// <summary>Whether the main loop has not come round for <see cref="LongestRound"/>.</summary>
        public bool IsStuck() => !_isStopping && _clock.Milliseconds - _cameRound > LongestRound;

        private void Live()
        {
            _log.Write("agent " + FirmwareVersion.Text + " on board " + _board.HardwareId + ", started by " + _board.WakeCause + ", " + _board.FreeMemory.ToString() + " bytes free");
            if (!ReadSettings())
            {
                // Somebody has to flash the file anew, and that starts the board anew; if nobody does, a look once an hour is enough
                _board.DeepSleep(LongestPauseRefused / 1000);
                return;
            }

            _status.Identity = _store.Load();
            if (_status.Identity != null)
            {
                // The power may have gone just after the identity was stored
                new ProvisioningJournal(_storage).DeleteIfOf(_status.Identity.CertificateId);
            }

            if (_status.Identity != null && _board.IsResetButtonHeld)
            {
                _log.Write("identity: the reset button is held, so the device is provisioned again");
                Provision();
            }
            else if (_status.Identity == null)
            {
                PauseAtRandom(_settings.SpreadSeconds);
                Provision();
            }

            if (_isStopping)
            {
                return;
            }

            UseIdentity();
            while (!_isStopping && !_commands.IsRebootWanted)
            {
                Connect();
            }

            if (!_isStopping)
            {
                _board.Reboot();
            }
        }

        private bool ReadSettings()
        {
            SettingsReader reader = new SettingsReader(_board.HardwareId);
            _settings = reader.Read(_storage.Read(SettingsReader.FileName));
            foreach (string problem in reader.Problems)
            {
                Note(SettingsReader.FileName + ": " + problem);
            }

            if (_settings == null)
            {
                string files = "";
                foreach (string file in _storage.List())
                {
                    files += " " + file;
                }

                _log.Write("storage holds:" + files);
            }

            return _settings != null;
        }

        /// <summary>Tries until the device has an identity.</summary>
        private void Provision()
        {
            FleetProvisioning provisioning = new FleetProvisioning(_storage, _store, _clients, _clock, _log, _signal);
            while (!_isStopping)
            {
                int pause;
                string problem = AwaitNetwork();
                if (problem != null)
                {
                    Failed("network: " + problem);
                    pause = _backoff.Next();
                }
                else
                {
                    ProvisioningOutcome outcome = provisioning.Run(_settings);
                    _connectedAt = _clock.Milliseconds;
                    if (outcome == ProvisioningOutcome.Done)
                    {
                        _backoff.Reset();
                        _refusedBackoff.Reset();
                        _status.FailedAttempts = 0;
                        _status.Identity = _store.Load();
                        return;
                    }

                    _status.LastError = provisioning.Problem; // it stands in the log already
                    _status.FailedAttempts++;
                    pause = outcome == ProvisioningOutcome.Refused ? _refusedBackoff.Next() : _backoff.Next();
                }

                Pause(pause);
            }
        }

        /// <summary>Makes of the identity what the agent works with: its name, what the cloud has configured, its topics, sensors and commands.</summary>
        private void UseIdentity()
        {
            DeviceIdentity identity = _status.Identity;
            _log.Write("identity: thing " + identity.ThingName + ", certificate " + identity.CertificateId);
            _settings.ThingName = identity.ThingName;
            for (int i = 0; i < identity.Configuration.Length; i += 2)
            {
                string problem = _settings.Override(identity.Configuration[i], identity.Configuration[i + 1]);
                if (problem != null)
                {
                    Note("device configuration: " + problem + "; it is left as it was");
                }
            }

            _status.Publisher = new TelemetryPublisher(_settings, MakeSensors(), _clock);
            _commands = new CommandHandler(_clock, _board, _store, _settings, _status);
            _commandTopic = _settings.Product != null ? Topics.Command(_settings.Product, _settings.Location, _settings.ThingName) : null;
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

        /// <summary>One connection with the device's own identity, from the network to its loss, and the pause after it.</summary>
        private void Connect()
        {
            string problem = AwaitNetwork();
            bool wasRefused = false;
            if (problem != null)
            {
                problem = "network: " + problem;
            }
            else
            {
                long sinceConnect = _clock.Milliseconds - _connectedAt;
                if (sinceConnect < MqttSession.BetweenConnects)
                {
                    Pause((int)(MqttSession.BetweenConnects - sinceConnect));
                }

                _connectedAt = _clock.Milliseconds;
                MqttSession session = new MqttSession(_clients, _clock, _signal, CommandHandler.LargestCommand);
                Exception failure = null;
                try
                {
                    problem = Open(session);
                    wasRefused = session.WasRefused;
                    if (problem == null)
                    {
                        problem = Serve(session);
                    }
                }
                catch (Exception e)
                {
                    failure = e;
                }

                session.CloseAfter(failure);
            }

            ComeRound();
            if (problem != null && !_isStopping)
            {
                Failed(problem);
                Pause(wasRefused ? _refusedBackoff.Next() : _backoff.Next());
            }
        }

        /// <summary>Waits for the network, and takes the readings that are due meanwhile.</summary>
        /// <returns><see langword="null"/> once it can be used, else why not.</returns>
        private string AwaitNetwork()
        {
            long end = _clock.Milliseconds + (NetworkTimeout * 1000);
            while (true)
            {
                ComeRound();
                long start = _clock.Milliseconds;
                int wait = (int)(end - start);
                TelemetryPublisher publisher = _status.Publisher;
                if (publisher != null)
                {
                    publisher.TakeIfDue();
                    int untilDue = publisher.UntilDue;
                    wait = untilDue < wait ? untilDue : wait;
                }

                int seconds = (wait + 999) / 1000;
                string problem = _network.Connect(_settings.WifiSsid, _settings.WifiPassword, seconds < 1 ? 1 : seconds);
                if (problem == null && !_clock.IsSet)
                {
                    problem = "the time of day is not set, so that no certificate can be verified";
                }

                long now = _clock.Milliseconds;
                if (problem == null || _isStopping || now >= end || now - start < wait)
                {
                    return problem; // the last: what fails before its time has no use for the rest of it
                }
            }
        }

        private string Open(MqttSession session)
        {
            byte[] rootCa = PemFile.Read(_storage, PemFile.RootCa);
            if (rootCa == null)
            {
                return PemFile.RootCa + " is missing: flash the certificates that the endpoint's own must lead to";
            }

            byte[][] credentials = new byte[][] { rootCa, _status.Identity.Certificate, _status.Identity.Key };
            string problem = session.Open(_settings.Endpoint, _settings.Port, credentials, _settings.ThingName, _settings.IsPersistentSession, _settings.KeepAliveSeconds);
            if (problem != null)
            {
                return "connecting: " + problem;
            }

            _status.Connections++;
            _log.Write("connected to " + _settings.Endpoint + " as " + _settings.ThingName);
            return null;
        }

        /// <summary>Works on an open connection until it is lost, a reboot is wanted, or the agent is stopped.</summary>
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
            int lost = 0;
            while (!_isStopping && !_commands.IsRebootWanted)
            {
                ComeRound();
                if (!session.IsOpen)
                {
                    return "the connection was lost";
                }

                MqttMsgPublishEventArgs message = session.Receive(0);
                if (message != null)
                {
                    Answer(session, _commands.Handle(message));
                    continue;
                }

                int dropped = session.Lost - lost;
                if (dropped > 0)
                {
                    lost += dropped; // before the answer: more may be dropped while it is sent
                    Answer(session, _commands.Refuse(dropped.ToString() + " commands came faster than they could be carried out, and were dropped"));
                    continue; // and they may be waiting already, without a signal any more
                }

                TelemetryPublisher publisher = _status.Publisher;
                publisher.TakeIfDue();
                if (publisher.Waiting == 0)
                {
                    int untilDue = publisher.UntilDue;
                    _clock.Wait(_signal, untilDue < Slice ? untilDue : Slice);
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

            _backoff.Reset();
            _refusedBackoff.Reset();
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

        private void PauseAtRandom(int seconds)
        {
            if (seconds > 0)
            {
                int pause = _board.Random(seconds * 1000);
                _log.Write("provisioning: waiting " + (pause / 1000).ToString() + " s, so that not all boards ask at once");
                Pause(pause);
            }
        }

        /// <summary>Waits, and takes the readings that are due meanwhile.</summary>
        private void Pause(int milliseconds) => Pause(milliseconds, _status.Publisher);

        private void Pause(int milliseconds, TelemetryPublisher publisher)
        {
            long end = _clock.Milliseconds + milliseconds;
            while (!_isStopping)
            {
                ComeRound();
                int wait = (int)(end - _clock.Milliseconds);
                if (wait <= 0)
                {
                    return;
                }

                if (publisher != null)
                {
                    publisher.TakeIfDue();
                    int untilDue = publisher.UntilDue;
                    wait = untilDue < wait ? untilDue : wait;
                }

                _clock.Wait(_signal, wait < Slice ? wait : Slice);
            }
        }

        private void ComeRound() => _cameRound = _clock.Milliseconds;

        private void Failed(string problem)
        {
            _status.FailedAttempts++;
            Note(problem);
        }

        private void Note(string problem)
        {
            _status.LastError = problem;
            _log.Write(problem);
        }
    }
}
