using System.Text;
using Mqtt;
using static Cli.Prove.ConformanceTrial;

namespace Cli.Prove;

/// <summary>
/// The statements of MQTT 3.1.1 (OASIS standard, appendix B) that a server can be seen to keep. Those about clients only, and
/// those that no peer can tell apart from others, are not here.
/// </summary>
internal static class ConformanceStatements
{
    private const string NoQoS2 = "AWS IoT Core has no QoS 2 (developer guide, \"MQTT\"): it answers neither PUBLISH nor SUBSCRIBE with it";

    /// <summary>All of them, in the standard's order.</summary>
    public static IReadOnlyList<ConformanceStatement> All { get; } =
    [
        // 1.5.3 UTF-8 encoded strings
        Tried("MQTT-1.5.3-1", "ill-formed UTF-8 closes the connection", async t =>
        {
            ConformancePeer peer = await t.ConnectAsync();
            await peer.SendBytesAsync("PUBLISH with a surrogate in its topic", 0x30, 6, 0, 3, 0xED, 0xA0, 0x80, 1);
            await peer.ExpectEndAsync();
        }),
        Tried("MQTT-1.5.3-2", "U+0000 in a string closes the connection", async t =>
        {
            ConformancePeer peer = await t.ConnectAsync();
            await peer.SendBytesAsync("PUBLISH with U+0000 in its topic", 0x30, 6, 0, 3, (byte)'a', 0, (byte)'b', 1);
            await peer.ExpectEndAsync();
        }),
        Tried("MQTT-1.5.3-3", "U+FEFF is neither skipped nor stripped", async t =>
        {
            ConformancePeer peer = await t.ConnectAsync();
            string topic = t.Topic("\uFEFFx");
            await peer.SubscribeAsync(topic, QualityOfService.AtMostOnce);
            await peer.SendAsync(new PublishPacket(topic, "m"u8.ToArray()));
            await peer.ExpectMessageAsync(topic, "m");
        }),

        // 2 Control packet format
        Tried("MQTT-2.2.2-2", "invalid flags close the connection", Ends("PINGREQ with flags 1", 0xC1, 0)),
        Tried("MQTT-2.3.1-1", "SUBSCRIBE, UNSUBSCRIBE and PUBLISH of QoS 1 have packet identifiers other than 0", async t =>
        {
            await Ends("SUBSCRIBE with identifier 0", 0x82, 6, 0, 0, 0, 1, (byte)'a', 0)(t);
            await Ends("UNSUBSCRIBE with identifier 0", 0xA2, 5, 0, 0, 0, 1, (byte)'a')(t);
            await Ends("PUBLISH QoS 1 with identifier 0", 0x32, 5, 0, 1, (byte)'a', 0, 0)(t);
        }),
        Tried("MQTT-2.3.1-5", "PUBLISH of QoS 0 has no packet identifier", async t =>
        {
            ConformancePeer peer = await t.ConnectAsync();
            await peer.SubscribeAsync(t.Topic("x"), QualityOfService.AtMostOnce);
            await peer.PublishOnlyAsync(t.Topic("x"), "m");
            Check((await peer.ExpectMessageAsync(t.Topic("x"), "m")).QoS == QualityOfService.AtMostOnce, "PUBLISH QoS 0");
            await peer.ExpectNothingAsync();
        }),
        Tried("MQTT-2.3.1-6", "PUBACK has the identifier of its PUBLISH", async t =>
        {
            ConformancePeer peer = await t.ConnectAsync();
            await peer.SendAsync(new PublishPacket(t.Topic("x"), default, QualityOfService.AtLeastOnce, PacketId: 65535));
            Check((await peer.ExpectAsync<PubAckPacket>()).PacketId == 65535, "PUBACK 65535");
        }),
        Tried("MQTT-2.3.1-7", "SUBACK and UNSUBACK have the identifier of their request", async t =>
        {
            ConformancePeer peer = await t.ConnectAsync();
            await peer.SendAsync(new SubscribePacket(40_000, [new TopicFilterRequest(t.Topic("x"), QualityOfService.AtMostOnce)]));
            Check((await peer.ExpectAsync<SubAckPacket>()).PacketId == 40_000, "SUBACK 40000");
            await peer.SendAsync(new UnsubscribePacket(40_001, [t.Topic("x")]));
            Check((await peer.ExpectAsync<UnsubAckPacket>()).PacketId == 40_001, "UNSUBACK 40001");
        }),

        // 3.1 CONNECT
        Tried("MQTT-3.1.0-1", "the first packet is CONNECT", EndsAtOnce("PINGREQ before CONNECT", 0xC0, 0)),
        Tried("MQTT-3.1.0-2", "a second CONNECT closes the connection", async t =>
        {
            ConformancePeer peer = await t.ConnectAsync();
            await peer.SendAsync(new ConnectPacket(t.ClientId("a")));
            await peer.ExpectEndAsync();
        }),
        Tried("MQTT-3.1.2-1", "another protocol name is not served", EndsAtOnce("CONNECT with protocol name MQTX", Connect(f => f, "MQTX", 4))),
        Tried("MQTT-3.1.2-2", "another protocol level is answered with CONNACK 1, and the connection closed", async t =>
        {
            ConformancePeer peer = await t.OpenAsync();
            await peer.SendBytesAsync("CONNECT with level 6", Connect(f => f, "MQTT", 6));
            Check((await peer.ExpectAsync<ConnAckPacket>()).ReturnCode == 1, "CONNACK 1");
            await peer.ExpectEndAsync();
        }),
        Tried("MQTT-3.1.2-3", "the reserved connect flag closes the connection", EndsAtOnce("CONNECT with the reserved flag", Connect(f => f | 1))),
        Tried("MQTT-3.1.2-4", "clean session 0 goes on with the session that was kept", async t =>
        {
            ConformancePeer sender = await t.ConnectAsync("sender");
            ConformancePeer first = await t.ConnectAsync(clean: false);
            await first.SubscribeAsync(t.Topic("x"));
            await first.DisconnectAsync();
            await t.PauseForClientIdAsync();
            (ConformancePeer again, ConnAckPacket answer) = await t.ConnectForAnswerAsync(clean: false);
            Check(answer.SessionPresent, "session present");
            await sender.PublishAsync(t.Topic("x"), "m");
            await again.ExpectMessageAsync(t.Topic("x"), "m");
        }),
        Tried("MQTT-3.1.2-5", "messages of QoS 1 for a kept session are kept while its client is away", async t =>
        {
            ConformancePeer sender = await t.ConnectAsync("sender");
            ConformancePeer first = await t.ConnectAsync(clean: false);
            await first.SubscribeAsync(t.Topic("x"));
            await first.DisconnectAsync();
            await sender.PublishAsync(t.Topic("x"), "1");
            await sender.PublishAsync(t.Topic("x"), "2");
            await t.PauseForClientIdAsync();
            ConformancePeer again = await t.ConnectAsync(clean: false);
            await again.ExpectMessageAsync(t.Topic("x"), "1");
            await again.ExpectMessageAsync(t.Topic("x"), "2");
        }),
        Tried("MQTT-3.1.2-6", "clean session 1 discards what was kept", async t =>
        {
            ConformancePeer sender = await t.ConnectAsync("sender");
            ConformancePeer first = await t.ConnectAsync(clean: false);
            await first.SubscribeAsync(t.Topic("x"));
            await first.DisconnectAsync();
            await t.PauseForClientIdAsync();
            ConformancePeer second = await t.ConnectAsync();
            await second.DisconnectAsync();
            await t.PauseForClientIdAsync();
            (ConformancePeer third, ConnAckPacket answer) = await t.ConnectForAnswerAsync(clean: false);
            Check(!answer.SessionPresent, "no session present");
            await sender.PublishAsync(t.Topic("x"), "m");
            await third.ExpectNothingAsync();
        }),
        Tried("MQTT-3.1.2-7", "retained messages outlive the session that published them", async t =>
        {
            ConformancePeer sender = await t.ConnectAsync("sender");
            await sender.PublishAsync(t.Topic("x"), "kept", retain: true);
            await sender.DisconnectAsync();
            ConformancePeer late = await t.ConnectAsync("late");
            await late.SubscribeAsync(t.Topic("x"));
            await late.ExpectMessageAsync(t.Topic("x"), "kept");
        }),
        Tried("MQTT-3.1.2-8", "the will is published when the connection ends without DISCONNECT", async t =>
        {
            ConformancePeer heir = await t.ConnectAsync("heir");
            await heir.SubscribeAsync(t.Topic("will"));
            ConformancePeer mortal = await t.ConnectAsync("mortal", will: new Will(t.Topic("will"), "gone"u8.ToArray()));
            await mortal.DisposeAsync();
            await heir.ExpectMessageAsync(t.Topic("will"), "gone");
        }),
        Tried("MQTT-3.1.2-9", "the will has its own QoS", async t =>
        {
            ConformancePeer heir = await t.ConnectAsync("heir");
            await heir.SubscribeAsync(t.Topic("will"));
            ConformancePeer mortal = await t.ConnectAsync("mortal", will: new Will(t.Topic("will"), "gone"u8.ToArray(), QualityOfService.AtLeastOnce));
            await mortal.DisposeAsync();
            Check((await heir.ExpectMessageAsync(t.Topic("will"), "gone")).QoS == QualityOfService.AtLeastOnce, "PUBLISH QoS 1");
        }),
        Tried("MQTT-3.1.2-10", "DISCONNECT discards the will", async t =>
        {
            ConformancePeer heir = await t.ConnectAsync("heir");
            await heir.SubscribeAsync(t.Topic("will"));
            ConformancePeer mortal = await t.ConnectAsync("mortal", will: new Will(t.Topic("will"), "gone"u8.ToArray()));
            await mortal.DisconnectAsync();
            await heir.ExpectNothingAsync();
        }),
        Tried("MQTT-3.1.2-13", "a will QoS without a will closes the connection", EndsAtOnce("CONNECT with will QoS 1 and no will", Connect(f => f | 0x08))),
        Tried("MQTT-3.1.2-14", "will QoS 3 closes the connection", EndsAtOnce("CONNECT with will QoS 3", Connect(f => f | 0x1C, [0, 1, (byte)'w', 0, 0]))),
        Tried("MQTT-3.1.2-15", "will retain without a will closes the connection", EndsAtOnce("CONNECT with will retain and no will", Connect(f => f | 0x20))),
        Tried("MQTT-3.1.2-16", "a will without retain is not kept", async t =>
        {
            ConformancePeer heir = await t.ConnectAsync("heir");
            await heir.SubscribeAsync(t.Topic("will"));
            await (await t.ConnectAsync("mortal", will: new Will(t.Topic("will"), "gone"u8.ToArray()))).DisposeAsync();
            await heir.ExpectMessageAsync(t.Topic("will"), "gone");
            ConformancePeer late = await t.ConnectAsync("late");
            await late.SubscribeAsync(t.Topic("will"));
            await late.ExpectNothingAsync();
        }),
        Tried("MQTT-3.1.2-17", "a will with retain is kept", async t =>
        {
            ConformancePeer heir = await t.ConnectAsync("heir");
            await heir.SubscribeAsync(t.Topic("will"));
            await (await t.ConnectAsync("mortal", will: new Will(t.Topic("will"), "gone"u8.ToArray(), Retain: true))).DisposeAsync();
            await heir.ExpectMessageAsync(t.Topic("will"), "gone");
            ConformancePeer late = await t.ConnectAsync("late");
            await late.SubscribeAsync(t.Topic("will"));
            Check((await late.ExpectMessageAsync(t.Topic("will"), "gone")).Retain, "PUBLISH retain");
        }),
        Tried("MQTT-3.1.2-22", "a password without a user name closes the connection", EndsAtOnce("CONNECT with a password and no user name", Connect(f => f | 0x40, [0, 1, (byte)'p']))),
        Tried("MQTT-3.1.2-24", "a client that is silent for one and a half times its keep-alive is cut", async t =>
        {
            ConformancePeer peer = await t.ConnectAsync(keepAlive: 30);
            await peer.ExpectEndAsync();
        }),
        Tried("MQTT-3.1.3-5", "client ids of 1 to 23 letters and digits are taken", async t =>
        {
            ConformancePeer peer = await t.OpenAsync();
            string id = t.ClientId("0123456789abcdefghijklm")[..23];
            await peer.SendAsync(new ConnectPacket(id));
            Check((await peer.ExpectAsync<ConnAckPacket>()).ReturnCode == 0, "CONNACK 0");
        }),
        Tried("MQTT-3.1.3-6", "a client without an id is given one of its own", async t =>
        {
            ConformancePeer witness = await t.ConnectAsync("witness");
            await witness.SubscribeAsync("$aws/events/presence/connected/$GEN/#", QualityOfService.AtMostOnce);
            HashSet<string> topics = [];
            for (int i = 0; i < 2; i++)
            {
                ConformancePeer peer = await t.OpenAsync();
                await peer.SendAsync(new ConnectPacket(""));
                Check((await peer.ExpectAsync<ConnAckPacket>()).ReturnCode == 0, "CONNACK 0");
                Check(topics.Add((await witness.ExpectAsync<PublishPacket>()).Topic), "an id that no other has");
            }
        }),
        Tried("MQTT-3.1.3-8", "an empty client id with clean session 0 is answered with CONNACK 2, and the connection closed", async t =>
        {
            ConformancePeer peer = await t.OpenAsync();
            await peer.SendBytesAsync("CONNECT without client id, clean session 0", 0x10, 12, 0, 4, (byte)'M', (byte)'Q', (byte)'T', (byte)'T', 4, 0, 0, 60, 0, 0);
            Check((await peer.ExpectAsync<ConnAckPacket>()).ReturnCode == 2, "CONNACK 2");
            await peer.ExpectEndAsync();
        }),
        Tried("MQTT-3.1.3-9", "a client id that is refused is answered with CONNACK 2, and the connection closed", async t =>
        {
            ConformancePeer peer = await t.OpenAsync();
            await peer.SendAsync(new ConnectPacket(t.ClientId(new string('x', 128))));
            Check((await peer.ExpectAsync<ConnAckPacket>()).ReturnCode == 2, "CONNACK 2");
            await peer.ExpectEndAsync();
        }),
        Tried("MQTT-3.1.4-1", "a CONNECT that does not conform is closed without CONNACK", EndsAtOnce("CONNECT with a byte too many", Connect(f => f, [0]))),
        Tried("MQTT-3.1.4-2", "a client id that comes again closes the older connection", async t =>
        {
            ConformancePeer first = await t.ConnectAsync();
            await t.PauseForClientIdAsync();
            ConformancePeer second = await t.ConnectAsync();
            await first.ExpectEndAsync();
            await second.ExpectNothingAsync();
        }),
        Tried("MQTT-3.1.4-4", "CONNECT is acknowledged with CONNACK 0", async t => await t.ConnectAsync()),
        Tried("MQTT-3.1.4-5", "what follows a refused CONNECT is not processed", async t =>
        {
            ConformancePeer witness = await t.ConnectAsync("witness");
            await witness.SubscribeAsync(t.Topic("x"));
            ConformancePeer peer = await t.OpenAsync();
            await peer.SendBytesAsync("CONNECT with level 6 and a PUBLISH", [.. Connect(f => f, "MQTT", 6), .. ConformancePeer.Encode(new PublishPacket(t.Topic("x"), default))]);
            Check((await peer.ExpectAsync<ConnAckPacket>()).ReturnCode == 1, "CONNACK 1");
            await peer.ExpectEndAsync();
            await witness.ExpectNothingAsync();
        }),

        // 3.2 CONNACK
        Tried("MQTT-3.2.0-1", "the first packet of the server is CONNACK", async t =>
        {
            ConformancePeer peer = await t.OpenAsync();
            await peer.SendAsync(new ConnectPacket(t.ClientId("a")));
            await peer.ExpectAsync<ConnAckPacket>();
        }),
        Tried("MQTT-3.2.2-1", "clean session 1 is answered without session present", async t =>
        {
            ConformancePeer first = await t.ConnectAsync(clean: false);
            await first.DisconnectAsync();
            await t.PauseForClientIdAsync();
            Check(!(await t.ConnectForAnswerAsync()).Answer.SessionPresent, "no session present");
        }),
        Tried("MQTT-3.2.2-2", "a kept session is answered with session present", async t =>
        {
            ConformancePeer first = await t.ConnectAsync(clean: false);
            await first.DisconnectAsync();
            await t.PauseForClientIdAsync();
            Check((await t.ConnectForAnswerAsync(clean: false)).Answer.SessionPresent, "session present");
        }),
        Tried("MQTT-3.2.2-3", "without a kept session there is no session present", async t =>
            Check(!(await t.ConnectForAnswerAsync(clean: false)).Answer.SessionPresent, "no session present")),
        Tried("MQTT-3.2.2-4", "a refusal has no session present", Refused),
        Tried("MQTT-3.2.2-5", "after a refusal the connection is closed", Refused),

        // 3.3 PUBLISH
        Tried("MQTT-3.3.1-1", "a message sent again to a kept session has DUP", async t =>
        {
            ConformancePeer sender = await t.ConnectAsync("sender");
            ConformancePeer first = await t.ConnectAsync(clean: false);
            await first.SubscribeAsync(t.Topic("x"));
            await sender.PublishAsync(t.Topic("x"), "m");
            PublishPacket message = await first.ExpectMessageAsync(t.Topic("x"), "m", acknowledge: false);
            Check(!message.Duplicate, "PUBLISH without dup");
            await first.DisposeAsync();
            await t.PauseForClientIdAsync();
            ConformancePeer again = await t.ConnectAsync(clean: false);
            Check((await again.ExpectMessageAsync(t.Topic("x"), "m")).Duplicate, "PUBLISH dup");
        }),
        Tried("MQTT-3.3.1-2", "DUP with QoS 0 closes the connection", Ends("PUBLISH QoS 0 dup", 0x38, 3, 0, 1, (byte)'a')),
        Tried("MQTT-3.3.1-3", "DUP of a received PUBLISH is not passed on", async t =>
        {
            ConformancePeer peer = await t.ConnectAsync();
            await peer.SubscribeAsync(t.Topic("x"), QualityOfService.AtMostOnce);
            ConformancePeer sender = await t.ConnectAsync("sender");
            await sender.SendAsync(new PublishPacket(t.Topic("x"), "m"u8.ToArray(), QualityOfService.AtLeastOnce, Duplicate: true, PacketId: 1));
            await sender.ExpectAsync<PubAckPacket>();
            Check(!(await peer.ExpectMessageAsync(t.Topic("x"), "m")).Duplicate, "PUBLISH without dup");
        }),
        Tried("MQTT-3.3.1-4", "QoS 3 closes the connection", Ends("PUBLISH QoS 3", 0x36, 5, 0, 1, (byte)'a', 0, 1)),
        Tried("MQTT-3.3.1-5", "a retained message is kept, the last one of its topic", async t =>
        {
            ConformancePeer sender = await t.ConnectAsync("sender");
            await sender.PublishAsync(t.Topic("x"), "1", retain: true);
            await sender.PublishAsync(t.Topic("x"), "2", retain: true);
            ConformancePeer late = await t.ConnectAsync("late");
            await late.SubscribeAsync(t.Topic("x"));
            await late.ExpectMessageAsync(t.Topic("x"), "2");
            await late.ExpectNothingAsync();
        }),
        LeftOut("MQTT-3.3.1-6", "a new subscription gets the retained messages of all topics that it matches", "AWS IoT Core sends none for a filter with wildcards; without them MQTT-3.3.1-5 and -8 try it"),
        Tried("MQTT-3.3.1-8", "what is sent because it was retained has RETAIN", async t =>
        {
            ConformancePeer sender = await t.ConnectAsync("sender");
            await sender.PublishAsync(t.Topic("x"), "1", retain: true);
            ConformancePeer late = await t.ConnectAsync("late");
            await late.SubscribeAsync(t.Topic("x"));
            Check((await late.ExpectMessageAsync(t.Topic("x"), "1")).Retain, "PUBLISH retain");
        }),
        Tried("MQTT-3.3.1-9", "an established subscription gets it without RETAIN", async t =>
        {
            ConformancePeer peer = await t.ConnectAsync();
            await peer.SubscribeAsync(t.Topic("x"));
            ConformancePeer sender = await t.ConnectAsync("sender");
            await sender.PublishAsync(t.Topic("x"), "1", retain: true);
            Check(!(await peer.ExpectMessageAsync(t.Topic("x"), "1")).Retain, "PUBLISH without retain");
        }),
        Tried("MQTT-3.3.1-10", "an empty retained message is delivered, and removes the one that was kept", async t =>
        {
            ConformancePeer peer = await t.ConnectAsync();
            await peer.SubscribeAsync(t.Topic("x"));
            ConformancePeer sender = await t.ConnectAsync("sender");
            await sender.PublishAsync(t.Topic("x"), "1", retain: true);
            await sender.PublishAsync(t.Topic("x"), "", retain: true);
            await peer.ExpectMessageAsync(t.Topic("x"), "1");
            await peer.ExpectMessageAsync(t.Topic("x"), "");
            ConformancePeer late = await t.ConnectAsync("late");
            await late.SubscribeAsync(t.Topic("x"));
            await late.ExpectNothingAsync();
        }),
        Tried("MQTT-3.3.1-11", "an empty retained message is not kept itself", async t =>
        {
            ConformancePeer sender = await t.ConnectAsync("sender");
            await sender.PublishAsync(t.Topic("x"), "", retain: true);
            ConformancePeer late = await t.ConnectAsync("late");
            await late.SubscribeAsync(t.Topic("x"));
            await late.ExpectNothingAsync();
        }),
        Tried("MQTT-3.3.1-12", "a message without RETAIN neither is kept nor replaces the one that is", async t =>
        {
            ConformancePeer sender = await t.ConnectAsync("sender");
            await sender.PublishAsync(t.Topic("x"), "kept", retain: true);
            await sender.PublishAsync(t.Topic("x"), "passing");
            await sender.PublishAsync(t.Topic("y"), "passing");
            ConformancePeer late = await t.ConnectAsync("late");
            await late.SubscribeAsync(t.Topic("y"));
            await late.ExpectNothingAsync();
            await late.SubscribeAsync(t.Topic("x"));
            await late.ExpectMessageAsync(t.Topic("x"), "kept");
        }),
        Tried("MQTT-3.3.2-1", "a PUBLISH without a topic closes the connection", Ends("PUBLISH without a topic", 0x30, 0)),
        Tried("MQTT-3.3.2-2", "a PUBLISH to a topic with a wildcard closes the connection", async t =>
        {
            await Ends("PUBLISH to #", 0x30, 3, 0, 1, (byte)'#')(t);
            await Ends("PUBLISH to a/+", 0x30, 5, 0, 3, (byte)'a', (byte)'/', (byte)'+')(t);
        }),
        Tried("MQTT-3.3.2-3", "what is delivered has a topic that matches the subscription", async t =>
        {
            ConformancePeer peer = await t.ConnectAsync();
            await peer.SubscribeAsync(t.Topic("+/x"));
            await peer.PublishOnlyAsync(t.Topic("a/y"), "no");
            await peer.PublishOnlyAsync(t.Topic("a/x"), "yes");
            await peer.ExpectMessageAsync(t.Topic("a/x"), "yes");
            await peer.ExpectNothingAsync();
        }),
        Tried("MQTT-3.3.4-1", "PUBLISH of QoS 1 is answered with PUBACK, of QoS 0 with nothing", async t =>
        {
            ConformancePeer peer = await t.ConnectAsync();
            await peer.SendAsync(new PublishPacket(t.Topic("x"), default));
            await peer.ExpectNothingAsync();
            await peer.PublishAsync(t.Topic("x"), "");
        }),
        Tried("MQTT-3.3.5-1", "where subscriptions overlap, the message comes with the highest QoS of them", async t =>
        {
            ConformancePeer peer = await t.ConnectAsync();
            await peer.SubscribeAsync(t.Topic("x"), QualityOfService.AtMostOnce);
            await peer.SubscribeAsync(t.Topic("#"), QualityOfService.AtLeastOnce);
            ConformancePeer sender = await t.ConnectAsync("sender");
            await sender.PublishAsync(t.Topic("x"), "m");
            Check((await peer.ExpectMessageAsync(t.Topic("x"), "m")).QoS == QualityOfService.AtLeastOnce, "PUBLISH QoS 1");
        }),
        Tried("MQTT-3.3.5-2", "a PUBLISH that is not permitted is acknowledged, or the connection closed", Ends("PUBLISH QoS 1 to $SYS/x", 0x32, 10, 0, 6, (byte)'$', (byte)'S', (byte)'Y', (byte)'S', (byte)'/', (byte)'x', 0, 1)),

        // 3.4 to 3.7, 4.3.3
        LeftOut("MQTT-3.5.4-1", "PUBREC is answered with PUBREL", NoQoS2),
        Tried("MQTT-3.6.1-1", "PUBREL with other flags than 2 closes the connection", Ends("PUBREL with flags 0", 0x60, 2, 0, 1)),
        LeftOut("MQTT-3.6.4-1", "PUBREL is answered with PUBCOMP", NoQoS2),
        LeftOut("MQTT-4.3.3-1", "sending with QoS 2", NoQoS2),
        LeftOut("MQTT-4.3.3-2", "receiving with QoS 2", NoQoS2),

        // 3.8 SUBSCRIBE, 3.9 SUBACK
        Tried("MQTT-3.8.1-1", "SUBSCRIBE with other flags than 2 closes the connection", Ends("SUBSCRIBE with flags 0", 0x80, 6, 0, 1, 0, 1, (byte)'a', 0)),
        Tried("MQTT-3.8.3-1", "a filter that is not UTF-8 closes the connection", Ends("SUBSCRIBE to FF", 0x82, 6, 0, 1, 0, 1, 0xFF, 0)),
        Tried("MQTT-3.8.3-2", "filters with wildcards are supported", async t =>
        {
            ConformancePeer peer = await t.ConnectAsync();
            await peer.SubscribeAsync(t.Topic("+/b/#"));
            await peer.PublishOnlyAsync(t.Topic("a/b/c/d"), "m");
            await peer.ExpectMessageAsync(t.Topic("a/b/c/d"), "m");
        }),
        Tried("MQTT-3.8.3-3", "SUBSCRIBE without a filter closes the connection", Ends("SUBSCRIBE without a filter", 0x82, 2, 0, 1)),
        Tried("MQTT-3.8.3-4", "reserved bits of the requested QoS, and QoS 3, close the connection", async t =>
        {
            await Ends("SUBSCRIBE with QoS 3", 0x82, 6, 0, 1, 0, 1, (byte)'a', 3)(t);
            await Ends("SUBSCRIBE with a reserved bit", 0x82, 6, 0, 1, 0, 1, (byte)'a', 4)(t);
        }),
        Tried("MQTT-3.8.4-1", "SUBSCRIBE is answered with SUBACK", async t => await (await t.ConnectAsync()).SubscribeAsync(t.Topic("x"))),
        Tried("MQTT-3.8.4-3", "a filter that comes again replaces the subscription, and retained messages are sent again", async t =>
        {
            ConformancePeer peer = await t.ConnectAsync();
            await peer.PublishAsync(t.Topic("x"), "kept", retain: true);
            await peer.SubscribeAsync(t.Topic("x"));
            await peer.ExpectMessageAsync(t.Topic("x"), "kept");
            await peer.SubscribeAsync(t.Topic("x"), QualityOfService.AtMostOnce);
            await peer.ExpectMessageAsync(t.Topic("x"), "kept");
            await peer.PublishOnlyAsync(t.Topic("x"), "m");
            Check((await peer.ExpectMessageAsync(t.Topic("x"), "m")).QoS == QualityOfService.AtMostOnce, "PUBLISH QoS 0");
            await peer.ExpectNothingAsync();
        }),
        Tried("MQTT-3.8.4-4", "several filters in one SUBSCRIBE count as if they came one by one", Several),
        Tried("MQTT-3.8.4-5", "SUBACK has a return code for each filter", Several),
        Tried("MQTT-3.8.4-6", "a message comes with the lower of its QoS and the granted one", async t =>
        {
            ConformancePeer peer = await t.ConnectAsync();
            await peer.SubscribeAsync(t.Topic("0"), QualityOfService.AtMostOnce);
            await peer.SubscribeAsync(t.Topic("1"));
            ConformancePeer sender = await t.ConnectAsync("sender");
            await sender.PublishAsync(t.Topic("0"), "m");
            Check((await peer.ExpectMessageAsync(t.Topic("0"), "m")).QoS == QualityOfService.AtMostOnce, "PUBLISH QoS 0");
            await sender.SendAsync(new PublishPacket(t.Topic("1"), "m"u8.ToArray()));
            Check((await peer.ExpectMessageAsync(t.Topic("1"), "m")).QoS == QualityOfService.AtMostOnce, "PUBLISH QoS 0");
        }),
        LeftOut("MQTT-3.8.4-6 (QoS 2)", "SUBSCRIBE with QoS 2 is granted 2 or less", NoQoS2),
        Tried("MQTT-3.9.3-1", "the return codes stand in the order of the filters", Several),

        // 3.10 UNSUBSCRIBE, 3.11 UNSUBACK
        Tried("MQTT-3.10.1-1", "UNSUBSCRIBE with other flags than 2 closes the connection", Ends("UNSUBSCRIBE with flags 0", 0xA0, 5, 0, 1, 0, 1, (byte)'a')),
        Tried("MQTT-3.10.3-2", "UNSUBSCRIBE without a filter closes the connection", Ends("UNSUBSCRIBE without a filter", 0xA2, 2, 0, 1)),
        Tried("MQTT-3.10.4-1", "filters are compared character by character", async t =>
        {
            ConformancePeer peer = await t.ConnectAsync();
            await peer.SubscribeAsync(t.Topic("+"));
            await peer.UnsubscribeAsync(t.Topic("#"), t.Topic("x"));
            await peer.PublishOnlyAsync(t.Topic("x"), "m");
            await peer.ExpectMessageAsync(t.Topic("x"), "m");
        }),
        Tried("MQTT-3.10.4-2", "after UNSUBSCRIBE nothing new is delivered", async t =>
        {
            ConformancePeer peer = await t.ConnectAsync();
            await peer.SubscribeAsync(t.Topic("x"));
            await peer.UnsubscribeAsync(t.Topic("x"));
            await peer.PublishOnlyAsync(t.Topic("x"), "m");
            await peer.ExpectNothingAsync();
        }),
        Tried("MQTT-3.10.4-4", "UNSUBSCRIBE is answered with UNSUBACK of its identifier", async t => await (await t.ConnectAsync()).UnsubscribeAsync(t.Topic("x"))),
        Tried("MQTT-3.10.4-5", "also where there was no such subscription", async t => await (await t.ConnectAsync()).UnsubscribeAsync(t.Topic("never"))),
        Tried("MQTT-3.10.4-6", "several filters in one UNSUBSCRIBE get one UNSUBACK", async t =>
        {
            ConformancePeer peer = await t.ConnectAsync();
            await peer.SubscribeAsync(t.Topic("x"));
            await peer.SubscribeAsync(t.Topic("y"));
            await peer.UnsubscribeAsync(t.Topic("x"), t.Topic("y"), t.Topic("never"));
            await peer.PublishOnlyAsync(t.Topic("x"), "m");
            await peer.PublishOnlyAsync(t.Topic("y"), "m");
            await peer.ExpectNothingAsync();
        }),

        // 3.12 PINGREQ, 3.14 DISCONNECT
        Tried("MQTT-3.12.4-1", "PINGREQ is answered with PINGRESP", async t => await (await t.ConnectAsync()).ExpectNothingAsync()),
        Tried("MQTT-3.14.1-1", "DISCONNECT with flags closes the connection, and is none", async t =>
        {
            ConformancePeer heir = await t.ConnectAsync("heir");
            await heir.SubscribeAsync(t.Topic("will"));
            ConformancePeer mortal = await t.ConnectAsync("mortal", will: new Will(t.Topic("will"), "gone"u8.ToArray()));
            await mortal.SendBytesAsync("DISCONNECT with flags 1", 0xE1, 0);
            await mortal.ExpectEndAsync();
            await heir.ExpectMessageAsync(t.Topic("will"), "gone");
        }),
        Tried("MQTT-3.14.4-3", "after DISCONNECT the server closes the connection", async t => await (await t.ConnectAsync()).DisconnectAsync()),

        // 4 Operational behaviour
        Tried("MQTT-4.3.2-1", "messages of QoS 1 on their way have identifiers of their own, and no DUP", async t =>
        {
            ConformancePeer peer = await t.ConnectAsync();
            await peer.SubscribeAsync(t.Topic("x"));
            ConformancePeer sender = await t.ConnectAsync("sender");
            HashSet<ushort> identifiers = [];
            for (int i = 0; i < 10; i++)
            {
                await sender.PublishAsync(t.Topic("x"), $"{i}");
                PublishPacket message = await peer.ExpectMessageAsync(t.Topic("x"), $"{i}", acknowledge: false);
                Check(!message.Duplicate && identifiers.Add(message.PacketId), "an identifier that is not in use, and no dup");
            }
        }),
        Tried("MQTT-4.3.2-2", "each PUBLISH of QoS 1 is answered with its PUBACK, a second one of the same identifier too", async t =>
        {
            ConformancePeer peer = await t.ConnectAsync();
            for (int i = 0; i < 2; i++)
            {
                await peer.SendAsync(new PublishPacket(t.Topic("x"), default, QualityOfService.AtLeastOnce, Duplicate: i > 0, PacketId: 7));
                Check((await peer.ExpectAsync<PubAckPacket>()).PacketId == 7, "PUBACK 7");
            }
        }),
        Tried("MQTT-4.4.0-1", "what was not acknowledged is sent again to a kept session, with its identifier", async t =>
        {
            ConformancePeer sender = await t.ConnectAsync("sender");
            ConformancePeer first = await t.ConnectAsync(clean: false);
            await first.SubscribeAsync(t.Topic("x"));
            await sender.PublishAsync(t.Topic("x"), "m");
            PublishPacket message = await first.ExpectMessageAsync(t.Topic("x"), "m", acknowledge: false);
            await first.DisposeAsync();
            await t.PauseForClientIdAsync();
            ConformancePeer again = await t.ConnectAsync(clean: false);
            Check((await again.ExpectMessageAsync(t.Topic("x"), "m")).PacketId == message.PacketId, "the same identifier");
        }),
        Tried("MQTT-4.5.0-1", "a message comes to every client whose subscriptions match", async t =>
        {
            ConformancePeer sender = await t.ConnectAsync("sender");
            List<ConformancePeer> peers = [];
            for (int i = 0; i < 5; i++)
            {
                peers.Add(await t.ConnectAsync($"{i}"));
                await peers[i].SubscribeAsync(t.Topic("x"));
            }

            await sender.PublishAsync(t.Topic("x"), "m");
            foreach (ConformancePeer peer in peers)
            {
                await peer.ExpectMessageAsync(t.Topic("x"), "m");
            }
        }),
        Tried("MQTT-4.6.0-5", "messages of a topic come in the order in which they were published", async t =>
        {
            ConformancePeer peer = await t.ConnectAsync();
            await peer.SubscribeAsync(t.Topic("x"));
            ConformancePeer sender = await t.ConnectAsync("sender");
            for (int i = 0; i < 50; i++)
            {
                await sender.PublishAsync(t.Topic("x"), $"{i}");
            }

            for (int i = 0; i < 50; i++)
            {
                await peer.ExpectMessageAsync(t.Topic("x"), $"{i}");
            }
        }),
        LeftOut("MQTT-4.7.1.2 (no number)", "a/# matches a too", "AWS IoT Core's does not (developer guide, \"MQTT\")"),
        Tried("MQTT-4.7.1-2", "# stands at the end, and alone in its level", async t =>
        {
            await Ends("SUBSCRIBE to #/a", 0x82, 8, 0, 1, 0, 3, (byte)'#', (byte)'/', (byte)'a', 0)(t);
            await Ends("SUBSCRIBE to a#", 0x82, 7, 0, 1, 0, 2, (byte)'a', (byte)'#', 0)(t);
        }),
        Tried("MQTT-4.7.1-3", "+ stands alone in its level", Ends("SUBSCRIBE to a+", 0x82, 7, 0, 1, 0, 2, (byte)'a', (byte)'+', 0)),
        Tried("MQTT-4.7.2-1", "a filter that begins with a wildcard does not match topics that begin with $", async t =>
        {
            ConformancePeer peer = await t.ConnectAsync();
            await peer.SubscribeAsync("+/events/presence/connected/" + t.ClientId("b"));
            await t.ConnectAsync("b");
            await peer.ExpectNothingAsync();
        }),
        Tried("MQTT-4.7.3-1", "topics and filters have at least one character", async t =>
        {
            await Ends("PUBLISH to an empty topic", 0x30, 3, 0, 0, 1)(t);
            await Ends("SUBSCRIBE to an empty filter", 0x82, 5, 0, 1, 0, 0, 0)(t);
        }),
        Tried("MQTT-4.7.3-2", "filters have no U+0000", Ends("SUBSCRIBE to U+0000", 0x82, 6, 0, 1, 0, 1, 0, 0)),
        LeftOut("MQTT-4.7.3-3", "topics have up to 65,535 bytes", "AWS IoT Core's have up to 256, and at most 7 slashes"),
        Tried("MQTT-4.7.3-4", "topics are not normalized: A is not a, and e with an accent is not e and an accent", async t =>
        {
            ConformancePeer peer = await t.ConnectAsync();
            await peer.SubscribeAsync(t.Topic("a\u00E9/"));
            await peer.PublishOnlyAsync(t.Topic("A\u00E9/"), "no");
            await peer.PublishOnlyAsync(t.Topic("ae\u0301/"), "no");
            await peer.PublishOnlyAsync(t.Topic("a\u00E9"), "no");
            await peer.PublishOnlyAsync(t.Topic("a\u00E9/"), "yes");
            await peer.ExpectMessageAsync(t.Topic("a\u00E9/"), "yes");
            await peer.ExpectNothingAsync();
        }),
        Tried("MQTT-4.8.0-1", "what only servers send closes the connection", async t =>
        {
            await Ends("CONNACK from a client", 0x20, 2, 0, 0)(t);
            await Ends("PINGRESP from a client", 0xD0, 0)(t);
            await Ends("packet type 15", 0xF0, 0)(t);
            await Ends("a remaining length of five bytes", 0x30, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F)(t);
        }),
    ];

    private static ConformanceStatement Tried(string id, string text, Func<ConformanceTrial, Task> tryAsync) => new(id, text, tryAsync);

    private static ConformanceStatement LeftOut(string id, string text, string why) => new(id, text, null, why);

    /// <summary>These bytes, from a client that is connected, close the connection.</summary>
    private static Func<ConformanceTrial, Task> Ends(string what, params byte[] bytes) => async t =>
    {
        ConformancePeer peer = await t.ConnectAsync($"{bytes[0]:x2}{bytes.Length}{bytes[^1]:x2}");
        await peer.SendBytesAsync(what, bytes);
        await peer.ExpectEndAsync();
    };

    /// <summary>These bytes, in place of CONNECT, close the connection, and nothing is answered.</summary>
    private static Func<ConformanceTrial, Task> EndsAtOnce(string what, params byte[] bytes) => async t =>
    {
        ConformancePeer peer = await t.OpenAsync();
        await peer.SendBytesAsync(what, bytes);
        await peer.ExpectEndAsync();
    };

    /// <summary>A CONNECT of clean session that may be a wrong one.</summary>
    private static byte[] Connect(Func<int, int> flags, params byte[] rest) => Connect(flags, "MQTT", 4, rest);

    private static byte[] Connect(Func<int, int> flags, string name, byte level, params byte[] rest)
    {
        byte[] id = Encoding.UTF8.GetBytes(ClientPrefix + "wrong");
        byte[] body = [0, (byte)name.Length, .. Encoding.UTF8.GetBytes(name), level, (byte)flags(2), 0, 60, 0, (byte)id.Length, .. id, .. rest];
        return [0x10, (byte)body.Length, .. body];
    }

    private static async Task Refused(ConformanceTrial t)
    {
        ConformancePeer peer = await t.OpenAsync();
        await peer.SendAsync(new ConnectPacket("not-permitted", CleanSession: false));
        ConnAckPacket answer = await peer.ExpectAsync<ConnAckPacket>();
        Check(answer.ReturnCode != 0 && !answer.SessionPresent, "a refusal without session present");
        await peer.ExpectEndAsync();
    }

    private static async Task Several(ConformanceTrial t)
    {
        ConformancePeer peer = await t.ConnectAsync();
        await peer.SendAsync(new SubscribePacket(peer.NextId(),
        [
            new TopicFilterRequest(t.Topic("x"), QualityOfService.AtLeastOnce),
            new TopicFilterRequest(t.Topic("y"), QualityOfService.AtMostOnce),
            new TopicFilterRequest(t.Topic("z/#"), QualityOfService.AtLeastOnce),
        ]));
        Check((await peer.ExpectAsync<SubAckPacket>()).ReturnCodes.SequenceEqual(new byte[] { 1, 0, 1 }), "SUBACK 1 0 1");
        await peer.PublishOnlyAsync(t.Topic("y"), "m");
        await peer.ExpectMessageAsync(t.Topic("y"), "m");
        await peer.PublishOnlyAsync(t.Topic("z/1"), "m");
        await peer.ExpectMessageAsync(t.Topic("z/1"), "m");
    }
}
