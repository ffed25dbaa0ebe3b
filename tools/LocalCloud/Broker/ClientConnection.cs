using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using System.Text;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Mqtt;

namespace LocalCloud;

/// <summary>One connection of a client: MQTT 3.1.1 with AWS IoT Core's differences (developer guide, "MQTT").</summary>
/// <remarks>
/// One task reads and handles packets in order, another writes. Everything that is to be written goes through a bounded
/// queue, so that a client that does not read holds up nobody but itself.
/// </remarks>
internal sealed class ClientConnection
{
    /// <summary>AWS's return code for a CONNECT that no policy allows; MQTT 3.1.1 would have 5.</summary>
    private const byte NotAuthorized = 7;

    /// <summary>
    /// What the client ids begin with that are given to clients which have none and ask for a clean session. AWS gives them one
    /// too, with which they cannot come back (aws/aws-iot-device-sdk-js-v2 pull request 541, awslabs/aws-c-mqtt pull request 404).
    /// </summary>
    private const string GeneratedPrefix = "$GEN/";

    /// <summary>How long the last packets of a connection may take, by the network's clock and not by the protocol's.</summary>
    private static readonly TimeSpan s_drainTime = TimeSpan.FromSeconds(1);

    /// <summary>After how many bytes the writer waits for the network.</summary>
    private const int FlushSize = 64 * 1024;

    /// <summary>How many topics that the client may not receive are told in the log.</summary>
    private const int MaximumWithheldTold = 20;

    private static readonly PacketReaderOptions s_readerOptions = new() { MaximumPacketSize = BrokerLimits.MaximumPacket };

    private readonly MqttBroker _broker;
    private readonly ConnectionContext _connection;

    /// <summary>Where the connection lives: on the thread pool, or in a simulation's one thread.</summary>
    private readonly SynchronizationContext _elsewhere = SynchronizationContext.Current ?? new SynchronizationContext();
    private readonly Channel<Packet> _outbound = Channel.CreateUnbounded<Packet>(new UnboundedChannelOptions { SingleReader = true });
    private readonly CancellationTokenSource _closed = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What is left of the answers that may wait for the client; when nothing is, it is not listened to.</summary>
    private readonly SemaphoreSlim _answers = new(BrokerLimits.MaximumUnanswered);

    /// <summary>The limits on what the client sends, or null where they do not hold: used by the reading task, and by none other.</summary>
    private readonly RateLimit? _publishes;
    private readonly RateLimit? _bytes;

    /// <summary>Used within the lock of the session.</summary>
    private readonly HashSet<string> _withheld = new(StringComparer.Ordinal);

    /// <summary>The services that it has asked and that LocalCloud does not have: used by the reading task, and by none other.</summary>
    private readonly HashSet<string> _unanswered = new(StringComparer.Ordinal);

    /// <summary>What goes wrong by order, or null where nothing does.</summary>
    private readonly ConnectionFaults? _faults;

    private Disconnection? _disconnection;
    private ClientSession? _session;
    private int _discarded;
    private bool _wasDelayed;
    private ITimer? _timer;
    private TimeSpan _patience = BrokerLimits.ConnectTimeout;
    private long _lastReceived;
    private long _sent;
    private long _written;
    private int _waitingPackets;
    private long _waitingBytes;
    private bool _isConnected;
    private Will? _will;

    /// <summary>What policies can ask about it.</summary>
    private PolicyConnection _asked = new("", SourceAddress: null, IsPersistent: false, LastWillTopic: null);

    public ClientConnection(MqttBroker broker, ConnectionContext connection, string certificateId)
    {
        _broker = broker;
        _connection = connection;
        CertificateId = certificateId;
        RemoteAddress = Format(connection.RemoteEndPoint);
        _lastReceived = broker.Clock.GetTimestamp();
        _faults = broker.Faults is { } plan ? new ConnectionFaults(plan, broker, this) : null;
        if (broker.LimitsMessages)
        {
            _publishes = new RateLimit(BrokerLimits.PublishesPerSecond, broker.Clock);
            _bytes = new RateLimit(BrokerLimits.BytesPerSecond, broker.Clock);
        }
    }

    /// <summary>The certificate of the TLS handshake.</summary>
    public string CertificateId { get; }

    /// <summary>Address and port of the client.</summary>
    public string RemoteAddress { get; }

    /// <summary>The client id, once CONNECT has come; empty before.</summary>
    public string ClientId { get; private set; } = "";

    /// <summary>The client's address, without its port.</summary>
    public string Address => AddressOf(_connection.RemoteEndPoint)?.ToString() ?? "";

    /// <summary>The thing that its certificate was attached to exclusively when it connected, or null: lifecycle events name it.</summary>
    public string? ThingName { get; private set; }

    /// <summary>What lifecycle events call the connection.</summary>
    public string Identifier { get; } = Guid.NewGuid().ToString("N");

    /// <summary>Which of its client id's connections it is, for lifecycle events.</summary>
    public long Version { get; set; }

    /// <summary>Whether much waits for the client to take it.</summary>
    public bool IsSlow => Volatile.Read(ref _waitingBytes) > BrokerLimits.MaximumWaitingBytesForRepeats;

    /// <summary>Ends with the connection.</summary>
    public Task Ended => _ended.Task;

    /// <summary>What the log calls it.</summary>
    private string Name => _isConnected ? CloudLog.Printable(ClientId) : RemoteAddress;

    /// <summary>Address and port as people write them: an IPv4 address is not shown as an IPv6 one.</summary>
    public static string Format(EndPoint? endPoint) => endPoint is IPEndPoint { Address.IsIPv4MappedToIPv6: true } mapped
        ? new IPEndPoint(mapped.Address.MapToIPv4(), mapped.Port).ToString()
        : endPoint?.ToString() ?? "an unknown address";

    /// <summary>The address alone, likewise, or null where there is none.</summary>
    public static IPAddress? AddressOf(EndPoint? endPoint) => endPoint switch
    {
        IPEndPoint { Address.IsIPv4MappedToIPv6: true } mapped => mapped.Address.MapToIPv4(),
        IPEndPoint plain => plain.Address,
        _ => null,
    };

    /// <summary>Serves the connection until it ends.</summary>
    public async Task RunAsync()
    {
        var writing = WriteAsync();
        try
        {
            using (_timer = _broker.Clock.CreateTimer(_ => CheckPatience(), state: null, _patience, Timeout.InfiniteTimeSpan))
            {
                await ReadAsync();
            }
        }
        catch (Exception e) when (e is IOException or ConnectionAbortedException or OperationCanceledException)
        {
            Close(DisconnectReason.ConnectionLost, $"the connection broke: {e.Message}");
        }
        catch (Exception e)
        {
            Fail(e);
        }

        _faults?.Dispose();
        Leave();
        try
        {
            await writing.WaitAsync(s_drainTime, _broker.NetworkClock);
            await SayGoodbyeAsync().WaitAsync(s_drainTime, _broker.NetworkClock);
        }
        catch (TimeoutException)
        {
            _connection.Abort(new ConnectionAbortedException("The client does not read."));
            await writing;
        }
        finally
        {
            _ended.SetResult();
        }
    }

    /// <summary>Ends the connection. What is queued is still written. Only the first reason counts.</summary>
    /// <param name="reason">AWS's word for it.</param>
    /// <param name="explanation">For the log.</param>
    public void Close(DisconnectReason reason, string explanation)
    {
        if (Interlocked.CompareExchange(ref _disconnection, new Disconnection(reason, explanation), null) is not null)
        {
            return;
        }

        _outbound.Writer.TryComplete();

        // Elsewhere, because whoever waits for these may go on at once, and this may be called within locks.
        _elsewhere.Post(
            static state =>
            {
                var connection = (ClientConnection)state!;
                connection._connection.Transport.Input.CancelPendingRead();
                connection._closed.Cancel();
            },
            this);
    }

    /// <summary>Answers CONNECT: the first packet that the client is sent.</summary>
    /// <param name="isResumed">Whether the client's session was there before.</param>
    public void Accept(bool isResumed)
    {
        var answer = new ConnAckPacket(isResumed, ConnectReturnCode.Accepted);
        foreach (var packet in _faults?.InsteadOf(answer) ?? [answer])
        {
            Send(packet);
        }
    }

    /// <summary>
    /// Whether the client's policies let it receive what comes to a topic. AWS withholds a message that they do not, and
    /// keeps the connection (aws/aws-iot-device-sdk-embedded-C issue 278). For one thread at a time.
    /// </summary>
    /// <param name="topic">The topic.</param>
    public bool MayReceive(string topic)
    {
        var decision = Decide(PolicyActions.Receive, _broker.Authorizer.Arns.Topic(topic));
        if (!decision.IsAllowed && _withheld.Count < MaximumWithheldTold && _withheld.Add(topic))
        {
            _broker.Log.Warning($"{Name} is not sent what comes to {CloudLog.Printable(topic)}: {CloudLog.Printable(decision.Reason)}");
        }

        return decision.IsAllowed;
    }

    /// <summary>Sends a packet after those that wait, and cuts the client when too many do.</summary>
    /// <param name="packet">The packet.</param>
    /// <returns>Which of the connection's packets it is, for <see cref="HasWritten"/>.</returns>
    public long Send(Packet packet)
    {
        if (_faults is { IsMute: true } || !Account(packet) || !_outbound.Writer.TryWrite(packet))
        {
            return long.MaxValue;
        }

        if (packet is PublishPacket)
        {
            _broker.Counters.CountMessageOut();
        }

        return Interlocked.Increment(ref _sent);
    }

    /// <summary>Whether a packet has left for the network. Packets of two threads in the same moment may be taken for one another.</summary>
    /// <param name="position">What <see cref="Send"/> returned.</param>
    public bool HasWritten(long position) => Volatile.Read(ref _written) >= position;

    private async Task ReadAsync()
    {
        var input = _connection.Transport.Input;
        while (_disconnection is null)
        {
            var result = await input.ReadAsync();
            if (_disconnection is not null)
            {
                // What came in the same moment is not heard any more.
                return;
            }

            var buffer = result.Buffer;
            Packet? packet;
            try
            {
                if (!PacketReader.TryRead(ref buffer, s_readerOptions, out packet))
                {
                    packet = null;
                }
            }
            catch (MqttProtocolException e)
            {
                if (!_isConnected && e.ConnectReturnCode is { } returnCode)
                {
                    Send(new ConnAckPacket(SessionPresent: false, returnCode));
                }

                Close(DisconnectReason.ClientError, $"it sent what is not allowed: {e.Message}");
                return;
            }

            if (packet is not null)
            {
                var size = result.Buffer.Length - buffer.Length;
                input.AdvanceTo(buffer.Start);
                Volatile.Write(ref _lastReceived, _broker.Clock.GetTimestamp());
                if (_faults is not { IsMute: true })
                {
                    await HandleAsync(packet);
                    _faults?.CountPacket();
                }

                await SlowDownAsync(size);
            }
            else if (result.IsCompleted)
            {
                Close(DisconnectReason.ConnectionLost, _isConnected
                    ? "the client closed the connection without DISCONNECT"
                    : "the client closed it before CONNECT; it may be one that does not trust the root CA, or checks another host name");
                return;
            }
            else
            {
                input.AdvanceTo(buffer.Start, buffer.End);
            }
        }
    }

    /// <summary>Lets what comes next wait while more than <see cref="BrokerLimits.BytesPerSecond"/> have come.</summary>
    private async ValueTask SlowDownAsync(long size)
    {
        if (_bytes?.Take(size) is not { } delay || delay == TimeSpan.Zero)
        {
            return;
        }

        if (!_wasDelayed)
        {
            _wasDelayed = true;
            _broker.Log.Warning($"{Name} sends more than {BrokerLimits.BytesPerSecond / 1024} KiB a second: what exceeds that is delayed, as AWS does");
        }

        await Task.Delay(delay, _broker.Clock, _closed.Token);
    }

    private async Task WriteAsync()
    {
        var output = _connection.Transport.Output;
        var outbound = _outbound.Reader;
        try
        {
            while (await outbound.WaitToReadAsync())
            {
                var unflushed = 0;
                var answers = 0;
                var packets = 0;
                FaultPacket? fault = null;
                while (unflushed < FlushSize && fault is null && outbound.TryRead(out var packet))
                {
                    fault = packet as FaultPacket;
                    if (fault is null)
                    {
                        PacketWriter.Write(output, packet);
                    }

                    var size = SizeOf(packet);
                    unflushed += size;
                    packets++;
                    answers += IsAnswer(packet) ? 1 : 0;
                    Interlocked.Decrement(ref _waitingPackets);
                    Interlocked.Add(ref _waitingBytes, -size);
                }

                // What a client is told must be known after a kill. Nothing of it is on its way before the flush.
                if (_broker.Journal is { } journal && !await TryCommitAsync(journal))
                {
                    break;
                }

                var flushed = await output.FlushAsync();
                if (flushed.IsCompleted || flushed.IsCanceled)
                {
                    break;
                }

                Volatile.Write(ref _written, _written + packets);
                if (answers > 0)
                {
                    _answers.Release(answers);
                }

                if (fault is not null)
                {
                    await WriteAsync(fault);
                }
            }
        }
        catch (Exception e) when (e is IOException or ConnectionAbortedException or OperationCanceledException or InvalidOperationException)
        {
            // InvalidOperationException: the connection was ended while this wrote.
            Close(DisconnectReason.ConnectionLost, $"the connection broke: {e.Message}");
        }
        catch (Exception e)
        {
            Fail(e);
        }
        finally
        {
            // Nobody takes answers any more: the reading task must not wait for that, but find out how the connection ended.
            _answers.Release(BrokerLimits.MaximumWaitingPackets);
        }
    }

    private async ValueTask WriteAsync(FaultPacket fault)
    {
        if (fault.Pause > TimeSpan.Zero)
        {
            await Task.Delay(fault.Pause, _broker.Clock, _closed.Token);
        }

        await _connection.Transport.Output.WriteAsync(fault.Bytes);
        if (fault.Ends)
        {
            Close(DisconnectReason.ServerInitiatedDisconnect, "the fault plan orders the end in the middle of a packet");
        }
    }

    /// <summary>Waits until what the packets tell is written. Where it cannot be, the connection ends without them: the client will ask again.</summary>
    private async ValueTask<bool> TryCommitAsync(BrokerJournal journal)
    {
        try
        {
            await journal.CommitAsync();
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Close(DisconnectReason.ServerError, $"what it was to be told cannot be kept: {e.Message}");
            _connection.Abort(new ConnectionAbortedException("The journal cannot be written."));
            return false;
        }
    }

    /// <summary>A fault of LocalCloud's own costs one connection, not the process, and is told with all that is known.</summary>
    private void Fail(Exception exception)
    {
        _broker.Log.Error($"{Name}: LocalCloud failed: {exception}");
        Close(DisconnectReason.ServerError, "LocalCloud failed");
    }

    /// <summary>Ends TLS properly. Without it a client cannot tell the end of a connection from one that was cut short by a stranger.</summary>
    private async Task SayGoodbyeAsync()
    {
        if (_disconnection?.Reason == DisconnectReason.ConnectionLost || _connection.Features.Get<ISslStreamFeature>() is not { } tls)
        {
            return;
        }

        try
        {
            await tls.SslStream.ShutdownAsync();
        }
        catch (Exception e) when (e is IOException or ConnectionAbortedException or OperationCanceledException or InvalidOperationException)
        {
            // It is gone already.
        }
    }

    private async Task HandleAsync(Packet packet)
    {
        if (!_isConnected)
        {
            if (packet is ConnectPacket connect)
            {
                await ConnectAsync(connect);
            }
            else
            {
                Close(DisconnectReason.ClientError, $"its first packet is {packet.GetType().Name[..^"Packet".Length].ToUpperInvariant()}, not CONNECT");
            }

            return;
        }

        switch (packet)
        {
            case PublishPacket publish:
                await HandleAsync(publish);
                break;

            case PubAckPacket acknowledgement:
                _session!.Acknowledge(this, acknowledgement.PacketId);
                break;

            case SubscribePacket subscribe:
                await SubscribeAsync(subscribe);
                break;

            case UnsubscribePacket unsubscribe:
                _session!.Unsubscribe(this, unsubscribe.Filters);
                await AnswerAsync(new UnsubAckPacket(unsubscribe.PacketId));
                _broker.Tell(this, now => LifecycleEvents.Unsubscribed(this, unsubscribe.Filters, now));
                break;

            case PingReqPacket:
                await AnswerAsync(new PingRespPacket());
                break;

            case DisconnectPacket:
                _will = null;
                Close(DisconnectReason.ClientInitiatedDisconnect, "it sent DISCONNECT");
                break;

            case PubRelPacket or PubRecPacket or PubCompPacket:
                _broker.Log.Warning($"{Name}: a packet of a QoS 2 exchange is left unanswered: AWS IoT Core has no QoS 2");
                break;

            default:
                Close(DisconnectReason.ClientError, $"it sent {packet.GetType().Name[..^"Packet".Length].ToUpperInvariant()}, which {(packet is ConnectPacket ? "comes once" : "only servers send")}");
                break;
        }
    }

    private async ValueTask ConnectAsync(ConnectPacket connect)
    {
        if (_faults is not null && await _faults.MeetAsync(FaultStep.Connect, connect.ClientId, _closed.Token) is { } fault)
        {
            if (fault.Do == FaultAction.Refuse)
            {
                Send(new ConnAckPacket(SessionPresent: false, (byte)(fault.ReturnCode ?? NotAuthorized)));
                Close(DisconnectReason.AuthError, $"CONNECT as {CloudLog.Printable(connect.ClientId)} is refused, as the fault plan orders");
            }

            return;
        }

        var hasOwnClientId = connect.ClientId.Length > 0;
        if (!hasOwnClientId)
        {
            connect = connect with { ClientId = GeneratedPrefix + Guid.NewGuid() };
        }

        var clientIdBytes = Encoding.UTF8.GetByteCount(connect.ClientId);
        var clientIdFault = connect.ClientId switch
        {
            _ when clientIdBytes > BrokerLimits.MaximumClientId => $"the client id is {clientIdBytes} bytes long, and may be {BrokerLimits.MaximumClientId}",
            ['$', ..] when hasOwnClientId => "client ids that begin with $ are reserved",
            _ => null,
        };
        if (clientIdFault is not null)
        {
            Send(new ConnAckPacket(SessionPresent: false, ConnectReturnCode.IdentifierRejected));
            Close(DisconnectReason.ClientError, clientIdFault);
            return;
        }

        if (connect.Will is { } will && FindWillFault(will) is { } willFault)
        {
            Close(DisconnectReason.ClientError, $"its will is not allowed: {willFault}");
            return;
        }

        ClientId = connect.ClientId;
        _asked = new PolicyConnection(ClientId, AddressOf(_connection.RemoteEndPoint), !connect.CleanSession, connect.Will?.Topic);
        var decision = Decide(PolicyActions.Connect, _broker.Authorizer.Arns.Client(ClientId));
        if (!decision.IsAllowed)
        {
            Send(new ConnAckPacket(SessionPresent: false, NotAuthorized));
            Close(DisconnectReason.AuthError, $"CONNECT as {CloudLog.Printable(ClientId)} is refused: {CloudLog.Printable(decision.Reason)}");
            return;
        }

        if (!_broker.TakesConnect(ClientId))
        {
            Close(DisconnectReason.Throttled, $"CONNECT as {CloudLog.Printable(ClientId)} comes within a second of the last one with that client id: AWS IoT Core takes one a second");
            return;
        }

        ThingName = _broker.Authorizer.ExclusiveThingOf(CertificateId);
        _isConnected = true;
        _will = connect.Will;
        _patience = BrokerLimits.KeepAlive(connect.KeepAliveSeconds) * 1.5;
        _timer!.Change(_patience, Timeout.InfiniteTimeSpan);
        (_session, var isResumed) = _broker.Enter(this, connect.CleanSession);
        var session = (connect.CleanSession, isResumed) switch
        {
            (true, _) => "",
            (false, true) => ", and goes on with its persistent session",
            (false, false) => ", with a new persistent session",
        };
        _broker.Log.Information($"{Name} connected from {RemoteAddress} with certificate {CertificateId[..8]}, keep-alive {_patience.TotalSeconds / 1.5:0} s{session}");
        _broker.Tell(this, now => LifecycleEvents.Connected(this, now));
        _faults?.BeginSession();
    }

    private async Task HandleAsync(PublishPacket publish)
    {
        if (publish.QoS == QualityOfService.ExactlyOnce)
        {
            _broker.Log.Warning($"{Name}: a QoS 2 message to {CloudLog.Printable(publish.Topic)} is left unanswered: AWS IoT Core has no QoS 2");
            return;
        }

        if (_publishes is { } limit && !limit.TryTakeOne())
        {
            if (_discarded++ == 0)
            {
                _broker.Log.Warning($"{Name} publishes more than {BrokerLimits.PublishesPerSecond} messages a second: the excess is discarded without PUBACK, as AWS does");
            }

            return;
        }

        TellDiscarded();
        if (BrokerLimits.FindTopicFault(publish.Topic) is { } topicFault)
        {
            Close(DisconnectReason.ClientError, $"PUBLISH to {CloudLog.Printable(publish.Topic)}: {topicFault}");
            return;
        }

        if (publish.Payload.Length > BrokerLimits.MaximumPayload)
        {
            Close(DisconnectReason.ClientError, $"PUBLISH to {CloudLog.Printable(publish.Topic)}: {publish.Payload.Length} bytes are more than the {BrokerLimits.MaximumPayload} of a payload");
            return;
        }

        ProvisioningTopic? request = null;
        ReservedTopic? reserved = null;
        if (publish.Topic.StartsWith('$') && !ProvisioningTopic.TryParse(publish.Topic, out request) && !ReservedTopic.TryParse(publish.Topic, out reserved))
        {
            Close(DisconnectReason.ClientError, $"PUBLISH to {CloudLog.Printable(publish.Topic)}: topics that begin with $ are reserved, and this one is not for publishing");
            return;
        }

        if (publish.Retain && publish.Topic.StartsWith('$'))
        {
            Close(DisconnectReason.ClientError, $"PUBLISH to {CloudLog.Printable(publish.Topic)}: nothing is retained on reserved topics");
            return;
        }

        var resource = _broker.Authorizer.Arns.Topic(publish.Topic);
        if (!Permits(PolicyActions.Publish, resource) || (publish.Retain && !Permits(PolicyActions.RetainPublish, resource)))
        {
            return;
        }

        if (request is null && _faults is not null && await _faults.MeetAsync(FaultStep.Publish, ClientId, _closed.Token) is not null)
        {
            return;
        }

        _broker.Counters.CountMessageIn();
        if (reserved is not null && _unanswered.Add(reserved.Service))
        {
            _broker.Log.Warning($"{Name} publishes to {CloudLog.Printable(publish.Topic)}: LocalCloud takes that as AWS does, but has no {reserved.Service}, and nothing comes of it");
        }

        if (request is null && reserved is not { HasSubscribers: false })
        {
            if (_broker.Journal is { IsBehind: true } journal)
            {
                await journal.CommitAsync().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            _broker.Publish(publish.Topic, publish.Payload, publish.QoS, publish.Retain);
        }

        if (publish.QoS == QualityOfService.AtLeastOnce)
        {
            await AnswerAsync(new PubAckPacket(publish.PacketId));
        }

        if (request is not null)
        {
            await ProvisionAsync(request, publish.Payload);
        }
    }

    private async Task ProvisionAsync(ProvisioningTopic request, ReadOnlyMemory<byte> payload)
    {
        _broker.Log.Information($"{Name} asks for {request.Operation}{(request.TemplateName is { } template ? $" with template {CloudLog.Printable(template)}" : "")}");
        var caller = new ProvisioningCaller(ClientId, CertificateId);
        if (_faults is null)
        {
            Deliver(await _broker.Provisioning.AnswerAsync(request, payload, caller, _closed.Token));
            return;
        }

        var fault = await _faults.MeetAsync(ConnectionFaults.StepOf(request.Operation), ClientId, _closed.Token);
        if (fault is { Do: FaultAction.Drop or FaultAction.Close })
        {
            return;
        }

        var refusal = fault switch
        {
            null => null,
            { Do: FaultAction.Throttle } => ProvisioningException.Throttling(),
            _ => ProvisioningException.Ordered(fault.StatusCode ?? 400),
        };
        var right = await _broker.Provisioning.AnswerAsync(request, payload, caller, _closed.Token, refusal);
        foreach (var answer in await _faults.InsteadOfAsync(request, right, caller, _closed.Token))
        {
            Deliver(answer);
        }
    }

    private void Deliver(ProvisioningAnswer answer)
    {
        // To this connection and no other: every device uses the same topics, and the answer holds a private key.
        if (_session!.GrantedFor(answer.Topic) is { } granted)
        {
            _session.Deliver(answer.Topic, answer.Payload, granted, isSecret: true);
        }
        else
        {
            _broker.Log.Warning($"{Name} does not get the answer on {answer.Topic}: it has not subscribed to it");
        }
    }

    private async ValueTask SubscribeAsync(SubscribePacket subscribe)
    {
        if (subscribe.Filters.Count > BrokerLimits.MaximumFilters)
        {
            Close(DisconnectReason.ClientError, $"SUBSCRIBE with {subscribe.Filters.Count} filters: {BrokerLimits.MaximumFilters} are the most");
            return;
        }

        if (subscribe.Filters.Any(request => request.QoS == QualityOfService.ExactlyOnce))
        {
            _broker.Log.Warning($"{Name}: a SUBSCRIBE with QoS 2 is left unanswered: AWS IoT Core has no QoS 2");
            return;
        }

        foreach (var (filter, _) in subscribe.Filters)
        {
            if (BrokerLimits.FindTopicFault(filter) is { } fault)
            {
                Close(DisconnectReason.ClientError, $"SUBSCRIBE to {CloudLog.Printable(filter)}: {fault}");
                return;
            }

            if (filter.StartsWith('$') && !ReservedTopic.MaySubscribe(filter))
            {
                Close(DisconnectReason.ClientError, $"SUBSCRIBE to {CloudLog.Printable(filter)}: topics that begin with $ are reserved, and this one is not for subscribing");
                return;
            }

            if (!Permits(PolicyActions.Subscribe, _broker.Authorizer.Arns.TopicFilter(filter)))
            {
                return;
            }
        }

        if (_faults is not null && await _faults.MeetAsync(FaultStep.Subscribe, ClientId, _closed.Token) is { } ordered)
        {
            if (ordered.Do == FaultAction.Refuse)
            {
                await AnswerAsync(new SubAckPacket(subscribe.PacketId, [.. subscribe.Filters.Select(_ => SubAckPacket.Failure)]));
            }

            return;
        }

        if (!_session!.TrySubscribe(this, subscribe.Filters))
        {
            Close(DisconnectReason.ClientError, $"more than {BrokerLimits.MaximumSubscriptions} subscriptions");
            return;
        }

        await AnswerAsync(new SubAckPacket(subscribe.PacketId, [.. subscribe.Filters.Select(request => (byte)request.QoS)]));
        _broker.Log.Information($"{Name} subscribed to {string.Join(", ", subscribe.Filters.Select(request => CloudLog.Printable(request.Filter)))}");
        foreach (var request in subscribe.Filters)
        {
            _broker.DeliverRetained(_session, request);
        }

        _broker.Tell(this, now => LifecycleEvents.Subscribed(this, subscribe.Filters.Select(request => request.Filter), now));
    }

    /// <summary>Answers the client, once few enough of the earlier answers wait for it.</summary>
    private async ValueTask AnswerAsync(Packet answer)
    {
        if (_faults?.InsteadOf(answer) is { } packets)
        {
            foreach (var packet in packets)
            {
                if (IsAnswer(packet))
                {
                    await _answers.WaitAsync(_closed.Token);
                }

                Send(packet);
            }

            return;
        }

        await _answers.WaitAsync(_closed.Token);
        Send(answer);
    }

    private static bool IsAnswer(Packet packet) => packet is PubAckPacket or SubAckPacket or UnsubAckPacket or PingRespPacket;

    private void TellDiscarded()
    {
        if (_discarded > 0)
        {
            _broker.Log.Warning($"{Name}: {_discarded} messages of it were discarded");
            _discarded = 0;
        }
    }

    private static string? FindWillFault(Will will)
    {
        if (will.QoS == QualityOfService.ExactlyOnce)
        {
            return "AWS IoT Core has no QoS 2";
        }

        return will.Topic.StartsWith('$') ? "its topic is reserved" : BrokerLimits.FindTopicFault(will.Topic);
    }

    private PolicyDecision Decide(string action, string resource) => _broker.Authorizer.Decide(CertificateId, _asked, action, resource);

    /// <summary>Whether the policies permit it; where they do not, the connection is closed without a word to the client, as AWS does.</summary>
    private bool Permits(string action, string resource)
    {
        var decision = Decide(action, resource);
        if (!decision.IsAllowed)
        {
            Close(DisconnectReason.ForbiddenAccess, CloudLog.Printable(decision.Reason));
        }

        return decision.IsAllowed;
    }

    /// <summary>Counts a packet that is to wait for the client. False, and the end of the connection, when too much does.</summary>
    private bool Account(Packet packet)
    {
        var packets = Interlocked.Increment(ref _waitingPackets);
        var bytes = Interlocked.Add(ref _waitingBytes, SizeOf(packet));
        if (packets <= BrokerLimits.MaximumWaitingPackets && bytes <= BrokerLimits.MaximumWaitingBytes)
        {
            return true;
        }

        Close(DisconnectReason.Throttled, string.Create(CultureInfo.InvariantCulture, $"it does not take its messages: {packets} packets of {bytes} bytes wait for it"));
        _connection.Abort(new ConnectionAbortedException("The client does not take its messages."));
        return false;
    }

    /// <summary>About what a packet takes in memory and on the wire; the same for a packet each time.</summary>
    private static int SizeOf(Packet packet) => packet is PublishPacket publish ? 64 + publish.Topic.Length + publish.Payload.Length : 64;

    /// <summary>The timer goes off as early as the client may be late; whether it is, what came last tells.</summary>
    private void CheckPatience()
    {
        var left = _patience - _broker.Clock.GetElapsedTime(Volatile.Read(ref _lastReceived));
        if (_faults is { IsHolding: true })
        {
            // The client is not listened to.
            left = _patience;
        }

        if (left > TimeSpan.Zero)
        {
            _timer?.Change(left, Timeout.InfiniteTimeSpan);
        }
        else if (_isConnected)
        {
            Close(DisconnectReason.MqttKeepAliveTimeout, string.Create(CultureInfo.InvariantCulture, $"nothing came from it for {_patience.TotalSeconds:0.#} s, one and a half times its keep-alive"));
        }
        else
        {
            Close(DisconnectReason.ClientError, string.Create(CultureInfo.InvariantCulture, $"no CONNECT came within {_patience.TotalSeconds:0.#} s"));
        }
    }

    /// <summary>The session's end for everyone else: subscriptions, client id, log, will.</summary>
    private void Leave()
    {
        var (reason, explanation) = _disconnection!;
        var isOrderly = reason is DisconnectReason.ClientInitiatedDisconnect or DisconnectReason.ServerInitiatedDisconnect or DisconnectReason.DuplicateClientId;
        var verb = reason is DisconnectReason.ClientInitiatedDisconnect or DisconnectReason.ConnectionLost ? "disconnected" : "is cut";
        var message = _isConnected ? $"{Name} {verb}: {explanation}" : $"the connection from {RemoteAddress} with certificate {CertificateId[..8]} is closed: {explanation}";
        if (isOrderly)
        {
            _broker.Log.Information(message);
        }
        else
        {
            _broker.Log.Warning(message);
        }

        if (_session is null)
        {
            _broker.Counters.CountRefusedConnect(reason);
            return;
        }

        TellDiscarded();
        _broker.Leave(this, _session);
        _broker.Tell(this, now => LifecycleEvents.Disconnected(this, reason, now));
        if (_will is not { } will)
        {
            return;
        }

        var resource = _broker.Authorizer.Arns.Topic(will.Topic);
        var decision = Decide(PolicyActions.Publish, resource);
        if (decision.IsAllowed && will.Retain)
        {
            decision = Decide(PolicyActions.RetainPublish, resource);
        }

        if (decision.IsAllowed)
        {
            _broker.Log.Information($"{Name}: its will goes to {CloudLog.Printable(will.Topic)}");
            _broker.Publish(will.Topic, will.Payload, will.QoS, will.Retain);
        }
        else
        {
            _broker.Log.Warning($"{Name}: its will is not published: {CloudLog.Printable(decision.Reason)}");
        }
    }
}
