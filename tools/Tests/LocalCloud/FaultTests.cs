using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using LocalCloud;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Mqtt;

namespace Tests.LocalCloud;

/// <summary>Each fault that a plan can order, over TLS: what the client sees of it, whether LocalCloud has acted, and what the log tells.</summary>
[TestClass]
public sealed class FaultTests
{
    private const string Client = "all-1";
    private const string Create = "$aws/certificates/create/json";
    private const string CreateFromCsr = "$aws/certificates/create-from-csr/json";
    private const string Register = "$aws/provisioning-templates/smpl-krsk-iot-core-prov-temp/provision/json";
    private const string Told = "meets a fault of the plan: ";

    /// <summary>As long as nothing else lasts.</summary>
    private static readonly TimeSpan s_delay = TimeSpan.FromSeconds(7);

    public TestContext TestContext { get; set; } = null!;

    public static IEnumerable<object[]> All => Enum.GetValues<FaultStep>().SelectMany(step => FaultRule.ActionsAt(step).Select(action => new object[] { step, action }));

    private CancellationToken Stopping => TestContext.CancellationToken;

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    [DynamicData(nameof(All))]
    public async Task Each_fault_does_what_it_says_and_the_log_tells_it(FaultStep step, FaultAction action)
    {
        var rule = new FaultRule(step, action)
        {
            Seconds = action == FaultAction.Delay ? s_delay.TotalSeconds : null,
            Packets = step == FaultStep.Session ? 1 : null,
        };
        var plan = new FaultPlan();
        await using var cloud = await TestCloud.StartAsync(Stopping, new LocalCloudOptions { Faults = plan });
        var trial = new Trial(cloud, () => plan.Add(rule), Stopping);
        switch (step)
        {
            case FaultStep.Tls:
                await HandshakeAsync(trial, action);
                break;

            case FaultStep.Connect or FaultStep.ConnAck:
                await ConnectAsync(trial, rule);
                break;

            case FaultStep.Subscribe or FaultStep.SubAck:
                await SubscribeAsync(trial, rule);
                break;

            case FaultStep.Publish or FaultStep.PubAck:
                await PublishAsync(trial, rule);
                break;

            case FaultStep.CreateKeysAndCertificate or FaultStep.CreateKeysAndCertificateAnswer:
                await CreateAsync(trial, rule);
                break;

            case FaultStep.CreateCertificateFromCsr or FaultStep.CreateCertificateFromCsrAnswer:
                await CreateFromCsrAsync(trial, rule);
                break;

            case FaultStep.RegisterThing or FaultStep.RegisterThingAnswer:
                await RegisterAsync(trial, rule);
                break;

            case FaultStep.Session:
                await DisturbAsync(trial, action);
                break;

            default:
                Assert.Fail($"no test for {step}");
                break;
        }

        Assert.AreEqual(1, cloud.Log.Lines.Count(line => line.EndsWith($"{Told}{FaultPlanFile.NameOf(action)} at {FaultPlanFile.NameOf(step)}", StringComparison.Ordinal)), "in the log");
        Assert.IsFalse(cloud.Log.Lines.Any(line => line.Contains("LocalCloud failed", StringComparison.Ordinal)), "LocalCloud itself failed");

        // It was ordered once.
        cloud.Clock.Advance(BrokerLimits.ConnectInterval);
        await using var next = await cloud.ConnectAsync(cloud.Operator, Client, Stopping);
        await next.SubscribeAsync("next", cancellationToken: Stopping);
        await next.PublishAsync("next", default, cancellationToken: Stopping);
        Assert.AreEqual("next", (await next.Messages.ReadAsync(Stopping)).Topic);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    [DataRow(400, "InvalidRequest")]
    [DataRow(403, "Forbidden")]
    [DataRow(404, "ResourceNotFound")]
    [DataRow(503, "ServiceUnavailable")]
    public async Task A_request_is_refused_with_the_status_code_that_is_ordered(int statusCode, string errorCode)
    {
        await using var cloud = await TestCloud.StartAsync(Stopping, new LocalCloudOptions
        {
            Faults = new FaultPlan(new FaultRule(FaultStep.CreateKeysAndCertificate, FaultAction.Refuse) { StatusCode = statusCode }),
        });
        var trial = new Trial(cloud, () => { }, Stopping);
        await trial.ConnectAsync();
        await trial.SubscribeAsync(Create + "/rejected");

        await trial.SendAsync(new PublishPacket(Create, default));

        var answer = JsonNode.Parse((await trial.ReadAsync<PublishPacket>()).Payload.Span)!;
        Assert.AreEqual(statusCode, (int)answer["statusCode"]!);
        Assert.AreEqual(errorCode, (string)answer["errorCode"]!);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task A_CONNECT_is_refused_with_the_return_code_that_is_ordered()
    {
        await using var cloud = await TestCloud.StartAsync(Stopping, new LocalCloudOptions
        {
            Faults = new FaultPlan(new FaultRule(FaultStep.Connect, FaultAction.Refuse) { ReturnCode = 5 }),
        });

        var refused = await Assert.ThrowsExactlyAsync<MqttRefusedException>(() => cloud.ConnectAsync(cloud.Operator, Client, Stopping));

        Assert.AreEqual(5, refused.ReturnCode);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task An_oversized_answer_is_as_long_as_is_ordered()
    {
        await using var cloud = await TestCloud.StartAsync(Stopping, new LocalCloudOptions
        {
            Faults = new FaultPlan(new FaultRule(FaultStep.CreateKeysAndCertificateAnswer, FaultAction.Oversized) { Bytes = 100_000 }),
        });
        var trial = new Trial(cloud, () => { }, Stopping);
        await trial.ConnectAsync();
        await trial.SubscribeAsync(Create + "/accepted");

        await trial.SendAsync(new PublishPacket(Create, default));

        Assert.AreEqual(100_000, (await trial.ReadAsync<PublishPacket>()).Payload.Length);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task A_session_is_disturbed_after_so_many_seconds()
    {
        await using var cloud = await TestCloud.StartAsync(Stopping, new LocalCloudOptions
        {
            Faults = new FaultPlan(new FaultRule(FaultStep.Session, FaultAction.Close) { Seconds = s_delay.TotalSeconds, Client = "all-2" }),
        });
        await using var other = await cloud.ConnectAsync(cloud.Operator, Client, Stopping);
        await using var client = await cloud.ConnectAsync(cloud.Operator, "all-2", Stopping);

        cloud.Clock.Advance(s_delay - TimeSpan.FromSeconds(1));
        await client.PublishAsync("t", default, cancellationToken: Stopping);
        cloud.Clock.Advance(TimeSpan.FromSeconds(1));

        await Assert.ThrowsAsync<IOException>(() => client.Messages.Completion.WaitAsync(Stopping));
        await other.PublishAsync("t", default, cancellationToken: Stopping);
        await cloud.Log.WaitAsync("all-2 is cut: the fault plan orders close at session", Stopping);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task A_client_whose_request_is_held_back_is_not_taken_for_silent()
    {
        await using var cloud = await TestCloud.StartAsync(Stopping, new LocalCloudOptions
        {
            Faults = new FaultPlan(new FaultRule(FaultStep.Connect, FaultAction.Delay) { Seconds = 600 }),
        });

        var connecting = cloud.ConnectAsync(cloud.Operator, Client, Stopping);
        await cloud.Clock.WaitForTimerAsync(TimeSpan.FromSeconds(600), Stopping);
        cloud.Clock.Advance(TimeSpan.FromSeconds(600));

        await (await connecting).DisposeAsync();
    }

    private async Task HandshakeAsync(Trial trial, FaultAction action)
    {
        trial.Order();
        var opening = trial.Cloud.OpenStreamAsync(TestCloud.CertificateOf(trial.Cloud.Operator), Stopping, SslProtocols.Tls12);
        switch (action)
        {
            case FaultAction.Refuse:
                await FailsAsync();
                await trial.Cloud.Log.WaitAsync("is refused: the fault plan orders it", Stopping);
                break;

            case FaultAction.Delay:
                await trial.Cloud.Clock.WaitForTimerAsync(s_delay, Stopping);
                Assert.IsFalse(opening.IsCompleted);
                trial.Cloud.Clock.Advance(s_delay);
                await (await opening).DisposeAsync();
                break;

            case FaultAction.Drop:
                await trial.Cloud.Clock.WaitForTimerAsync(TlsHandshake.LongestHandshake, Stopping);
                Assert.IsFalse(opening.IsCompleted);
                trial.Cloud.Clock.Advance(TlsHandshake.LongestHandshake);
                await FailsAsync();
                break;

            case FaultAction.Close:
                await FailsAsync();
                break;

            default:
                Assert.Fail($"no test for {action}");
                break;
        }

        async Task FailsAsync()
        {
            try
            {
                await (await opening).DisposeAsync();
                Assert.Fail("the handshake was done");
            }
            catch (Exception e) when (e is AuthenticationException or IOException)
            {
                // As it should be.
            }
        }
    }

    private async Task ConnectAsync(Trial trial, FaultRule rule)
    {
        await trial.OpenAsync();
        trial.Order();
        await trial.SendAsync(new ConnectPacket(Client, KeepAliveSeconds: 0));
        switch (rule.Do)
        {
            case FaultAction.Refuse:
                Assert.AreEqual(new ConnAckPacket(SessionPresent: false, 7), await trial.ReadAsync<ConnAckPacket>());
                Assert.IsNull(await trial.ReadAsync());
                Assert.IsFalse(HasActed());
                break;

            case FaultAction.Drop:
                await trial.ToldAsync();
                trial.Cloud.Clock.Advance(BrokerLimits.ConnectTimeout);
                Assert.IsNull(await trial.ReadAsync(), "something was sent");
                Assert.IsFalse(HasActed());
                break;

            case FaultAction.Lose:
                await trial.Cloud.Log.WaitAsync(Client + " connected", Stopping);
                await trial.SendAsync(new PingReqPacket());
                trial.Cloud.Clock.Advance(BrokerLimits.ConnectInterval);
                await (await trial.Cloud.ConnectAsync(trial.Cloud.Operator, Client, Stopping)).DisposeAsync();
                Assert.IsNull(await trial.ReadAsync(), "something was sent before the client's next connection put an end to this one");
                break;

            default:
                await TryAnswerAsync(trial, rule, HasActed, packet => packet is ConnAckPacket { ReturnCode: 0 });
                break;
        }

        bool HasActed() => trial.Cloud.Log.Lines.Any(line => line.StartsWith(Client + " connected", StringComparison.Ordinal));
    }

    private async Task SubscribeAsync(Trial trial, FaultRule rule)
    {
        await trial.ConnectAsync();
        trial.Order();
        await trial.SendAsync(new SubscribePacket(9, [new TopicFilterRequest("t", QualityOfService.AtMostOnce)]));
        switch (rule.Do)
        {
            case FaultAction.Refuse:
                CollectionAssert.AreEqual(new[] { SubAckPacket.Failure }, (await trial.ReadAsync<SubAckPacket>()).ReturnCodes.ToArray());
                await trial.SendAsync(new PublishPacket("t", default));
                await trial.IsSilentAsync();
                break;

            case FaultAction.Drop:
                await trial.SendAsync(new PublishPacket("t", default));
                await trial.IsSilentAsync();
                break;

            case FaultAction.Lose:
                await trial.IsSilentAsync();
                await trial.SendAsync(new PublishPacket("t", default));
                Assert.AreEqual("t", (await trial.ReadAsync<PublishPacket>()).Topic);
                break;

            default:
                await TryAnswerAsync(
                    trial,
                    rule,
                    () => trial.Cloud.Log.Lines.Any(line => line == Client + " subscribed to t"),
                    packet => packet is SubAckPacket { PacketId: 9, ReturnCodes: [0] },
                    packet => packet is SubAckPacket { ReturnCodes: [0] } answer && answer.PacketId != 9);
                break;
        }
    }

    private async Task PublishAsync(Trial trial, FaultRule rule)
    {
        await using var watcher = await trial.Cloud.ConnectAsync(trial.Cloud.Operator, "all-2", Stopping);
        await watcher.SubscribeAsync("t", QualityOfService.AtMostOnce, Stopping);
        await trial.ConnectAsync();
        trial.Order();
        await trial.SendAsync(new PublishPacket("t", default, QualityOfService.AtLeastOnce, PacketId: 9));
        switch (rule.Do)
        {
            case FaultAction.Drop:
                await trial.IsSilentAsync();
                Assert.IsFalse(await HasActedAsync());
                break;

            case FaultAction.Lose:
                await trial.IsSilentAsync();
                Assert.IsTrue(await HasActedAsync());
                break;

            default:
                await TryAnswerAsync(
                    trial,
                    rule,
                    hasActed: null,
                    packet => packet is PubAckPacket { PacketId: 9 },
                    packet => packet is PubAckPacket answer && answer.PacketId != 9);
                Assert.AreEqual(rule.At == FaultStep.PubAck || rule.Do == FaultAction.Delay, await HasActedAsync());
                break;
        }

        async Task<bool> HasActedAsync()
        {
            // What comes after it, comes behind it.
            await watcher.PublishAsync("t", "end"u8.ToArray(), QualityOfService.AtMostOnce, cancellationToken: Stopping);
            return (await watcher.Messages.ReadAsync(Stopping)).Payload.Length == 0;
        }
    }

    private async Task CreateAsync(Trial trial, FaultRule rule)
    {
        await trial.ConnectAsync();
        await trial.SubscribeAsync(Create + "/accepted", Create + "/rejected");
        trial.Order();
        await trial.SendAsync(new PublishPacket(Create, default));
        await TryProvisioningAsync(trial, rule, "CreateKeysAndCertificate is accepted", IsRight);
        if (rule.Do == FaultAction.Foreign)
        {
            Assert.HasCount(2, trial.Accepted);
            Assert.AreEqual("another-device", trial.Accepted[1].ClientId);
            Assert.AreEqual(trial.Accepted[1].CertificateId, (string)JsonNode.Parse(trial.Last!.Payload.Span)!["certificateId"]!);
        }

        bool IsRight(JsonObject answer) =>
            (string)answer["certificateId"]! == trial.Accepted[0].CertificateId
            && TestCloud.CertificateOf(new ClientCredentials("", (string)answer["certificatePem"]!, (string)answer["privateKey"]!)).HasPrivateKey
            && ((string)answer["certificateOwnershipToken"]!).Length > 0;
    }

    private async Task CreateFromCsrAsync(Trial trial, FaultRule rule)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await trial.ConnectAsync();
        await trial.SubscribeAsync(CreateFromCsr + "/accepted", CreateFromCsr + "/rejected");
        trial.Order();
        await trial.SendAsync(new PublishPacket(CreateFromCsr, Encoding.UTF8.GetBytes(new JsonObject
        {
            ["certificateSigningRequest"] = new CertificateRequest("CN=board-1", key, HashAlgorithmName.SHA256).CreateSigningRequestPem(),
        }.ToJsonString())));
        await TryProvisioningAsync(trial, rule, "CreateCertificateFromCsr is accepted", IsRight);
        if (rule.Do == FaultAction.Foreign)
        {
            Assert.HasCount(2, trial.Accepted);
            Assert.AreEqual(trial.Accepted[1].CertificateId, (string)JsonNode.Parse(trial.Last!.Payload.Span)!["certificateId"]!);
            Assert.AreEqual("CN=another-device", X509Certificate2.CreateFromPem((string)JsonNode.Parse(trial.Last!.Payload.Span)!["certificatePem"]!).Subject);
        }

        bool IsRight(JsonObject answer) =>
            (string)answer["certificateId"]! == trial.Accepted[0].CertificateId
            && X509Certificate2.CreateFromPem((string)answer["certificatePem"]!).Subject == "CN=board-1"
            && ((string)answer["certificateOwnershipToken"]!).Length > 0;
    }

    private async Task RegisterAsync(Trial trial, FaultRule rule)
    {
        await trial.ConnectAsync();
        await trial.SubscribeAsync(Create + "/accepted", Register + "/accepted", Register + "/rejected");
        await trial.SendAsync(new PublishPacket(Create, default));
        var created = JsonNode.Parse((await trial.ReadAsync<PublishPacket>()).Payload.Span)!;
        trial.Order();
        await trial.SendAsync(new PublishPacket(Register, Encoding.UTF8.GetBytes(new JsonObject
        {
            ["certificateOwnershipToken"] = (string)created["certificateOwnershipToken"]!,
            ["parameters"] = new JsonObject { ["ThingName"] = "board-1" },
        }.ToJsonString())));
        await TryProvisioningAsync(
            trial,
            rule,
            "RegisterThing with template smpl-krsk-iot-core-prov-temp is accepted",
            answer => (string)answer["thingName"]! == "board-1" && answer["deviceConfiguration"] is JsonObject);
        if (rule.Do == FaultAction.Foreign)
        {
            Assert.AreEqual("another-device", (string)JsonNode.Parse(trial.Last!.Payload.Span)!["thingName"]!);
        }
    }

    private async Task TryProvisioningAsync(Trial trial, FaultRule rule, string acted, Predicate<JsonObject> isRight)
    {
        switch (rule.Do)
        {
            case FaultAction.Refuse or FaultAction.Throttle:
                var answer = await trial.ReadAsync<PublishPacket>();
                Assert.EndsWith("/rejected", answer.Topic);
                Assert.AreEqual(rule.Do == FaultAction.Refuse ? 400 : 429, (int)JsonNode.Parse(answer.Payload.Span)!["statusCode"]!);
                Assert.IsFalse(HasActed());
                break;

            case FaultAction.Drop:
                await trial.IsSilentAsync();
                Assert.IsFalse(HasActed());
                break;

            case FaultAction.Lose:
                await trial.IsSilentAsync();
                Assert.IsTrue(HasActed());
                break;

            case FaultAction.Foreign:
                trial.Last = await trial.ReadAsync<PublishPacket>();
                Assert.EndsWith("/accepted", trial.Last.Topic);
                Assert.IsTrue(HasActed());
                Assert.IsFalse(isRight(ObjectOf(trial.Last)));
                break;

            case FaultAction.Malformed or FaultAction.Truncated:
                var broken = await trial.ReadAsync<PublishPacket>();
                Assert.EndsWith("/accepted", broken.Topic);
                Assert.Throws<JsonException>(() => JsonDocument.Parse(broken.Payload).Dispose(), "it is JSON");
                Assert.IsTrue(HasActed());
                await trial.IsSilentAsync();
                break;

            case FaultAction.Oversized:
                var long_ = await trial.ReadAsync<PublishPacket>();
                Assert.AreEqual(16_384, long_.Payload.Length);
                Assert.IsTrue(isRight(ObjectOf(long_)));
                break;

            case FaultAction.Unusual:
                var unusual = await trial.ReadAsync<PublishPacket>();
                var text = Encoding.UTF8.GetString(unusual.Payload.Span);
                Assert.IsTrue(isRight(ObjectOf(unusual)), text);
                Assert.Contains("\\u", text, "no escapes");
                Assert.Contains("\t", text, "no white space");
                Assert.AreEqual("unknown", ObjectOf(unusual).First().Key);
                break;

            default:
                await TryAnswerAsync(trial, rule, HasActed, packet => packet is PublishPacket message && message.Topic.EndsWith("/accepted", StringComparison.Ordinal) && isRight(ObjectOf(message)));
                break;
        }

        bool HasActed() => trial.Cloud.Log.Lines.Any(line => line.Contains(acted, StringComparison.Ordinal));
    }

    private async Task DisturbAsync(Trial trial, FaultAction action)
    {
        trial.Order();
        await trial.ConnectAsync();
        await trial.SendAsync(new PingReqPacket());
        await trial.ReadAsync<PingRespPacket>();
        await trial.ToldAsync();
        switch (action)
        {
            case FaultAction.Close:
                Assert.IsNull(await trial.ReadAsync());
                break;

            case FaultAction.Malformed:
                await Assert.ThrowsExactlyAsync<MqttProtocolException>(async () => await trial.ReadAsync());
                break;

            case FaultAction.Drop:
                // Deaf and mute until the client gives up: not even DISCONNECT is heard.
                await trial.SendAsync(new PingReqPacket());
                await trial.SendAsync(new DisconnectPacket());
                trial.Cloud.Clock.Advance(BrokerLimits.ConnectInterval);
                await (await trial.Cloud.ConnectAsync(trial.Cloud.Operator, Client, Stopping)).DisposeAsync();
                Assert.IsNull(await trial.ReadAsync());
                await trial.Cloud.Log.WaitAsync("all-1 is cut: the same client id came", Stopping);
                break;

            default:
                Assert.Fail($"no test for {action}");
                break;
        }
    }

    /// <summary>The actions that are alike for all answers, and for all requests before them.</summary>
    private async Task TryAnswerAsync(Trial trial, FaultRule rule, Func<bool>? hasActed, Predicate<Packet> isRight, Predicate<Packet>? isForeign = null)
    {
        var isRequest = rule.At is FaultStep.Connect or FaultStep.Subscribe or FaultStep.Publish or FaultStep.CreateKeysAndCertificate or FaultStep.CreateCertificateFromCsr or FaultStep.RegisterThing;
        switch (rule.Do)
        {
            case FaultAction.Delay:
                await trial.Cloud.Clock.WaitForTimerAsync(s_delay, Stopping);
                if (hasActed is not null && isRequest)
                {
                    Assert.IsFalse(hasActed(), "it has acted before the delay");
                }

                var answer = trial.ReadAsync();
                Assert.IsFalse(answer.IsCompleted, "it has answered before the delay");
                trial.Cloud.Clock.Advance(s_delay);
                Assert.IsTrue(isRight((await answer)!));
                break;

            case FaultAction.Close:
                Assert.IsNull(await trial.ReadAsync());
                Assert.AreEqual(!isRequest, hasActed?.Invoke() ?? !isRequest);
                break;

            case FaultAction.Twice:
                Assert.IsTrue(isRight((await trial.ReadAsync())!));
                Assert.IsTrue(isRight((await trial.ReadAsync())!));
                await trial.IsSilentAsync();
                break;

            case FaultAction.Foreign:
                Assert.IsTrue(isForeign!((await trial.ReadAsync())!));
                await trial.IsSilentAsync();
                break;

            case FaultAction.Malformed:
                await Assert.ThrowsExactlyAsync<MqttProtocolException>(trial.ReadAsync);
                break;

            case FaultAction.Truncated:
                await Assert.ThrowsExactlyAsync<EndOfStreamException>(trial.ReadAsync);
                break;

            default:
                Assert.Fail($"no test for {rule.Do}");
                break;
        }
    }

    private static JsonObject ObjectOf(PublishPacket message) => JsonNode.Parse(message.Payload.Span)!.AsObject();

    /// <summary>A client that sends packet by packet, and what LocalCloud has accepted of it.</summary>
    private sealed class Trial
    {
        private readonly Action _order;
        private readonly CancellationToken _stopping;
        private MqttConnection _connection = null!;

        public Trial(TestCloud cloud, Action order, CancellationToken stopping)
        {
            Cloud = cloud;
            _order = order;
            _stopping = stopping;
            cloud.Server.ProvisioningAnswered += outcome =>
            {
                if (outcome.IsAccepted)
                {
                    Accepted.Add(outcome);
                }
            };
        }

        public TestCloud Cloud { get; }

        /// <summary>For one request at a time.</summary>
        public List<ProvisioningOutcome> Accepted { get; } = [];

        public PublishPacket? Last { get; set; }

        /// <summary>Adds the rule to the plan.</summary>
        public void Order() => _order();

        public Task<string> ToldAsync() => Cloud.Log.WaitAsync(Told, _stopping);

        public async Task OpenAsync() => _connection = await Cloud.OpenAsync(Cloud.Operator, _stopping);

        public async Task ConnectAsync() => _connection = await Cloud.OpenConnectedAsync(Cloud.Operator, Client, _stopping);

        public async Task SubscribeAsync(params string[] topics)
        {
            await SendAsync(new SubscribePacket(1, [.. topics.Select(topic => new TopicFilterRequest(topic, QualityOfService.AtMostOnce))]));
            await ReadAsync<SubAckPacket>();
        }

        public Task SendAsync(Packet packet) => _connection.WriteAsync(packet, _stopping).AsTask();

        public Task<Packet?> ReadAsync() => _connection.ReadAsync(_stopping).AsTask();

        public async Task<T> ReadAsync<T>()
            where T : Packet
        {
            var packet = await ReadAsync();
            Assert.IsInstanceOfType<T>(packet);
            return (T)packet;
        }

        /// <summary>Nothing comes before the answer to what is asked last.</summary>
        public async Task IsSilentAsync()
        {
            await SendAsync(new PingReqPacket());
            await ReadAsync<PingRespPacket>();
        }
    }
}
