using System.Buffers;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Mqtt;

namespace Tests.Mqtt;

[TestClass]
public sealed class HostilePacketTests
{
    [TestMethod]
    [DataRow("00 00", "packet type 0 is reserved")]
    [DataRow("F0 00", "packet type 15 is reserved")]
    [DataRow("11", "CONNECT: the reserved flags are 1")]
    [DataRow("22", "CONNACK: the reserved flags are 2")]
    [DataRow("41", "PUBACK: the reserved flags are 1")]
    [DataRow("60", "PUBREL: the reserved flags are 0, not 2")]
    [DataRow("80", "SUBSCRIBE: the reserved flags are 0, not 2")]
    [DataRow("A3", "UNSUBSCRIBE: the reserved flags are 3, not 2")]
    [DataRow("C1", "PINGREQ: the reserved flags are 1")]
    [DataRow("E8", "DISCONNECT: the reserved flags are 8")]
    [DataRow("36", "QoS 3 does not exist")]
    [DataRow("38", "DUP is set with QoS 0")]
    [DataRow("30 80 80 80 80", "more than 4 bytes")]
    [DataRow("30 FF FF FF FF 7F", "more than 4 bytes")]
    [DataRow("30 FF FF FF 7F", "longer than the 262144 that are accepted")]
    [DataRow("30 80 80 10", "longer than the 262144 that are accepted")]
    [DataRow("10 FE FF 7F", "longer than the 262144 that are accepted")]
    [DataRow("40 01", "PUBACK: the remaining length cannot be 1")]
    [DataRow("40 03", "PUBACK: the remaining length cannot be 3")]
    [DataRow("20 FF 01", "CONNACK: the remaining length cannot be 255")]
    [DataRow("C0 01", "PINGREQ: the remaining length cannot be 1")]
    [DataRow("D0 01", "PINGRESP: the remaining length cannot be 1")]
    [DataRow("E0 01", "DISCONNECT: the remaining length cannot be 1")]
    [DataRow("82 05", "SUBSCRIBE: the remaining length cannot be 5")]
    [DataRow("82 02", "SUBSCRIBE: the remaining length cannot be 2")]
    [DataRow("A2 02", "UNSUBSCRIBE: the remaining length cannot be 2")]
    [DataRow("90 02", "SUBACK: the remaining length cannot be 2")]
    [DataRow("30 00", "PUBLISH: the remaining length cannot be 0")]
    [DataRow("40 02 00 00", "the packet identifier is 0")]
    [DataRow("62 02 00 00", "the packet identifier is 0")]
    [DataRow("82 06 00 00 00 01 61 00", "the packet identifier is 0")]
    [DataRow("A2 05 00 00 00 01 61", "the packet identifier is 0")]
    [DataRow("32 05 00 01 61 00 00", "the packet identifier is 0")]
    [DataRow("32 04 00 01 61 00", "ends within the packet identifier")]
    public void Headers_and_identifiers(string hex, string reason) => AssertRefused(hex, reason);

    [TestMethod]
    [DataRow("10 00", "ends within the protocol name")]
    [DataRow("10 05 00 04 4D 51 54", "ends within the protocol name")]
    [DataRow("10 06 00 04 4D 51 54 54", "ends within the protocol level")]
    [DataRow("10 07 00 04 4D 51 54 54 04", "ends within the connect flags")]
    [DataRow("10 09 00 04 4D 51 54 54 04 02 00", "ends within the keep-alive")]
    [DataRow("10 0A 00 04 4D 51 54 54 04 02 00 3C", "ends within the client identifier")]
    [DataRow("10 0D 00 04 4D 51 54 54 04 02 00 3C 00 02 61", "ends within the client identifier")]
    [DataRow("10 0E 00 04 4D 51 54 54 04 02 00 3C 00 01 61 00", "1 bytes follow its last field")]
    [DataRow("10 0C 00 04 6D 71 74 74 04 02 00 3C 00 00", "the protocol name is not MQTT")]
    [DataRow("10 0D 00 04 4D 51 54 54 04 03 00 3C 00 01 61", "the reserved connect flag is set")]
    [DataRow("10 0D 00 04 4D 51 54 54 04 0A 00 3C 00 01 61", "will QoS or will retain is set without a will")]
    [DataRow("10 0D 00 04 4D 51 54 54 04 22 00 3C 00 01 61", "will QoS or will retain is set without a will")]
    [DataRow("10 12 00 04 4D 51 54 54 04 1E 00 3C 00 01 61 00 01 62 00 00", "will QoS 3 does not exist")]
    [DataRow("10 0F 00 04 4D 51 54 54 04 42 00 3C 00 01 61 00 00", "a password without a user name")]
    [DataRow("10 0D 00 04 4D 51 54 54 04 82 00 3C 00 01 61", "ends within the user name")]
    [DataRow("10 10 00 04 4D 51 54 54 04 C2 00 3C 00 01 61 00 01 75", "ends within the password")]
    [DataRow("10 11 00 04 4D 51 54 54 04 06 00 3C 00 01 61 00 00 00 00", "the topic name is empty")]
    [DataRow("10 12 00 04 4D 51 54 54 04 06 00 3C 00 01 61 00 01 23 00 00", "the topic name holds a wildcard")]
    [DataRow("10 10 00 04 4D 51 54 54 04 06 00 3C 00 01 61 00 01 62", "ends within the will message")]
    [DataRow("10 0E 00 04 4D 51 54 54 04 02 00 3C 00 02 C3 28", "the client identifier is not well-formed UTF-8")]
    [DataRow("10 0D 00 04 4D 51 54 54 04 02 00 3C 00 01 00", "the client identifier holds U+0000")]
    public void Connect(string hex, string reason) => AssertRefused(hex, reason);

    [TestMethod]
    [DataRow("10 0C 00 04 4D 51 54 54 03 02 00 3C 00 00", ConnectReturnCode.UnacceptableProtocolVersion)]
    [DataRow("10 0D 00 04 4D 51 54 54 05 02 00 3C 00 00 00", ConnectReturnCode.UnacceptableProtocolVersion)]
    [DataRow("10 07 00 04 4D 51 54 54 05", ConnectReturnCode.UnacceptableProtocolVersion)]
    [DataRow("10 0E 00 06 4D 51 49 73 64 70 03 02 00 3C 00 00", ConnectReturnCode.UnacceptableProtocolVersion)]
    [DataRow("10 0E 00 06 4D 51 49 73 64 70 04 02 00 3C 00 00", ConnectReturnCode.UnacceptableProtocolVersion)]
    [DataRow("10 0C 00 04 4D 51 54 54 04 00 00 3C 00 00", ConnectReturnCode.IdentifierRejected)]
    public void A_server_learns_what_to_answer(string hex, int returnCode)
    {
        var refusal = Assert.ThrowsExactly<MqttProtocolException>(() => Wire.Decode(Wire.Bytes(hex)));

        Assert.AreEqual((byte)returnCode, refusal.ConnectReturnCode);
    }

    [TestMethod]
    [DataRow("30 02 00 00", "the remaining length cannot be 2")]
    [DataRow("30 03 00 00 61", "the topic name is empty")]
    [DataRow("30 03 00 02 61", "ends within the topic name")]
    [DataRow("30 03 FF FF 61", "ends within the topic name")]
    [DataRow("30 03 00 01 2B", "the topic name holds a wildcard")]
    [DataRow("30 05 00 03 61 2F 23", "the topic name holds a wildcard")]
    [DataRow("30 03 00 01 00", "the topic name holds U+0000")]
    [DataRow("30 04 00 02 61 00", "the topic name holds U+0000")]
    [DataRow("30 04 00 02 C0 AF", "not well-formed UTF-8")]
    [DataRow("30 04 00 02 C0 80", "not well-formed UTF-8")]
    [DataRow("30 05 00 03 E0 80 AF", "not well-formed UTF-8")]
    [DataRow("30 05 00 03 ED A0 80", "not well-formed UTF-8")]
    [DataRow("30 08 00 06 ED A0 BD ED B8 80", "not well-formed UTF-8")]
    [DataRow("30 06 00 04 F4 90 80 80", "not well-formed UTF-8")]
    [DataRow("30 06 00 04 F0 80 80 80", "not well-formed UTF-8")]
    [DataRow("30 03 00 01 80", "not well-formed UTF-8")]
    [DataRow("30 04 00 02 61 C3", "not well-formed UTF-8")]
    [DataRow("30 03 00 01 FF", "not well-formed UTF-8")]
    public void Publish(string hex, string reason) => AssertRefused(hex, reason);

    [TestMethod]
    [DataRow("82 06 00 01 00 00 00 00", "the topic filter is empty")]
    [DataRow("82 06 00 01 00 01 61 03", "the requested QoS cannot be 3")]
    [DataRow("82 06 00 01 00 01 61 80", "the requested QoS cannot be 128")]
    [DataRow("82 06 00 01 00 02 61 62", "ends within the requested QoS")]
    [DataRow("82 07 00 01 00 01 61 00 00", "ends within the topic filter")]
    [DataRow("82 07 00 01 00 03 61 2F 23", "ends within the requested QoS")]
    [DataRow("82 09 00 01 00 04 23 2F 61 62 00", "a '#' that is not its last level")]
    [DataRow("82 07 00 01 00 02 61 23 00", "does not stand alone in its level")]
    [DataRow("82 07 00 01 00 02 2B 61 00", "does not stand alone in its level")]
    [DataRow("82 09 00 01 00 04 61 2F 62 2B 00", "does not stand alone in its level")]
    [DataRow("82 07 00 01 00 02 23 23 00", "does not stand alone in its level")]
    [DataRow("82 06 00 01 00 01 00 00", "the topic filter holds U+0000")]
    [DataRow("82 06 00 01 00 01 FE 00", "the topic filter is not well-formed UTF-8")]
    [DataRow("A2 05 00 01 00 00 00", "the topic filter is empty")]
    [DataRow("A2 05 00 01 00 04 61", "ends within the topic filter")]
    [DataRow("A2 06 00 01 00 02 61 23", "does not stand alone in its level")]
    [DataRow("90 03 00 01 03", "the return code 3 is reserved")]
    [DataRow("90 03 00 01 81", "the return code 129 is reserved")]
    [DataRow("20 02 02 00", "a reserved acknowledge flag is set")]
    [DataRow("20 02 01 05", "session present with a refusal")]
    public void Subscriptions_and_answers(string hex, string reason) => AssertRefused(hex, reason);

    [TestMethod]
    public void A_length_is_judged_by_the_header_alone()
    {
        var options = new PacketReaderOptions { MaximumPacketSize = 1000 };
        var most = Wire.Encode(new PublishPacket("t", new byte[1000 - 3 - 3]));
        var more = Wire.Encode(new PublishPacket("t", new byte[1000 - 3 - 2]));

        Assert.IsNotNull(Wire.Decode(most, options));
        Assert.IsNull(Wire.Decode(most[..3], options));
        Assert.ThrowsExactly<MqttProtocolException>(() => Wire.Decode(more[..3], options));
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(0)]
    [DataRow(-1)]
    [DataRow(268_435_461)]
    public void A_maximum_out_of_range_is_refused(int maximum) =>
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new PacketReaderOptions { MaximumPacketSize = maximum });

    [TestMethod]
    public void Noise_is_read_or_refused_and_costs_no_more_than_its_size()
    {
        const int Rounds = 200_000;
        var random = new Random(20240917);
        var valid = PacketRoundTripTests.Packets.Select(row => Wire.Encode((Packet)row[0])).ToArray();
        var read = 0;
        var incomplete = 0;
        var refused = 0;
        for (var round = 0; round < Rounds; round++)
        {
            var bytes = MakeNoise(random, valid);
            var buffer = random.Next(2) == 0 ? new ReadOnlySequence<byte>(bytes) : Wire.Split(bytes, random.Next(bytes.Length + 1));
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                if (PacketReader.TryRead(ref buffer, PacketReaderOptions.Default, out var packet))
                {
                    read++;
                    Assert.IsNotNull(packet);
                    CheckAllocation(before, bytes);
                    Wire.Encode(packet);
                }
                else
                {
                    incomplete++;
                    CheckAllocation(before, bytes);
                }
            }
            catch (MqttProtocolException)
            {
                refused++;
                CheckAllocation(before, bytes);
            }
        }

        Assert.AreEqual(Rounds, read + incomplete + refused);
        Assert.IsGreaterThan(Rounds / 100, read, "too little of the noise was valid to prove anything");
        Assert.IsGreaterThan(Rounds / 100, incomplete);
        Assert.IsGreaterThan(Rounds / 100, refused);
    }

    [TestMethod]
    public void Many_small_fields_cost_no_more_than_their_size()
    {
        var filters = Enumerable.Repeat(new TopicFilterRequest("a", QualityOfService.AtLeastOnce), 60_000).ToArray();
        var bytes = Wire.Encode(new SubscribePacket(1, filters));
        var buffer = new ReadOnlySequence<byte>(bytes);
        var before = GC.GetAllocatedBytesForCurrentThread();

        Assert.IsTrue(PacketReader.TryRead(ref buffer, PacketReaderOptions.Default, out _));

        CheckAllocation(before, bytes);
    }

    private static byte[] MakeNoise(Random random, byte[][] valid)
    {
        switch (random.Next(3))
        {
            case 0:
                var noise = new byte[random.Next(64)];
                random.NextBytes(noise);
                return noise;

            case 1:
                var changed = (byte[])valid[random.Next(valid.Length)].Clone();
                for (var count = random.Next(4); count > 0; count--)
                {
                    changed[random.Next(changed.Length)] = (byte)random.Next(256);
                }

                return changed;

            default:
                // the right type and length around a body of noise
                var body = new byte[random.Next(48)];
                random.NextBytes(body);
                return [valid[random.Next(valid.Length)][0], (byte)body.Length, .. body];
        }
    }

    private static void CheckAllocation(long before, byte[] bytes)
    {
        // A refusal costs its exception (stack trace and message, 8 KB at most); a one-letter filter of 4 bytes costs a
        // string of 24 and, while the list doubles, up to three places of 16 in it: less than 24 bytes for each received.
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.IsLessThan(16_384 + (24L * bytes.Length), allocated, $"{allocated} bytes for {bytes.Length}: {Convert.ToHexString(bytes.AsSpan(0, Math.Min(64, bytes.Length)))}");
    }

    private static void AssertRefused(string hex, string reason)
    {
        var refusal = Assert.ThrowsExactly<MqttProtocolException>(() => Wire.Decode(Wire.Bytes(hex)));

        StringAssert.Contains(refusal.Message, reason);
        Assert.IsNull(refusal.ConnectReturnCode);
    }
}
