using System.Buffers;
using LocalCloud;
using Mqtt;

namespace Cli.Prove.Fuzz;

/// <summary>MQTT packets, as many as an input holds. Accepted is what holds at least one.</summary>
/// <param name="corpus">Packets that it may well be sent.</param>
/// <param name="options">What it takes.</param>
internal sealed class PacketParser(byte[][] corpus, PacketReaderOptions options) : FuzzParser
{
    private readonly List<Packet> _packets = new(65_536);
    private bool _isRefused;
    private long _left;

    /// <inheritdoc/>
    public override IReadOnlyList<byte[]> Corpus => corpus;

    /// <inheritdoc/>
    public override int LongestInput => 65_536;

    /// <summary>A refusal costs its exception, with its message and stack trace.</summary>
    public override int FixedAllocation => 16_384;

    /// <summary>A packet without a body (2 bytes) takes 24; a filter of one letter (4 bytes) a string of 24 and, while its list doubles, up to three places of 16.</summary>
    public override int AllocationPerByte => 24;

    /// <summary>Packets as LocalCloud reads them, which are a client's.</summary>
    public static PacketParser OfServer()
    {
        HostileInputs inputs = new(new Random(1));
        List<byte[]> packets = [.. Enumerable.Range(0, 8).Select(i => inputs.Connect($"client-{i}"))];
        packets.AddRange(Enumerable.Range(0, 100).Select(_ => inputs.Valid()).Where(packet => packet.Length < 20_000).Take(50));
        Packet[] numbered =
        [
            new PubAckPacket(1), new PubRecPacket(1), new PubRelPacket(1), new PubCompPacket(1), new PublishPacket("t", default, QualityOfService.AtLeastOnce, PacketId: 1),
            new SubscribePacket(1, [new TopicFilterRequest("a/+/#", QualityOfService.AtLeastOnce)]), new UnsubscribePacket(1, ["a"]),
        ];
        packets.AddRange(numbered.Select(ConformancePeer.Encode));
        packets.Add([.. packets[0], .. packets[^1], .. packets[^2], 0xE0, 0x00]);
        return new PacketParser([.. packets], new PacketReaderOptions { MaximumPacketSize = BrokerLimits.MaximumPacket });
    }

    /// <summary>Packets as a client reads them, which are a server's.</summary>
    public static PacketParser OfClient()
    {
        byte[] payload = new byte[4_000];
        new Random(1).NextBytes(payload);
        Packet[] packets =
        [
            new ConnAckPacket(false, 0),
            new ConnAckPacket(true, 0),
            new ConnAckPacket(false, 7),
            new SubAckPacket(5, [0, 1, 2, 0x80]),
            new UnsubAckPacket(6),
            new PubAckPacket(1),
            new PubRecPacket(2),
            new PubRelPacket(3),
            new PubCompPacket(4),
            new PingRespPacket(),
            new PublishPacket("$aws/certificates/create/json/accepted", payload),
            new PublishPacket("cmd/p/l/é", payload.AsMemory(0, 60), QualityOfService.AtLeastOnce, PacketId: 9),
            new PublishPacket("a", default, QualityOfService.ExactlyOnce, true, true, 65_535),
        ];
        byte[][] encoded = [.. packets.Select(ConformancePeer.Encode)];
        return new PacketParser([.. encoded, [.. encoded.SelectMany(packet => packet)]], PacketReaderOptions.Default);
    }

    /// <inheritdoc/>
    public override byte[] Mutate(byte[] document, Random random) => new HostileInputs(random).Mutate(document);

    /// <summary>Gives the first packet the length that it has.</summary>
    public override byte[] Mend(byte[] input)
    {
        int body = 1;
        while (body < Math.Min(input.Length, 5) && (input[body] & 0x80) != 0)
        {
            body++;
        }

        if (++body > input.Length)
        {
            return input;
        }

        List<byte> mended = [input[0]];
        int length = input.Length - body;
        do
        {
            mended.Add((byte)((length & 0x7F) | (length > 0x7F ? 0x80 : 0)));
            length >>= 7;
        }
        while (length > 0);

        return [.. mended, .. input.AsSpan(body)];
    }

    /// <inheritdoc/>
    public override object? Parse(byte[] input)
    {
        _left = Read(new ReadOnlySequence<byte>(input), _packets, out _isRefused);
        return _packets.Count > 0 ? _packets : null;
    }

    /// <inheritdoc/>
    public override void Check(byte[] input, object? result)
    {
        byte[][] encoded = [.. _packets.Select(ConformancePeer.Encode)];
        CheckRoundTrip(encoded);

        // As the network may cut it: in pieces, and with the end yet to come
        int step = Math.Max(1, input.Length / 16);
        List<Packet> again = [];
        for (int at = 0; at <= input.Length; at += step)
        {
            long left = Read(Piece.Split(input, at), again, out bool isRefused);
            Require(isRefused == _isRefused && left == _left && IsSame(again, encoded), $"cut at byte {at} it is read otherwise");
            left = Read(new ReadOnlySequence<byte>(input, 0, at), again, out isRefused);
            Require(again.Count <= _packets.Count && IsSame(again, encoded[..again.Count]), $"its first {at} bytes are read otherwise");
            Require(!isRefused || (_isRefused && again.Count == _packets.Count), $"its first {at} bytes are refused, and the whole is not");
        }
    }

    private void CheckRoundTrip(byte[][] encoded)
    {
        foreach (byte[] packet in encoded)
        {
            Require(packet.Length <= options.MaximumPacketSize, "a packet is longer than what is taken");
            ReadOnlySequence<byte> rest = new(packet);
            Require(PacketReader.TryRead(ref rest, options, out Packet? read) && rest.IsEmpty && ConformancePeer.Encode(read!).AsSpan().SequenceEqual(packet), "a packet that was taken does not come back as it was");
        }

        foreach (Packet packet in _packets)
        {
            Require(packet is not PublishPacket publish || (TopicName.IsValid(publish.Topic) && publish.PacketId == 0 == (publish.QoS == QualityOfService.AtMostOnce)), "PUBLISH with a topic or packet identifier that it cannot have");
            Require(packet is not SubscribePacket subscribe || subscribe.Filters.All(filter => TopicFilter.IsValid(filter.Filter)), "SUBSCRIBE with a filter that it cannot have");
        }
    }

    private long Read(ReadOnlySequence<byte> bytes, List<Packet> packets, out bool isRefused)
    {
        packets.Clear();
        isRefused = false;
        try
        {
            while (PacketReader.TryRead(ref bytes, options, out Packet? packet))
            {
                packets.Add(packet!);
            }
        }
        catch (MqttProtocolException)
        {
            isRefused = true;
        }

        return bytes.Length;
    }

    private static bool IsSame(List<Packet> packets, byte[][] encoded) =>
        packets.Count == encoded.Length && packets.Zip(encoded).All(pair => ConformancePeer.Encode(pair.First).AsSpan().SequenceEqual(pair.Second));

    /// <summary>A part of what came.</summary>
    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        private Piece(ReadOnlyMemory<byte> bytes, long before)
        {
            Memory = bytes;
            RunningIndex = before;
        }

        public static ReadOnlySequence<byte> Split(byte[] bytes, int at)
        {
            Piece second = new(bytes.AsMemory(at), at);
            Piece first = new(bytes.AsMemory(0, at), 0) { Next = second };
            return new ReadOnlySequence<byte>(first, 0, second, bytes.Length - at);
        }
    }
}
