using System;
using System.Threading;
using DeviceAgent.Board;
using nanoFramework.M2Mqtt;
using nanoFramework.M2Mqtt.Messages;

namespace DeviceAgent.Messaging
{
    /// <summary>
    /// One connection to the broker, from first to last, for a caller that works on a single thread: what M2Mqtt tells by events on
    /// threads of its own is handed over to that thread, and every wait ends in a time of ours.
    /// </summary>
    /// <remarks>
    /// M2Mqtt gives ids and no results on a dead connection, tells nothing of a SUBSCRIBE that nobody answers, and may raise the event
    /// of an acknowledgement before the call that it is for has returned; so acknowledgements are kept, and waited for by id.
    /// </remarks>
    public sealed class MqttSession
    {
        /// <summary>How long an acknowledgement is waited for, in milliseconds. M2Mqtt itself gives a message up 3 s after it was sent first.</summary>
        public const int AcknowledgeTimeout = 10000;

        /// <summary>Between two CONNECTs with one client id, in milliseconds: AWS allows one a second.</summary>
        public const int BetweenConnects = 1100;

        /// <summary>What <see cref="Subscribe"/> gives where the broker has answered that it does not grant all of it.</summary>
        public const string NotGrantedText = "the broker does not grant it";

        /// <summary>How long after the end of a connection M2Mqtt may still tell what came before it, in milliseconds. It tells of the end itself 200 ms after it.</summary>
        private const int ClosingTime = 1500;

        private const int InboxSize = 4;
        private const int AcknowledgementsKept = 8;
        private const int NotGranted = 0x20000;
        private const int Failed = 0x10000;

        /// <summary>Bytes that are kept of a message below <c>$</c>, the broker's own topics: as many as of others, unless somebody waits for a longer answer.</summary>
        public int LargestAnswer;

        private readonly IMqttClients _clients;
        private readonly IClock _clock;
        private readonly AutoResetEvent _signal;
        private readonly int _largestMessage;
        private readonly object _lock = new object();
        private readonly MqttMsgPublishEventArgs[] _inbox = new MqttMsgPublishEventArgs[InboxSize];
        private readonly int[] _acknowledgements = new int[AcknowledgementsKept];
        private IMqttClient _client;
        private int _received;
        private int _acknowledged;
        private int _lost;
        private long _toldBy;
        private bool _isClosed;
        private bool _wasRefused;
        private bool _isUnclear;
        private bool _wasCut;

        /// <summary>Makes a session that is not open yet.</summary>
        /// <param name="clients">Makes its client.</param>
        /// <param name="clock">Measures its waits.</param>
        /// <param name="signal">Is set whenever something happens; the caller's thread may wait for it too.</param>
        /// <param name="largestMessage">Bytes of a message's payload that are kept; of a larger one only the topic is.</param>
        public MqttSession(IMqttClients clients, IClock clock, AutoResetEvent signal, int largestMessage)
        {
            _clients = clients;
            _clock = clock;
            _signal = signal;
            _largestMessage = largestMessage;
            LargestAnswer = largestMessage;
        }

        /// <summary>Whether the connection is up, so far as is known.</summary>
        public bool IsOpen => _client != null && !_isClosed && _client.IsConnected;

        /// <summary>Whether the last <see cref="Open"/> failed because the other side turned the credentials away, and not for want of a connection.</summary>
        public bool WasRefused => _wasRefused;

        /// <summary>Whether the last <see cref="Open"/> failed in a handshake of which nothing tells whose credentials were at fault.</summary>
        public bool IsUnclear => _isUnclear;

        /// <summary>Whether the last <see cref="Open"/> failed because the other side ended the handshake: it turned the certificate away, or it is not well itself.</summary>
        public bool WasCut => _wasCut;

        /// <summary>How many messages were dropped since the last call, because they came while the inbox was full.</summary>
        public int TakeLost()
        {
            lock (_lock)
            {
                int lost = _lost;
                _lost = 0;
                return lost;
            }
        }

        /// <summary>Counts a message as lost for which its taker has no room.</summary>
        public void Drop()
        {
            lock (_lock)
            {
                _lost++;
            }
        }

        /// <summary>Connects.</summary>
        /// <param name="host">Host name of the broker.</param>
        /// <param name="port">Its port.</param>
        /// <param name="credentials">Root CA, certificate and key: PEM each, ended by a zero byte.</param>
        /// <param name="clientId">The client id.</param>
        /// <param name="isPersistent">Whether the broker is to keep the session while the client is away.</param>
        /// <param name="keepAliveSeconds">Keep-alive, 30 to 1,200 s.</param>
        /// <returns><see langword="null"/> once connected, else why not. After a failure the session is to be closed like any other.</returns>
        public string Open(string host, int port, byte[][] credentials, string clientId, bool isPersistent, int keepAliveSeconds)
        {
            if (!_clients.AreUsable(credentials[1], credentials[2]))
            {
                _wasRefused = true;
                return "the certificate or the key cannot be read";
            }

            long start = _clock.Milliseconds;
            int code;
            try
            {
                _client = _clients.Create(host, port, credentials[0], credentials[1], credentials[2]);
                _client.MqttMsgPublishReceived += OnReceived;
                _client.MqttMsgPublished += OnPublished;
                _client.MqttMsgSubscribed += OnSubscribed;
                _client.ConnectionClosed += OnClosed;
                code = (int)_client.Connect(clientId, null, null, false, MqttQoSLevel.AtMostOnce, false, null, null, !isPersistent, (ushort)keepAliveSeconds);
            }
            catch (OutOfMemoryException)
            {
                throw; // no failure of the connection: the board starts anew
            }
            catch (Exception e)
            {
                code = _client == null ? -1 : _clients.LastReturnCode;
                if (code <= 0)
                {
                    int number = _clients.ErrorNumber(e);
                    bool isSilent = _clock.Milliseconds - start >= 29000;
                    _isUnclear = number == ConnectFailure.HandshakeFailed;
                    _wasCut = number == ConnectFailure.ConnectionReset;
                    _wasRefused = number == 0 ? _client != null && !isSilent : ConnectFailure.IsRefusal(number);
                    return _client == null && number == 0
                        ? "no client can be made: " + e.Message
                        : number == 0 && isSilent ? host + " did not answer CONNECT within 30 s" : ConnectFailure.Describe(number, host, port);
                }
            }

            if (code != 0)
            {
                _wasRefused = true;
                return ConnectFailure.DescribeReturnCode(code, clientId);
            }

            return null;
        }

        /// <summary>Subscribes, and waits until the broker has granted all of it.</summary>
        /// <param name="topics">At most 8 topic filters.</param>
        /// <param name="qos">The quality of service of all.</param>
        /// <returns><see langword="null"/> once granted, else why not.</returns>
        public string Subscribe(string[] topics, MqttQoSLevel qos)
        {
            MqttQoSLevel[] levels = new MqttQoSLevel[topics.Length];
            for (int i = 0; i < levels.Length; i++)
            {
                levels[i] = qos;
            }

            if (!IsOpen)
            {
                return "the connection is closed";
            }

            int result = AwaitAcknowledgement(_client.Subscribe(topics, levels));
            return result == 0 ? null
                : result == NotGranted ? NotGrantedText
                : IsOpen ? "the broker does not answer" : "the broker closed the connection";
        }

        /// <summary>Publishes with QoS 0: nobody tells whether it arrived.</summary>
        /// <param name="topic">The topic, checked by the caller (<see cref="Topics.Problem"/>).</param>
        /// <param name="payload">The message.</param>
        public void Send(string topic, byte[] payload)
        {
            if (IsOpen)
            {
                _client.Publish(topic, payload, null, null, MqttQoSLevel.AtMostOnce, false);
            }
        }

        /// <summary>Publishes with QoS 1.</summary>
        /// <param name="topic">The topic, checked by the caller (<see cref="Topics.Problem"/>).</param>
        /// <param name="payload">The message.</param>
        /// <returns>Whether the broker has acknowledged it.</returns>
        public bool Publish(string topic, byte[] payload)
        {
            return IsOpen && AwaitAcknowledgement(_client.Publish(topic, payload, null, null, MqttQoSLevel.AtLeastOnce, false)) == 0;
        }

        /// <summary>Whether a message is of the broker's own topics: an answer of its API, and no command.</summary>
        /// <param name="message">The message.</param>
        public static bool IsBrokersOwn(MqttMsgPublishEventArgs message) => message.Topic.Length > 0 && message.Topic[0] == '$';

        /// <summary>Takes the oldest message that has come.</summary>
        /// <param name="milliseconds">How long to wait for one; 0 only looks.</param>
        /// <returns>The message, its payload <see langword="null"/> where it was too large to keep; <see langword="null"/> where none came, or the connection closed.</returns>
        public MqttMsgPublishEventArgs Receive(int milliseconds)
        {
            long deadline = _clock.Milliseconds + milliseconds;
            while (true)
            {
                int left = Left(deadline);
                lock (_lock)
                {
                    if (_received > 0)
                    {
                        MqttMsgPublishEventArgs message = _inbox[0];
                        _received--;
                        Array.Copy(_inbox, 1, _inbox, 0, _received);
                        _inbox[_received] = null;
                        return message;
                    }
                }

                if (left == 0)
                {
                    return null;
                }

                _clock.Wait(_signal, left);
            }
        }

        /// <summary>
        /// Ends the session like <see cref="Close"/>, and lets the failure go on that has ended its use. This is no work for a <c>finally</c>:
        /// where one that runs for an exception catches another, as this does of a dead connection, the nanoCLR forgets the first and goes
        /// on after the <c>finally</c>, or anywhere.
        /// </summary>
        /// <param name="failure">What the use of the session threw; <see langword="null"/> where it threw nothing.</param>
        public void CloseAfter(Exception failure)
        {
            Close();
            if (failure != null)
            {
                throw failure;
            }
        }

        /// <summary>Ends the session and frees its client. The one way to end it, whatever became of it.</summary>
        public void Close()
        {
            if (_client == null)
            {
                return;
            }

            if (IsOpen)
            {
                try
                {
                    _client.Disconnect();
                    WaitUntilClosed(1000);
                }
                catch (Exception)
                {
                    // The connection died just now: then there is nobody to say goodbye to
                }
            }

            _isClosed = true;
            IMqttClient client = _client;
            _client = null;
            _clients.Dispose(client);
        }

        private void WaitUntilClosed(int milliseconds)
        {
            long deadline = _clock.Milliseconds + milliseconds;
            while (!_isClosed && _clock.Milliseconds < deadline)
            {
                _clock.Wait(_signal, (int)(deadline - _clock.Milliseconds));
            }
        }

        /// <summary>
        /// How long to wait for whatever happens next, in milliseconds; 0 where the time is over, or the connection is and all that it
        /// brought has been told. It is asked before a look at what has come, so that the look after the end sees the last of it.
        /// </summary>
        private int Left(long deadline)
        {
            if (_client == null || _isClosed)
            {
                return 0;
            }

            long now = _clock.Milliseconds;
            if (!_client.IsConnected)
            {
                // M2Mqtt knows of the end at once, then raises the events of what came before it, and last that of the end
                _toldBy = _toldBy == 0 ? now + ClosingTime : _toldBy;
                deadline = _toldBy < deadline ? _toldBy : deadline;
            }

            // IsConnected may turn false without an event: look at it every now and then
            long left = deadline - now;
            return left <= 0 ? 0 : left < 1000 ? (int)left : 1000;
        }

        /// <summary>Waits for the acknowledgement of a message id.</summary>
        /// <returns>0 where it came, else why not.</returns>
        private int AwaitAcknowledgement(int id)
        {
            long deadline = _clock.Milliseconds + AcknowledgeTimeout;
            while (true)
            {
                int left = Left(deadline);
                lock (_lock)
                {
                    for (int i = 0; i < _acknowledgements.Length; i++)
                    {
                        if (_acknowledgements[i] != 0 && (_acknowledgements[i] & 0xFFFF) == id)
                        {
                            int result = _acknowledgements[i] & ~0xFFFF;
                            _acknowledgements[i] = 0;
                            return result;
                        }
                    }
                }

                if (left == 0)
                {
                    return Failed;
                }

                _clock.Wait(_signal, left);
            }
        }

        // The handlers run on M2Mqtt's threads. They never wait, and never throw: an exception here would close the connection.
        private void OnReceived(object sender, MqttMsgPublishEventArgs e)
        {
            lock (_lock)
            {
                if (_received == InboxSize)
                {
                    _lost++;
                }
                else if (e.Message != null && e.Message.Length > (IsBrokersOwn(e) ? LargestAnswer : _largestMessage))
                {
                    _inbox[_received++] = new MqttMsgPublishEventArgs(e.Topic, null, e.DupFlag, e.QosLevel, e.Retain);
                }
                else
                {
                    _inbox[_received++] = e;
                }
            }

            _signal.Set();
        }

        private void OnPublished(object sender, MqttMsgPublishedEventArgs e) => Acknowledge(e.MessageId, e.IsPublished ? 0 : Failed);

        private void OnSubscribed(object sender, MqttMsgSubscribedEventArgs e)
        {
            int result = 0;
            for (int i = 0; i < e.GrantedQoSLevels.Length; i++)
            {
                if (e.GrantedQoSLevels[i] == MqttQoSLevel.GrantedFailure)
                {
                    result = NotGranted;
                }
            }

            Acknowledge(e.MessageId, result);
        }

        private void OnClosed(object sender, EventArgs e)
        {
            _isClosed = true;
            _signal.Set();
        }

        private void Acknowledge(int id, int result)
        {
            lock (_lock)
            {
                _acknowledgements[_acknowledged] = id | result;
                _acknowledged = (_acknowledged + 1) % AcknowledgementsKept;
            }

            _signal.Set();
        }
    }
}
