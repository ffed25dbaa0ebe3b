using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Mqtt;

/// <summary>Encodes MQTT 3.1.1 packets. It is as strict as <see cref="PacketReader"/>: what it writes, that reads.</summary>
public static class PacketWriter
{
    /// <summary>Encodes one packet.</summary>
    /// <param name="output">Takes the bytes. Nothing is written to it when the packet cannot be encoded.</param>
    /// <param name="packet">The packet.</param>
    /// <exception cref="ArgumentException">MQTT 3.1.1 has no encoding for it: the message says why.</exception>
    public static void Write(IBufferWriter<byte> output, Packet packet)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(packet);

        switch (packet)
        {
            case ConnectPacket connect:
                WriteConnect(output, connect);
                break;

            case ConnAckPacket connAck:
                WriteConnAck(output, connAck);
                break;

            case PublishPacket publish:
                WritePublish(output, publish);
                break;

            case PubAckPacket pubAck:
                WriteAcknowledgement(output, PacketType.PubAck, pubAck.PacketId);
                break;

            case PubRecPacket pubRec:
                WriteAcknowledgement(output, PacketType.PubRec, pubRec.PacketId);
                break;

            case PubRelPacket pubRel:
                WriteAcknowledgement(output, PacketType.PubRel, pubRel.PacketId, flags: 2);
                break;

            case PubCompPacket pubComp:
                WriteAcknowledgement(output, PacketType.PubComp, pubComp.PacketId);
                break;

            case SubscribePacket subscribe:
                WriteSubscribe(output, subscribe);
                break;

            case SubAckPacket subAck:
                WriteSubAck(output, subAck);
                break;

            case UnsubscribePacket unsubscribe:
                WriteUnsubscribe(output, unsubscribe);
                break;

            case UnsubAckPacket unsubAck:
                WriteAcknowledgement(output, PacketType.UnsubAck, unsubAck.PacketId);
                break;

            case PingReqPacket:
                WriteFixedHeader(output, PacketType.PingReq, 0, 0);
                break;

            case PingRespPacket:
                WriteFixedHeader(output, PacketType.PingResp, 0, 0);
                break;

            case DisconnectPacket:
                WriteFixedHeader(output, PacketType.Disconnect, 0, 0);
                break;

            default:
                throw new ArgumentException($"{packet.GetType().Name} is not a packet of MQTT 3.1.1.", nameof(packet));
        }
    }

    private static void WriteConnect(IBufferWriter<byte> output, ConnectPacket packet)
    {
        if (packet.ClientId.Length == 0 && !packet.CleanSession)
        {
            throw Refused("an empty client identifier needs a clean session");
        }

        if (packet.Password is not null && packet.UserName is null)
        {
            throw Refused("a password needs a user name");
        }

        var flags = packet.CleanSession ? ConnectFlags.CleanSession : ConnectFlags.None;
        long length = 10 + StringSize(packet.ClientId, "client identifier");
        if (packet.Will is { } will)
        {
            CheckTopicName(will.Topic);
            CheckQualityOfService(will.QoS);
            flags |= ConnectFlags.Will | (ConnectFlags)((int)will.QoS << PacketReader.WillQoSShift);
            flags |= will.Retain ? ConnectFlags.WillRetain : ConnectFlags.None;
            length += StringSize(will.Topic, "will topic") + BinarySize(will.Payload, "will message");
        }

        if (packet.UserName is { } userName)
        {
            flags |= ConnectFlags.UserName;
            length += StringSize(userName, "user name");
        }

        if (packet.Password is { } password)
        {
            flags |= ConnectFlags.Password;
            length += BinarySize(password, "password");
        }

        WriteFixedHeader(output, PacketType.Connect, 0, length);
        WriteString(output, "MQTT");
        WriteByte(output, PacketReader.ProtocolLevel);
        WriteByte(output, (byte)flags);
        WriteUInt16(output, packet.KeepAliveSeconds);
        WriteString(output, packet.ClientId);
        if (packet.Will is not null)
        {
            WriteString(output, packet.Will.Topic);
            WriteBinary(output, packet.Will.Payload.Span);
        }

        if (packet.UserName is not null)
        {
            WriteString(output, packet.UserName);
        }

        if (packet.Password is not null)
        {
            WriteBinary(output, packet.Password.Value.Span);
        }
    }

    private static void WriteConnAck(IBufferWriter<byte> output, ConnAckPacket packet)
    {
        if (packet.SessionPresent && packet.ReturnCode != ConnectReturnCode.Accepted)
        {
            throw Refused("a refusal cannot have session present");
        }

        WriteFixedHeader(output, PacketType.ConnAck, 0, 2);
        WriteByte(output, packet.SessionPresent ? (byte)1 : (byte)0);
        WriteByte(output, packet.ReturnCode);
    }

    private static void WritePublish(IBufferWriter<byte> output, PublishPacket packet)
    {
        CheckTopicName(packet.Topic);
        CheckQualityOfService(packet.QoS);
        var acknowledged = packet.QoS != QualityOfService.AtMostOnce;
        if (acknowledged)
        {
            CheckPacketId(packet.PacketId);
        }
        else if (packet.PacketId != 0 || packet.Duplicate)
        {
            throw Refused("a QoS 0 message has neither packet identifier nor DUP");
        }

        var flags = ((int)packet.QoS << 1) | (packet.Retain ? 1 : 0) | (packet.Duplicate ? 8 : 0);
        var length = StringSize(packet.Topic, "topic name") + (acknowledged ? 2L : 0L) + packet.Payload.Length;
        WriteFixedHeader(output, PacketType.Publish, flags, length);
        WriteString(output, packet.Topic);
        if (acknowledged)
        {
            WriteUInt16(output, packet.PacketId);
        }

        output.Write(packet.Payload.Span);
    }

    private static void WriteAcknowledgement(IBufferWriter<byte> output, PacketType type, ushort packetId, int flags = 0)
    {
        CheckPacketId(packetId);
        WriteFixedHeader(output, type, flags, 2);
        WriteUInt16(output, packetId);
    }

    private static void WriteSubscribe(IBufferWriter<byte> output, SubscribePacket packet)
    {
        CheckPacketId(packet.PacketId);
        CheckNotEmpty(packet.Filters.Count);
        long length = 2;
        foreach (var request in packet.Filters)
        {
            CheckQualityOfService(request.QoS);
            length += FilterSize(request.Filter) + 1;
        }

        WriteFixedHeader(output, PacketType.Subscribe, 2, length);
        WriteUInt16(output, packet.PacketId);
        foreach (var request in packet.Filters)
        {
            WriteString(output, request.Filter);
            WriteByte(output, (byte)request.QoS);
        }
    }

    private static void WriteSubAck(IBufferWriter<byte> output, SubAckPacket packet)
    {
        CheckPacketId(packet.PacketId);
        CheckNotEmpty(packet.ReturnCodes.Count);
        foreach (var returnCode in packet.ReturnCodes)
        {
            if (returnCode is > 2 and not SubAckPacket.Failure)
            {
                throw Refused($"the SUBACK return code {returnCode} is reserved");
            }
        }

        WriteFixedHeader(output, PacketType.SubAck, 0, 2L + packet.ReturnCodes.Count);
        WriteUInt16(output, packet.PacketId);
        foreach (var returnCode in packet.ReturnCodes)
        {
            WriteByte(output, returnCode);
        }
    }

    private static void WriteUnsubscribe(IBufferWriter<byte> output, UnsubscribePacket packet)
    {
        CheckPacketId(packet.PacketId);
        CheckNotEmpty(packet.Filters.Count);
        long length = 2;
        foreach (var filter in packet.Filters)
        {
            length += FilterSize(filter);
        }

        WriteFixedHeader(output, PacketType.Unsubscribe, 2, length);
        WriteUInt16(output, packet.PacketId);
        foreach (var filter in packet.Filters)
        {
            WriteString(output, filter);
        }
    }

    private static void WriteFixedHeader(IBufferWriter<byte> output, PacketType type, int flags, long remainingLength)
    {
        if (remainingLength > PacketReaderOptions.ProtocolMaximumPacketSize - 5)
        {
            throw Refused($"a remaining length of {remainingLength} bytes is more than MQTT can encode");
        }

        WriteByte(output, (byte)(((int)type << 4) | flags));
        var rest = (uint)remainingLength;
        do
        {
            var digit = rest & 0x7F;
            rest >>= 7;
            WriteByte(output, (byte)(rest > 0 ? digit | 0x80 : digit));
        }
        while (rest > 0);
    }

    private static void CheckPacketId(ushort packetId)
    {
        if (packetId == 0)
        {
            throw Refused("the packet identifier is 0");
        }
    }

    private static void CheckQualityOfService(QualityOfService qualityOfService)
    {
        if (qualityOfService > QualityOfService.ExactlyOnce)
        {
            throw Refused($"QoS {(byte)qualityOfService} does not exist");
        }
    }

    private static void CheckTopicName(string topic)
    {
        if (TopicName.FindFault(topic) is { } fault)
        {
            throw Refused(fault);
        }
    }

    private static void CheckNotEmpty(int count)
    {
        if (count == 0)
        {
            throw Refused("the list is empty");
        }
    }

    private static int FilterSize(string filter) =>
        TopicFilter.FindFault(filter) is { } fault ? throw Refused(fault) : StringSize(filter, "topic filter");

    private static int StringSize(string value, string field) =>
        Utf8String.FindFault(value) is { } fault
            ? throw Refused($"the {field} {fault}")
            : sizeof(ushort) + Utf8String.Encoding.GetByteCount(value);

    private static int BinarySize(ReadOnlyMemory<byte> value, string field) =>
        value.Length > ushort.MaxValue
            ? throw Refused($"the {field} is longer than {ushort.MaxValue} bytes")
            : sizeof(ushort) + value.Length;

    private static ArgumentException Refused(string fault) => new($"The packet cannot be encoded: {fault}.", "packet");

    private static void WriteByte(IBufferWriter<byte> output, byte value)
    {
        output.GetSpan(1)[0] = value;
        output.Advance(1);
    }

    private static void WriteUInt16(IBufferWriter<byte> output, ushort value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(output.GetSpan(sizeof(ushort)), value);
        output.Advance(sizeof(ushort));
    }

    private static void WriteString(IBufferWriter<byte> output, string value)
    {
        WriteUInt16(output, (ushort)Utf8String.Encoding.GetByteCount(value));
        Utf8String.Encoding.GetBytes(value, output);
    }

    private static void WriteBinary(IBufferWriter<byte> output, ReadOnlySpan<byte> value)
    {
        WriteUInt16(output, (ushort)value.Length);
        output.Write(value);
    }
}
