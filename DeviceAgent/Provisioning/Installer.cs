using System;
using System.Text;
using DeviceAgent.Agent;
using DeviceAgent.Board;
using DeviceAgent.Settings;

namespace DeviceAgent.Provisioning
{
    /// <summary>
    /// Somebody who vouches for the board beside it: brings a claim of five minutes, and maybe WiFi, to its serial port, one line of JSON, and is
    /// told in lines of JSON what becomes of it. The claim is kept in memory only, until the device has connected or the five minutes are over.
    /// </summary>
    public sealed class Installer
    {
        /// <summary>How long a claim is used from its receipt, in milliseconds: AWS's live five minutes.</summary>
        public const int ClaimLife = 5 * 60 * 1000;

        /// <summary>Bytes that a line may have without its end. CreateProvisioningClaim answers about 3.7 KB.</summary>
        public const int LargestLine = 8192;

        /// <summary>How long the agent's thread may wait while an installer is waited for, in milliseconds.</summary>
        public const int Poll = 250;

        /// <summary>How often the board announces itself, in milliseconds.</summary>
        public const int BetweenAnnouncements = 3000;

        private const int PieceSize = 128;

        /// <summary>How long a line may pause before it counts as broken off, in milliseconds.</summary>
        private const int LineTimeout = 2000;

        /// <summary>How long until a port that failed is tried again, in milliseconds.</summary>
        private const int PortRetry = 60000;

        private readonly ISerialLine _port;
        private readonly IBoard _board;
        private readonly IMqttClients _clients;
        private readonly IClock _clock;
        private readonly ILog _log;
        private AgentSettings _settings;
        private InstallerClaim _claim;
        private bool _isNew;
        private bool _isOpen;
        private bool _hasFailed;
        private byte[] _piece;
        private int _pieceStart;
        private int _pieceEnd;
        private byte[] _line;
        private int _length;
        private bool _isTooLong;
        private long _heardAt;
        private long _receivedAt;
        private long _portAt;
        private long _announceAt;
        private int _refusals;
        private string _problem;

        /// <summary>Makes it; nobody is waited for yet.</summary>
        /// <param name="port">The serial port; <see langword="null"/> where the board has none.</param>
        /// <param name="board">Has a hardware id.</param>
        /// <param name="clients">Know which certificates can be used.</param>
        /// <param name="clock">Measures the claim's life.</param>
        /// <param name="log">Is told each step, and no secret.</param>
        public Installer(ISerialLine port, IBoard board, IMqttClients clients, IClock clock, ILog log)
        {
            _port = port;
            _board = board;
            _clients = clients;
            _clock = clock;
            _log = log;
        }

        /// <summary>Whether an installer is waited for, or has brought a claim that is in use.</summary>
        public bool IsWanted => _settings != null;

        /// <summary>Whether there is a claim whose five minutes are not over.</summary>
        public bool HasClaim
        {
            get
            {
                if (_claim != null && _clock.Milliseconds - _receivedAt >= ClaimLife)
                {
                    Fail("the claim's five minutes are over" + (_problem == null ? "" : "; the last attempt: " + _problem) + "; send another claim");
                }

                return _claim != null;
            }
        }

        /// <summary>The claim certificate, PEM, ended by a zero byte; <see langword="null"/> where there is no claim.</summary>
        public byte[] Certificate => _claim == null ? null : _claim.Certificate;

        /// <summary>Its key, likewise.</summary>
        public byte[] Key => _claim == null ? null : _claim.Key;

        /// <summary>The WiFi network that came with the claim; <see langword="null"/> where none did.</summary>
        public string WifiSsid => _claim == null ? null : _claim.WifiSsid;

        /// <summary>Its password.</summary>
        public string WifiPassword => _claim == null ? null : _claim.WifiPassword;

        /// <summary>Waits for an installer from now on.</summary>
        /// <param name="settings">What the board tells of itself, and which pins and speed the port has.</param>
        public void Want(AgentSettings settings)
        {
            if (_settings == null)
            {
                _log.Write("installer: waiting for a claim at the serial port");
                _portAt = 0;
                _announceAt = 0;
            }

            _settings = settings;
        }

        /// <summary>Waits for none any more; the port is closed and the claim forgotten.</summary>
        public void Leave()
        {
            if (_settings != null)
            {
                Forget();
                Release();
                ClosePort();
                _problem = null;
                _settings = null;
            }
        }

        /// <summary>
        /// Looks what has come, and announces the board when it is time; never waits. To be called every <see cref="Poll"/> while
        /// <see cref="IsWanted"/>.
        /// </summary>
        /// <returns>Whether a claim has come just now.</returns>
        public bool Look()
        {
            if (_settings == null || (!_isOpen && !OpenPort()))
            {
                return false;
            }

            bool hasCome = false;
            try
            {
                hasCome = Receive();
                if (_clock.Milliseconds >= _announceAt)
                {
                    Announce();
                }
            }
            catch (Exception e)
            {
                PortFailed(e.Message);
            }

            return hasCome;
        }

        /// <summary>Whether a claim has come since this was asked last.</summary>
        public bool TakeNew()
        {
            bool isNew = _isNew;
            _isNew = false;
            return isNew;
        }

        /// <summary>Tells what is done now, where a claim is in use.</summary>
        /// <param name="step">In a few words.</param>
        public void Tell(string step)
        {
            if (_claim != null)
            {
                Send(Begin("working").Append(Member("step", step)));
            }
        }

        /// <summary>An attempt has failed, and is made again while the claim lives.</summary>
        /// <param name="problem">Why, in words.</param>
        /// <param name="wasRefused">Whether the other side turned it down: after <see cref="FleetProvisioning.RefusalsToGiveUp"/> times the claim is given up.</param>
        public void Retry(string problem, bool wasRefused)
        {
            _problem = problem;
            if (_claim != null && wasRefused && ++_refusals >= FleetProvisioning.RefusalsToGiveUp)
            {
                Fail(problem);
            }
            else if (HasClaim)
            {
                Announce();
            }
        }

        /// <summary>The claim is given up and forgotten; another may come.</summary>
        /// <param name="problem">Why, in words.</param>
        public void Fail(string problem)
        {
            if (_claim != null)
            {
                Forget();
                _problem = problem;
                _log.Write("installer: the claim is forgotten: " + problem);
                Send(Begin("failed").Append(Member("error", problem)));
            }
        }

        /// <summary>The device has connected with its new identity: the claim is forgotten, and nobody waited for any more.</summary>
        /// <param name="thingName">Its name.</param>
        /// <param name="certificateId">Its certificate.</param>
        public void Done(string thingName, string certificateId)
        {
            if (_claim != null)
            {
                Forget();
                _log.Write("installer: done, and the claim forgotten");
                Send(Begin("done").Append(Member("thingName", thingName)).Append(Member("certificateId", certificateId)));
            }

            Leave();
        }

        private bool OpenPort()
        {
            if (_clock.Milliseconds < _portAt)
            {
                return false;
            }

            string problem;
            try
            {
                problem = _port == null ? "this board has none that the firmware knows" : _port.Open(_settings.InstallerBaudRate, _settings.InstallerTransmitPin, _settings.InstallerReceivePin);
            }
            catch (Exception e)
            {
                problem = e.Message;
            }

            _isOpen = problem == null;
            if (problem != null)
            {
                PortFailed(problem);
            }

            return _isOpen;
        }

        private void PortFailed(string problem)
        {
            if (!_hasFailed)
            {
                _log.Write("installer: the serial port cannot be used: " + problem);
            }

            _hasFailed = true; // told once
            _portAt = _clock.Milliseconds + PortRetry;
            Release();
            ClosePort();
        }

        private void ClosePort()
        {
            _isOpen = false;
            try
            {
                if (_port != null)
                {
                    _port.Close();
                }
            }
            catch (Exception)
            {
                // It is gone already
            }
        }

        /// <summary>Takes what has come, up to a line's end: one line a look, whatever the other side floods the port with.</summary>
        private bool Receive()
        {
            for (int taken = 0; taken <= LargestLine; taken++)
            {
                if (_pieceStart == _pieceEnd)
                {
                    int available = _port.Available;
                    if (available <= 0)
                    {
                        break;
                    }

                    if (_piece == null)
                    {
                        _piece = new byte[PieceSize];
                    }

                    _pieceStart = 0;
                    _pieceEnd = _port.Read(_piece, 0, available < PieceSize ? available : PieceSize);
                    _heardAt = _clock.Milliseconds;
                    if (_pieceEnd <= 0)
                    {
                        _pieceEnd = 0;
                        break;
                    }
                }

                byte b = _piece[_pieceStart++];
                if (b == '\n')
                {
                    return EndLine();
                }

                if (_line == null)
                {
                    _line = new byte[LargestLine];
                    _length = 0;
                }

                if (_length < LargestLine)
                {
                    _line[_length++] = b;
                }
                else
                {
                    _isTooLong |= b != '\r';
                }
            }

            if ((_line != null || _piece != null) && _clock.Milliseconds - _heardAt >= LineTimeout)
            {
                bool isBroken = _line != null;
                Release();
                if (isBroken)
                {
                    Refuse("the line broke off: nothing came for 2 s before its end");
                }
            }

            return false;
        }

        private bool EndLine()
        {
            if (_line == null)
            {
                return false;
            }

            int content = 0;
            for (int i = 0; i < _line.Length; i++)
            {
                content += i < _length && _line[i] > ' ' ? 1 : 0;
                if (i >= _length)
                {
                    _line[i] = (byte)' '; // the reader passes over it
                }
            }

            InstallerClaim claim = new InstallerClaim();
            string problem = _isTooLong ? "the line has more than " + LargestLine.ToString() + " bytes" : content == 0 ? null : claim.Read(_line) ?? Unfit(claim);
            InstallerClaim.Zero(_line);
            _line = null;
            _isTooLong = false;
            if (content == 0 && problem == null)
            {
                return false; // an empty line ends what somebody else may have begun
            }

            if (problem != null)
            {
                claim.Forget();
                Refuse(problem);
                return false;
            }

            Forget();
            _claim = claim;
            _isNew = true;
            _receivedAt = _clock.Milliseconds;
            _announceAt = _receivedAt + BetweenAnnouncements;
            _problem = null;
            _refusals = 0;
            _log.Write("installer: a claim has come, which is used for five minutes at most" + (claim.WifiSsid == null ? "" : ", and WiFi network " + Rejection.Plain(claim.WifiSsid)));
            Send(Begin("accepted"));
            return true;
        }

        /// <summary>What is wrong with a claim for this board.</summary>
        private string Unfit(InstallerClaim claim)
        {
            return !_clients.AreUsable(claim.Certificate, claim.Key) ? "the claim certificate or its key cannot be read"
                : claim.WifiSsid != null && _settings.WifiSsid != null ? "wifi: " + SettingsReader.FileName + " names a network, which the board would join again at its next start: send none, or flash settings without wifi" : null;
        }

        private void Refuse(string problem)
        {
            _log.Write("installer: a line was refused: " + problem);
            Send(Begin("refused").Append(Member("error", problem)));
        }

        /// <summary>What the board waits for, and what has gone wrong last.</summary>
        private void Announce()
        {
            _announceAt = _clock.Milliseconds + BetweenAnnouncements;
            StringBuilder line;
            if (_claim == null)
            {
                line = Begin("waiting").Append(Member("for", "claim"));
            }
            else if (_problem != null)
            {
                line = Begin("retrying");
            }
            else
            {
                return;
            }

            line.Append(Member("hardwareId", _board.HardwareId)).Append(Member("serial", _settings.Serial)).Append(Member("thingName", _settings.ThingName));
            line.Append(Member("endpoint", _settings.Endpoint)).Append(Member("template", _settings.Template)).Append(Member("firmware", FirmwareVersion.Text));
            Send(_problem == null ? line : line.Append(Member("error", _problem)));
        }

        private static StringBuilder Begin(string state) => new StringBuilder("{\"state\":\"" + state + "\"");

        private static string Member(string name, string value)
        {
            StringBuilder member = new StringBuilder(",\"" + name + "\":\"");
            string plain = Rejection.Plain(value ?? "");
            for (int i = 0; i < plain.Length; i++)
            {
                if (plain[i] == '"' || plain[i] == '\\')
                {
                    member.Append('\\');
                }

                member.Append(plain[i]);
            }

            return member.Append('"').ToString();
        }

        private void Send(StringBuilder line)
        {
            if (!_isOpen)
            {
                return;
            }

            try
            {
                _port.Write(Encoding.UTF8.GetBytes(line.Append("}\r\n").ToString()));
            }
            catch (Exception e)
            {
                PortFailed(e.Message);
            }
        }

        private void Forget()
        {
            if (_claim != null)
            {
                _claim.Forget();
                _claim = null;
            }

            _isNew = false;
        }

        /// <summary>Gives the line's memory back, and what is in it up.</summary>
        private void Release()
        {
            InstallerClaim.Zero(_line);
            InstallerClaim.Zero(_piece);
            _line = null;
            _piece = null;
            _pieceStart = 0;
            _pieceEnd = 0;
            _isTooLong = false;
        }
    }
}
