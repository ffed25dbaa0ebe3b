using System.Buffers;
using System.Collections;
using System.Text;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Mqtt;

namespace Tests.Mqtt;

[TestClass]
public sealed class PacketRoundTripTests
{
    private static readonly ReadOnlyMemory<byte> s_payload = Encoding.UTF8.GetBytes("{\"TEMPERATURE\":20.5}");

    public static IEnumerable<object[]> Packets =>
    [
        [new ConnectPacket("thing-1"), "10 13 00 04 4D 51 54 54 04 02 00 3C 00 07 74 68 69 6E 67 2D 31"],
        [new ConnectPacket(""), "10 0C 00 04 4D 51 54 54 04 02 00 3C 00 00"],
        [
            new ConnectPacket("c", CleanSession: false, KeepAliveSeconds: 1200, "u", s_payload[..2], new Will("w/t", s_payload[..1], QualityOfService.AtLeastOnce, Retain: true)),
            "10 1C 00 04 4D 51 54 54 04 EC 04 B0 00 01 63 00 03 77 2F 74 00 01 7B 00 01 75 00 02 7B 22",
        ],
        [new ConnectPacket("c", UserName: "", Will: new Will("w", default, QualityOfService.ExactlyOnce)), "10 14 00 04 4D 51 54 54 04 96 00 3C 00 01 63 00 01 77 00 00 00 00"],
        [new ConnAckPacket(false, 0), "20 02 00 00"],
        [new ConnAckPacket(true, 0), "20 02 01 00"],
        [new ConnAckPacket(false, 7), "20 02 00 07"],
        [new PublishPacket("a/b", s_payload[..3]), "30 08 00 03 61 2F 62 7B 22 54"],
        [new PublishPacket("a", default, Retain: true), "31 03 00 01 61"],
        [new PublishPacket("/", default, QualityOfService.AtLeastOnce, PacketId: 0xFFFF), "32 05 00 01 2F FF FF"],
        [new PublishPacket("é", s_payload[..1], QualityOfService.ExactlyOnce, true, true, 10), "3D 07 00 02 C3 A9 00 0A 7B"],
        [new PubAckPacket(1), "40 02 00 01"],
        [new PubRecPacket(2), "50 02 00 02"],
        [new PubRelPacket(3), "62 02 00 03"],
        [new PubCompPacket(4), "70 02 00 04"],
        [
            new SubscribePacket(5, [new TopicFilterRequest("a/+", QualityOfService.AtMostOnce), new TopicFilterRequest("#", QualityOfService.ExactlyOnce)]),
            "82 0C 00 05 00 03 61 2F 2B 00 00 01 23 02",
        ],
        [new SubAckPacket(5, [0, 1, 2, 0x80]), "90 06 00 05 00 01 02 80"],
        [new UnsubscribePacket(6, ["a", "b/#"]), "A2 0A 00 06 00 01 61 00 03 62 2F 23"],
        [new UnsubAckPacket(6), "B0 02 00 06"],
        [new PingReqPacket(), "C0 00"],
        [new PingRespPacket(), "D0 00"],
        [new DisconnectPacket(), "E0 00"],
    ];

    [TestMethod]
    [DynamicData(nameof(Packets))]
    public void Every_packet_has_the_standards_bytes_and_comes_back_as_it_was(Packet packet, string hex)
    {
        var bytes = Wire.Encode(packet);

        Assert.AreEqual(Convert.ToHexString(Wire.Bytes(hex)), Convert.ToHexString(bytes));
        AssertSame(packet, Wire.Decode(bytes)!);
    }

    [TestMethod]
    [DynamicData(nameof(Packets))]
    public void A_packet_is_read_wherever_the_network_cut_it(Packet packet, string hex)
    {
        var bytes = Wire.Bytes(hex);
        for (var length = 0; length < bytes.Length; length++)
        {
            var part = new ReadOnlySequence<byte>(bytes, 0, length);
            Assert.IsFalse(PacketReader.TryRead(ref part, PacketReaderOptions.Default, out var none));
            Assert.IsNull(none);
            Assert.AreEqual(length, part.Length, "an incomplete packet must be left in the buffer");
        }

        for (var first = 0; first < bytes.Length; first++)
        {
            for (var second = first; second <= bytes.Length; second++)
            {
                var pieces = Wire.Split(bytes, first, second);
                Assert.IsTrue(PacketReader.TryRead(ref pieces, PacketReaderOptions.Default, out var whole));
                Assert.AreEqual(0, pieces.Length);
                AssertSame(packet, whole!);
            }
        }
    }

    [TestMethod]
    public void Packets_that_arrive_together_are_taken_one_by_one()
    {
        var all = Packets.SelectMany(row => Wire.Bytes((string)row[1])).ToArray();
        var buffer = new ReadOnlySequence<byte>(all);
        foreach (var row in Packets)
        {
            Assert.IsTrue(PacketReader.TryRead(ref buffer, PacketReaderOptions.Default, out var packet));
            AssertSame((Packet)row[0], packet!);
        }

        Assert.IsTrue(buffer.IsEmpty);
        Assert.IsFalse(PacketReader.TryRead(ref buffer, PacketReaderOptions.Default, out _));
    }

    [TestMethod]
    [DataRow(0, 2)]
    [DataRow(124, 2)]
    [DataRow(125, 3)]
    [DataRow(16_380, 3)]
    [DataRow(16_381, 4)]
    [DataRow(2_097_148, 4)]
    [DataRow(2_097_149, 5)]
    public void The_remaining_length_takes_one_to_four_bytes(int payloadLength, int headerLength)
    {
        var payload = new byte[payloadLength];
        new Random(1).NextBytes(payload);

        var bytes = Wire.Encode(new PublishPacket("t", payload));

        Assert.HasCount(headerLength + 3 + payloadLength, bytes);
        var read = (PublishPacket)Wire.Decode(bytes, new PacketReaderOptions { MaximumPacketSize = bytes.Length })!;
        Assert.IsTrue(read.Payload.Span.SequenceEqual(payload));
    }

    [TestMethod]
    public void What_was_read_does_not_change_with_the_buffer()
    {
        var connect = Wire.Bytes("10 1C 00 04 4D 51 54 54 04 EC 04 B0 00 01 63 00 03 77 2F 74 00 01 7B 00 01 75 00 02 7B 22");
        var publish = Wire.Bytes("30 08 00 03 61 2F 62 7B 22 54");
        var subAck = Wire.Bytes("90 06 00 05 00 01 02 80");
        var connectRead = (ConnectPacket)Wire.Decode(connect)!;
        var publishRead = (PublishPacket)Wire.Decode(publish)!;
        var subAckRead = (SubAckPacket)Wire.Decode(subAck)!;

        Array.Clear(connect);
        Array.Clear(publish);
        Array.Clear(subAck);

        CollectionAssert.AreEqual(Wire.Bytes("7B 22"), connectRead.Password!.Value.ToArray());
        CollectionAssert.AreEqual(Wire.Bytes("7B"), connectRead.Will!.Payload.ToArray());
        CollectionAssert.AreEqual(Wire.Bytes("7B 22 54"), publishRead.Payload.ToArray());
        CollectionAssert.AreEqual(Wire.Bytes("00 01 02 80"), subAckRead.ReturnCodes.ToArray());
    }

    [TestMethod]
    public void A_leading_byte_order_mark_stays_part_of_the_topic()
    {
        var read = (PublishPacket)Wire.Decode(Wire.Bytes("30 06 00 04 EF BB BF 61"))!;

        Assert.AreEqual("\uFEFFa", read.Topic);
    }

    [TestMethod]
    public void The_longest_strings_pass()
    {
        var longest = new string('x', ushort.MaxValue);
        var connect = new ConnectPacket(longest, true, 0, longest, new byte[ushort.MaxValue], new Will(longest, new byte[ushort.MaxValue]));
        var bytes = Wire.Encode(connect);

        AssertSame(connect, Wire.Decode(bytes, new PacketReaderOptions { MaximumPacketSize = bytes.Length })!);
    }

    private static void AssertSame(Packet expected, Packet actual)
    {
        Assert.AreEqual(expected.GetType(), actual.GetType());
        foreach (var property in expected.GetType().GetProperties())
        {
            AssertSame(property.Name, property.GetValue(expected), property.GetValue(actual));
        }
    }

    private static void AssertSame(string name, object? expected, object? actual)
    {
        switch (expected)
        {
            case ReadOnlyMemory<byte> bytes:
                CollectionAssert.AreEqual(bytes.ToArray(), ((ReadOnlyMemory<byte>)actual!).ToArray(), name);
                break;

            case Will will:
                var actualWill = (Will)actual!;
                Assert.AreEqual(will with { Payload = default }, actualWill with { Payload = default });
                AssertSame(name, will.Payload, actualWill.Payload);
                break;

            case IEnumerable list when expected is not string:
                CollectionAssert.AreEqual(list.Cast<object>().ToArray(), ((IEnumerable)actual!).Cast<object>().ToArray(), name);
                break;

            default:
                Assert.AreEqual(expected, actual, name);
                break;
        }
    }
}
