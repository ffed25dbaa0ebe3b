using Mqtt;

namespace Cli.Prove;

/// <summary>Makes hostile inputs.</summary>
/// <param name="random">What they are made from: the same seed makes the same ones.</param>
internal sealed class HostileInputs(Random random)
{
    private readonly Random _random = random;
    private readonly ByteChanges _changes = new(random);

    /// <summary>The kinds, each as likely as the others.</summary>
    public static IReadOnlyList<string> Kinds { get; } = ["garbage", "mutated packet", "split packet", "half packet", "flood", "CONNECT mutated", "garbage in place of TLS", "TLS handshake cut short"];

    /// <summary>Some kind.</summary>
    public string NextKind() => Kinds[_random.Next(Kinds.Count)];

    /// <summary>A number below a bound.</summary>
    public int Next(int bound) => _random.Next(bound);

    /// <summary>1 to 512 bytes of no meaning.</summary>
    public byte[] Garbage()
    {
        byte[] bytes = new byte[1 + _random.Next(512)];
        _random.NextBytes(bytes);
        return bytes;
    }

    /// <summary>The beginning of a TLS ClientHello whose rest never comes.</summary>
    public byte[] HandshakeCutShort()
    {
        byte[] rest = Garbage();
        return [22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3, .. rest];
    }

    /// <summary>A packet as a client may send it after CONNECT.</summary>
    public byte[] Valid()
    {
        string topic = $"hostile/{_random.Next(20)}/{_random.Next(20)}";
        ushort id = (ushort)(1 + _random.Next(65535));
        byte[] payload = new byte[_random.Next(8) == 0 ? _random.Next(100_000) : _random.Next(200)];
        _random.NextBytes(payload);
        return ConformancePeer.Encode(_random.Next(10) switch
        {
            0 => new SubscribePacket(id, [new TopicFilterRequest(topic, QualityOfService.AtLeastOnce), new TopicFilterRequest("hostile/+/#", QualityOfService.AtMostOnce)]),
            1 => new UnsubscribePacket(id, [topic]),
            2 => new PingReqPacket(),
            3 => new PubAckPacket(id),
            4 => new PublishPacket(topic, payload, QualityOfService.ExactlyOnce, PacketId: id),
            5 => new PubRelPacket(id),
            6 => new PublishPacket("$aws/certificates/create/cbor", payload, QualityOfService.AtMostOnce),
            7 => new PublishPacket("$aws/provisioning-templates/none/provision/json", payload, QualityOfService.AtLeastOnce, PacketId: id),
            8 => new PublishPacket(topic, payload, QualityOfService.AtLeastOnce, Retain: _random.Next(4) == 0, PacketId: id),
            _ => new PublishPacket(topic, payload),
        });
    }

    /// <summary>A CONNECT with all there is in it.</summary>
    /// <param name="clientId">Its client id.</param>
    public byte[] Connect(string clientId) => ConformancePeer.Encode(new ConnectPacket(
        clientId,
        CleanSession: _random.Next(2) == 0,
        KeepAliveSeconds: (ushort)_random.Next(65536),
        UserName: "user",
        Password: Garbage(),
        Will: new Will("hostile/will", Garbage(), (QualityOfService)_random.Next(2), _random.Next(2) == 0)));

    /// <summary>A packet with a few bits turned, bytes put in, taken out, repeated or wiped, or its length changed.</summary>
    /// <param name="packet">The packet.</param>
    public byte[] Mutate(byte[] packet)
    {
        List<byte> bytes = [.. packet];
        for (int count = 1 + _random.Next(4); count > 0 && bytes.Count > 1; count--)
        {
            // Most of what can go wrong stands at the front.
            int at = _random.Next(_random.Next(2) == 0 ? Math.Min(bytes.Count, 16) : bytes.Count);
            if (_random.Next(6) == 0)
            {
                bytes[1] = (byte)_random.Next(256);
            }
            else
            {
                _changes.Change(bytes, at);
            }
        }

        return [.. bytes];
    }
}
