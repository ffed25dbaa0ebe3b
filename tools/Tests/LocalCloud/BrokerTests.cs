using System.Text;
using LocalCloud;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Mqtt;

namespace Tests.LocalCloud;

/// <summary>MQTT 3.1.1 as AWS IoT Core speaks it, over TLS.</summary>
[TestClass]
public sealed class BrokerTests
{
    private TestCloud _cloud = null!;

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Stopping => TestContext.CancellationToken;

    /// <summary>Credentials for client ids that begin with "all-", which may do everything.</summary>
    private ClientCredentials All => _cloud.Operator;

    [TestInitialize]
    public async Task Start() => _cloud = await TestCloud.StartAsync(Stopping);

    [TestCleanup]
    public async Task Stop() => await _cloud.DisposeAsync();

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task A_client_id_that_no_policy_allows_is_refused_with_7()
    {
        var refusal = await Assert.ThrowsExactlyAsync<MqttRefusedException>(() => _cloud.ConnectAsync(All, "somebody-else", Stopping));

        Assert.AreEqual(7, refusal.ReturnCode);
        await _cloud.Log.WaitAsync("CONNECT as somebody-else is refused: no statement of policy localcloud-operator-all- allows iot:Connect on arn:aws:iot:ap-northeast-1:123456789012:client/somebody-else", Stopping);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task After_the_refusal_the_connection_is_closed()
    {
        await using var connection = await _cloud.OpenAsync(All, Stopping);
        await connection.WriteAsync(new ConnectPacket("somebody-else"), Stopping);

        Assert.AreEqual(new ConnAckPacket(false, 7), await connection.ReadAsync(Stopping));
        Assert.IsNull(await connection.ReadAsync(Stopping));
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    [DataRow("$all", "client ids that begin with $ are reserved")]
    [DataRow("all-129", "the client id is 129 bytes long")]
    public async Task A_client_id_that_AWS_does_not_take_is_refused_with_2(string clientId, string reason)
    {
        clientId = clientId.Replace("all-129", "all-" + new string('x', 125));
        await using var connection = await _cloud.OpenAsync(All, Stopping);
        await connection.WriteAsync(new ConnectPacket(clientId), Stopping);

        Assert.AreEqual(new ConnAckPacket(false, ConnectReturnCode.IdentifierRejected), await connection.ReadAsync(Stopping));
        Assert.IsNull(await connection.ReadAsync(Stopping));
        await _cloud.Log.WaitAsync(reason, Stopping);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task A_client_without_an_id_is_given_one_where_its_policies_allow_that_and_its_session_is_clean()
    {
        // A claim may connect with any client id, the operator with those that begin with "all-".
        await using var first = await _cloud.OpenConnectedAsync(_cloud.Server.ClaimCredentials, "", Stopping);
        await using var second = await _cloud.OpenConnectedAsync(_cloud.Server.ClaimCredentials, "", Stopping);
        var clientIds = _cloud.Server.ConnectedClientIds;
        Assert.AreEqual(2, clientIds.Count(clientId => clientId.StartsWith("$GEN/", StringComparison.Ordinal)));

        await using var refused = await _cloud.OpenAsync(All, Stopping);
        await refused.WriteAsync(new ConnectPacket(""), Stopping);
        Assert.AreEqual(new ConnAckPacket(false, 7), await refused.ReadAsync(Stopping));

        await using var back = await _cloud.OpenAsync(_cloud.Server.ClaimCredentials, Stopping);
        await back.WriteAsync(new ConnectPacket(clientIds.First()), Stopping);
        Assert.AreEqual(new ConnAckPacket(false, ConnectReturnCode.IdentifierRejected), await back.ReadAsync(Stopping));
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task Another_protocol_level_is_refused_with_1()
    {
        await using var stream = await _cloud.OpenStreamAsync(TestCloud.CertificateOf(All), Stopping);
        await stream.WriteAsync(new byte[] { 0x10, 0x11, 0, 4, (byte)'M', (byte)'Q', (byte)'T', (byte)'T', 5, 2, 0, 60, 0, 0, 4, (byte)'a', (byte)'l', (byte)'l', (byte)'1' }, Stopping);
        var answer = new byte[4];
        await stream.ReadExactlyAsync(answer, Stopping);

        CollectionAssert.AreEqual(new byte[] { 0x20, 2, 0, 1 }, answer);
        Assert.AreEqual(0, await stream.ReadAsync(answer, Stopping));
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task CONNECT_comes_first_and_once()
    {
        await using var early = await _cloud.OpenAsync(All, Stopping);
        await early.WriteAsync(new PublishPacket("x", default), Stopping);
        Assert.IsNull(await early.ReadAsync(Stopping));
        await _cloud.Log.WaitAsync("its first packet is PUBLISH, not CONNECT", Stopping);

        await using var twice = await _cloud.OpenConnectedAsync(All, "all-1", Stopping);
        await twice.WriteAsync(new ConnectPacket("all-1"), Stopping);
        Assert.IsNull(await twice.ReadAsync(Stopping));
        await _cloud.Log.WaitAsync("all-1 is cut: it sent CONNECT, which comes once", Stopping);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task Whoever_does_not_send_CONNECT_is_not_kept()
    {
        await using var silent = await _cloud.OpenAsync(All, Stopping);
        await _cloud.Clock.WaitForTimerAsync(BrokerLimits.ConnectTimeout, Stopping);

        _cloud.Clock.Advance(BrokerLimits.ConnectTimeout);

        Assert.IsNull(await silent.ReadAsync(Stopping));
        await _cloud.Log.WaitAsync("no CONNECT came within 30 s", Stopping);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task Garbage_costs_nobody_but_its_sender()
    {
        await using var bystander = await _cloud.ConnectAsync(All, "all-1", Stopping);
        await using var stream = await _cloud.OpenStreamAsync(TestCloud.CertificateOf(All), Stopping);
        await stream.WriteAsync("GET / HTTP/1.1\r\n\r\n"u8.ToArray(), Stopping);

        Assert.AreEqual(0, await stream.ReadAsync(new byte[1], Stopping));
        await _cloud.Log.WaitAsync("it sent what is not allowed", Stopping);
        await bystander.PublishAsync("x", default, cancellationToken: Stopping);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task A_second_connection_with_the_same_client_id_takes_over()
    {
        await using var first = await _cloud.OpenConnectedAsync(All, "all-1", Stopping);
        await first.WriteAsync(new SubscribePacket(1, [new TopicFilterRequest("x", QualityOfService.AtMostOnce)]), Stopping);
        await first.ReadAsync(Stopping);

        _cloud.Clock.Advance(BrokerLimits.ConnectInterval);
        await using var second = await _cloud.ConnectAsync(All, "all-1", Stopping);

        Assert.IsNull(await first.ReadAsync(Stopping));
        await _cloud.Log.WaitAsync("all-1 is cut: the same client id came from", Stopping);
        CollectionAssert.AreEqual(new[] { "all-1" }, _cloud.Server.ConnectedClientIds.ToArray());
        await second.SubscribeAsync("y", cancellationToken: Stopping);
        await second.PublishAsync("x", default, cancellationToken: Stopping);
        await second.PublishAsync("y", default, cancellationToken: Stopping);
        Assert.AreEqual("y", (await second.Messages.ReadAsync(Stopping)).Topic, "the subscription of the first went with it");
    }

    [TestMethod]
    [DataRow(0, 1200)]
    [DataRow(1, 30)]
    [DataRow(30, 30)]
    [DataRow(31, 31)]
    [DataRow(1200, 1200)]
    [DataRow(1201, 1200)]
    [DataRow(65_535, 1200)]
    public void Keep_alive_is_30_to_1200_seconds(int asked, int seconds) => Assert.AreEqual(TimeSpan.FromSeconds(seconds), BrokerLimits.KeepAlive(asked));

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task A_client_that_is_silent_for_one_and_a_half_times_its_keep_alive_is_cut()
    {
        await using var connection = await _cloud.OpenAsync(All, Stopping);
        await connection.WriteAsync(new ConnectPacket("all-1", KeepAliveSeconds: 40), Stopping);
        await connection.ReadAsync(Stopping);

        for (var minute = 0; minute < 5; minute++)
        {
            _cloud.Clock.Advance(TimeSpan.FromSeconds(60) - TimeSpan.FromTicks(1));
            await connection.WriteAsync(new PingReqPacket(), Stopping);
            Assert.IsInstanceOfType<PingRespPacket>(await connection.ReadAsync(Stopping));
        }

        _cloud.Clock.Advance(TimeSpan.FromSeconds(60));

        Assert.IsNull(await connection.ReadAsync(Stopping));
        await _cloud.Log.WaitAsync("all-1 is cut: nothing came from it for 60 s, one and a half times its keep-alive", Stopping);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task A_publish_outside_the_policy_closes_the_connection_without_a_word()
    {
        await using var connection = await _cloud.OpenConnectedAsync(_cloud.Server.ClaimCredentials, "device-1", Stopping);
        await connection.WriteAsync(new PublishPacket("dt/x", default, QualityOfService.AtLeastOnce, PacketId: 1), Stopping);

        Assert.IsNull(await connection.ReadAsync(Stopping));
        await _cloud.Log.WaitAsync("device-1 is cut: no statement of the policies smpl-krsk-iot-core-policy-claim, smpl-krsk-iot-core-policy-claim-serial allows iot:Publish on arn:aws:iot:ap-northeast-1:123456789012:topic/dt/x", Stopping);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task A_subscription_outside_the_policy_closes_the_connection_and_none_of_its_filters_counts()
    {
        await using var connection = await _cloud.OpenConnectedAsync(_cloud.Server.ClaimCredentials, "device-1", Stopping);
        await connection.WriteAsync(
            new SubscribePacket(1, [new TopicFilterRequest("$aws/certificates/create/json/accepted", QualityOfService.AtLeastOnce), new TopicFilterRequest("#", QualityOfService.AtLeastOnce)]),
            Stopping);

        Assert.IsNull(await connection.ReadAsync(Stopping));
        await _cloud.Log.WaitAsync("iot:Subscribe on arn:aws:iot:ap-northeast-1:123456789012:topicfilter/#", Stopping);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task A_changed_policy_holds_at_once()
    {
        await using var publisher = await _cloud.ConnectAsync(All, "all-1", Stopping);
        await using var subscriber = await _cloud.ConnectAsync(await _cloud.Server.CreateOperatorCredentialsAsync("watch", Stopping), "watch-1", Stopping);
        await subscriber.SubscribeAsync("#", cancellationToken: Stopping);
        await publisher.PublishAsync("a", default, cancellationToken: Stopping);

        _cloud.Registry.PutPolicy(new Policy("localcloud-operator-watch", PolicyDocument.Parse("""
            { "Version": "2012-10-17", "Statement": [
              { "Effect": "Allow", "Action": "*", "Resource": "*" },
              { "Sid": "NotB", "Effect": "Deny", "Action": "iot:Receive", "Resource": "arn:aws:iot:*:*:topic/b" } ] }
            """)));
        await publisher.PublishAsync("b", default, cancellationToken: Stopping);
        await publisher.PublishAsync("c", default, cancellationToken: Stopping);

        Assert.AreEqual("a", (await subscriber.Messages.ReadAsync(Stopping)).Topic);
        Assert.AreEqual("c", (await subscriber.Messages.ReadAsync(Stopping)).Topic);
        await _cloud.Log.WaitAsync("watch-1 is not sent what comes to b: statement 2 (NotB) of policy localcloud-operator-watch denies iot:Receive", Stopping);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task Retained_messages_need_a_permission_of_their_own()
    {
        _cloud.Registry.PutPolicy(new Policy("PublishOnly", PolicyDocument.Parse("""
            { "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": ["iot:Connect", "iot:Publish"], "Resource": "*" }] }
            """)));
        var credentials = await _cloud.Server.CreateCredentialsAsync(CertificateStatus.Active, ["PublishOnly"], Stopping);
        await using var connection = await _cloud.OpenConnectedAsync(credentials, "x", Stopping);
        await connection.WriteAsync(new PublishPacket("x", default, QualityOfService.AtLeastOnce, PacketId: 1), Stopping);
        Assert.AreEqual(new PubAckPacket(1), await connection.ReadAsync(Stopping));

        await connection.WriteAsync(new PublishPacket("x", default, QualityOfService.AtLeastOnce, Retain: true, PacketId: 2), Stopping);

        Assert.IsNull(await connection.ReadAsync(Stopping));
        await _cloud.Log.WaitAsync("allows iot:RetainPublish", Stopping);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    [DataRow(QualityOfService.AtMostOnce, QualityOfService.AtMostOnce, QualityOfService.AtMostOnce)]
    [DataRow(QualityOfService.AtLeastOnce, QualityOfService.AtMostOnce, QualityOfService.AtMostOnce)]
    [DataRow(QualityOfService.AtMostOnce, QualityOfService.AtLeastOnce, QualityOfService.AtMostOnce)]
    [DataRow(QualityOfService.AtLeastOnce, QualityOfService.AtLeastOnce, QualityOfService.AtLeastOnce)]
    public async Task A_message_comes_at_the_lower_of_both_qualities(QualityOfService published, QualityOfService subscribed, QualityOfService delivered)
    {
        await using var client = await _cloud.ConnectAsync(All, "all-1", Stopping);
        Assert.AreEqual(subscribed, await client.SubscribeAsync("a/+", subscribed, Stopping));
        await client.PublishAsync("a/b", "payload"u8.ToArray(), published, cancellationToken: Stopping);

        var message = await client.Messages.ReadAsync(Stopping);
        Assert.AreEqual(delivered, message.QoS);
        Assert.AreEqual("payload", Encoding.UTF8.GetString(message.Payload.Span));
        Assert.IsFalse(message.Retain);
        Assert.IsFalse(message.Duplicate);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task Overlapping_filters_bring_a_message_once_at_the_highest_quality()
    {
        await using var client = await _cloud.ConnectAsync(All, "all-1", Stopping);
        await client.SubscribeAsync("a/b", QualityOfService.AtMostOnce, Stopping);
        await client.SubscribeAsync("a/#", QualityOfService.AtLeastOnce, Stopping);
        await client.SubscribeAsync("+/b", QualityOfService.AtMostOnce, Stopping);
        await client.PublishAsync("a/b", default, cancellationToken: Stopping);
        await client.PublishAsync("a/end", default, cancellationToken: Stopping);

        Assert.AreEqual(QualityOfService.AtLeastOnce, (await client.Messages.ReadAsync(Stopping)).QoS);
        Assert.AreEqual("a/end", (await client.Messages.ReadAsync(Stopping)).Topic);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task A_hash_does_not_match_its_parent_as_on_AWS()
    {
        await using var client = await _cloud.ConnectAsync(All, "all-1", Stopping);
        await client.SubscribeAsync("sensor/#", cancellationToken: Stopping);
        foreach (var topic in new[] { "sensor", "sensor/", "sensor/temperature/room1" })
        {
            await client.PublishAsync(topic, default, cancellationToken: Stopping);
        }

        Assert.AreEqual("sensor/", (await client.Messages.ReadAsync(Stopping)).Topic);
        Assert.AreEqual("sensor/temperature/room1", (await client.Messages.ReadAsync(Stopping)).Topic);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task After_UNSUBSCRIBE_nothing_comes_any_more()
    {
        await using var connection = await _cloud.OpenConnectedAsync(All, "all-1", Stopping);
        await connection.WriteAsync(new SubscribePacket(1, [new("a", QualityOfService.AtMostOnce), new("b", QualityOfService.AtMostOnce), new("#", QualityOfService.AtMostOnce)]), Stopping);
        var granted = (SubAckPacket)(await connection.ReadAsync(Stopping))!;
        CollectionAssert.AreEqual(new byte[] { 0, 0, 0 }, granted.ReturnCodes.ToArray());

        await connection.WriteAsync(new UnsubscribePacket(2, ["a", "#", "never subscribed"]), Stopping);
        Assert.AreEqual(new UnsubAckPacket(2), await connection.ReadAsync(Stopping));
        await connection.WriteAsync(new PublishPacket("a", default), Stopping);
        await connection.WriteAsync(new PublishPacket("b", default), Stopping);

        Assert.AreEqual("b", ((PublishPacket)(await connection.ReadAsync(Stopping))!).Topic);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task QoS_2_is_left_unanswered()
    {
        await using var connection = await _cloud.OpenConnectedAsync(All, "all-1", Stopping);
        await connection.WriteAsync(new SubscribePacket(1, [new("a", QualityOfService.AtMostOnce)]), Stopping);
        await connection.ReadAsync(Stopping);
        await connection.WriteAsync(new SubscribePacket(2, [new("b", QualityOfService.ExactlyOnce)]), Stopping);
        await connection.WriteAsync(new PublishPacket("a", default, QualityOfService.ExactlyOnce, PacketId: 3), Stopping);
        await connection.WriteAsync(new PingReqPacket(), Stopping);

        Assert.IsInstanceOfType<PingRespPacket>(await connection.ReadAsync(Stopping), "neither SUBACK nor PUBREC nor the message");
        await _cloud.Log.WaitAsync("a SUBSCRIBE with QoS 2 is left unanswered", Stopping);
        await _cloud.Log.WaitAsync("a QoS 2 message to a is left unanswered", Stopping);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task Only_so_many_messages_are_under_way_without_PUBACK()
    {
        await using var slow = await _cloud.OpenConnectedAsync(All, "all-slow", Stopping);
        await slow.WriteAsync(new SubscribePacket(1, [new("a", QualityOfService.AtLeastOnce)]), Stopping);
        await slow.ReadAsync(Stopping);
        await using var publisher = await _cloud.ConnectAsync(All, "all-1", Stopping);
        for (var index = 0; index < BrokerLimits.MaximumUnacknowledged + 2; index++)
        {
            _cloud.Clock.Advance(TimeSpan.FromMilliseconds(10));
            await publisher.PublishAsync("a", new[] { (byte)index }, cancellationToken: Stopping);
        }

        var identifiers = new List<ushort>();
        for (var index = 0; index < BrokerLimits.MaximumUnacknowledged; index++)
        {
            var message = (PublishPacket)(await slow.ReadAsync(Stopping))!;
            Assert.AreEqual((byte)index, message.Payload.Span[0]);
            identifiers.Add(message.PacketId);
        }

        Assert.HasCount(BrokerLimits.MaximumUnacknowledged, identifiers.Distinct().ToList());
        await slow.WriteAsync(new PingReqPacket(), Stopping);
        Assert.IsInstanceOfType<PingRespPacket>(await slow.ReadAsync(Stopping), "the next message waits");

        await slow.WriteAsync(new PubAckPacket(identifiers[7]), Stopping);
        await slow.WriteAsync(new PubAckPacket(identifiers[7]), Stopping);
        Assert.AreEqual((byte)100, ((PublishPacket)(await slow.ReadAsync(Stopping))!).Payload.Span[0]);
        await slow.WriteAsync(new PingReqPacket(), Stopping);
        Assert.IsInstanceOfType<PingRespPacket>(await slow.ReadAsync(Stopping), "one acknowledgement, one message");
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task Who_does_not_read_is_cut_and_holds_up_nobody()
    {
        await using var deaf = await _cloud.OpenConnectedAsync(All, "all-deaf", Stopping);
        await deaf.WriteAsync(new SubscribePacket(1, [new("a", QualityOfService.AtMostOnce)]), Stopping);
        await deaf.ReadAsync(Stopping);
        await using var publisher = await _cloud.ConnectAsync(All, "all-1", Stopping);
        var cut = _cloud.Log.WaitAsync("all-deaf is cut: it does not take its messages", Stopping);
        var payload = new byte[BrokerLimits.MaximumPayload];

        while (!cut.IsCompleted)
        {
            _cloud.Clock.Advance(TimeSpan.FromSeconds(1));
            await publisher.PublishAsync("a", payload, cancellationToken: Stopping);
        }

        await cut;
        _cloud.Clock.Advance(TimeSpan.FromSeconds(1));
        await publisher.PublishAsync("b", payload, cancellationToken: Stopping);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    [DataRow("1/2/3/4/5/6/7/8", true)]
    [DataRow("1/2/3/4/5/6/7/8/9", false)]
    [DataRow("256", true)]
    [DataRow("257", false)]
    public async Task Topics_have_the_limits_of_AWS(string topic, bool isAllowed)
    {
        topic = topic switch
        {
            "256" => new string('x', 256),
            "257" => new string('x', 255) + 'ü',
            _ => topic,
        };
        foreach (Packet packet in new Packet[] { new PublishPacket(topic, default, QualityOfService.AtLeastOnce, PacketId: 1), new SubscribePacket(1, [new(topic, QualityOfService.AtLeastOnce)]) })
        {
            _cloud.Clock.Advance(BrokerLimits.ConnectInterval);
            await using var connection = await _cloud.OpenConnectedAsync(All, "all-1", Stopping);
            await connection.WriteAsync(packet, Stopping);

            Assert.AreEqual(isAllowed, await connection.ReadAsync(Stopping) is not null);
        }
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task A_payload_has_at_most_128_KB()
    {
        await using var connection = await _cloud.OpenConnectedAsync(All, "all-1", Stopping);
        await connection.WriteAsync(new PublishPacket("x", new byte[128 * 1024], QualityOfService.AtLeastOnce, PacketId: 1), Stopping);
        Assert.AreEqual(new PubAckPacket(1), await connection.ReadAsync(Stopping));

        await connection.WriteAsync(new PublishPacket("x", new byte[(128 * 1024) + 1], QualityOfService.AtLeastOnce, PacketId: 2), Stopping);
        Assert.IsNull(await connection.ReadAsync(Stopping));
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task A_SUBSCRIBE_has_at_most_8_filters_and_a_connection_50_subscriptions()
    {
        static SubscribePacket Filters(int from, int count) =>
            new(1, [.. Enumerable.Range(from, count).Select(index => new TopicFilterRequest($"t{index}", QualityOfService.AtMostOnce))]);

        await using var nine = await _cloud.OpenConnectedAsync(All, "all-nine", Stopping);
        await nine.WriteAsync(Filters(0, 9), Stopping);
        Assert.IsNull(await nine.ReadAsync(Stopping));

        await using var many = await _cloud.OpenConnectedAsync(All, "all-many", Stopping);
        for (var from = 0; from < 48; from += 8)
        {
            await many.WriteAsync(Filters(from, 8), Stopping);
            Assert.IsInstanceOfType<SubAckPacket>(await many.ReadAsync(Stopping));
        }

        await many.WriteAsync(Filters(48, 2), Stopping);
        Assert.IsInstanceOfType<SubAckPacket>(await many.ReadAsync(Stopping));
        await many.WriteAsync(Filters(0, 8), Stopping);
        Assert.IsInstanceOfType<SubAckPacket>(await many.ReadAsync(Stopping), "these are there already");
        await many.WriteAsync(Filters(50, 1), Stopping);
        Assert.IsNull(await many.ReadAsync(Stopping));
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    [DataRow("$aws/things/x/shadow/update/accepted")]
    [DataRow("$aws/things/x/shadow/name/update")]
    [DataRow("$aws/things//shadow/update")]
    [DataRow("$aws/things/x/jobs/notify")]
    [DataRow("$aws/things/x/defender/metrics/xml")]
    [DataRow("$aws/certificates/create/json/accepted")]
    [DataRow("$aws/certificates/create/xml")]
    [DataRow("$aws/events/presence/connected/x")]
    [DataRow("$aws/rules")]
    [DataRow("$aws/rules/")]
    [DataRow("$SYS/broker/uptime")]
    [DataRow("$mine/x")]
    public async Task Reserved_topics_are_closed_but_for_the_known_ones(string topic)
    {
        await using var connection = await _cloud.OpenConnectedAsync(All, "all-1", Stopping);
        await connection.WriteAsync(new PublishPacket(topic, default, QualityOfService.AtLeastOnce, PacketId: 1), Stopping);

        Assert.IsNull(await connection.ReadAsync(Stopping));
        await _cloud.Log.WaitAsync($"PUBLISH to {topic}: topics that begin with $ are reserved", Stopping);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    [DataRow("$SYS/#")]
    [DataRow("$share/group/a")]
    [DataRow("$aws")]
    [DataRow("$aws/rules/r")]
    [DataRow("$aws/mine/x")]
    public async Task Filters_of_reserved_topics_are_closed_but_for_the_known_ones(string filter)
    {
        await using var connection = await _cloud.OpenConnectedAsync(All, "all-1", Stopping);
        await connection.WriteAsync(new SubscribePacket(1, [new TopicFilterRequest(filter, QualityOfService.AtLeastOnce)]), Stopping);

        Assert.IsNull(await connection.ReadAsync(Stopping));
        await _cloud.Log.WaitAsync($"SUBSCRIBE to {filter}: topics that begin with $ are reserved", Stopping);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    [DataRow("$aws/things/x/shadow/update", "device shadows", true)]
    [DataRow("$aws/things/x/shadow/name/lamp/get", "device shadows", true)]
    [DataRow("$aws/things/x/jobs/start-next", "jobs", false)]
    [DataRow("$aws/things/x/jobs/1/update", "jobs", false)]
    [DataRow("$aws/things/x/streams/1/get/cbor", "file streams", false)]
    [DataRow("$aws/things/x/defender/metrics/json", "Device Defender", false)]
    [DataRow("$aws/device_location/x/get_position_estimate", "device location", false)]
    public async Task What_is_for_a_service_that_is_not_there_is_taken_and_told_once(string topic, string service, bool isDelivered)
    {
        await using var connection = await _cloud.OpenConnectedAsync(All, "all-1", Stopping);
        await connection.WriteAsync(new SubscribePacket(1, [new TopicFilterRequest("$aws/#", QualityOfService.AtMostOnce)]), Stopping);
        Assert.IsInstanceOfType<SubAckPacket>(await connection.ReadAsync(Stopping));
        Assert.IsTrue(await connection.ReadAsync(Stopping) is PublishPacket { Topic: "$aws/events/subscriptions/subscribed/all-1" });

        for (ushort number = 1; number <= 2; number++)
        {
            await connection.WriteAsync(new PublishPacket(topic, "{}"u8.ToArray(), QualityOfService.AtLeastOnce, PacketId: number), Stopping);
            if (isDelivered)
            {
                Assert.AreEqual(topic, (await connection.ReadAsync(Stopping) as PublishPacket)?.Topic);
            }

            Assert.AreEqual(number, (await connection.ReadAsync(Stopping) as PubAckPacket)?.PacketId);
        }

        await _cloud.Log.WaitAsync($"has no {service}", Stopping);
        Assert.AreEqual(1, _cloud.Log.Lines.Count(line => line.Contains($"has no {service}", StringComparison.Ordinal)));
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task Basic_Ingest_reaches_no_subscriber_and_its_front_does_not_count_among_a_topics_bytes_and_slashes()
    {
        await using var connection = await _cloud.OpenConnectedAsync(All, "all-1", Stopping);
        await connection.WriteAsync(new SubscribePacket(1, [new TopicFilterRequest("$aws/#", QualityOfService.AtMostOnce), new TopicFilterRequest("#", QualityOfService.AtMostOnce)]), Stopping);
        Assert.IsInstanceOfType<SubAckPacket>(await connection.ReadAsync(Stopping));
        Assert.IsTrue(await connection.ReadAsync(Stopping) is PublishPacket { Topic: "$aws/events/subscriptions/subscribed/all-1" });

        ushort number = 0;
        foreach (var rest in (string[])["", "/a/b/c/d/e/f/g/h", "/" + new string('t', 256)])
        {
            await connection.WriteAsync(new PublishPacket("$aws/rules/rule" + rest, "{}"u8.ToArray(), QualityOfService.AtLeastOnce, PacketId: ++number), Stopping);
            Assert.AreEqual(number, (await connection.ReadAsync(Stopping) as PubAckPacket)?.PacketId);
        }

        await connection.WriteAsync(new PublishPacket("$aws/rules/rule/a/b/c/d/e/f/g/h/i", default, QualityOfService.AtLeastOnce, PacketId: 9), Stopping);
        Assert.IsNull(await connection.ReadAsync(Stopping));
        await _cloud.Log.WaitAsync("8 slashes are more than the 7", Stopping);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task The_will_is_published_when_a_connection_breaks_and_not_after_DISCONNECT()
    {
        await using var watcher = await _cloud.ConnectAsync(All, "all-watcher", Stopping);
        await watcher.SubscribeAsync("wills/#", cancellationToken: Stopping);
        var will = new Will("wills/1", "gone"u8.ToArray(), QualityOfService.AtLeastOnce);

        var polite = await _cloud.ConnectAsync(All, "all-polite", Stopping, will with { Topic = "wills/polite" });
        await polite.DisposeAsync();
        await _cloud.Log.WaitAsync("all-polite disconnected", Stopping);
        await using (var connection = await _cloud.OpenAsync(All, Stopping))
        {
            await connection.WriteAsync(new ConnectPacket("all-rude", Will: will), Stopping);
            await connection.ReadAsync(Stopping);
        }

        var message = await watcher.Messages.ReadAsync(Stopping);
        Assert.AreEqual("wills/1", message.Topic);
        Assert.AreEqual("gone", Encoding.UTF8.GetString(message.Payload.Span));
        Assert.AreEqual(QualityOfService.AtLeastOnce, message.QoS);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    [DataRow("taken over")]
    [DataRow("not MQTT")]
    [DataRow("forbidden")]
    [DataRow("revoked")]
    [DataRow("silent")]
    public async Task The_will_is_published_however_else_the_connection_ends(string how)
    {
        await using var watcher = await _cloud.ConnectAsync(All, "all-watcher", Stopping);
        await watcher.SubscribeAsync("wills/#", cancellationToken: Stopping);
        var credentials = await _cloud.Server.CreateOperatorCredentialsAsync("mortal", Stopping);
        _cloud.Registry.PutPolicy(new Policy("localcloud-operator-mortal", PolicyDocument.Parse("""
            { "Version": "2012-10-17", "Statement": [
              { "Effect": "Allow", "Action": "*", "Resource": "*" },
              { "Effect": "Deny", "Action": "iot:Publish", "Resource": "arn:aws:iot:*:*:topic/forbidden" } ] }
            """)));
        var connect = new ConnectPacket("mortal-1", KeepAliveSeconds: 30, Will: new Will("wills/1", "gone"u8.ToArray(), QualityOfService.AtLeastOnce));
        await using var connection = await _cloud.OpenAsync(credentials, Stopping);
        await connection.WriteAsync(connect, Stopping);
        Assert.IsInstanceOfType<ConnAckPacket>(await connection.ReadAsync(Stopping));
        MqttConnection? successor = null;
        switch (how)
        {
            case "taken over":
                _cloud.Clock.Advance(BrokerLimits.ConnectInterval);
                successor = await _cloud.OpenConnectedAsync(credentials, "mortal-1", Stopping);
                break;

            case "not MQTT":
                await connection.WriteAsync(connect, Stopping);
                break;

            case "forbidden":
                await connection.WriteAsync(new PublishPacket("forbidden", default), Stopping);
                break;

            case "revoked":
                _cloud.Registry.SetCertificateStatus(credentials.CertificateId, CertificateStatus.Revoked);
                break;

            case "silent":
                _cloud.Clock.Advance(TimeSpan.FromSeconds(45));
                break;
        }

        Assert.AreEqual("gone", Encoding.UTF8.GetString((await watcher.Messages.ReadAsync(Stopping)).Payload.Span));
        if (successor is not null)
        {
            await successor.DisposeAsync();
        }
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task A_will_that_the_policy_does_notAllow_is_not_published()
    {
        await using (var connection = await _cloud.OpenAsync(_cloud.Server.ClaimCredentials, Stopping))
        {
            await connection.WriteAsync(new ConnectPacket("device-1", Will: new Will("wills/1", default)), Stopping);
            await connection.ReadAsync(Stopping);
        }

        await _cloud.Log.WaitAsync("device-1: its will is not published: no statement", Stopping);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task A_clients_text_cannot_forge_lines_of_the_log()
    {
        await using var connection = await _cloud.OpenAsync(All, Stopping);
        await connection.WriteAsync(new ConnectPacket("all-1\n12:00:00 device-1 connected"), Stopping);
        await connection.ReadAsync(Stopping);

        await _cloud.Log.WaitAsync(@"all-1\u000a12:00:00 device-1 connected connected from", Stopping);
        Assert.IsFalse(_cloud.Log.Lines.Any(line => line.Contains('\n')));
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task When_LocalCloud_stops_its_clients_learn_it()
    {
        await using var connection = await _cloud.OpenConnectedAsync(All, "all-1", Stopping);

        await _cloud.Server.DisposeAsync();

        Assert.IsNull(await connection.ReadAsync(Stopping));
        await _cloud.Log.WaitAsync("LocalCloud stopped", Stopping);
    }
}
