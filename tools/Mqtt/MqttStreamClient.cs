using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Threading.Channels;

namespace Mqtt;

/// <summary>
/// A small MQTT 3.1.1 client for tools: one connection, QoS 0 and 1, each request awaited until its acknowledgement.
/// It does not reconnect and does not repeat anything.
/// </summary>
public sealed class MqttStreamClient : IAsyncDisposable
{
    /// <summary>How long the goodbye may take before the connection is closed without it.</summary>
    private static readonly TimeSpan s_disconnectTimeout = TimeSpan.FromSeconds(1);

    private readonly MqttConnection _connection;
    private readonly Channel<PublishPacket> _messages = Channel.CreateUnbounded<PublishPacket>(new UnboundedChannelOptions { SingleWriter = true });
    private readonly Lock _lock = new();
    private readonly Dictionary<ushort, Request> _requests = [];
    private readonly CancellationTokenSource _closing = new();
    private readonly Task _receiving;
    private readonly Task _keepingAlive;
    private IOException? _failure;
    private bool _pingUnanswered;
    private bool _disposed;
    private ushort _lastPacketId;

    private MqttStreamClient(MqttConnection connection, bool sessionPresent, ushort keepAliveSeconds)
    {
        _connection = connection;
        SessionPresent = sessionPresent;
        _receiving = ReceiveAsync();
        _keepingAlive = keepAliveSeconds == 0 ? Task.CompletedTask : KeepAliveAsync(TimeSpan.FromSeconds(0.75 * keepAliveSeconds));
    }

    /// <summary>Whether the server went on with a session that it had kept.</summary>
    public bool SessionPresent { get; }

    /// <summary>
    /// What comes in on the subscriptions, as it comes; acknowledged once it stands here. It ends with the connection: when it was
    /// lost, with the <see cref="IOException"/> that says why. It has no bound, so read it or subscribe to little.
    /// </summary>
    public ChannelReader<PublishPacket> Messages => _messages.Reader;

    /// <summary>Connects, and waits until the server has accepted.</summary>
    /// <param name="options">Where to and how.</param>
    /// <param name="cancellationToken">Gives the attempt up; nothing else bounds it.</param>
    /// <exception cref="MqttRefusedException">CONNACK has another return code than 0.</exception>
    /// <exception cref="SocketException">There is no TCP connection.</exception>
    /// <exception cref="AuthenticationException">The server's certificate is not to be trusted, or TLS cannot be agreed on.</exception>
    /// <exception cref="IOException">The connection was lost before CONNACK.</exception>
    /// <exception cref="MqttProtocolException">The server does not answer as MQTT 3.1.1 has it.</exception>
    public static async Task<MqttStreamClient> ConnectAsync(MqttStreamClientOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);

        var connection = new MqttConnection(await OpenStreamAsync(options, cancellationToken).ConfigureAwait(false), options.Reader);
        try
        {
            await connection.WriteAsync(options.Connect, cancellationToken).ConfigureAwait(false);
            var answer = await connection.ReadAsync(cancellationToken).ConfigureAwait(false);
            return answer switch
            {
                ConnAckPacket { ReturnCode: ConnectReturnCode.Accepted } accepted =>
                    new MqttStreamClient(connection, accepted.SessionPresent, options.Connect.KeepAliveSeconds),
                ConnAckPacket refused => throw new MqttRefusedException($"The server refuses the connection with return code {refused.ReturnCode}.", refused.ReturnCode),
                null => throw new EndOfStreamException("The server closed the connection instead of answering CONNECT."),
                _ => throw new MqttProtocolException("The server answers CONNECT with something else than CONNACK."),
            };
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Subscribes, and waits for SUBACK.</summary>
    /// <param name="filter">The topic filter.</param>
    /// <param name="qualityOfService">QoS 0 or 1.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The quality of service that the server grants.</returns>
    /// <exception cref="ArgumentException">The filter is not valid, or the quality of service is not 0 or 1.</exception>
    /// <exception cref="MqttRefusedException">The server refuses the subscription.</exception>
    /// <exception cref="IOException">The connection is lost.</exception>
    public async Task<QualityOfService> SubscribeAsync(
        string filter,
        QualityOfService qualityOfService = QualityOfService.AtLeastOnce,
        CancellationToken cancellationToken = default)
    {
        CheckSupported(qualityOfService);
        var answer = (SubAckPacket)await RequestAsync(
            typeof(SubAckPacket),
            packetId => new SubscribePacket(packetId, [new TopicFilterRequest(filter, qualityOfService)]),
            cancellationToken).ConfigureAwait(false);
        var returnCode = answer.ReturnCodes[0];
        return returnCode <= (byte)qualityOfService
            ? (QualityOfService)returnCode
            : throw new MqttRefusedException($"The server refuses the subscription for {filter} with return code {returnCode}.", returnCode);
    }

    /// <summary>Publishes. With QoS 1 it waits for PUBACK, with QoS 0 until the message is written.</summary>
    /// <param name="topic">The topic name.</param>
    /// <param name="payload">The message.</param>
    /// <param name="qualityOfService">QoS 0 or 1.</param>
    /// <param name="retain">Whether the server is to keep the message.</param>
    /// <param name="cancellationToken">Ends the wait; the message may have been sent.</param>
    /// <exception cref="ArgumentException">The topic is not valid, or the quality of service is not 0 or 1.</exception>
    /// <exception cref="IOException">The connection is lost.</exception>
    public async Task PublishAsync(
        string topic,
        ReadOnlyMemory<byte> payload,
        QualityOfService qualityOfService = QualityOfService.AtLeastOnce,
        bool retain = false,
        CancellationToken cancellationToken = default)
    {
        CheckSupported(qualityOfService);
        if (qualityOfService == QualityOfService.AtMostOnce)
        {
            await SendAsync(new PublishPacket(topic, payload, Retain: retain), cancellationToken).ConfigureAwait(false);
            return;
        }

        await RequestAsync(
            typeof(PubAckPacket),
            packetId => new PublishPacket(topic, payload, qualityOfService, retain, PacketId: packetId),
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Says goodbye with DISCONNECT if the connection stands, and closes it. <see cref="Messages"/> ends.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
        }

        if (Fail(new IOException("The client is closed."), lost: false))
        {
            using var timeout = new CancellationTokenSource(s_disconnectTimeout);
            try
            {
                await _connection.WriteAsync(new DisconnectPacket(), timeout.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (e is IOException or OperationCanceledException)
            {
                // The server learns of the end by the closing connection instead.
            }
        }

        await _connection.DisposeAsync().ConfigureAwait(false);
        await Task.WhenAll(_receiving, _keepingAlive).ConfigureAwait(false);
        _closing.Dispose();
    }

    private static async Task<Stream> OpenStreamAsync(MqttStreamClientOptions options, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        Stream stream;
        try
        {
            await socket.ConnectAsync(options.ConnectTo ?? options.Host, options.Port, cancellationToken).ConfigureAwait(false);
            stream = new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }

        if (options.Tls is not { } tls)
        {
            return stream;
        }

        var secured = new SslStream(stream);
        try
        {
            await secured.AuthenticateAsClientAsync(tls.CreateOptions(options.Host, SslProtocols.Tls12 | SslProtocols.Tls13), cancellationToken).ConfigureAwait(false);
            return secured;
        }
        catch
        {
            await secured.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static void CheckSupported(QualityOfService qualityOfService)
    {
        if (qualityOfService > QualityOfService.AtLeastOnce)
        {
            throw new ArgumentOutOfRangeException(nameof(qualityOfService), qualityOfService, "This client speaks QoS 0 and 1.");
        }
    }

    private async Task<Packet> RequestAsync(Type answerType, Func<ushort, Packet> makePacket, CancellationToken cancellationToken)
    {
        var request = new Request(answerType);
        var packetId = Register(request);
        try
        {
            await SendAsync(makePacket(packetId), cancellationToken).ConfigureAwait(false);
            return await request.Answer.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            lock (_lock)
            {
                _requests.Remove(packetId);
            }
        }
    }

    private ushort Register(Request request)
    {
        lock (_lock)
        {
            ThrowIfFailed();
            if (_requests.Count == ushort.MaxValue)
            {
                throw new InvalidOperationException("All 65,535 packet identifiers are in use.");
            }

            do
            {
                _lastPacketId++;
            }
            while (_lastPacketId == 0 || _requests.ContainsKey(_lastPacketId));

            _requests.Add(_lastPacketId, request);
            return _lastPacketId;
        }
    }

    private async ValueTask SendAsync(Packet packet, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            ThrowIfFailed();
        }

        try
        {
            await _connection.WriteAsync(packet, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            Fail(new IOException("The connection is lost: " + e.Message, e), lost: true);
            lock (_lock)
            {
                ThrowIfFailed();
            }
        }
    }

    private void ThrowIfFailed()
    {
        if (_failure is not null)
        {
            throw new IOException(_failure.Message, _failure);
        }
    }

    private async Task ReceiveAsync()
    {
        try
        {
            while (await _connection.ReadAsync(_closing.Token).ConfigureAwait(false) is { } packet)
            {
                await TakeAsync(packet).ConfigureAwait(false);
            }

            Fail(new IOException("The server has closed the connection."), lost: true);
        }
        catch (OperationCanceledException)
        {
            // Fail has been called by whoever found out.
        }
        catch (Exception e) when (e is IOException or MqttProtocolException or ObjectDisposedException)
        {
            Fail(new IOException("The connection is lost: " + e.Message, e), lost: true);
        }
    }

    private async ValueTask TakeAsync(Packet packet)
    {
        switch (packet)
        {
            case PublishPacket { QoS: QualityOfService.ExactlyOnce }:
                throw new MqttProtocolException("A message of QoS 2 came, which was not subscribed to.");

            case PublishPacket message:
                _messages.Writer.TryWrite(message);
                if (message.QoS == QualityOfService.AtLeastOnce)
                {
                    await _connection.WriteAsync(new PubAckPacket(message.PacketId), _closing.Token).ConfigureAwait(false);
                }

                break;

            case PubAckPacket pubAck:
                Answer(pubAck.PacketId, pubAck);
                break;

            case SubAckPacket subAck:
                Answer(subAck.PacketId, subAck);
                break;

            case PingRespPacket:
                Volatile.Write(ref _pingUnanswered, false);
                break;

            default:
                throw new MqttProtocolException($"A server does not send {packet.GetType().Name} now.");
        }
    }

    private void Answer(ushort packetId, Packet answer)
    {
        Request? request;
        lock (_lock)
        {
            // An identifier that nobody waits for any more belongs to a request that was cancelled.
            if (!_requests.TryGetValue(packetId, out request))
            {
                return;
            }
        }

        if (request.AnswerType != answer.GetType() || (answer is SubAckPacket { ReturnCodes.Count: not 1 }))
        {
            throw new MqttProtocolException($"{answer.GetType().Name} {packetId} does not answer the request of that identifier.");
        }

        request.Answer.TrySetResult(answer);
    }

    private async Task KeepAliveAsync(TimeSpan period)
    {
        using var timer = new PeriodicTimer(period);
        try
        {
            while (await timer.WaitForNextTickAsync(_closing.Token).ConfigureAwait(false))
            {
                if (Volatile.Read(ref _pingUnanswered))
                {
                    Fail(new IOException("The server does not answer PINGREQ."), lost: true);
                    return;
                }

                Volatile.Write(ref _pingUnanswered, true);
                await SendAsync(new PingReqPacket(), _closing.Token).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // Fail has been called by whoever found out.
        }
    }

    /// <summary>Ends everything that waits. Only the first call counts.</summary>
    /// <returns>Whether this was the first call.</returns>
    private bool Fail(IOException failure, bool lost)
    {
        Request[] requests;
        lock (_lock)
        {
            if (_failure is not null)
            {
                return false;
            }

            _failure = failure;
            requests = [.. _requests.Values];
        }

        _closing.Cancel();
        _messages.Writer.TryComplete(lost ? failure : null);
        foreach (var request in requests)
        {
            request.Answer.TrySetException(new IOException(failure.Message, failure));
        }

        return true;
    }

    /// <summary>A request that waits for its acknowledgement.</summary>
    private sealed class Request(Type answerType)
    {
        public Type AnswerType { get; } = answerType;

        public TaskCompletionSource<Packet> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
