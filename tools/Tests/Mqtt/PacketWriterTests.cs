using System.Buffers;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Mqtt;

namespace Tests.Mqtt;

[TestClass]
public sealed class PacketWriterTests
{
    private static readonly string s_tooLong = new('x', 65_536);

    public static IEnumerable<object[]> Impossible =>
    [
        [new PublishPacket("", default), "is empty"],
        [new PublishPacket("a/+", default), "wildcard"],
        [new PublishPacket("#", default), "wildcard"],
        [new PublishPacket("a\0", default), "U+0000"],
        [new PublishPacket("\uD800", default), "half a surrogate pair"],
        [new PublishPacket(s_tooLong, default), "longer than 65535 bytes"],
        [new PublishPacket(new string('é', 32_768), default), "longer than 65535 bytes"],
        [new PublishPacket("a", default, PacketId: 1), "QoS 0"],
        [new PublishPacket("a", default, Duplicate: true), "QoS 0"],
        [new PublishPacket("a", default, QualityOfService.AtLeastOnce), "the packet identifier is 0"],
        [new PublishPacket("a", default, (QualityOfService)3, PacketId: 1), "QoS 3 does not exist"],
        [new PublishPacket("a", new byte[PacketReaderOptions.ProtocolMaximumPacketSize - 7]), "more than MQTT can encode"],
        [new ConnectPacket("", CleanSession: false), "needs a clean session"],
        [new ConnectPacket("a", Password: new byte[1]), "needs a user name"],
        [new ConnectPacket("a", UserName: "u", Password: new byte[65_536]), "the password is longer"],
        [new ConnectPacket(s_tooLong), "the client identifier is longer"],
        [new ConnectPacket("a", UserName: "\0"), "the user name holds U+0000"],
        [new ConnectPacket("a", Will: new Will("", default)), "is empty"],
        [new ConnectPacket("a", Will: new Will("a/#", default)), "wildcard"],
        [new ConnectPacket("a", Will: new Will("a", new byte[65_536])), "the will message is longer"],
        [new ConnectPacket("a", Will: new Will("a", default, (QualityOfService)3)), "QoS 3 does not exist"],
        [new ConnAckPacket(true, 1), "session present"],
        [new PubAckPacket(0), "the packet identifier is 0"],
        [new PubRecPacket(0), "the packet identifier is 0"],
        [new PubRelPacket(0), "the packet identifier is 0"],
        [new PubCompPacket(0), "the packet identifier is 0"],
        [new UnsubAckPacket(0), "the packet identifier is 0"],
        [new SubscribePacket(1, []), "the list is empty"],
        [new SubscribePacket(0, [new TopicFilterRequest("a", QualityOfService.AtMostOnce)]), "the packet identifier is 0"],
        [new SubscribePacket(1, [new TopicFilterRequest("a#", QualityOfService.AtMostOnce)]), "stand alone"],
        [new SubscribePacket(1, [new TopicFilterRequest("a", (QualityOfService)0x80)]), "QoS 128 does not exist"],
        [new SubAckPacket(1, []), "the list is empty"],
        [new SubAckPacket(1, [3]), "is reserved"],
        [new UnsubscribePacket(1, []), "the list is empty"],
        [new UnsubscribePacket(1, ["#/a"]), "not its last level"],
    ];

    [TestMethod]
    [DynamicData(nameof(Impossible))]
    public void What_cannot_be_encoded_is_refused_before_a_byte_is_written(Packet packet, string reason)
    {
        var output = new ArrayBufferWriter<byte>();

        var refusal = Assert.ThrowsExactly<ArgumentException>(() => PacketWriter.Write(output, packet));

        StringAssert.Contains(refusal.Message, reason);
        Assert.AreEqual(0, output.WrittenCount);
    }
}
