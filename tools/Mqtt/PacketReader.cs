using System.Buffers;

namespace Mqtt;

/// <summary>Takes MQTT 3.1.1 packets out of received bytes.</summary>
/// <remarks>
/// Whatever the sender writes, the only exception that leaves is <see cref="MqttProtocolException"/>, lengths are judged
/// before anything of that length is waited for or allocated, and what is allocated stays in proportion to what was received.
/// </remarks>
public static class PacketReader
{
    /// <summary>The protocol level of MQTT 3.1.1 (§3.1.2.2).</summary>
    internal const byte ProtocolLevel = 4;

    /// <summary>Where the will's QoS stands among the connect flags (§3.1.2.6).</summary>
    internal const int WillQoSShift = 3;

    private const int MaximumLengthBytes = 4;

    /// <summary>Takes one whole packet from the front of <paramref name="buffer"/>.</summary>
    /// <param name="buffer">The received bytes; left as it is when more are needed, otherwise cut to what follows the packet.</param>
    /// <param name="options">What is accepted.</param>
    /// <param name="packet">The packet. It holds copies: the buffer may be reused.</param>
    /// <returns>False when the packet is not complete yet.</returns>
    /// <exception cref="MqttProtocolException">The bytes are not MQTT 3.1.1, or the packet is longer than the options allow.</exception>
    public static bool TryRead(ref ReadOnlySequence<byte> buffer, PacketReaderOptions options, out Packet? packet)
    {
        ArgumentNullException.ThrowIfNull(options);

        packet = null;
        var reader = new SequenceReader<byte>(buffer);
        if (!reader.TryRead(out var first))
        {
            return false;
        }

        var type = (PacketType)(first >> 4);
        var flags = first & 0x0F;
        CheckFlags(type, flags);

        if (!TryReadRemainingLength(ref reader, out var remainingLength))
        {
            return false;
        }

        if (reader.Consumed + remainingLength > options.MaximumPacketSize)
        {
            throw new MqttProtocolException(
                $"{Name(type)}: a packet of {reader.Consumed + remainingLength} bytes is longer than the {options.MaximumPacketSize} that are accepted");
        }

        CheckLength(type, remainingLength);
        if (reader.Remaining < remainingLength)
        {
            return false;
        }

        var body = new PacketBody(buffer.Slice(reader.Consumed, remainingLength), Name(type));
        packet = ReadBody(type, flags, ref body);
        body.ExpectEnd();
        buffer = buffer.Slice(reader.Consumed + remainingLength);
        return true;
    }

    private static string Name(PacketType type) => type switch
    {
        PacketType.Connect => "CONNECT",
        PacketType.ConnAck => "CONNACK",
        PacketType.Publish => "PUBLISH",
        PacketType.PubAck => "PUBACK",
        PacketType.PubRec => "PUBREC",
        PacketType.PubRel => "PUBREL",
        PacketType.PubComp => "PUBCOMP",
        PacketType.Subscribe => "SUBSCRIBE",
        PacketType.SubAck => "SUBACK",
        PacketType.Unsubscribe => "UNSUBSCRIBE",
        PacketType.UnsubAck => "UNSUBACK",
        PacketType.PingReq => "PINGREQ",
        PacketType.PingResp => "PINGRESP",
        _ => "DISCONNECT",
    };

    private static void CheckFlags(PacketType type, int flags)
    {
        switch (type)
        {
            case < PacketType.Connect or > PacketType.Disconnect:
                throw new MqttProtocolException($"packet type {(int)type} is reserved");

            case PacketType.Publish:
                var qualityOfService = (flags >> 1) & 3;
                if (qualityOfService == 3)
                {
                    throw new MqttProtocolException("PUBLISH: QoS 3 does not exist");
                }

                if (qualityOfService == 0 && (flags & 8) != 0)
                {
                    throw new MqttProtocolException("PUBLISH: DUP is set with QoS 0");
                }

                break;

            default:
                var required = type is PacketType.PubRel or PacketType.Subscribe or PacketType.Unsubscribe ? 2 : 0;
                if (flags != required)
                {
                    throw new MqttProtocolException($"{Name(type)}: the reserved flags are {flags}, not {required}");
                }

                break;
        }
    }

    private static bool TryReadRemainingLength(ref SequenceReader<byte> reader, out int length)
    {
        length = 0;
        for (var index = 0; index < MaximumLengthBytes; index++)
        {
            if (!reader.TryRead(out var digit))
            {
                return false;
            }

            length |= (digit & 0x7F) << (7 * index);
            if ((digit & 0x80) == 0)
            {
                return true;
            }
        }

        throw new MqttProtocolException($"the remaining length has more than {MaximumLengthBytes} bytes");
    }

    /// <summary>Refuses a length that no packet of this type has, before the packet is waited for.</summary>
    private static void CheckLength(PacketType type, int length)
    {
        var (shortest, longest) = type switch
        {
            // 10 bytes of variable header, then up to five fields of two length bytes and 65,535 more. The shortest of
            // other protocol versions is not ours to know: they are read as far as their level, to be answered properly
            PacketType.Connect => (0, 10 + (5 * (2 + Utf8String.MaximumBytes))),
            PacketType.Publish => (3, int.MaxValue),
            PacketType.Subscribe => (6, int.MaxValue),
            PacketType.SubAck => (3, int.MaxValue),
            PacketType.Unsubscribe => (5, int.MaxValue),
            PacketType.PingReq or PacketType.PingResp or PacketType.Disconnect => (0, 0),
            _ => (2, 2),
        };

        if (length < shortest || length > longest)
        {
            throw new MqttProtocolException($"{Name(type)}: the remaining length cannot be {length}");
        }
    }

    private static Packet ReadBody(PacketType type, int flags, ref PacketBody body)
    {
        switch (type)
        {
            case PacketType.Connect:
                return ReadConnect(ref body);

            case PacketType.ConnAck:
                return ReadConnAck(ref body);

            case PacketType.Publish:
                return ReadPublish(flags, ref body);

            case PacketType.PubAck:
                return new PubAckPacket(body.ReadPacketId());

            case PacketType.PubRec:
                return new PubRecPacket(body.ReadPacketId());

            case PacketType.PubRel:
                return new PubRelPacket(body.ReadPacketId());

            case PacketType.PubComp:
                return new PubCompPacket(body.ReadPacketId());

            case PacketType.Subscribe:
                return ReadSubscribe(ref body);

            case PacketType.SubAck:
                return ReadSubAck(ref body);

            case PacketType.Unsubscribe:
                return ReadUnsubscribe(ref body);

            case PacketType.UnsubAck:
                return new UnsubAckPacket(body.ReadPacketId());

            case PacketType.PingReq:
                return new PingReqPacket();

            case PacketType.PingResp:
                return new PingRespPacket();

            default:
                return new DisconnectPacket();
        }
    }

    private static ConnectPacket ReadConnect(ref PacketBody body)
    {
        var protocol = body.ReadString("protocol name");
        if (protocol is not ("MQTT" or "MQIsdp"))
        {
            throw body.Fault("the protocol name is not MQTT");
        }

        var level = body.ReadByte("protocol level");
        if (protocol != "MQTT" || level != ProtocolLevel)
        {
            throw body.Fault(
                $"protocol {protocol} level {level} is not MQTT 3.1.1",
                ConnectReturnCode.UnacceptableProtocolVersion);
        }

        var flags = (ConnectFlags)body.ReadByte("connect flags");
        if (flags.HasFlag(ConnectFlags.Reserved))
        {
            throw body.Fault("the reserved connect flag is set");
        }

        var hasWill = flags.HasFlag(ConnectFlags.Will);
        var willQualityOfService = ((int)flags >> WillQoSShift) & 3;
        var willRetain = flags.HasFlag(ConnectFlags.WillRetain);
        if (!hasWill && (willQualityOfService != 0 || willRetain))
        {
            throw body.Fault("will QoS or will retain is set without a will");
        }

        if (willQualityOfService == 3)
        {
            throw body.Fault("will QoS 3 does not exist");
        }

        if (flags.HasFlag(ConnectFlags.Password) && !flags.HasFlag(ConnectFlags.UserName))
        {
            throw body.Fault("a password without a user name");
        }

        var keepAlive = body.ReadUInt16("keep-alive");
        var clientId = body.ReadString("client identifier");
        var cleanSession = flags.HasFlag(ConnectFlags.CleanSession);
        if (clientId.Length == 0 && !cleanSession)
        {
            throw body.Fault("an empty client identifier without clean session", ConnectReturnCode.IdentifierRejected);
        }

        Will? will = null;
        if (hasWill)
        {
            var topic = body.ReadTopicName();
            var payload = body.ReadBinary("will message");
            will = new Will(topic, payload, (QualityOfService)willQualityOfService, willRetain);
        }

        var userName = flags.HasFlag(ConnectFlags.UserName) ? body.ReadString("user name") : null;
        var password = flags.HasFlag(ConnectFlags.Password) ? new ReadOnlyMemory<byte>(body.ReadBinary("password")) : (ReadOnlyMemory<byte>?)null;
        return new ConnectPacket(clientId, cleanSession, keepAlive, userName, password, will);
    }

    private static ConnAckPacket ReadConnAck(ref PacketBody body)
    {
        var acknowledge = body.ReadByte("acknowledge flags");
        if ((acknowledge & ~1) != 0)
        {
            throw body.Fault("a reserved acknowledge flag is set");
        }

        var returnCode = body.ReadByte("return code");
        var sessionPresent = acknowledge == 1;
        if (sessionPresent && returnCode != ConnectReturnCode.Accepted)
        {
            throw body.Fault("session present with a refusal");
        }

        return new ConnAckPacket(sessionPresent, returnCode);
    }

    private static PublishPacket ReadPublish(int flags, ref PacketBody body)
    {
        var qualityOfService = (QualityOfService)((flags >> 1) & 3);
        var topic = body.ReadTopicName();
        var packetId = qualityOfService == QualityOfService.AtMostOnce ? (ushort)0 : body.ReadPacketId();
        return new PublishPacket(topic, body.ReadRest(), qualityOfService, Retain: (flags & 1) != 0, Duplicate: (flags & 8) != 0, packetId);
    }

    private static SubscribePacket ReadSubscribe(ref PacketBody body)
    {
        var packetId = body.ReadPacketId();
        var filters = new List<TopicFilterRequest>();
        do
        {
            var filter = body.ReadTopicFilter();
            var qualityOfService = body.ReadByte("requested QoS");
            if (qualityOfService > 2)
            {
                throw body.Fault($"the requested QoS cannot be {qualityOfService}");
            }

            filters.Add(new TopicFilterRequest(filter, (QualityOfService)qualityOfService));
        }
        while (!body.AtEnd);

        return new SubscribePacket(packetId, filters);
    }

    private static SubAckPacket ReadSubAck(ref PacketBody body)
    {
        var packetId = body.ReadPacketId();
        var returnCodes = body.ReadRest();
        foreach (var returnCode in returnCodes)
        {
            if (returnCode is > 2 and not SubAckPacket.Failure)
            {
                throw body.Fault($"the return code {returnCode} is reserved");
            }
        }

        return new SubAckPacket(packetId, returnCodes);
    }

    private static UnsubscribePacket ReadUnsubscribe(ref PacketBody body)
    {
        var packetId = body.ReadPacketId();
        var filters = new List<string>();
        do
        {
            filters.Add(body.ReadTopicFilter());
        }
        while (!body.AtEnd);

        return new UnsubscribePacket(packetId, filters);
    }
}
