using System.Buffers;
using System.Text;

namespace Mqtt;

/// <summary>Reads the fields of one packet's variable header and payload. Every fault becomes an <see cref="MqttProtocolException"/> that names the packet.</summary>
internal ref struct PacketBody
{
    private readonly string _packetName;
    private SequenceReader<byte> _reader;

    public PacketBody(in ReadOnlySequence<byte> body, string packetName)
    {
        _reader = new SequenceReader<byte>(body);
        _packetName = packetName;
    }

    public readonly bool AtEnd => _reader.End;

    public byte ReadByte(string field) => _reader.TryRead(out var value) ? value : throw CutShort(field);

    public ushort ReadUInt16(string field) => _reader.TryReadBigEndian(out short value) ? unchecked((ushort)value) : throw CutShort(field);

    public ushort ReadPacketId()
    {
        var packetId = ReadUInt16("packet identifier");
        return packetId != 0 ? packetId : throw Fault("the packet identifier is 0");
    }

    public string ReadString(string field)
    {
        var bytes = TakeWithLength(field);
        string text;
        try
        {
            text = Utf8String.Encoding.GetString(bytes);
        }
        catch (DecoderFallbackException e)
        {
            throw new MqttProtocolException($"{_packetName}: the {field} is not well-formed UTF-8", innerException: e);
        }

        return text.Contains('\0') ? throw Fault($"the {field} holds U+0000") : text;
    }

    public string ReadTopicName()
    {
        var topic = ReadString("topic name");
        return TopicName.FindFault(topic) is { } fault ? throw Fault(fault) : topic;
    }

    public string ReadTopicFilter()
    {
        var filter = ReadString("topic filter");
        return TopicFilter.FindFault(filter) is { } fault ? throw Fault(fault) : filter;
    }

    public byte[] ReadBinary(string field) => TakeWithLength(field).ToArray();

    public byte[] ReadRest()
    {
        var rest = _reader.UnreadSequence.ToArray();
        _reader.AdvanceToEnd();
        return rest;
    }

    public readonly void ExpectEnd()
    {
        if (!_reader.End)
        {
            throw Fault($"{_reader.Remaining} bytes follow its last field");
        }
    }

    public readonly MqttProtocolException Fault(string fault, byte? connectReturnCode = null) =>
        new($"{_packetName}: {fault}", connectReturnCode);

    private readonly MqttProtocolException CutShort(string field) => Fault($"the packet ends within the {field}");

    private ReadOnlySequence<byte> TakeWithLength(string field)
    {
        var length = ReadUInt16(field);
        if (!_reader.TryReadExact(length, out var bytes))
        {
            throw CutShort(field);
        }

        return bytes;
    }
}
