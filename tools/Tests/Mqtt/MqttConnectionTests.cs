using Microsoft.VisualStudio.TestTools.UnitTesting;
using Mqtt;

namespace Tests.Mqtt;

[TestClass]
public sealed class MqttConnectionTests
{
    [TestMethod]
    public async Task Packets_are_read_until_the_end()
    {
        await using var connection = new MqttConnection(new MemoryStream([.. Wire.Encode(new PingReqPacket()), .. Wire.Encode(new PublishPacket("t", new byte[100_000])), .. Wire.Encode(new DisconnectPacket())]));

        Assert.IsInstanceOfType<PingReqPacket>(await connection.ReadAsync());
        Assert.AreEqual(100_000, ((PublishPacket)(await connection.ReadAsync())!).Payload.Length);
        Assert.IsInstanceOfType<DisconnectPacket>(await connection.ReadAsync());
        Assert.IsNull(await connection.ReadAsync());
        Assert.IsNull(await connection.ReadAsync());
    }

    [TestMethod]
    public async Task An_end_within_a_packet_is_told_from_the_end_after_one()
    {
        await using var connection = new MqttConnection(new MemoryStream(Wire.Encode(new PublishPacket("t", new byte[10]))[..^1]));

        await Assert.ThrowsExactlyAsync<EndOfStreamException>(async () => await connection.ReadAsync());
    }

    [TestMethod]
    public async Task What_is_no_packet_is_refused()
    {
        await using var connection = new MqttConnection(new MemoryStream("GET / HTTP/1.1\r\n\r\n"u8.ToArray()));

        await Assert.ThrowsExactlyAsync<MqttProtocolException>(async () => await connection.ReadAsync());
    }

    [TestMethod]
    public async Task A_packet_longer_than_allowed_is_refused_by_its_header()
    {
        await using var connection = new MqttConnection(new MemoryStream([0x30, 0xFF, 0xFF, 0xFF, 0x7F]), new PacketReaderOptions { MaximumPacketSize = 1024 });

        await Assert.ThrowsExactlyAsync<MqttProtocolException>(async () => await connection.ReadAsync());
    }

    [TestMethod]
    public async Task Packets_of_many_writers_do_not_mix()
    {
        const int Writers = 8;
        const int PacketsEach = 100;
        using var stream = new MemoryStream();
        var output = new MqttConnection(stream);

        await Task.WhenAll(Enumerable.Range(1, Writers).Select(writer => Task.Run(async () =>
        {
            for (var count = 0; count < PacketsEach; count++)
            {
                await output.WriteAsync(new PublishPacket($"t/{writer}", Enumerable.Repeat((byte)writer, 5000).ToArray()));
            }
        })));

        await using var input = new MqttConnection(new MemoryStream(stream.ToArray()));
        var read = 0;
        while (await input.ReadAsync() is PublishPacket packet)
        {
            read++;
            Assert.AreEqual(-1, packet.Payload.Span.IndexOfAnyExcept(byte.Parse(packet.Topic[2..])));
        }

        Assert.AreEqual(Writers * PacketsEach, read);
    }

    [TestMethod]
    public async Task A_packet_that_cannot_be_encoded_leaves_the_connection_usable()
    {
        using var stream = new MemoryStream();
        var connection = new MqttConnection(stream);

        await Assert.ThrowsExactlyAsync<ArgumentException>(async () => await connection.WriteAsync(new PublishPacket("#", default)));
        await connection.WriteAsync(new PingReqPacket());

        CollectionAssert.AreEqual(Wire.Encode(new PingReqPacket()), stream.ToArray());
    }

    [TestMethod]
    public async Task After_half_a_packet_nothing_more_is_written()
    {
        var connection = new MqttConnection(new FailingStream());

        await Assert.ThrowsExactlyAsync<IOException>(async () => await connection.WriteAsync(new PublishPacket("t", new byte[10])));
        var refused = await Assert.ThrowsExactlyAsync<IOException>(async () => await connection.WriteAsync(new PingReqPacket()));

        Assert.AreEqual("An earlier packet was not written whole.", refused.Message);
    }

    private sealed class FailingStream : MemoryStream
    {
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            ValueTask.FromException(new IOException("The wire is cut."));
    }
}
