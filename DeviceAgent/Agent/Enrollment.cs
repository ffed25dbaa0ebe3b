using System;
using System.Collections;
using System.Threading;
using DeviceAgent.Board;
using DeviceAgent.Identity;
using DeviceAgent.Messaging;
using DeviceAgent.Provisioning;
using DeviceAgent.Settings;

namespace DeviceAgent.Agent
{
    /// <summary>How the device gets its identity, and another in its place: that comes to be wanted, is a candidate, and proves itself or goes again.</summary>
    /// <remarks>
    /// A candidate is the newest identity in the store, while the journal still holds its certificate; the other slot holds the identity that it
    /// is to replace, if any. Once it has connected the journal goes, and with that it has proved itself. Nothing else is committed meanwhile:
    /// commands, which might, come over a connection. A candidate that is turned away makes way for the identity before it; a first one, which
    /// has none before it, is registered again: the name that the cloud gave may have been another's.
    /// <para>
    /// A rotation is the same over the connection of the identity itself: <see cref="Rotate"/> in place of <see cref="Replace"/>, which then
    /// only tries a certificate that is journalled and that the cloud will not register.
    /// </para>
    /// </remarks>
    public sealed class Enrollment
    {
        private const int Hour = 60 * 60 * 1000;

        /// <summary>How often in a row a rotation must end the connection before it is given up: the policy does not allow it, and the device has work to do.</summary>
        private const int DenialsToGiveUp = 2;

        private const int DaySeconds = 24 * 60 * 60;

        /// <summary>Rotations by age are spread over this part of the interval: boards of one batch got their certificates in the same minute.</summary>
        private const int SpreadDivisor = 20;

        private readonly IBoard _board;
        private readonly IClock _clock;
        private readonly ILog _log;
        private readonly IdentityStore _store;
        private readonly AttemptRecord _attempts;
        private readonly Backoff _backoff;
        private readonly AgentStatus _status;
        private readonly FleetProvisioning _provisioning;
        private readonly ProvisioningJournal _journal;
        private readonly Installer _installer;
        private bool _isCandidate;
        private bool _hasOther;
        private bool _isAgain;
        private bool _wasAgain;
        private bool _isWanted;
        private bool _isUnderWay;
        private bool _isTrial;
        private bool _isByAge;
        private int _denials;
        private long _ageLookedAt = -Hour;
        private string _notBeforeOf;
        private long _notBefore;
        private long _due;
        private int _refusals;
        private long _refusedAt;
        private long _refusedFor;

        /// <summary>Makes an enrollment; it reads nothing yet.</summary>
        /// <param name="storage">The board's storage.</param>
        /// <param name="board">Gives random numbers.</param>
        /// <param name="store">Keeps the identity.</param>
        /// <param name="attempts">Remembers what is wanted, and counts requests.</param>
        /// <param name="backoff">Spaces attempts.</param>
        /// <param name="clients">Makes MQTT clients.</param>
        /// <param name="clock">Measures waits.</param>
        /// <param name="log">Is told each step.</param>
        /// <param name="status">Takes the identity.</param>
        /// <param name="signal">What the agent's thread waits on.</param>
        /// <param name="installer">Brings the claim where the settings say so.</param>
        public Enrollment(IStorage storage, IBoard board, IdentityStore store, AttemptRecord attempts, Backoff backoff, IMqttClients clients, IClock clock, ILog log, AgentStatus status, AutoResetEvent signal, Installer installer)
        {
            _board = board;
            _clock = clock;
            _log = log;
            _store = store;
            _attempts = attempts;
            _backoff = backoff;
            _status = status;
            _provisioning = new FleetProvisioning(storage, board, store, attempts, clients, clock, log, signal, installer);
            _journal = new ProvisioningJournal(storage);
            _installer = installer;
        }

        /// <summary>Finds out at a start how far things have come: sets the status' identity where there is one.</summary>
        public void Load()
        {
            _status.Identity = _store.Load();
            if (_status.Identity == null)
            {
                return;
            }

            string id = JournalledId();
            if (id != null && id != _status.Identity.CertificateId)
            {
                _isUnderWay = true;
                _log.Write("identity: certificate " + id + " was under way to replace " + _status.Identity.CertificateId);
            }
            else if (id != null)
            {
                // The power has gone before the identity could prove itself
                DeviceIdentity other = _store.LoadOther();
                _isCandidate = true;
                _hasOther = other != null && other.CertificateId != id;
            }

            _isWanted = _attempts.Unwanted == _status.Identity.CertificateId;
            _attempts.IsRotation &= _isWanted || _isCandidate; // a candidate may go again, and then it is gone on with
            if (_attempts.Doublings[AttemptRecord.Replacing] > 0)
            {
                _due = _clock.Milliseconds + _backoff.Pause(AttemptRecord.Replacing);
            }
        }

        /// <summary>
        /// Wishes for another identity in place of the one that the device has. The wish outlives the power. Of a rotation and one with the claim
        /// the last counts; what is under way goes on.
        /// </summary>
        /// <param name="commandId">The id of the command that wishes for it; empty where none does.</param>
        /// <param name="isRotation">Whether the exchange is to be over the connection of the identity itself.</param>
        /// <param name="isRepeated">Whether the broker says that it may have sent this command before.</param>
        /// <returns><see langword="null"/> once the wish is durable or fulfilled, else why not.</returns>
        public string Want(string commandId, bool isRotation, bool isRepeated)
        {
            if (isRepeated && commandId == _attempts.CommandId)
            {
                return null;
            }

            _due = _clock.Milliseconds;
            if (_isWanted && _attempts.IsRotation == isRotation && !_isByAge)
            {
                return null;
            }

            string unwanted = _attempts.Unwanted;
            string before = _attempts.CommandId;
            bool wasRotation = _attempts.IsRotation;
            _attempts.Unwanted = _status.Identity.CertificateId;
            _attempts.CommandId = commandId;
            _attempts.IsRotation = isRotation;
            string problem = _attempts.Save();
            if (problem != null)
            {
                _attempts.Unwanted = unwanted;
                _attempts.CommandId = before;
                _attempts.IsRotation = wasRotation;
                return problem;
            }

            _isWanted = true;
            _isByAge = false;
            _isTrial = false;
            _denials = 0;
            return null;
        }

        /// <summary>Whether it is time to try to replace the identity while there is no connection.</summary>
        /// <param name="settings">How often that may be.</param>
        public bool IsDue(AgentSettings settings)
        {
            bool isByClaim = _isAgain || !_attempts.IsRotation;
            return (settings.Method != ProvisioningMethod.TrustedUser || IsInstallerThere(settings, isByClaim && !_isTrial) || _isTrial) && (isByClaim || _isTrial) && IsTime(settings);
        }

        /// <summary>Whether it is time to try to rotate it, over its connection.</summary>
        /// <param name="settings">How often that may be, and at which age.</param>
        public bool IsRotationDue(AgentSettings settings)
        {
            WantByAge(settings);
            return !_isAgain && !_isTrial && _attempts.IsRotation && IsTime(settings);
        }

        /// <summary>From when on the certificate in use is valid, in seconds since 1970; 0 where that cannot be read.</summary>
        public long GetNotBefore()
        {
            DeviceIdentity identity = _status.Identity;
            if (identity.CertificateId != _notBeforeOf)
            {
                CertificateReader certificate = CertificateReader.Read(identity.Certificate);
                _notBefore = certificate == null ? 0 : certificate.NotBefore;
                _notBeforeOf = identity.CertificateId;
            }

            return _notBefore;
        }

        /// <summary>
        /// Wishes for a rotation where the certificate is as old as the settings say; looks once an hour. The wish becomes durable with the
        /// request that is counted for it; until then the certificate's age speaks for itself.
        /// </summary>
        private void WantByAge(AgentSettings settings)
        {
            long now = _clock.Milliseconds;
            if (settings.RotateAfterDays == 0 || _isWanted || _isUnderWay || _isAgain || _isCandidate || now - _ageLookedAt < Hour || !_clock.IsSet)
            {
                return;
            }

            _ageLookedAt = now;
            long interval = (long)settings.RotateAfterDays * DaySeconds;
            long seconds = _clock.UtcNow.ToUnixTimeSeconds();
            long notBefore = GetNotBefore();
            if (notBefore == 0 || seconds - notBefore < interval + Offset(interval / SpreadDivisor))
            {
                return;
            }

            // Once a day, whatever becomes of it, and whatever the time of day jumps to
            long sinceGivenUp = seconds - (_attempts.RotationGivenUpAt * 60L);
            if ((sinceGivenUp >= 0 && sinceGivenUp < DaySeconds) || _attempts.UntilAllowed(1) > 0)
            {
                return;
            }

            _log.Write("identity: certificate " + _status.Identity.CertificateId + " is older than " + settings.RotateAfterDays.ToString() + " days (provisioning.rotateAfterDays)");
            _attempts.Unwanted = _status.Identity.CertificateId;
            _attempts.IsRotation = true;
            _isWanted = true;
            _isByAge = true;
            _due = now;
        }

        /// <summary>A number below a bound that is the board's own for ever: FNV-1a of its hardware id, with its bits mixed as MurmurHash3 does in the end.</summary>
        private long Offset(long below)
        {
            string id = _board.HardwareId;
            uint hash = 2166136261;
            for (int i = 0; i < id.Length; i++)
            {
                hash = (hash ^ id[i]) * 16777619;
            }

            hash = (hash ^ (hash >> 16)) * 0x85EBCA6B;
            hash = (hash ^ (hash >> 13)) * 0xC2B2AE35;
            return ((hash ^ (hash >> 16)) >> 1) * below >> 31;
        }

        private bool IsTime(AgentSettings settings)
        {
            if (_isCandidate || !(_isWanted || _isUnderWay || _isAgain) || _clock.Milliseconds < _due)
            {
                return false;
            }

            int wait = _isUnderWay || _isAgain ? 0 : Wait(settings);
            _due = _clock.Milliseconds + wait;
            if (wait > 0)
            {
                _installer.Fail(_provisioning.Problem);
            }

            return wait == 0;
        }

        /// <summary>Waits for an installer while another identity is wanted by a claim, without keeping the device from its work.</summary>
        /// <returns>Whether there is a claim.</returns>
        private bool IsInstallerThere(AgentSettings settings, bool isByClaim)
        {
            if (isByClaim && !_isCandidate && (_isWanted || _isUnderWay || _isAgain))
            {
                _installer.Want(settings);
            }
            else if (!_installer.HasClaim)
            {
                _installer.Leave();
            }

            _installer.Look();
            if (_installer.TakeNew())
            {
                _due = _clock.Milliseconds; // somebody stands there and waits
                _attempts.Doublings[AttemptRecord.Replacing] = 0;
                _attempts.Doublings[AttemptRecord.Connecting] = 0;
            }

            return _installer.HasClaim;
        }

        /// <summary>Makes one attempt to get the first identity, and sets it in the status. The network is up and the clock set.</summary>
        /// <param name="settings">What to ask for, and where.</param>
        /// <returns>How long to wait before the next attempt, in milliseconds; −1 where there is an identity.</returns>
        public int Provision(AgentSettings settings)
        {
            ProvisioningOutcome outcome = _provisioning.Run(settings, null);
            if (outcome == ProvisioningOutcome.Spent)
            {
                _installer.Fail(_provisioning.Problem);
                return Wait(settings);
            }

            if (outcome != ProvisioningOutcome.Done)
            {
                Failed(outcome);
                return _backoff.Next(outcome == ProvisioningOutcome.Refused ? AttemptRecord.Refused : AttemptRecord.Connecting);
            }

            _attempts.Doublings[AttemptRecord.Connecting] = 0;
            _attempts.Doublings[AttemptRecord.Refused] = 0;
            _status.FailedAttempts = 0;
            _status.Identity = _store.Load();
            _isCandidate = settings.Method != ProvisioningMethod.Jitp; // the board's own has connected already
            return -1;
        }

        /// <summary>
        /// Makes one attempt to replace the identity, or to register a first one again, and sets the outcome in the status. What may pass is tried
        /// again later; a refusal ends the wish, once nothing is under way any more, but where the next installer may bring a better claim. The network is up and the clock set.
        /// </summary>
        /// <param name="settings">What to ask for, and where: as the factory has set it.</param>
        /// <returns>Whether there is another identity, a candidate, to go on with.</returns>
        public bool Replace(AgentSettings settings)
        {
            DeviceIdentity current = _status.Identity;
            bool isAgain = _isAgain;
            bool isTrial = _isTrial;
            if (isAgain && JournalledId() != current.CertificateId)
            {
                _isAgain = false; // without its journal it cannot be, and another certificate is not asked for
                return false;
            }

            current.Certificate = null; // their memory is wanted, and the store has them
            current.Key = null;
            _provisioning.ConnectedAt = _clock.Milliseconds;
            _provisioning.Publisher = _status.Publisher;
            string endpoint = settings.Endpoint;
            if (_isTrial && _status.Endpoint != null)
            {
                settings.Endpoint = _status.Endpoint; // where it was given: another region does not know it
            }

            ProvisioningOutcome outcome = _isTrial ? _provisioning.Try(settings, current) : _provisioning.Run(settings, isAgain ? null : current);
            settings.Endpoint = endpoint;
            _status.Identity = _store.Load();
            if (outcome == ProvisioningOutcome.Done)
            {
                Replaced(isAgain);
                if (settings.Method == ProvisioningMethod.Jitp && !isTrial)
                {
                    Prove(); // it has connected already
                }

                return true;
            }

            string id = LookAtJournal();
            _isAgain = isAgain && id == current.CertificateId;
            _isTrial = false;
            if (outcome == ProvisioningOutcome.Spent)
            {
                _installer.Fail(_provisioning.Problem);
                return false;
            }

            Failed(outcome);
            if (isAgain)
            {
                _due += _backoff.Next(outcome == ProvisioningOutcome.Refused ? AttemptRecord.Refused : AttemptRecord.Replacing);
            }
            else if (outcome == ProvisioningOutcome.Refused && !_isUnderWay && settings.Method != ProvisioningMethod.TrustedUser)
            {
                _log.Write("identity: it is not replaced, and no more tries are made");
                Forget();
            }
            else
            {
                _due += _backoff.Next(AttemptRecord.Replacing);
            }

            return false;
        }

        /// <summary>
        /// Makes one attempt to rotate the identity over its own connection, and sets the outcome in the status. What may pass is tried again
        /// later. A refusal ends the wish, once nothing is under way any more, and so does a policy that ends the connection twice in a row.
        /// </summary>
        /// <param name="session">The open connection; it may be closed afterwards.</param>
        /// <param name="settings">What to ask for.</param>
        /// <param name="aside">Takes the commands that come meanwhile: they are to be carried out when it is decided which identity stays.</param>
        /// <returns>
        /// Whether there is another identity, a candidate, to go on with. The status has none then, until <see cref="TakeRotated"/>: the connection
        /// holds the memory of the old one.
        /// </returns>
        public bool Rotate(MqttSession session, AgentSettings settings, ArrayList aside)
        {
            _log.Write("identity: certificate " + _status.Identity.CertificateId + " is rotated");
            _provisioning.Publisher = _status.Publisher;
            ProvisioningOutcome outcome = _provisioning.Rotate(session, settings, _status.Identity, aside);
            if (outcome == ProvisioningOutcome.Done)
            {
                _status.Identity = null;
                Replaced(false);
                return true;
            }

            LookAtJournal();
            if (outcome == ProvisioningOutcome.Spent)
            {
                return false;
            }

            if (_provisioning.Problem != null)
            {
                Failed(outcome);
            }

            _denials = _provisioning.WasDenied ? _denials + 1 : 0;
            bool isRefused = outcome == ProvisioningOutcome.Refused || _denials >= DenialsToGiveUp;
            if (isRefused && _isUnderWay)
            {
                _isTrial = true;
            }
            else if (isRefused || (_isByAge && !_isUnderWay))
            {
                _log.Write("identity: the rotation is given up, and certificate " + _status.Identity.CertificateId + " stays in use" + (_isByAge ? "; it is tried again in a day" : ""));
                Forget();
            }
            else
            {
                _due += _backoff.Next(AttemptRecord.Replacing);
            }

            return false;
        }

        /// <summary>Sets the candidate of a rotation in the status, once the connection has ended.</summary>
        public void TakeRotated()
        {
            if (_status.Identity == null)
            {
                _status.Identity = _store.Load();
            }
        }

        private void Replaced(bool isAgain)
        {
            _due = _clock.Milliseconds;
            _attempts.Doublings[AttemptRecord.Replacing] = 0;
            _isWanted &= isAgain;
            _isUnderWay = false;
            _isTrial = false;
            _isByAge = false;
            _isAgain = false;
            _isCandidate = true;
            _hasOther = !isAgain;
            _refusals = 0;
            _denials = 0;
        }

        /// <summary>After an attempt: whether one is under way still, and the id of the journalled certificate, or <see langword="null"/>.</summary>
        private string LookAtJournal()
        {
            string id = JournalledId();
            _isUnderWay = id != null && id != _status.Identity.CertificateId;
            _due = _clock.Milliseconds;
            return id;
        }

        /// <summary>A connection with the identity was made: with that a candidate has proved itself.</summary>
        public void Connected()
        {
            _refusedAt = 0;
            _refusedFor = 0;
            _attempts.HoursRefused = 0;
            if (_isCandidate)
            {
                _provisioning.ForgetKey();
                _journal.Delete();
                _installer.Done(_status.Identity.ThingName, _status.Identity.CertificateId);
                Prove();
            }
        }

        /// <summary>A candidate has connected, and is one no more.</summary>
        private void Prove()
        {
            _isCandidate = false;
            _wasAgain = false;
            if (!_isWanted)
            {
                _attempts.Unwanted = "";
                _attempts.IsRotation = false;
            }

            if (_hasOther)
            {
                _log.Write("identity: certificate " + _status.Identity.CertificateId + " has connected; " + _status.Identity.ReplacedCertificateId + ", which it replaces, can be deactivated");
            }
        }

        /// <summary>
        /// A connection with the identity was not made. Counts refusals: a candidate that is turned away three times goes, and the identity
        /// before it is set in the status again, or it is to be registered again where there is none; another identity comes to be wanted where
        /// the settings say so.
        /// </summary>
        /// <param name="settings">The settings in use.</param>
        /// <param name="wasRefused">Whether the other side turned the identity away.</param>
        /// <param name="isUnclear">Whether nothing tells whether it did.</param>
        /// <returns>Whether it did, as far as can be found out.</returns>
        public bool NotConnected(AgentSettings settings, bool wasRefused, bool isUnclear)
        {
            if (isUnclear && (_isCandidate || settings.ReprovisionAfterHours > 0))
            {
                wasRefused = IsToBlame(settings);
            }

            long now = _clock.Milliseconds;
            if (!wasRefused)
            {
                _refusedAt = 0;
            }
            else if (_isCandidate)
            {
                if (++_refusals >= FleetProvisioning.RefusalsToGiveUp)
                {
                    GiveUp();
                }
            }
            else if (settings.ReprovisionAfterHours > 0)
            {
                _refusedFor += _refusedAt == 0 ? 0 : now - _refusedAt;
                _refusedAt = now;
                CountHours(settings.ReprovisionAfterHours);
            }

            return wasRefused;
        }

        /// <summary>Whether others are let in where the identity was not: the claim, or the identity that a candidate is to replace.</summary>
        private bool IsToBlame(AgentSettings settings)
        {
            _provisioning.ConnectedAt = _clock.Milliseconds;
            if (_provisioning.IsClaimTaken(settings, _status.Identity))
            {
                return true;
            }

            DeviceIdentity other = _isCandidate && _hasOther ? _store.LoadOther() : null;
            return other != null && _provisioning.IsTaken(settings, other.Certificate, other.Key, false);
        }

        private void CountHours(int limit)
        {
            if (_refusedFor < Hour || (_isWanted && !_attempts.IsRotation))
            {
                return;
            }

            _attempts.HoursRefused += (int)(_refusedFor / Hour);
            _refusedFor %= Hour;
            if (_attempts.HoursRefused < limit)
            {
                _attempts.Save();
                return;
            }

            _attempts.HoursRefused = 0;
            string problem = Want("", false, false);
            Note(problem == null ? "identity: refused for " + limit.ToString() + " hours (provisioning.reprovisionAfterHours), so the device is provisioned again"
                : "identity: refused for " + limit.ToString() + " hours, but another cannot be asked for: " + problem);
        }

        /// <summary>
        /// A candidate has been turned away for good. Once in its life it is registered again, with the identity before it in its place meanwhile;
        /// after that it goes. A first one, which has none before it, stays, and is registered again as long as the journal lasts.
        /// </summary>
        private void GiveUp()
        {
            string id = _status.Identity.CertificateId;
            string told = "identity: certificate " + id + " was turned away " + _refusals.ToString() + " times as thing " + _status.Identity.ThingName;
            _due = _clock.Milliseconds;
            if (!_hasOther)
            {
                _isCandidate = false;
                _isAgain = true;
                Note(told + " and is registered again");
                return;
            }

            bool isLast = _wasAgain;
            if (isLast)
            {
                Forget(); // first: the identity that is current again must not be replaced once more
            }

            string problem = _store.DropCurrent();
            if (problem != null)
            {
                Note(told + ", and " + problem);
                return;
            }

            if (isLast)
            {
                _journal.Delete();
            }

            _isCandidate = false;
            _isUnderWay = !isLast;
            _wasAgain = !isLast;
            _status.Identity = _store.Load();
            Note(told + " and is " + (isLast ? "given up; " : "registered again; ") + _status.Identity.CertificateId + " is used " + (isLast ? "again" : "meanwhile"));
        }

        /// <summary>Ends the wish.</summary>
        private void Forget()
        {
            _isWanted = false;
            _wasAgain = false;
            _isByAge = false;
            _denials = 0;
            _attempts.Doublings[AttemptRecord.Replacing] = 0;
            if (_attempts.Unwanted.Length > 0)
            {
                if (_attempts.IsRotation)
                {
                    _attempts.RotationGivenUpAt = (int)(_clock.UtcNow.ToUnixTimeSeconds() / 60);
                }

                _attempts.Unwanted = "";
                _attempts.IsRotation = false;
                _attempts.Save();
            }
        }

        private int Wait(AgentSettings settings)
        {
            int wait = _provisioning.Wait(settings);
            if (wait > 0)
            {
                _status.LastError = _provisioning.Problem;
            }

            return wait;
        }

        private string JournalledId()
        {
            string id = _journal.Load() ? _journal.GetCertificateId() : null;
            _journal.Release();
            return id;
        }

        /// <summary>An attempt at provisioning has failed; the log says so already.</summary>
        private void Failed(ProvisioningOutcome outcome)
        {
            _status.LastError = _provisioning.Problem;
            _status.FailedAttempts++;
            _installer.Retry(_provisioning.Problem, outcome == ProvisioningOutcome.Refused);
        }

        private void Note(string problem)
        {
            _status.LastError = problem;
            _log.Write(problem);
        }
    }
}
