using System;
using System.Collections;
using System.Text;
using System.Threading;
using DeviceAgent.Agent;
using DeviceAgent.Board;
using DeviceAgent.Crypto;
using DeviceAgent.Identity;
using DeviceAgent.Json;
using DeviceAgent.Messaging;
using DeviceAgent.Settings;
using DeviceAgent.Telemetry;
using nanoFramework.Json;
using nanoFramework.M2Mqtt.Messages;

namespace DeviceAgent.Provisioning
{
    /// <summary>
    /// AWS IoT Core Fleet Provisioning by claim: with the certificate that all boards share, the device gets one of its own.
    /// Whatever is cut off in the middle is gone on with, so that no certificate is left behind whose key nobody has.
    /// </summary>
    /// <remarks>
    /// A first identity has nothing to lose: once it is durable the journal goes. One in place of another stays a candidate, and its journal
    /// with it, until it has connected.
    /// </remarks>
    public sealed class FleetProvisioning
    {
        /// <summary>How long an answer is waited for, in milliseconds (30 s in AWS's own samples).</summary>
        public const int AnswerTimeout = 30000;

        /// <summary>Largest answer that is read, in bytes. AWS's largest has about 3.5 KB.</summary>
        public const int LargestAnswer = 10240;

        /// <summary>How much memory should be free where an answer has not come, in bytes: on a nanoCLR AWS's largest was lost with 6,800 to 11,200, since M2Mqtt holds it twice.</summary>
        private const int RoomForAnswer = 14000;

        /// <summary>
        /// How often the cloud must turn a certificate away that it has issued just now before that is given up. A policy that was attached
        /// just now may take a while to hold, so one refusal proves nothing.
        /// </summary>
        public const int RefusalsToGiveUp = 3;

        /// <summary>How often in a row a board's own certificate is dropped before the log says what to look at.</summary>
        private const int DropsToExplain = 5;

        /// <summary>The longest <see cref="Wait"/>: an hour.</summary>
        private const int LongestWait = 60 * 60 * 1000;

        private const string ClaimSuffix = "-claim";

        // Of a device configuration, in bytes: what is kept stands in memory, and goes into reports
        private const int LongestName = 128;
        private const int LongestSetting = 300;
        private const int LargestUnknown = 2048;
        private const int MostUnknown = 32;

        /// <summary>Commands that are set aside at most while the device's own connection holds an exchange.</summary>
        public const int MostAside = 8;

        /// <summary>Takes its readings while answers are waited for; or <see langword="null"/>.</summary>
        public TelemetryPublisher Publisher;

        /// <summary>When the last CONNECT under the thing's name was sent, by the clock that never jumps.</summary>
        public long ConnectedAt = -MqttSession.BetweenConnects;

        private readonly IBoard _board;
        private readonly IClock _clock;
        private readonly IMqttClients _clients;
        private readonly ILog _log;
        private readonly IStorage _storage;
        private readonly IdentityStore _store;
        private readonly AttemptRecord _attempts;
        private readonly ProvisioningJournal _journal;
        private readonly DeviceKey _key;
        private readonly AutoResetEvent _signal;
        private readonly Installer _installer;
        private DeviceIdentity _current;
        private ArrayList _aside;
        private bool _wasDenied;
        private int _journalRefusals;
        private string _strayId = "";
        private int _drops;
        private bool _isSpent;
        private string _problem;

        /// <summary>Makes the exchange; it does nothing yet.</summary>
        /// <param name="storage">Where the claim's files and the journal are.</param>
        /// <param name="board">Gives random numbers.</param>
        /// <param name="store">Takes the identity.</param>
        /// <param name="attempts">Counts the certificates that are asked for.</param>
        /// <param name="clients">Makes MQTT clients.</param>
        /// <param name="clock">Measures waits.</param>
        /// <param name="log">Is told each step.</param>
        /// <param name="signal">What the agent's thread waits on.</param>
        /// <param name="installer">Brings the claim where the settings say so.</param>
        public FleetProvisioning(IStorage storage, IBoard board, IdentityStore store, AttemptRecord attempts, IMqttClients clients, IClock clock, ILog log, AutoResetEvent signal, Installer installer)
        {
            _storage = storage;
            _board = board;
            _store = store;
            _attempts = attempts;
            _clients = clients;
            _clock = clock;
            _log = log;
            _signal = signal;
            _installer = installer;
            _journal = new ProvisioningJournal(storage);
            _key = new DeviceKey(storage, board);
        }

        /// <summary>Why the last <see cref="Run"/> or <see cref="Rotate"/> did not succeed: the step and the reason; <see langword="null"/> where nothing has failed.</summary>
        public string Problem => _problem;

        /// <summary>Whether the last <see cref="Rotate"/> was answered as a policy answers that does not allow it: by the end of the connection, or by a subscription that was not granted.</summary>
        public bool WasDenied => _wasDenied;

        /// <summary>How long until another certificate may be asked for, as far as an hour ahead. The log says so once.</summary>
        /// <param name="settings">How many may be asked for.</param>
        /// <returns>Milliseconds, at most an hour; 0 where it may be now.</returns>
        public int Wait(AgentSettings settings)
        {
            int wait = settings.Method == ProvisioningMethod.Jitp ? 0 : _attempts.UntilAllowed(settings.MaxCertificatesPerDay);
            if (wait > 0)
            {
                _problem = FirstStep(settings) + ": the " + settings.MaxCertificatesPerDay.ToString() + " certificates of 24 hours (provisioning.maxCertificatesPerDay) have been asked for; the next may be in " + (wait / 1000).ToString() + " s";
                if (!_isSpent)
                {
                    _log.Write("provisioning: " + _problem);
                }
            }

            _isSpent = wait > 0;
            return wait < LongestWait ? wait : LongestWait;
        }

        /// <summary>Makes one attempt. The network is up and the clock set.</summary>
        /// <param name="settings">What to ask for, and where.</param>
        /// <param name="current">The identity that is to be replaced; <see langword="null"/> where there is none.</param>
        /// <returns>Done once the identity is durable in the store; else when to try again.</returns>
        public ProvisioningOutcome Run(AgentSettings settings, DeviceIdentity current)
        {
            _problem = null;
            _current = current;
            byte[] rootCa = PemFile.Read(_storage, PemFile.RootCa);
            if (rootCa == null)
            {
                return Fail("reading " + PemFile.RootCa, "it is missing: flash the certificates that the endpoint's own must lead to", ProvisioningOutcome.Refused);
            }

            if (settings.Method == ProvisioningMethod.Jitp)
            {
                return UseOwn(settings, rootCa);
            }

            bool isResumed = IsResumed();
            if (!isResumed && Wait(settings) > 0)
            {
                return ProvisioningOutcome.Spent;
            }

            // Before the connection, whose memory it could not have
            string problem = isResumed ? null : PrepareKey(settings, false);
            if (problem != null)
            {
                return Fail("the device's own key", problem, ProvisioningOutcome.Refused);
            }

            ProvisioningOutcome outcome = ProvisioningOutcome.Refused;
            if (!isResumed || _journal.IsTokenFresh(Now()))
            {
                MqttSession session = new MqttSession(_clients, _clock, _signal, LargestAnswer);
                Exception failure = null;
                try
                {
                    outcome = Exchange(session, settings, rootCa, isResumed);
                }
                catch (Exception e)
                {
                    failure = e;
                }

                session.CloseAfter(failure);
                _key.Release();
            }

            // A registration that was refused may be one that had gone through before the power did: then the certificate works
            if (outcome != ProvisioningOutcome.Refused || !isResumed)
            {
                return outcome;
            }

            string refusal = _problem;
            outcome = TryJournalled(settings, rootCa);
            _problem = refusal == null ? _problem : refusal + "; and " + _problem;
            return outcome;
        }

        /// <summary>
        /// Gets the key ready that a certificate is to be asked for, where the method wants one: the factory's, one that was made before and that no
        /// identity has, or a new one. The network is up.
        /// </summary>
        /// <param name="settings">The method, and the name to ask for.</param>
        /// <param name="isRenewal">Whether the key is to be another than before: then the factory's, of which there is one alone, does not do.</param>
        /// <returns><see langword="null"/> where it is ready or not wanted, else why not.</returns>
        private string PrepareKey(AgentSettings settings, bool isRenewal)
        {
            if (settings.Method != ProvisioningMethod.ClaimCsr)
            {
                return null;
            }

            if (!isRenewal)
            {
                string problem = _key.LoadFactory(_clients);
                if (problem != null || _key.Key != null)
                {
                    return problem;
                }
            }

            if (_key.Load() && !IsStored(_store.Load()) && !(_store.Generation > 0 && IsStored(_store.LoadOther())))
            {
                return null;
            }

            string name = ExpectedName(settings);
            long start = _clock.Milliseconds;
            _log.Write("provisioning: making a key and a request for it");
            string failure = _key.Make(name.Length <= Pkcs10.MaxCommonName ? name : _board.HardwareId);
            if (failure == null)
            {
                _log.Write("provisioning: made and stored in " + (_clock.Milliseconds - start).ToString() + " ms");
            }

            return failure;
        }

        /// <summary>Whether an identity has the key that is ready.</summary>
        private bool IsStored(DeviceIdentity identity) => identity != null && _key.Is(identity.Key);

        /// <summary>
        /// Makes one attempt over the connection that the identity itself has open. It stays open, unless the broker closes it; but what has
        /// been given by then, and is not registered, may be so already all the same: <see cref="Try"/> finds that out once this one has ended.
        /// </summary>
        /// <param name="session">The open connection.</param>
        /// <param name="settings">What to ask for.</param>
        /// <param name="current">The identity that is to be replaced.</param>
        /// <param name="aside">Takes at most <see cref="MostAside"/> messages that are for others: M2Mqtt has acknowledged them already.</param>
        /// <returns>As <see cref="Run"/>. Refused without a <see cref="Problem"/> is a journal whose token is too old to ask.</returns>
        public ProvisioningOutcome Rotate(MqttSession session, AgentSettings settings, DeviceIdentity current, ArrayList aside)
        {
            _problem = null;
            _wasDenied = false;
            _current = current;
            if (settings.Method == ProvisioningMethod.Jitp)
            {
                return Fail("rotating the certificate", ProvisioningMethod.NoRotation, ProvisioningOutcome.Refused);
            }

            bool isResumed = IsResumed();
            if (!isResumed && Wait(settings) > 0)
            {
                return ProvisioningOutcome.Spent;
            }

            if (isResumed && !_journal.IsTokenFresh(Now()))
            {
                return ProvisioningOutcome.Refused;
            }

            string problem = isResumed ? null : PrepareKey(settings, true);
            if (problem != null)
            {
                return Fail("the device's own key", problem, ProvisioningOutcome.Refused);
            }

            session.LargestAnswer = LargestAnswer;
            _aside = aside;
            ProvisioningOutcome outcome = Converse(session, settings, isResumed);
            _aside = null;
            _key.Release();
            _wasDenied |= outcome == ProvisioningOutcome.Failed && !session.IsOpen;
            return outcome;
        }

        /// <summary>Tries whether a certificate that was given over another's connection is in force already. There is no connection meanwhile.</summary>
        /// <param name="settings">Where to connect.</param>
        /// <param name="current">The identity that is to be replaced.</param>
        /// <returns>As <see cref="Run"/>.</returns>
        public ProvisioningOutcome Try(AgentSettings settings, DeviceIdentity current)
        {
            _problem = null;
            _current = current;
            byte[] rootCa = PemFile.Read(_storage, PemFile.RootCa);
            return rootCa != null ? TryJournalled(settings, rootCa)
                : Fail("reading " + PemFile.RootCa, "it is missing: flash the certificates that the endpoint's own must lead to", ProvisioningOutcome.Failed);
        }

        /// <summary>Whether there is a journal of a certificate that is not the identity's yet; it is loaded then.</summary>
        private bool IsResumed() => _journal.Load() && (_current == null || _journal.GetCertificateId() != _current.CertificateId);

        /// <summary>The exchange over a connection with the claim.</summary>
        private ProvisioningOutcome Exchange(MqttSession session, AgentSettings settings, byte[] rootCa, bool isResumed)
        {
            byte[] certificate = ReadClaim(settings, PemFile.ClaimCertificate);
            byte[] key = ReadClaim(settings, PemFile.ClaimKey);
            if (certificate == null || key == null)
            {
                return settings.Method == ProvisioningMethod.TrustedUser
                    ? Fail("looking for the claim", "an installer has to bring one to the serial port", ProvisioningOutcome.Failed)
                    : Fail("reading " + (certificate == null ? PemFile.ClaimCertificate : PemFile.ClaimKey), "it is missing: flash the claim certificate and its key", ProvisioningOutcome.Refused);
            }

            string problem = Open(session, settings, new byte[][] { rootCa, certificate, key }, true);
            if (problem != null)
            {
                return Fail("connecting with the claim certificate", problem, session.WasRefused ? ProvisioningOutcome.Refused : ProvisioningOutcome.Failed);
            }

            return Converse(session, settings, isResumed);
        }

        /// <summary>The exchange from its first message to its last, over a connection that may hold it.</summary>
        private ProvisioningOutcome Converse(MqttSession session, AgentSettings settings, bool isResumed)
        {
            if (isResumed)
            {
                _log.Write("provisioning: going on with certificate " + _journal.GetCertificateId());
            }

            bool hasOwnKey = settings.Method == ProvisioningMethod.ClaimCsr;
            string create = hasOwnKey ? ProvisioningTopics.CreateFromCsr : ProvisioningTopics.CreateKeys;
            string step = FirstStep(settings);
            string register = ProvisioningTopics.Register(settings.Template);
            string problem = session.Subscribe(
                new string[]
                {
                    create + ProvisioningTopics.Accepted,
                    create + ProvisioningTopics.Rejected,
                    register + ProvisioningTopics.Accepted,
                    register + ProvisioningTopics.Rejected,
                },
                MqttQoSLevel.AtLeastOnce);
            if (problem != null)
            {
                _wasDenied = _aside != null && problem == MqttSession.NotGrantedText;
                return Fail(
                    "subscribing to the answers for template " + settings.Template,
                    problem + (_aside != null ? "; " + Permission(settings, create) : "; check provisioning.template; " + Permission(settings, register) + "; " + Permission(settings, create)),
                    ProvisioningOutcome.Failed);
            }

            MqttMsgPublishEventArgs answer;
            if (!isResumed)
            {
                problem = _attempts.CountRequest();
                if (problem != null)
                {
                    return Fail("counting the request for a certificate", problem, ProvisioningOutcome.Refused);
                }

                // QoS 0: M2Mqtt repeats a QoS 1 message every second, and each repeat might issue one more certificate
                answer = Ask(session, create, hasOwnKey ? CreateRequest() : Encoding.UTF8.GetBytes("{}"));
                if (answer == null || answer.Topic.EndsWith(ProvisioningTopics.Rejected))
                {
                    return Unanswered(settings, step, create, session, answer);
                }

                problem = _journal.Take(answer.Message, Now(), hasOwnKey ? _key.Key : null);
                answer = null; // its memory is wanted
                if (problem == null && hasOwnKey && !_key.IsFor(_journal.GetCertificate()))
                {
                    problem = "its certificate is for another key than the device's";
                }

                if (problem != null)
                {
                    return Fail(step, "the answer cannot be used: " + problem, ProvisioningOutcome.Refused);
                }

                problem = _journal.Save();
                if (problem != null)
                {
                    // Each attempt costs a certificate: none is made every few minutes for a storage that stays full
                    return Fail("writing the journal", problem, ProvisioningOutcome.Refused);
                }

                _log.Write("provisioning: certificate " + _journal.GetCertificateId() + " received and journalled");
            }

            // The certificate and its key wait in the storage meanwhile: their memory is wanted for the answer
            string token = _journal.GetToken();
            _journal.Release();
            _key.Release();
            answer = Ask(session, register, RegisterRequest(token, settings.Parameters));
            if (answer == null || answer.Topic.EndsWith(ProvisioningTopics.Rejected))
            {
                return Unanswered(settings, "RegisterThing with template " + settings.Template, register, session, answer);
            }

            DeviceIdentity identity = new DeviceIdentity();
            problem = ReadRegistration(answer.Message, identity);
            answer = null;
            return problem == null ? Commit(identity)
                : Fail("RegisterThing with template " + settings.Template, "the answer cannot be used: " + problem, ProvisioningOutcome.Refused);
        }

        /// <summary>
        /// Tries the certificate that the factory has put onto the board; once it is let in it is the identity. The cloud drops the connections
        /// that make it register the certificate, and those that come before it is done with that or the owner has activated the certificate.
        /// </summary>
        private ProvisioningOutcome UseOwn(AgentSettings settings, byte[] rootCa)
        {
            if (_journal.Load())
            {
                _strayId = _journal.GetCertificateId(); // it may be in force
                _log.Write("provisioning: certificate " + _strayId + " was under way, and is given up: provisioning.method is " + settings.Method);
                _journal.Delete();
            }

            _key.Delete(); // likewise of another method, and nobody asks for a certificate for it now
            DeviceIdentity own = new DeviceIdentity();
            string problem = OwnCertificate.Read(_storage, settings, own);
            if (problem == null && !_clients.AreUsable(own.Certificate, own.Key))
            {
                problem = EcKey.LacksPublicPoint(own.Key) ? PemFile.DeviceKey + PemFile.NoPublicPoint : PemFile.DeviceCertificate + " or " + PemFile.DeviceKey + " cannot be read";
            }

            bool isFirst = _current == null;
            own.ReplacedCertificateId = isFirst ? _strayId : _current.CertificateId;
            if (problem == null && !isFirst)
            {
                problem = own.CertificateId == _current.CertificateId ? PemFile.DeviceCertificate + " is the certificate that the device has already: flash the one that is to replace it" : null;
            }

            if (problem != null)
            {
                return Fail("reading the board's own certificate", problem, ProvisioningOutcome.Refused);
            }

            _current = own; // the connection is under its name
            MqttSession session = new MqttSession(_clients, _clock, _signal, 0);
            Exception failure = null;
            try
            {
                problem = Open(session, settings, new byte[][] { rootCa, own.Certificate, own.Key }, false);
            }
            catch (Exception e)
            {
                failure = e;
            }

            session.CloseAfter(failure);
            bool isDropped = session.WasRefused || session.IsUnclear;
            if (problem == null)
            {
                problem = _store.Commit(own);
                if (problem != null)
                {
                    return Fail("storing the identity", problem, ProvisioningOutcome.Failed);
                }

                _drops = 0;
                _log.Write("provisioning: done, thing " + own.ThingName + ", certificate " + own.CertificateId);
                return ProvisioningOutcome.Done;
            }

            if (isDropped)
            {
                problem += ++_drops < DropsToExplain ? "; the first connections are dropped while the cloud registers the certificate, so it is tried again"
                    : "; " + _drops.ToString() + " times now, so look at the cloud's side: is the certificate's CA registered, active and with auto-registration on,"
                        + " is all that its template declares in the certificate's subject, and is the certificate waiting to be activated, or inactive?";
            }

            // Where an identity works meanwhile a drop ends no wish for another: the first ones are by design
            return Fail(
                "connecting with the board's own certificate as " + own.ThingName,
                problem,
                isDropped && isFirst ? ProvisioningOutcome.Refused : ProvisioningOutcome.Failed);
        }

        /// <summary>
        /// Tries whether the journalled certificate is in force already, under the name that was asked for. Under another name than its thing's
        /// it is no use, whatever the broker says; one that may be in force and is given up is told as replaced, so that its owner can deactivate it.
        /// </summary>
        private ProvisioningOutcome TryJournalled(AgentSettings settings, byte[] rootCa)
        {
            if (!_journal.Load())
            {
                return Fail("reading the journal", ProvisioningJournal.FileName + " cannot be read any more", ProvisioningOutcome.Failed);
            }

            if (_current == null && !settings.IsNameKnown)
            {
                return TurnAway("the template composes the thing's name, and it was not heard (thingName in the settings could tell it)", _journal.GetCertificateId());
            }

            _log.Write("provisioning: trying certificate " + _journal.GetCertificateId() + ", which may have been registered before");
            MqttSession session = new MqttSession(_clients, _clock, _signal, 0);
            string problem = null;
            Exception failure = null;
            try
            {
                problem = Open(session, settings, new byte[][] { rootCa, _journal.GetCertificate(), _journal.GetKey() }, false);
            }
            catch (Exception e)
            {
                failure = e;
            }

            session.CloseAfter(failure);
            if (problem == null)
            {
                // What the cloud has configured with it went with the answer: it is likely to be what it was
                DeviceIdentity before = _current ?? _store.Load();
                DeviceIdentity identity = new DeviceIdentity();
                identity.ThingName = ExpectedName(settings);
                identity.Configuration = before == null ? new string[0] : before.Configuration;
                identity.LeftOut = before == null ? "" : before.LeftOut;
                return Commit(identity);
            }

            if (!session.WasRefused && !(session.IsUnclear && (IsClaimTaken(settings, _current) || IsStoredTaken(settings))))
            {
                return Fail("connecting with the journalled certificate", problem, ProvisioningOutcome.Failed);
            }

            return TurnAway(problem, "");
        }

        /// <summary>The journalled certificate is no use now; after some times it is given up.</summary>
        private ProvisioningOutcome TurnAway(string problem, string strayId)
        {
            if (++_journalRefusals >= RefusalsToGiveUp)
            {
                _journalRefusals = 0;
                _strayId = strayId;
                _journal.Delete();
                problem += _store.Generation == 0 ? "; it is given up, and the next attempt asks for another" : "; it is given up";
            }

            return Fail("connecting with the journalled certificate", problem, ProvisioningOutcome.Refused);
        }

        /// <summary>
        /// Whether the claim, where there is one, is let in where another certificate was not: then root CA, host name and clock are right, and it is that
        /// certificate which was turned away. Firmware since July 2026 does not tell the one from the other. Where boards have certificates of
        /// their own, in place of the claim another one than the identity's tells, if there is one.
        /// </summary>
        /// <param name="settings">Where to connect.</param>
        /// <param name="current">The identity that the device has; <see langword="null"/> where it has none.</param>
        public bool IsClaimTaken(AgentSettings settings, DeviceIdentity current)
        {
            _current = current;
            if (settings.Method == ProvisioningMethod.Jitp)
            {
                DeviceIdentity own = new DeviceIdentity();
                bool isOther = OwnCertificate.Read(_storage, settings, own) == null && own.CertificateId != current.CertificateId;
                _current = own;
                return isOther && IsTaken(settings, own.Certificate, own.Key, false);
            }

            return IsTaken(settings, ReadClaim(settings, PemFile.ClaimCertificate), ReadClaim(settings, PemFile.ClaimKey), true);
        }

        /// <summary>The claim's certificate or key; <see langword="null"/> where there is none now.</summary>
        private byte[] ReadClaim(AgentSettings settings, string file)
        {
            return settings.Method != ProvisioningMethod.TrustedUser ? PemFile.Read(_storage, file)
                : !_installer.HasClaim ? null
                : file == PemFile.ClaimKey ? _installer.Key : _installer.Certificate;
        }

        /// <summary>Likewise, whether the identity that the device has is.</summary>
        private bool IsStoredTaken(AgentSettings settings)
        {
            DeviceIdentity stored = _current == null ? null : _store.Load();
            return stored != null && IsTaken(settings, stored.Certificate, stored.Key, false);
        }

        /// <summary>Whether a certificate is let in.</summary>
        /// <param name="settings">Where to connect.</param>
        /// <param name="certificate">The certificate, or <see langword="null"/>.</param>
        /// <param name="key">Its key, or <see langword="null"/>.</param>
        /// <param name="isClaim">Whether it is the claim's.</param>
        public bool IsTaken(AgentSettings settings, byte[] certificate, byte[] key, bool isClaim)
        {
            byte[] rootCa = PemFile.Read(_storage, PemFile.RootCa);
            if (rootCa == null || certificate == null || key == null)
            {
                return false;
            }

            MqttSession session = new MqttSession(_clients, _clock, _signal, 0);
            bool isTaken = false;
            Exception failure = null;
            try
            {
                isTaken = Open(session, settings, new byte[][] { rootCa, certificate, key }, isClaim) == null;
            }
            catch (Exception e)
            {
                failure = e;
            }

            session.CloseAfter(failure);
            return isTaken;
        }

        private ProvisioningOutcome Commit(DeviceIdentity identity)
        {
            if (!_journal.Load())
            {
                return Fail("reading the journal", ProvisioningJournal.FileName + " cannot be read any more", ProvisioningOutcome.Failed);
            }

            identity.CertificateId = _journal.GetCertificateId();
            identity.Certificate = _journal.GetCertificate();
            identity.Key = _journal.GetKey();
            identity.ReplacedCertificateId = _current == null ? _strayId : _current.CertificateId;
            _journal.Release();
            if (!_clients.AreUsable(identity.Certificate, identity.Key))
            {
                _journal.Delete();
                return Fail("storing the identity", "the certificate that the cloud has made or its key cannot be read; the next attempt asks for another", ProvisioningOutcome.Refused);
            }

            // One that is registered again under the name that it has is stored already
            DeviceIdentity stored = _current == null ? _store.Load() : null;
            if (stored == null || stored.CertificateId != identity.CertificateId || stored.ThingName != identity.ThingName || !stored.IsConfiguredAs(identity))
            {
                string problem = _store.Commit(identity);
                if (problem != null)
                {
                    return Fail("storing the identity", problem, ProvisioningOutcome.Failed);
                }
            }

            _key.Delete();

            // The journal stays until the identity has proved itself with a connection
            _journalRefusals = 0;
            _log.Write("provisioning: done, thing " + identity.ThingName + ", certificate " + identity.CertificateId);
            return ProvisioningOutcome.Done;
        }

        /// <summary>An identity has proved itself: what was made for it and is left over, as after a power cut, goes.</summary>
        public void ForgetKey() => _key.Delete();

        /// <summary>The name that the thing has, or is likely to get.</summary>
        private string ExpectedName(AgentSettings settings) => _current == null ? settings.ThingName : _current.ThingName;

        /// <summary>
        /// Connects under the expected thing name. The claim of a device that has an identity gets a client id of its own: under the thing's the
        /// broker would forget the session that it keeps for the device, and the commands in it.
        /// </summary>
        private string Open(MqttSession session, AgentSettings settings, byte[][] credentials, bool isClaim)
        {
            string clientId = ExpectedName(settings);
            if (isClaim && _current != null && clientId.Length + ClaimSuffix.Length <= AgentSettings.MaximumThingName)
            {
                clientId += ClaimSuffix;
            }

            int left;
            while ((left = (int)(ConnectedAt + MqttSession.BetweenConnects - _clock.Milliseconds)) > 0)
            {
                _clock.Wait(_signal, left);
            }

            // A board's own certificate may be under the name that the device has already: the broker is to keep what it keeps for it
            bool isPersistent = !isClaim && settings.Method == ProvisioningMethod.Jitp && settings.IsPersistentSession;
            ConnectedAt = _clock.Milliseconds;
            return session.Open(settings.Endpoint, settings.Port, credentials, clientId, isPersistent, settings.KeepAliveSeconds);
        }

        /// <summary>Sends a request, and waits for either answer to it. Others are not for us, nor is what came before we asked.</summary>
        private MqttMsgPublishEventArgs Ask(MqttSession session, string request, byte[] payload)
        {
            MqttMsgPublishEventArgs message;
            while ((message = session.Receive(0)) != null)
            {
                SetAside(session, message);
            }

            session.Send(request, payload);
            long deadline = _clock.Milliseconds + AnswerTimeout;
            while (true)
            {
                message = Receive(session, deadline);
                if (message == null || message.Topic == request + ProvisioningTopics.Accepted || message.Topic == request + ProvisioningTopics.Rejected)
                {
                    return message;
                }

                SetAside(session, message);
            }
        }

        /// <summary>Waits for a message, and takes the readings that are due meanwhile.</summary>
        private MqttMsgPublishEventArgs Receive(MqttSession session, long deadline)
        {
            while (true)
            {
                int left = (int)(deadline - _clock.Milliseconds);
                int wait = left;
                if (Publisher != null)
                {
                    Publisher.TakeIfDue();
                    wait = Publisher.UntilDue < left ? Publisher.UntilDue : left;
                }

                MqttMsgPublishEventArgs message = session.Receive(wait < 0 ? 0 : wait);
                if (message != null || wait >= left || !session.IsOpen)
                {
                    return message;
                }
            }
        }

        /// <summary>What comes over the device's own connection and is no answer is a command, which nobody sends again.</summary>
        private void SetAside(MqttSession session, MqttMsgPublishEventArgs message)
        {
            if (_aside == null || MqttSession.IsBrokersOwn(message))
            {
                return;
            }

            if (_aside.Count < MostAside)
            {
                _aside.Add(message);
            }
            else
            {
                session.Drop();
            }
        }

        private ProvisioningOutcome Unanswered(AgentSettings settings, string step, string request, MqttSession session, MqttMsgPublishEventArgs answer)
        {
            if (answer == null)
            {
                // An answer that finds no room is lost in M2Mqtt, and what it then takes for packets may end the connection
                int free = _board.FreeMemory;
                return Fail(
                    step,
                    (session.IsOpen ? "no answer within 30 s; " : "the broker closed the connection; ")
                        + (free < RoomForAnswer ? "the answer may have found no room, since only " + free.ToString() + " bytes of memory are free; " : "") + Permission(settings, request),
                    ProvisioningOutcome.Failed);
            }

            Rejection rejection = Rejection.Parse(answer.Message);
            if (rejection.StatusCode == 429 && (request == ProvisioningTopics.CreateKeys || request == ProvisioningTopics.CreateFromCsr))
            {
                _attempts.TakeBack(); // the cloud was too busy to look at it
            }

            return Fail(step, "rejected: " + rejection.ToString(), rejection.IsPassing ? ProvisioningOutcome.Failed : ProvisioningOutcome.Refused);
        }

        /// <summary>The request that costs a certificate, by AWS's name for it.</summary>
        private static string FirstStep(AgentSettings settings) => settings.Method == ProvisioningMethod.ClaimCsr ? "CreateCertificateFromCsr" : "CreateKeysAndCertificate";

        /// <summary>
        /// What the policy has to allow for a request and its answers. A broker that denies it closes the connection without a word, and AWS's
        /// own sample has a trap: what it allows for one way to get a certificate does not cover the other, whose topics begin alike. Over the
        /// device's own connection, whose policy is mended in one go, it is all of the exchange.
        /// </summary>
        private string Permission(AgentSettings settings, string request)
        {
            if (_aside != null)
            {
                string create = All(settings.Method == ProvisioningMethod.ClaimCsr ? ProvisioningTopics.CreateFromCsr : ProvisioningTopics.CreateKeys);
                string register = All(ProvisioningTopics.Register(settings.Template));
                return "the device policy must allow iot:Publish and iot:Receive on topic/" + create + " and topic/" + register
                    + ", and iot:Subscribe on topicfilter/" + create + " and topicfilter/" + register;
            }

            string topics = All(request);
            return "the claim policy must allow iot:Publish and iot:Receive on topic/" + topics + " and iot:Subscribe on topicfilter/" + topics
                + (request == ProvisioningTopics.CreateFromCsr ? ", which AWS's sample policy for claims does not" : "");
        }

        /// <summary>A request's topic and those of its answers.</summary>
        private static string All(string request) => request.Substring(0, request.LastIndexOf('/') + 1) + "*";

        private byte[] CreateRequest()
        {
            byte[] pem = _key.Request;
            Hashtable request = new Hashtable();
            request["certificateSigningRequest"] = Encoding.UTF8.GetString(pem, 0, pem[pem.Length - 1] == 0 ? pem.Length - 1 : pem.Length);
            return Encoding.UTF8.GetBytes(JsonConvert.SerializeObject(request));
        }

        private static byte[] RegisterRequest(string token, Hashtable parameters)
        {
            Hashtable request = new Hashtable();
            request["certificateOwnershipToken"] = token;
            request["parameters"] = parameters;
            return Encoding.UTF8.GetBytes(JsonConvert.SerializeObject(request));
        }

        /// <summary>Reads the cloud's answer to RegisterThing.</summary>
        /// <param name="json">The message; <see langword="null"/> where it was too large to keep.</param>
        /// <param name="identity">Takes the thing name and the device configuration; whole only where nothing is wrong.</param>
        /// <returns><see langword="null"/> where it was whole, else what is wrong with it.</returns>
        internal static string ReadRegistration(byte[] json, DeviceIdentity identity)
        {
            if (json == null)
            {
                return "it is too large";
            }

            identity.Configuration = new string[0];
            JsonReader reader = new JsonReader(json);
            if (reader.Read() == JsonTokenType.ObjectStart)
            {
                while (reader.Read() == JsonTokenType.Name)
                {
                    bool isName = reader.Is("thingName");
                    bool isConfiguration = reader.Is("deviceConfiguration");
                    JsonTokenType token = reader.Read();
                    if (isName && token == JsonTokenType.String)
                    {
                        identity.ThingName = reader.GetString();
                    }
                    else if (isConfiguration && token == JsonTokenType.ObjectStart)
                    {
                        ReadConfiguration(reader, identity);
                        continue;
                    }

                    reader.Skip();
                }
            }

            if (reader.Token != JsonTokenType.ObjectEnd || reader.Read() != JsonTokenType.End)
            {
                return "it is no JSON object: " + reader.Problem;
            }

            if (!AgentSettings.IsThingName(identity.ThingName))
            {
                return "thingName is missing, or is no thing name";
            }

            return null;
        }

        /// <summary>
        /// Reads a flat object up to its end. AWS's has strings; numbers, true and false are taken as their text. Other values are left out, and
        /// so is what no board could keep, and for settings what is longer than any value of theirs.
        /// </summary>
        private static void ReadConfiguration(JsonReader reader, DeviceIdentity identity)
        {
            identity.Configuration = new string[0];
            identity.LeftOut = "";
            int count = 0;
            int size = 0;
            while (reader.Read() == JsonTokenType.Name)
            {
                int length = reader.DecodedLength;
                string name = length > LongestName ? null : reader.GetString();
                JsonTokenType token = reader.Read();
                bool isText = token == JsonTokenType.String || token == JsonTokenType.Number;
                length += isText ? reader.DecodedLength : 0;
                bool isSetting = name != null && AgentSettings.IsConfigurable(name);
                bool fits = isSetting ? length <= LongestSetting : name != null && count < MostUnknown && size + length <= LargestUnknown;
                string value = !fits ? null
                    : isText ? reader.GetString()
                    : token == JsonTokenType.True ? "true" : token == JsonTokenType.False ? "false" : null;
                if (value != null)
                {
                    identity.Configure(name, value);
                    count += isSetting ? 0 : 1;
                    size += isSetting ? 0 : length;
                }
                else if (identity.LeftOut.Length < LongestName)
                {
                    identity.LeftOut += (identity.LeftOut.Length == 0 ? "" : " ") + (name == null ? "(a long name)" : Rejection.Plain(name));
                }

                reader.Skip();
            }
        }

        private ProvisioningOutcome Fail(string step, string reason, ProvisioningOutcome outcome)
        {
            _problem = step + ": " + reason;
            _log.Write("provisioning: " + _problem);
            return outcome;
        }

        private long Now() => _clock.UtcNow.ToUnixTimeSeconds();
    }
}
