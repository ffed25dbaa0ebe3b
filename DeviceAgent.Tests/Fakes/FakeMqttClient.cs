using System;
using System.Collections;
using nanoFramework.M2Mqtt;
using nanoFramework.M2Mqtt.Messages;

namespace DeviceAgent.Tests.Fakes
{
    /// <summary>
    /// A client as M2Mqtt's is: ids and no results on a dead connection, a QoS 1 message sent three times a second apart and then given up,
    /// no word of a SUBSCRIBE that nobody answers, events one after the other and never after it was freed, a closing handler exception.
    /// Its events come while somebody waits on the <see cref="VirtualClock"/>.
    /// </summary>
    public sealed class FakeMqttClient : IMqttClient
    {
        private readonly FakeMqttClients _owner;
        private readonly VirtualClock _clock;
        private readonly FakeCloud _cloud;
        private readonly ArrayList _unacknowledged = new ArrayList();
        private ushort _lastId;
        private bool _isConnected;
        private bool _isClosing;
        private bool _isClosed;
        private bool _isDisposed;

        internal FakeMqttClient(FakeMqttClients owner, VirtualClock clock, FakeCloud cloud, string host, int port, string certificate, string key)
        {
            _owner = owner;
            _clock = clock;
            _cloud = cloud;
            Host = host;
            Port = port;
            Certificate = certificate;
            Key = key;
        }

        /// <inheritdoc/>
        public event IMqttClient.MqttMsgPublishEventHandler MqttMsgPublishReceived;

        /// <inheritdoc/>
        public event IMqttClient.MqttMsgPublishedEventHandler MqttMsgPublished;

        /// <inheritdoc/>
        public event IMqttClient.MqttMsgSubscribedEventHandler MqttMsgSubscribed;

#pragma warning disable CS0067 // the agent never unsubscribes
        /// <inheritdoc/>
        public event IMqttClient.MqttMsgUnsubscribedEventHandler MqttMsgUnsubscribed;
#pragma warning restore CS0067

        /// <inheritdoc/>
        public event IMqttClient.ConnectionClosedEventHandler ConnectionClosed;

        /// <summary>Where it connects to.</summary>
        public string Host { get; }

        /// <summary>Where it connects to.</summary>
        public int Port { get; }

        /// <summary>Its certificate's text.</summary>
        public string Certificate { get; }

        /// <summary>Its key's text.</summary>
        public string Key { get; }

        /// <summary>The client id that it connected with.</summary>
        public string ClientId { get; private set; }

        /// <summary>Whether it asked for a clean session.</summary>
        public bool IsCleanSession { get; private set; }

        /// <summary>Its keep-alive in seconds.</summary>
        public int KeepAlive { get; private set; }

        /// <summary>What happens when it is next asked whether it is connected; for what may happen in between.</summary>
        public Action WhenAsked { get; set; }

        /// <summary>Whether the connection dies just before its DISCONNECT is sent.</summary>
        public bool DiesAtGoodbye { get; set; }

        /// <summary>The topic filters that it has subscribed to.</summary>
        internal ArrayList Filters { get; } = new ArrayList();

        /// <inheritdoc/>
        public bool IsConnected
        {
            get
            {
                Action action = WhenAsked;
                WhenAsked = null;
                action?.Invoke();
                return _isConnected;
            }
        }

        /// <inheritdoc/>
        public void Init(string brokerHostName, int brokerPort, bool secure, byte[] caCert, byte[] clientCert, MqttSslProtocols sslProtocol)
            => throw new NotSupportedException();

        /// <inheritdoc/>
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
            if (username != null || password != null || willFlag || willRetain || willTopic != null || willMessage != null)
            {
                _owner.Fault = "a user name or a will that nobody has asked for";
            }

            ClientId = clientId;
            IsCleanSession = cleanSession;
            KeepAlive = keepAlivePeriod;
            int code = _cloud.Connect(this);
            _owner.LastReturnCode = code & 0xFF;
            if (code > 0xFF)
            {
                throw new FakeConnectException(0); // the broker closed before Connect could return its code
            }

            _isConnected = code == 0;
            return (MqttReasonCode)code;
        }

        /// <inheritdoc/>
        public void Disconnect()
        {
            if (DiesAtGoodbye)
            {
                Lose();
            }

            if (!_isConnected)
            {
                throw new FakeConnectException(0);
            }

            _cloud.Disconnected(this);
            Lose();
        }

        /// <inheritdoc/>
        public ushort Subscribe(string[] topics, MqttQoSLevel[] qosLevels)
        {
            ushort id = NextId();
            if (_isConnected)
            {
                _clock.After(1, () => Arrive(() => _cloud.Subscribe(this, id, topics, qosLevels)));
            }

            return id;
        }

        /// <inheritdoc/>
        public ushort Unsubscribe(string[] topics) => throw new NotSupportedException();

        /// <inheritdoc/>
        public ushort Publish(string topic, byte[] message, string contentType, ArrayList userProperties, MqttQoSLevel qosLevel, bool retain)
        {
            ushort id = NextId();
            if (_isDisposed)
            {
                _owner.Fault = "a freed client publishes";
            }

            if (!_isConnected)
            {
                return id; // it is queued, and nothing ever follows
            }

            if (topic.Length == 0 || topic.IndexOf('#') >= 0 || topic.IndexOf('+') >= 0)
            {
                Lose();
                return id;
            }

            if (qosLevel == MqttQoSLevel.AtMostOnce)
            {
                _clock.After(1, () => Arrive(() => _cloud.Publish(this, 0, topic, message)));
                return id;
            }

            _unacknowledged.Add(id);
            if (_cloud.IsFast)
            {
                _cloud.Publish(this, id, topic, message); // its acknowledgement comes before the caller has the id
            }
            else
            {
                _clock.After(1, () => Attempt(id, topic, message, 1));
            }

            return id;
        }

        /// <inheritdoc/>
        public ushort Publish(string topic, byte[] message, string contentType) => throw new NotSupportedException();

        /// <inheritdoc/>
        public ushort Publish(string topic, byte[] message) => throw new NotSupportedException();

        /// <inheritdoc/>
        public void Close() => throw new NotSupportedException();

        /// <summary>A message from the broker. It is told of a moment later, even where the connection closes in between.</summary>
        internal void Receive(string topic, byte[] payload, bool isRetained)
        {
            if (_isConnected)
            {
                MqttMsgPublishEventArgs message = new MqttMsgPublishEventArgs(topic, payload, false, MqttQoSLevel.AtMostOnce, isRetained);
                _clock.After(1, () => Raise(() => MqttMsgPublishReceived?.Invoke(this, message)));
            }
        }

        /// <summary>A PUBACK from the broker.</summary>
        internal void Acknowledge(ushort id, bool isAtOnce)
        {
            if (!_isConnected || !_unacknowledged.Contains(id))
            {
                return;
            }

            _unacknowledged.Remove(id);
            if (isAtOnce)
            {
                RaisePublished(id, true);
            }
            else
            {
                _clock.After(1, () => RaisePublished(id, true));
            }
        }

        /// <summary>A SUBACK from the broker.</summary>
        internal void Grant(ushort id, MqttQoSLevel[] levels)
        {
            if (_isConnected)
            {
                _clock.After(1, () => Raise(() => MqttMsgSubscribed?.Invoke(this, new MqttMsgSubscribedEventArgs(id, levels))));
            }
        }

        /// <summary>The connection is gone: that is seen at once, and told 200 ms later.</summary>
        internal void Lose()
        {
            _isConnected = false;
            if (!_isClosing)
            {
                _isClosing = true;
                _clock.After(200, () =>
                {
                    _isClosed = true;
                    Raise(() => ConnectionClosed?.Invoke(this, EventArgs.Empty));
                });
            }
        }

        /// <summary>Frees it: at once where it is closed or never was open, with no goodbye where it is, and after a while where the peer has closed it.</summary>
        internal void Dispose()
        {
            bool wasConnected = _isConnected;
            _isConnected = false;
            _isDisposed = true;
            _clock.Pass(wasConnected ? 200 : _isClosing && !_isClosed ? 1200 : 0);
        }

        internal void PowerOff()
        {
            _isConnected = false;
            _isDisposed = true;
        }

        private void Attempt(ushort id, string topic, byte[] message, int attempt)
        {
            if (!_isConnected || !_unacknowledged.Contains(id))
            {
                return;
            }

            if (attempt > 3)
            {
                _unacknowledged.Remove(id);
                RaisePublished(id, false);
                return;
            }

            _clock.After(1000, () => Attempt(id, topic, message, attempt + 1));
            _cloud.Publish(this, id, topic, message);
        }

        private void Arrive(Action action)
        {
            if (_isConnected)
            {
                action();
            }
        }

        private void RaisePublished(ushort id, bool isPublished) => Raise(() => MqttMsgPublished?.Invoke(this, new MqttMsgPublishedEventArgs(id, isPublished)));

        private void Raise(Action action)
        {
            if (_isDisposed)
            {
                return;
            }

            try
            {
                action();
            }
            catch (Exception e)
            {
                _owner.Fault = "a handler let " + e.GetType().Name + " escape";
                Lose();
            }
        }

        private ushort NextId()
        {
            _lastId = (ushort)(_lastId % 65535 + 1);
            return _lastId;
        }
    }
}
