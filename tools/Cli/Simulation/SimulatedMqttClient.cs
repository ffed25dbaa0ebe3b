using System.Collections;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Mqtt;
using nanoFramework.M2Mqtt;
using nanoFramework.M2Mqtt.Exceptions;
using nanoFramework.M2Mqtt.Messages;

namespace Cli.Simulation;

/// <summary>
/// nanoFramework.M2Mqtt's client in simulated time, as <see cref="MqttClient"/> is over real sockets: it speaks MQTT to a broker, throws
/// what the original throws, and never tells what the original does not. Its events come while the board's thread waits.
/// </summary>
internal sealed class SimulatedMqttClient : IMqttClient
{
    /// <summary>An RSA handshake with a client certificate, with what an ESP32 takes for it.</summary>
    private static readonly TimeSpan s_handshakeTime = TimeSpan.FromMilliseconds(1500);

    /// <summary>How long a TCP connection that nobody answers takes to fail.</summary>
    private static readonly TimeSpan s_tcpTime = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan s_connAckTime = MqttClientTimings.Board.ConnAck;
    private static readonly TimeSpan s_retryTime = MqttClientTimings.Board.Retry;
    private static readonly TimeSpan s_closeTime = MqttClientTimings.Board.Close;

    /// <summary>What disposing of a client takes whose peer has closed the connection.</summary>
    private static readonly TimeSpan s_closedDisposeTime = TimeSpan.FromMilliseconds(1200);

    private readonly SimulatedMqttClients _owner;
    private readonly SimulatedDevice _device;
    private readonly SimulatedWorld _world;
    private readonly bool _isTrusted;
    private readonly X509Certificate2 _certificate;
    private readonly bool _isKeyOfCertificate;
    private readonly bool _isRefusalLost;
    private readonly List<InflightMessage> _inflight = [];
    private SimulatedLink? _link;
    private ConnAckPacket? _connAck;
    private ITimer? _keepAlive;
    private TimeSpan _keepAlivePeriod;
    private TimeSpan _lastSent;
    private bool _isPingUnanswered;
    private int _messageId;
    private bool _wasConnectCalled;
    private bool _isClosing;
    private bool _isStopped;
    private bool _isDisposed;

    public SimulatedMqttClient(SimulatedMqttClients owner, SimulatedDevice device, SimulatedWorld world, bool isTrusted, X509Certificate2 certificate, bool isKeyOfCertificate, bool isRefusalLost)
    {
        _owner = owner;
        _device = device;
        _world = world;
        _isTrusted = isTrusted;
        _certificate = certificate;
        _isKeyOfCertificate = isKeyOfCertificate;
        _isRefusalLost = isRefusalLost;
    }

    /// <inheritdoc/>
    public event IMqttClient.MqttMsgPublishEventHandler? MqttMsgPublishReceived;

    /// <inheritdoc/>
    public event IMqttClient.MqttMsgPublishedEventHandler? MqttMsgPublished;

    /// <inheritdoc/>
    public event IMqttClient.MqttMsgSubscribedEventHandler? MqttMsgSubscribed;

    /// <inheritdoc/>
    public event IMqttClient.MqttMsgUnsubscribedEventHandler? MqttMsgUnsubscribed;

    /// <inheritdoc/>
    public event IMqttClient.ConnectionClosedEventHandler? ConnectionClosed;

    /// <inheritdoc/>
    public bool IsConnected { get; private set; }

    /// <inheritdoc/>
    public void Init(string brokerHostName, int brokerPort, bool secure, byte[] caCert, byte[] clientCert, MqttSslProtocols sslProtocol) =>
        throw new NotSupportedException("Init has no parameter for a private key: the client is made by its constructor.");

    /// <inheritdoc/>
    public MqttReasonCode Connect(
        string clientId,
        string? username,
        string? password,
        bool willRetain,
        MqttQoSLevel willQosLevel,
        bool willFlag,
        string? willTopic,
        string? willMessage,
        bool cleanSession,
        ushort keepAlivePeriod)
    {
        if (_wasConnectCalled || username is not null || password is not null || willFlag || willTopic is not null)
        {
            throw new NotSupportedException("A second Connect, a user name or a will: the agent needs none of them.");
        }

        _wasConnectCalled = true;
        Handshake();
        Send(new ConnectPacket(clientId, cleanSession, keepAlivePeriod));
        _device.Wait(() => _connAck is not null || _isClosing, s_connAckTime);
        if (_connAck is not { } answer)
        {
            throw new MqttCommunicationException();
        }

        if (answer.ReturnCode == ConnectReturnCode.Accepted)
        {
            if (_isClosing)
            {
                throw new MqttCommunicationException();
            }

            IsConnected = true;
            _keepAlivePeriod = TimeSpan.FromSeconds(keepAlivePeriod);
            if (keepAlivePeriod > 0)
            {
                _keepAlive = _world.Time.CreateTimer(_ => KeepAlive(), null, _keepAlivePeriod, Timeout.InfiniteTimeSpan);
            }

            _world.Time.Post(ProcessInflight);
        }
        else
        {
            // The end of the connection races with the answer
            _device.Wait(() => _isClosing && _isRefusalLost, MqttClientTimings.Board.RefusalRace);
            if (_isClosing && _isRefusalLost)
            {
                throw new MqttCommunicationException();
            }
        }

        return (MqttReasonCode)answer.ReturnCode;
    }

    /// <inheritdoc/>
    public void Disconnect()
    {
        _device.CheckPower();
        if (_link is null || _isClosing || _isStopped)
        {
            throw new MqttCommunicationException(new IOException("The connection is closed."));
        }

        Send(new DisconnectPacket());
        BeginClose();
    }

    /// <inheritdoc/>
    public ushort Subscribe(string[] topics, MqttQoSLevel[] qosLevels)
    {
        ushort id = NextId();
        Enqueue(new InflightMessage
        {
            Id = id,
            AcknowledgedBy = typeof(SubAckPacket),
            MakePacket = _ => new SubscribePacket(id, [.. topics.Zip(qosLevels, (topic, level) => new TopicFilterRequest(topic, (QualityOfService)level))]),
        });
        return id;
    }

    /// <inheritdoc/>
    public ushort Unsubscribe(string[] topics)
    {
        ushort id = NextId();
        Enqueue(new InflightMessage { Id = id, AcknowledgedBy = typeof(UnsubAckPacket), MakePacket = _ => new UnsubscribePacket(id, topics) });
        return id;
    }

    /// <inheritdoc/>
    public ushort Publish(string topic, byte[] message) => Publish(topic, message, null, null, MqttQoSLevel.AtMostOnce, false);

    /// <inheritdoc/>
    public ushort Publish(string topic, byte[] message, string contentType) => Publish(topic, message, contentType, null, MqttQoSLevel.AtMostOnce, false);

    /// <inheritdoc/>
    public ushort Publish(string topic, byte[] message, string? contentType, ArrayList? userProperties, MqttQoSLevel qosLevel, bool retain)
    {
        if (!string.IsNullOrEmpty(contentType) || userProperties is { Count: > 0 } || qosLevel == MqttQoSLevel.ExactlyOnce)
        {
            throw new NotSupportedException("MQTT 5 and QoS 2: the agent needs neither.");
        }

        if (_isDisposed)
        {
            _device.Blame("a freed client publishes");
        }

        ushort id = NextId();
        PublishPacket packet = new(topic, message, (QualityOfService)qosLevel, retain);
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
    public void Close() => throw new NotSupportedException("The agent frees its clients by Dispose.");

    /// <summary>Frees it: no DISCONNECT is sent, and no event comes any more.</summary>
    internal void Dispose()
    {
        _isDisposed = true;
        if (!_isStopped)
        {
            TimeSpan time = _link is null ? TimeSpan.Zero : _isClosing ? s_closedDisposeTime : s_closeTime;
            Stop();
            if (time > TimeSpan.Zero)
            {
                _device.Wait(time);
            }
        }
    }

    /// <summary>Nothing comes from it any more, and its peer is not told.</summary>
    internal void PowerOff()
    {
        _isDisposed = true;
        LoseNetwork();
        Stop();
    }

    /// <summary>Its connection is dead, and nobody is told.</summary>
    internal void LoseNetwork() => _link?.Die();

    /// <summary>A packet has come.</summary>
    internal void Take(Packet packet)
    {
        if (_isStopped)
        {
            return;
        }

        switch (packet)
        {
            case ConnAckPacket connAck:
                // ConnectionOpened comes before Connect returns or throws
                _owner.LastReturnCode = connAck.ReturnCode;
                _connAck = connAck;
                _device.Wake();
                break;

            case PublishPacket publish:
                TakePublish(publish);
                break;

            case PubAckPacket pubAck when TryAcknowledge(pubAck.PacketId, pubAck):
                Raise(() => MqttMsgPublished?.Invoke(this, new MqttMsgPublishedEventArgs(pubAck.PacketId, true)));
                break;

            case SubAckPacket subAck when TryAcknowledge(subAck.PacketId, subAck):
                MqttQoSLevel[] granted = [.. subAck.ReturnCodes.Select(code => (MqttQoSLevel)code)];
                Raise(() => MqttMsgSubscribed?.Invoke(this, new MqttMsgSubscribedEventArgs(subAck.PacketId, granted)));
                break;

            case UnsubAckPacket unsubAck when TryAcknowledge(unsubAck.PacketId, unsubAck):
                Raise(() => MqttMsgUnsubscribed?.Invoke(this, new MqttMsgUnsubscribedEventArgs(unsubAck.PacketId)));
                break;

            case PingRespPacket:
                _isPingUnanswered = false;
                break;

            default:
                // An acknowledgement that came too late, or what a client should not get: the original goes on as well
                break;
        }
    }

    /// <summary>The peer has closed the connection: that is seen at once, and told 200 ms later.</summary>
    internal void TakeEnd() => BeginClose();

    private static MqttConnectionException Failed(int errorCode) =>
        new($"Socket exception connecting to the broker: {errorCode}", new BoardSocketException(errorCode, "simulated"));

    private void Handshake()
    {
        if (!_device.HasWifi || !_world.IsListening)
        {
            _device.Wait(_device.HasWifi ? _world.Latency : s_tcpTime);
            throw Failed(BoardSocketException.WouldBlock);
        }

        _device.Wait(s_handshakeTime);
        if (!_device.HasWifi || !_world.IsListening)
        {
            throw Failed(BoardSocketException.ConnectionReset);
        }

        // The client looks at the server's certificate before it shows its own
        if (!_isTrusted || !_device.IsSet || Math.Abs(_device.ClockError.TotalDays) > 30)
        {
            throw Failed(BoardSocketException.CertificateVerifyFailed);
        }

        if (!_isKeyOfCertificate)
        {
            throw Failed(BoardSocketException.FatalAlert);
        }

        if (_world.Refuse(_device, _certificate) is not null)
        {
            throw Failed(BoardSocketException.ConnectionReset);
        }

        _link = _world.Open(_device, this, _certificate);
    }

    private void Enqueue(InflightMessage message)
    {
        _inflight.Add(message);
        if (IsConnected)
        {
            _world.Time.Post(ProcessInflight);
        }
    }

    /// <summary>Sends what is new, sends again what was not acknowledged for a second, and gives up what was sent three times.</summary>
    private void ProcessInflight()
    {
        for (int i = 0; i < _inflight.Count && !_isClosing && !_isStopped;)
        {
            InflightMessage message = _inflight[i];
            if (message.Attempts > 0 && _world.Time.Elapsed.Ticks - message.SentAt < s_retryTime.Ticks)
            {
                i++;
                continue;
            }

            if (message.Attempts == InflightMessage.MaximumAttempts)
            {
                _inflight.RemoveAt(i);
                message.GivenUp?.Invoke();
                continue;
            }

            message.Attempts++;
            message.SentAt = _world.Time.Elapsed.Ticks;
            if (message.AcknowledgedBy is null)
            {
                _inflight.RemoveAt(i);
            }
            else
            {
                i++;
                _world.Time.After(s_retryTime, ProcessInflight);
            }

            try
            {
                if (message.MakePacket(message.Attempts > 1) is { } packet)
                {
                    Send(packet);
                }
            }
            catch (ArgumentException)
            {
                // What cannot be sent closes the connection
                _device.Blame("it publishes what cannot be sent");
                BeginClose();
                return;
            }

            message.Sent?.Invoke();
        }
    }

    private void TakePublish(PublishPacket publish)
    {
        byte[] payload = publish.Payload.ToArray();
        MqttMsgPublishEventArgs message = new(publish.Topic, payload, publish.Duplicate, (MqttQoSLevel)publish.QoS, publish.Retain);

        // Acknowledged first, and only then raised
        Enqueue(new InflightMessage
        {
            Id = 0,
            MakePacket = _ => publish.QoS == QualityOfService.AtLeastOnce ? new PubAckPacket(publish.PacketId) : null!,
            Sent = () => Raise(() => MqttMsgPublishReceived?.Invoke(this, message)),
        });
    }

    private bool TryAcknowledge(ushort id, Packet acknowledgement)
    {
        int at = _inflight.FindIndex(message => message.Id == id && message.Attempts > 0 && message.AcknowledgedBy == acknowledgement.GetType());
        if (at >= 0)
        {
            _inflight.RemoveAt(at);
        }

        return at >= 0;
    }

    private void Send(Packet packet)
    {
        _lastSent = _world.Time.Elapsed;
        _link!.Send(packet);
    }

    private void KeepAlive()
    {
        if (_isClosing || _isStopped)
        {
            return;
        }

        if (_isPingUnanswered)
        {
            BeginClose();
            return;
        }

        TimeSpan wait = _keepAlivePeriod - (_world.Time.Elapsed - _lastSent);
        if (wait <= TimeSpan.Zero)
        {
            _isPingUnanswered = true;
            Send(new PingReqPacket());
            wait = _keepAlivePeriod;
        }

        _keepAlive!.Change(wait, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Lets an event come, after those before it.</summary>
    private void Raise(Action raise) => _world.Time.Post(() =>
    {
        if (_isStopped)
        {
            return;
        }

        try
        {
            raise();
        }
        catch (Exception e)
        {
            // Whatever escapes a handler costs the connection
            _device.Blame("a handler let " + e.GetType().Name + " escape");
            BeginClose();
        }

        _device.Wake();
    });

    private void BeginClose()
    {
        if (_isClosing || _isStopped)
        {
            return;
        }

        _isClosing = true;
        IsConnected = false;
        _device.Wake();
        _world.Time.After(s_closeTime, () =>
        {
            if (_isStopped)
            {
                return;
            }

            Stop();
            ConnectionClosed?.Invoke(this, EventArgs.Empty);
            _device.Wake();
        });
    }

    private void Stop()
    {
        _isStopped = true;
        IsConnected = false;
        _keepAlive?.Dispose();
        _link?.Close();
    }

    private ushort NextId() => (ushort)((_messageId++ % ushort.MaxValue) + 1);
}
