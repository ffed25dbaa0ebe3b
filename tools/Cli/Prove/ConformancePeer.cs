using System.Buffers;
using System.Text;
using Mqtt;

namespace Cli.Prove;

/// <summary>One connection of a trial: sends packets, or bytes that are none, and tells what comes back.</summary>
/// <param name="stream">The TLS connection; disposed of with this.</param>
/// <param name="name">What the record calls it.</param>
/// <param name="sent">The record of what is sent.</param>
/// <param name="cameBack">The record of what comes back.</param>
/// <param name="cancellationToken">Ends it early.</param>
internal sealed class ConformancePeer(Stream stream, string name, List<string> sent, List<string> cameBack, CancellationToken cancellationToken) : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    private readonly MqttConnection _connection = new(stream);
    private ushort _lastPacketId;

    /// <summary>A packet identifier that this connection has not used.</summary>
    public ushort NextId() => ++_lastPacketId;

    /// <summary>Sends a packet.</summary>
    public Task SendAsync(Packet packet) => SendBytesAsync(Describe(packet), Encode(packet));

    /// <summary>Sends bytes.</summary>
    /// <param name="what">What they are, for the record.</param>
    /// <param name="bytes">The bytes.</param>
    public async Task SendBytesAsync(string what, params byte[] bytes)
    {
        Record(sent, what);
        await stream.WriteAsync(bytes, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Waits for a packet of that type, and for none before it.</summary>
    public async Task<T> ExpectAsync<T>()
        where T : Packet
    {
        Packet? packet = await ReadAsync().ConfigureAwait(false);
        return packet as T ?? throw new ConformanceException($"expected: {NameOf(typeof(T))}");
    }

    /// <summary>Waits until the server closes the connection; nothing may come before.</summary>
    public async Task ExpectEndAsync()
    {
        if (await ReadAsync().ConfigureAwait(false) is not null)
        {
            throw new ConformanceException("expected: the connection is closed");
        }
    }

    /// <summary>Shows that the connection stands, and that nothing else had come: the answer to a PINGREQ is the next packet.</summary>
    public async Task ExpectNothingAsync()
    {
        await SendAsync(new PingReqPacket()).ConfigureAwait(false);
        await ExpectAsync<PingRespPacket>().ConfigureAwait(false);
    }

    /// <summary>Subscribes, and has it granted.</summary>
    public async Task SubscribeAsync(string filter, QualityOfService qualityOfService = QualityOfService.AtLeastOnce)
    {
        await SendAsync(new SubscribePacket(NextId(), [new TopicFilterRequest(filter, qualityOfService)])).ConfigureAwait(false);
        SubAckPacket answer = await ExpectAsync<SubAckPacket>().ConfigureAwait(false);
        ConformanceTrial.Check(answer.ReturnCodes.SequenceEqual([(byte)qualityOfService]), $"SUBACK {(int)qualityOfService}");
    }

    /// <summary>Publishes with QoS 1, and waits for PUBACK: then the broker has it.</summary>
    public async Task PublishAsync(string topic, string payload, bool retain = false)
    {
        ushort id = NextId();
        await SendAsync(new PublishPacket(topic, Encoding.UTF8.GetBytes(payload), QualityOfService.AtLeastOnce, retain, PacketId: id)).ConfigureAwait(false);
        ConformanceTrial.Check((await ExpectAsync<PubAckPacket>().ConfigureAwait(false)).PacketId == id, $"PUBACK {id}");
    }

    /// <summary>Publishes with QoS 0: nothing answers it but what it brings about.</summary>
    public Task PublishOnlyAsync(string topic, string payload) => SendAsync(new PublishPacket(topic, Encoding.UTF8.GetBytes(payload)));

    /// <summary>Unsubscribes, and waits for UNSUBACK.</summary>
    public async Task UnsubscribeAsync(params string[] filters)
    {
        ushort id = NextId();
        await SendAsync(new UnsubscribePacket(id, filters)).ConfigureAwait(false);
        ConformanceTrial.Check((await ExpectAsync<UnsubAckPacket>().ConfigureAwait(false)).PacketId == id, $"UNSUBACK {id}");
    }

    /// <summary>Waits for a message of that content, and acknowledges it if it asks for that.</summary>
    public async Task<PublishPacket> ExpectMessageAsync(string topic, string payload, bool acknowledge = true)
    {
        PublishPacket message = await ExpectAsync<PublishPacket>().ConfigureAwait(false);
        ConformanceTrial.Check(message.Topic == topic && Encoding.UTF8.GetString(message.Payload.Span) == payload, $"PUBLISH {topic} '{payload}'");
        if (acknowledge && message.QoS == QualityOfService.AtLeastOnce)
        {
            await SendAsync(new PubAckPacket(message.PacketId)).ConfigureAwait(false);
        }

        return message;
    }

    /// <summary>Says goodbye, and waits until the server has closed.</summary>
    public async Task DisconnectAsync()
    {
        await SendAsync(new DisconnectPacket()).ConfigureAwait(false);
        await ExpectEndAsync().ConfigureAwait(false);
    }

    /// <summary>Ends without a word to the server.</summary>
    public async ValueTask DisposeAsync() => await _connection.DisposeAsync().ConfigureAwait(false);

    /// <summary>A packet's bytes.</summary>
    public static byte[] Encode(Packet packet)
    {
        ArrayBufferWriter<byte> output = new();
        PacketWriter.Write(output, packet);
        return output.WrittenSpan.ToArray();
    }

    private static string NameOf(Type packet) => packet.Name[..^"Packet".Length].ToUpperInvariant();

    private static string Describe(Packet packet) => NameOf(packet.GetType()) + packet switch
    {
        ConnectPacket { CleanSession: false } => " clean session 0",
        ConnAckPacket answer => $" {answer.ReturnCode}{(answer.SessionPresent ? " session present" : "")}",
        PublishPacket message => $" QoS {(int)message.QoS}{(message.Retain ? " retain" : "")}{(message.Duplicate ? " dup" : "")}",
        SubscribePacket subscribe => " " + string.Join(' ', subscribe.Filters.Select(f => $"{f.Filter}={(int)f.QoS}")),
        SubAckPacket granted => " " + string.Join(' ', granted.ReturnCodes),
        _ => "",
    };

    /// <summary>The next packet; null when the server has closed the connection.</summary>
    private async Task<Packet?> ReadAsync()
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(s_patience);
        try
        {
            Packet? packet = await _connection.ReadAsync(patience.Token).ConfigureAwait(false);
            Record(cameBack, packet is null ? "closed" : Describe(packet));
            return packet;
        }
        catch (IOException)
        {
            Record(cameBack, "closed");
            return null;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            Record(cameBack, "nothing");
            throw new ConformanceException($"nothing came within {s_patience.TotalSeconds:0} s");
        }
        catch (MqttProtocolException e)
        {
            throw new ConformanceException("what came is not MQTT 3.1.1: " + e.Message);
        }
    }

    private void Record(List<string> record, string what)
    {
        lock (record)
        {
            record.Add(name + what);
        }
    }
}
