using System.Collections;
using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Mqtt;
using nanoFramework.M2Mqtt.Exceptions;
using nanoFramework.M2Mqtt.Messages;

namespace nanoFramework.M2Mqtt
{
    /// <summary>
    /// nanoFramework.M2Mqtt's client over real sockets and TLS 1.2, which behaves as the original (5.1.220) was measured to on a nanoCLR:
    /// when it throws and what, which events come on which thread, what never comes.
    /// </summary>
    /// <remarks>
    /// One object is one connection. What the original can and the agent does not use throws here: QoS 2, MQTT 5, a second Connect, Init.
    /// Kinder than a board in two things only: an object that is not disposed of costs memory and not the process, and disposing of a
    /// closed one takes no second.
    /// </remarks>
    public sealed class MqttClient : IMqttClient, IDisposable
    {
        private readonly string _brokerHostName;
        private readonly IPEndPoint _broker;
        private readonly Credentials _credentials;
        private readonly MqttClientTimings _timings;
        private readonly CancellationTokenSource _stopping = new();
        private readonly TaskCompletionSource<ConnAckPacket> _connAck = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly ManualResetEventSlim _isReleased = new();
        private readonly LinkedList<InflightMessage> _inflight = new();
        private readonly SemaphoreSlim _inflightChanged = new(0);
        private readonly object _eventLock = new();
        private readonly Queue<Action> _events = new();
        private MqttConnection _connection;
        private X509Certificate2 _certificate;
        private Task _receiving = Task.CompletedTask;
        private Task _sending = Task.CompletedTask;
        private Task _keepingAlive = Task.CompletedTask;
        private TaskCompletionSource _pingResp;
        private long _lastSent;
        private int _messageId;
        private int _connectCalls;
        private bool _isClosing;
        private bool _isStopped;
        private bool _isDisposed;
        private volatile bool _isConnected;

        /// <summary>Makes a client, and resolves the broker's name to the one address that it will use.</summary>
        /// <param name="brokerHostName">Host name of the broker; its certificate must name it.</param>
        /// <param name="brokerPort">TCP port.</param>
        /// <param name="rootCa">Trusted certificates: PEM, ended by a zero byte.</param>
        /// <param name="certificate">The client's certificate, and those above it if any: PEM, ended by a zero byte.</param>
        /// <param name="key">Its private key, RSA or EC: PEM, ended by a zero byte.</param>
        /// <exception cref="ArgumentException">A certificate or the key is damaged. Whether they belong together is not looked at.</exception>
        /// <exception cref="SocketException">The name cannot be resolved (ErrorCode 10022).</exception>
        public MqttClient(string brokerHostName, int brokerPort, byte[] rootCa, byte[] certificate, byte[] key)
            : this(brokerHostName, brokerPort, rootCa, certificate, key, MqttClientTimings.Board)
        {
        }

        internal MqttClient(string brokerHostName, int brokerPort, byte[] rootCa, byte[] certificate, byte[] key, MqttClientTimings timings, Func<string, IPAddress[]> resolve = null)
        {
            _timings = timings;
            _brokerHostName = brokerHostName;
            _credentials = new Credentials(rootCa, certificate, key);
            try
            {
                _broker = new IPEndPoint(Resolve(brokerHostName, resolve ?? ResolveByMachine), brokerPort);
            }
            catch
            {
                _credentials.Dispose();
                throw;
            }
        }

        /// <summary>Handles the answer to CONNECT.</summary>
        /// <param name="sender">The client.</param>
        /// <param name="e">The answer.</param>
        public delegate void ConnectionOpenedEventHandler(object sender, ConnectionOpenedEventArgs e);

        /// <inheritdoc/>
        public event IMqttClient.MqttMsgPublishEventHandler MqttMsgPublishReceived;

        /// <inheritdoc/>
        public event IMqttClient.MqttMsgPublishedEventHandler MqttMsgPublished;

        /// <inheritdoc/>
        public event IMqttClient.MqttMsgSubscribedEventHandler MqttMsgSubscribed;

        /// <inheritdoc/>
        public event IMqttClient.MqttMsgUnsubscribedEventHandler MqttMsgUnsubscribed;

        /// <inheritdoc/>
        public event IMqttClient.ConnectionClosedEventHandler ConnectionClosed;

        /// <summary>CONNACK has come, with whatever return code. Unlike the other events it is raised by the receiving thread, before Connect returns or throws.</summary>
        public event ConnectionOpenedEventHandler ConnectionOpened;

        /// <inheritdoc/>
        public bool IsConnected => _isConnected;

        /// <summary>Not here: the constructor does it.</summary>
        /// <param name="brokerHostName">Not used.</param>
        /// <param name="brokerPort">Not used.</param>
        /// <param name="secure">Not used.</param>
        /// <param name="caCert">Not used.</param>
        /// <param name="clientCert">Not used.</param>
        /// <param name="sslProtocol">Not used.</param>
        /// <exception cref="NotSupportedException">Always.</exception>
        public void Init(string brokerHostName, int brokerPort, bool secure, byte[] caCert, byte[] clientCert, MqttSslProtocols sslProtocol) =>
            throw new NotSupportedException("Init has no parameter for a private key: the client is made by its constructor.");

        /// <inheritdoc/>
        /// <exception cref="MqttConnectionException">
        /// No TCP connection, or no TLS over it; the message ends in the board's error number, which the inner <see cref="SocketException"/> has too.
        /// </exception>
        /// <exception cref="MqttCommunicationException">The broker closed the connection, be it after a refusing CONNACK, or did not answer within 30 s.</exception>
        /// <exception cref="MqttClientException">The parts of the will do not go together.</exception>
        /// <exception cref="NotSupportedException">Connect was called before.</exception>
        public MqttReasonCode Connect(
            string clientId,
            string username,
            string password,
            bool willRetain,
            MqttQoSLevel willQosLevel,
            bool willFlag,
            string willTopic,
            string willMessage,
            bool cleanSession,
            ushort keepAlivePeriod)
        {
            if (Interlocked.Increment(ref _connectCalls) > 1)
            {
                throw new NotSupportedException("The broker's address may have changed: a new connection needs a new client.");
            }

            _connection = new MqttConnection(OpenStream());
            _receiving = Task.Run(ReceiveAsync);

            var will = MakeWill(willRetain, willQosLevel, willFlag, willTopic, willMessage);
            var passwordBytes = password is null ? (ReadOnlyMemory<byte>?)null : Encoding.UTF8.GetBytes(password).AsMemory();
            Send(new ConnectPacket(clientId, cleanSession, keepAlivePeriod, username, passwordBytes, will));

            var answer = AwaitConnAck();
            if (answer.ReturnCode == ConnectReturnCode.Accepted)
            {
                Start(TimeSpan.FromSeconds(keepAlivePeriod));
            }

            return (MqttReasonCode)answer.ReturnCode;
        }

        /// <inheritdoc/>
        /// <remarks>ConnectionClosed follows about 200 ms later, unless the client is disposed of before.</remarks>
        /// <exception cref="MqttCommunicationException">The connection is lost already.</exception>
        public void Disconnect()
        {
            if (_connection is null || IsClosingOrStopped)
            {
                throw new MqttCommunicationException(new IOException("The connection is closed."));
            }

            Send(new DisconnectPacket());
            BeginClose();
        }

        /// <inheritdoc/>
        /// <remarks>It returns at once, on a dead connection too. Without SUBACK the request is sent three times in all, and nothing ever tells that it failed.</remarks>
        /// <exception cref="NotSupportedException">QoS 2.</exception>
        public ushort Subscribe(string[] topics, MqttQoSLevel[] qosLevels)
        {
            if (qosLevels is not null && qosLevels.Contains(MqttQoSLevel.ExactlyOnce))
            {
                throw new NotSupportedException("QoS 2 is not spoken here: AWS IoT Core does not acknowledge it.");
            }

            var id = NextMessageId();
            Enqueue(new InflightMessage
            {
                Id = id,
                AcknowledgedBy = typeof(SubAckPacket),
                MakePacket = _ => new SubscribePacket(id, [.. topics.Zip(qosLevels, (topic, level) => new TopicFilterRequest(topic, (QualityOfService)level))]),
            });
            return id;
        }

        /// <inheritdoc/>
        /// <remarks>As <see cref="Subscribe"/>.</remarks>
        public ushort Unsubscribe(string[] topics)
        {
            var id = NextMessageId();
            Enqueue(new InflightMessage
            {
                Id = id,
                AcknowledgedBy = typeof(UnsubAckPacket),
                MakePacket = _ => new UnsubscribePacket(id, topics),
            });
            return id;
        }

        /// <inheritdoc/>
        public ushort Publish(string topic, byte[] message) => Publish(topic, message, null, null, MqttQoSLevel.AtMostOnce, false);

        /// <inheritdoc/>
        public ushort Publish(string topic, byte[] message, string contentType) => Publish(topic, message, contentType, null, MqttQoSLevel.AtMostOnce, false);

        /// <inheritdoc/>
        /// <remarks>
        /// It returns at once, on a dead connection too, where nothing ever follows. Before Connect the message waits for the connection. A
        /// topic that cannot be published to closes the connection. QoS 1 is sent three times, a second apart, and then reported as not
        /// published, while the connection stays.
        /// </remarks>
        /// <exception cref="NotSupportedException">QoS 2, a content type or user properties.</exception>
        public ushort Publish(string topic, byte[] message, string contentType, ArrayList userProperties, MqttQoSLevel qosLevel, bool retain)
        {
            if (!string.IsNullOrEmpty(contentType) || userProperties is { Count: > 0 })
            {
                throw new NotSupportedException("Content type and user properties are of MQTT 5.");
            }

            if (qosLevel == MqttQoSLevel.ExactlyOnce)
            {
                throw new NotSupportedException("QoS 2 is not spoken here: AWS IoT Core does not acknowledge it.");
            }

            var id = NextMessageId();
            var packet = new PublishPacket(topic, message, (QualityOfService)qosLevel, retain);
            Enqueue(qosLevel == MqttQoSLevel.AtMostOnce
                ? new InflightMessage { Id = 0, MakePacket = _ => packet }
                : new InflightMessage
                {
                    Id = id,
                    AcknowledgedBy = typeof(PubAckPacket),
                    MakePacket = isRepeat => packet with { PacketId = id, Duplicate = isRepeat },
                    GivenUp = () => Raise(() => MqttMsgPublished?.Invoke(this, new MqttMsgPublishedEventArgs(id, false))),
                });
            return id;
        }

        /// <inheritdoc/>
        /// <remarks>No DISCONNECT is sent, and ConnectionClosed is not raised.</remarks>
        public void Close()
        {
            if (TryStop())
            {
                Release();
            }
        }

        /// <summary>Closes the connection as <see cref="Close"/> does, and frees all. May be called in a handler.</summary>
        public void Dispose()
        {
            lock (_eventLock)
            {
                _isDisposed = true;
            }

            Close();
            _isReleased.Wait();
        }

        private bool IsClosingOrStopped
        {
            get
            {
                lock (_eventLock)
                {
                    return _isClosing || _isStopped;
                }
            }
        }

        /// <summary>The addresses that this machine knows of a host name.</summary>
        internal static IPAddress[] ResolveByMachine(string host) => Dns.GetHostAddresses(host, AddressFamily.InterNetwork);

        private static IPAddress Resolve(string host, Func<string, IPAddress[]> resolve)
        {
            try
            {
                // Boards know IPv4 only.
                return resolve(host).First(address => address.AddressFamily == AddressFamily.InterNetwork);
            }
            catch (Exception e) when (e is SocketException or ArgumentException or InvalidOperationException)
            {
                throw new BoardSocketException(BoardSocketException.InvalidArgument, $"{host} cannot be resolved: {e.Message}");
            }
        }

        private static Will MakeWill(bool retain, MqttQoSLevel qosLevel, bool isThere, string topic, string message)
        {
            var isComplete = !string.IsNullOrEmpty(topic) && !string.IsNullOrEmpty(message) && qosLevel <= MqttQoSLevel.ExactlyOnce;
            var isEmpty = topic is null && message is null && !retain;
            if (isThere ? !isComplete : !isEmpty)
            {
                throw new MqttClientException(MqttClientErrorCode.WillWrong);
            }

            return isThere ? new Will(topic, Encoding.UTF8.GetBytes(message), (QualityOfService)qosLevel, retain) : null;
        }

        private static MqttConnectionException Failed(int errorCode, Exception cause) =>
            new($"Socket exception connecting to the broker: {errorCode}", new BoardSocketException(errorCode, cause.Message));

        private ushort NextMessageId() => (ushort)((((uint)Interlocked.Increment(ref _messageId) - 1) % ushort.MaxValue) + 1);

        private SslStream OpenStream()
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                using var timeout = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
                timeout.CancelAfter(_timings.TcpConnect);
                socket.ConnectAsync(_broker, timeout.Token).AsTask().GetAwaiter().GetResult();
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException)
            {
                socket.Dispose();
                throw Failed(BoardSocketException.WouldBlock, e);
            }

            _certificate = _credentials.JoinKey();
            var isTrusted = true;
            var options = new MqttTls(_credentials.Roots, _certificate) { Intermediates = _credentials.Intermediates }
                .CreateOptions(_brokerHostName, SslProtocols.Tls12);
            options.RemoteCertificateValidationCallback = (_, _, _, errors) => isTrusted = errors == SslPolicyErrors.None;

            var stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
            try
            {
                // The handshake has no timeout on a board either; only closing the client ends it.
                stream.AuthenticateAsClientAsync(options, _stopping.Token).GetAwaiter().GetResult();
                if (_certificate is null)
                {
                    // .NET makes no certificate with another's key, so the handshake went without one. A server that
                    // asked for it would have found out.
                    throw new AuthenticationException("The private key does not belong to the certificate.");
                }

                return stream;
            }
            catch (Exception e) when (e is AuthenticationException or IOException or SocketException or OperationCanceledException or InvalidOperationException)
            {
                stream.Dispose();
                throw Failed(
                    !isTrusted ? BoardSocketException.CertificateVerifyFailed
                        : _certificate is null ? BoardSocketException.FatalAlert
                        : BoardSocketException.ConnectionReset,
                    e);
            }
        }

        /// <summary>Sends a packet on the caller's thread.</summary>
        private void Send(Packet packet)
        {
            try
            {
                WriteAsync(packet).GetAwaiter().GetResult();
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
            {
                throw new MqttCommunicationException(e);
            }
        }

        private async Task WriteAsync(Packet packet)
        {
            await _connection.WriteAsync(packet, _stopping.Token).ConfigureAwait(false);
            Volatile.Write(ref _lastSent, Stopwatch.GetTimestamp());
        }

        private ConnAckPacket AwaitConnAck()
        {
            Task.WaitAny([_connAck.Task, _ended.Task], _timings.ConnAck);
            if (!_connAck.Task.IsCompleted)
            {
                throw new MqttCommunicationException();
            }

            var answer = _connAck.Task.Result;
            if (answer.ReturnCode == ConnectReturnCode.Accepted ? _ended.Task.IsCompleted : _ended.Task.Wait(_timings.RefusalRace))
            {
                throw new MqttCommunicationException();
            }

            return answer;
        }

        private void Start(TimeSpan keepAlive)
        {
            lock (_eventLock)
            {
                _isConnected = !_isClosing && !_isStopped;
            }

            new Thread(Dispatch, maxStackSize: 512 * 1024) { IsBackground = true, Name = "MQTT events" }.Start();
            _sending = Task.Run(SendInflightAsync);
            if (keepAlive > TimeSpan.Zero)
            {
                _keepingAlive = Task.Run(() => KeepAliveAsync(keepAlive));
            }
        }

        private async Task ReceiveAsync()
        {
            try
            {
                while (await _connection.ReadAsync(_stopping.Token).ConfigureAwait(false) is { } packet)
                {
                    Take(packet);
                }
            }
            catch (Exception e) when (e is IOException or MqttProtocolException or ObjectDisposedException or OperationCanceledException)
            {
                // The end of the connection, as every other end.
            }

            BeginClose();
            _ended.TrySetResult();
        }

        private void Take(Packet packet)
        {
            switch (packet)
            {
                case ConnAckPacket connAck:
                    TakeConnAck(connAck);
                    break;

                case PublishPacket publish:
                    TakePublish(publish);
                    break;

                case PubAckPacket pubAck when TryAcknowledge(pubAck.PacketId, pubAck):
                    Raise(() => MqttMsgPublished?.Invoke(this, new MqttMsgPublishedEventArgs(pubAck.PacketId, true)));
                    break;

                case SubAckPacket subAck when TryAcknowledge(subAck.PacketId, subAck):
                    var granted = subAck.ReturnCodes.Select(code => (MqttQoSLevel)code).ToArray();
                    Raise(() => MqttMsgSubscribed?.Invoke(this, new MqttMsgSubscribedEventArgs(subAck.PacketId, granted)));
                    break;

                case UnsubAckPacket unsubAck when TryAcknowledge(unsubAck.PacketId, unsubAck):
                    Raise(() => MqttMsgUnsubscribed?.Invoke(this, new MqttMsgUnsubscribedEventArgs(unsubAck.PacketId)));
                    break;

                case PingRespPacket:
                    Volatile.Read(ref _pingResp)?.TrySetResult();
                    break;

                default:
                    // An acknowledgement that came too late, or what a client should not get: the original goes on as well.
                    break;
            }
        }

        private void TakeConnAck(ConnAckPacket connAck)
        {
            var message = new MqttMsgConnack { SessionPresent = connAck.SessionPresent, ReturnCode = (MqttReasonCode)connAck.ReturnCode };
            try
            {
                ConnectionOpened?.Invoke(this, new ConnectionOpenedEventArgs(message));
            }
            catch (Exception)
            {
                // The original loses the answer with the exception: Connect waits out its time.
                return;
            }

            _connAck.TrySetResult(connAck);
        }

        private void TakePublish(PublishPacket publish)
        {
            if (publish.QoS == QualityOfService.ExactlyOnce)
            {
                throw new MqttProtocolException("A message of QoS 2 came, which was not subscribed to.");
            }

            // Acknowledged by the sending thread, and only then raised: so an answer can be lost with the power, but is not sent again.
            var payload = publish.Payload.ToArray();
            Action raise = () => MqttMsgPublishReceived?.Invoke(
                this,
                new MqttMsgPublishEventArgs(publish.Topic, payload, publish.Duplicate, (MqttQoSLevel)publish.QoS, publish.Retain));
            Enqueue(new InflightMessage
            {
                Id = 0,
                MakePacket = _ => publish.QoS == QualityOfService.AtLeastOnce ? new PubAckPacket(publish.PacketId) : null,
                Sent = () => Raise(raise),
            });
        }

        private bool TryAcknowledge(ushort id, Packet acknowledgement)
        {
            lock (_inflight)
            {
                for (var node = _inflight.First; node is not null; node = node.Next)
                {
                    if (node.Value.Id == id && node.Value.Attempts > 0 && node.Value.AcknowledgedBy == acknowledgement.GetType())
                    {
                        _inflight.Remove(node);
                        return true;
                    }
                }
            }

            return false;
        }

        private void Enqueue(InflightMessage message)
        {
            lock (_inflight)
            {
                _inflight.AddLast(message);
            }

            _inflightChanged.Release();
        }

        private async Task SendInflightAsync()
        {
            try
            {
                while (!IsClosingOrStopped)
                {
                    if (TakeNext(out var wait) is { } message)
                    {
                        if (message.MakePacket(message.Attempts > 1) is { } packet)
                        {
                            await WriteAsync(packet).ConfigureAwait(false);
                        }

                        message.Sent?.Invoke();
                    }
                    else
                    {
                        await _inflightChanged.WaitAsync(wait, _stopping.Token).ConfigureAwait(false);
                    }
                }
            }
            catch (OperationCanceledException)
            {
                // Closed.
            }
            catch (Exception)
            {
                // Lost, or the caller asked for what cannot be sent: to the original both are the end of the connection.
                BeginClose();
            }
        }

        /// <summary>The oldest message that is to be sent now; null, and how long to wait, when there is none.</summary>
        private InflightMessage TakeNext(out TimeSpan wait)
        {
            wait = Timeout.InfiniteTimeSpan;
            var givenUp = new List<Action>();
            InflightMessage next = null;
            lock (_inflight)
            {
                var now = Stopwatch.GetTimestamp();
                for (var node = _inflight.First; node is not null && next is null;)
                {
                    var message = node.Value;
                    var following = node.Next;
                    var rest = message.Attempts == 0 ? TimeSpan.Zero : _timings.Retry - Stopwatch.GetElapsedTime(message.SentAt, now);
                    if (rest > TimeSpan.Zero)
                    {
                        rest = TimeSpan.FromMilliseconds(Math.Ceiling(rest.TotalMilliseconds));
                        wait = wait == Timeout.InfiniteTimeSpan || rest < wait ? rest : wait;
                    }
                    else if (message.Attempts == InflightMessage.MaximumAttempts)
                    {
                        _inflight.Remove(node);
                        givenUp.Add(message.GivenUp);
                    }
                    else
                    {
                        next = message;
                        next.Attempts++;
                        next.SentAt = now;
                        if (next.AcknowledgedBy is null)
                        {
                            _inflight.Remove(node);
                        }
                    }

                    node = following;
                }
            }

            givenUp.ForEach(action => action?.Invoke());
            return next;
        }

        private async Task KeepAliveAsync(TimeSpan period)
        {
            var wait = period;
            try
            {
                while (true)
                {
                    await Task.Delay(wait, _stopping.Token).ConfigureAwait(false);
                    var idle = Stopwatch.GetElapsedTime(Volatile.Read(ref _lastSent));
                    if (idle < period)
                    {
                        wait = period - idle;
                        continue;
                    }

                    var answer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                    Volatile.Write(ref _pingResp, answer);
                    await WriteAsync(new PingReqPacket()).ConfigureAwait(false);
                    await answer.Task.WaitAsync(period, _stopping.Token).ConfigureAwait(false);
                    wait = period;
                }
            }
            catch (OperationCanceledException)
            {
                // Closed.
            }
            catch (Exception e) when (e is TimeoutException or IOException or ObjectDisposedException)
            {
                BeginClose();
            }
        }

        private void Raise(Action raise)
        {
            lock (_eventLock)
            {
                _events.Enqueue(raise);
                Monitor.PulseAll(_eventLock);
            }
        }

        /// <summary>Begins the end of the connection: the thread of the events raises what is left of them, closes, and raises ConnectionClosed.</summary>
        private void BeginClose()
        {
            lock (_eventLock)
            {
                _isClosing = true;
                _isConnected = false;
                Monitor.PulseAll(_eventLock);
            }
        }

        /// <summary>The one thread on which all events but ConnectionOpened are raised.</summary>
        private void Dispatch()
        {
            while (TryDequeue(out var raise))
            {
                try
                {
                    raise();
                }
                catch (Exception)
                {
                    // As the original has it: whatever escapes a handler costs the connection, and its cause is lost.
                    BeginClose();
                }
            }

            if (!TryStop())
            {
                return;
            }

            Release();
            lock (_eventLock)
            {
                if (_isDisposed)
                {
                    return;
                }
            }

            try
            {
                ConnectionClosed?.Invoke(this, EventArgs.Empty);
            }
            catch (Exception)
            {
                // There is nothing left to close.
            }
        }

        /// <summary>Waits for an event.</summary>
        /// <returns>False when the connection has ended and there is none left, or the client was closed.</returns>
        private bool TryDequeue(out Action raise)
        {
            lock (_eventLock)
            {
                while (_events.Count == 0 && !_isClosing && !_isStopped)
                {
                    Monitor.Wait(_eventLock);
                }

                raise = null;
                return !_isStopped && _events.TryDequeue(out raise);
            }
        }

        /// <summary>Whether this caller is the first to stop the client, and so the one to release it.</summary>
        private bool TryStop()
        {
            lock (_eventLock)
            {
                if (_isStopped)
                {
                    return false;
                }

                _isStopped = true;
                Monitor.PulseAll(_eventLock);
                return true;
            }
        }

        private void Release()
        {
            if (_connection is not null)
            {
                // The original gives its threads this long to come to an end.
                Thread.Sleep(_timings.Close);
            }

            _stopping.Cancel();
            _connection?.DisposeAsync().AsTask().GetAwaiter().GetResult();
            _isConnected = false;
            _certificate?.Dispose();
            _credentials.Dispose();
            _isReleased.Set();
        }
    }
}
