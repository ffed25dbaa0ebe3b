using System.Collections;
using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Threading.Channels;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Mqtt;
using nanoFramework.M2Mqtt;
using nanoFramework.M2Mqtt.Exceptions;
using nanoFramework.M2Mqtt.Messages;
using Tests.Mqtt;

namespace Tests.VirtualDevice;

/// <summary>The stand-in against what M2Mqtt 5.1.220 was measured to do on a nanoCLR.</summary>
[TestClass]
public sealed class MqttClientTests
{
    private static readonly byte[] s_payload = "20.5"u8.ToArray();

    // No test measures time: what a test waits for is short, and what it must not meet is long.
    private static readonly MqttClientTimings s_timings = new()
    {
        Retry = TimeSpan.FromSeconds(20),
        Close = TimeSpan.FromMilliseconds(20),
    };

    private static readonly MqttClientTimings s_retrying = s_timings with { Retry = TimeSpan.FromMilliseconds(500) };

    private static TestCertificates s_certificates;
    private static X509Certificate2 s_serverCertificate;
    private static byte[] s_root;
    private static byte[] s_certificate;
    private static byte[] s_key;

    public TestContext TestContext { get; set; }

    private CancellationToken Stopping => TestContext.CancellationToken;

    [ClassInitialize]
    public static void MakeCertificates(TestContext context)
    {
        s_certificates = new TestCertificates();
        s_serverCertificate = s_certificates.Issue("localhost");
        var (certificate, key) = s_certificates.IssuePem("thing-1");
        s_root = Pem.Bytes(s_certificates.RootPem);
        s_certificate = Pem.Bytes(certificate);
        s_key = Pem.Bytes(key);
    }

    [ClassCleanup]
    public static void DisposeCertificates()
    {
        s_serverCertificate.Dispose();
        s_certificates.Dispose();
    }

    [TestMethod]
    public void A_name_that_cannot_be_resolved_fails_in_the_constructor()
    {
        var failure = AssertThrows<SocketException>(() => new MqttClient("no-such-host.invalid", 8883, s_root, s_certificate, s_key));

        Assert.AreEqual(10022, failure.ErrorCode);
    }

    [TestMethod]
    public void Damaged_PEM_fails_in_the_constructor()
    {
        var pem = Encoding.ASCII.GetString(s_certificate, 0, s_certificate.Length - 1);
        var keyPem = Encoding.ASCII.GetString(s_key, 0, s_key.Length - 1);
        byte[][] damaged =
        [
            Pem.Bytes(pem[..(pem.Length / 2)]),
            Pem.Bytes(pem.Replace(pem.Substring(100, 10), "AAAAAAAAAA")),
            Pem.Bytes(string.Empty),
            [],
            Encoding.ASCII.GetBytes(pem),
            s_key,
        ];

        foreach (var certificate in damaged)
        {
            AssertThrows<ArgumentException>(() => new MqttClient("localhost", 8883, s_root, certificate, s_key));
            AssertThrows<ArgumentException>(() => new MqttClient("localhost", 8883, certificate, s_certificate, s_key));
            Assert.IsFalse(Credentials.AreUsable(certificate, s_key));
        }

        foreach (var key in new[] { Pem.Bytes(keyPem[..(keyPem.Length / 2)]), Encoding.ASCII.GetBytes(keyPem), s_certificate })
        {
            AssertThrows<ArgumentException>(() => new MqttClient("localhost", 8883, s_root, s_certificate, key));
            Assert.IsFalse(Credentials.AreUsable(s_certificate, key));
        }
    }

    [TestMethod]
    public void Keys_are_read_in_every_form_that_a_cloud_gives_them_in()
    {
        using var rsa = RSA.Create(2048);
        using var ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        string[] keys = [rsa.ExportRSAPrivateKeyPem(), rsa.ExportPkcs8PrivateKeyPem(), ecdsa.ExportECPrivateKeyPem(), ecdsa.ExportPkcs8PrivateKeyPem()];
        foreach (var key in keys)
        {
            Assert.IsTrue(Credentials.AreUsable(s_certificate, Pem.Bytes(key)));
            Assert.IsTrue(Credentials.AreUsable(s_certificate, Pem.Bytes(key.Replace("\n", "\r\n"))));
        }

        Assert.IsFalse(Credentials.AreUsable(s_certificate, Pem.Bytes(rsa.ExportRSAPublicKeyPem())));

        // As Java writes them: .NET would compute the public point, a board crashes
        var der = Convert.FromHexString("30310201010420").Concat(ecdsa.ExportParameters(true).D).Concat(Convert.FromHexString("A00A06082A8648CE3D030107"));
        var withoutPoint = PemEncoding.WriteString("EC PRIVATE KEY", der.ToArray());
        ecdsa.ImportFromPem(withoutPoint);
        Assert.IsFalse(Credentials.AreUsable(s_certificate, Pem.Bytes(withoutPoint)));
    }

    [TestMethod]
    public void Where_nobody_listens_Connect_throws_10035()
    {
        int port;
        using (var listener = new TcpListener(IPAddress.Loopback, 0))
        {
            listener.Start();
            port = ((IPEndPoint)listener.LocalEndpoint).Port;
        }

        using var client = Make(port);
        AssertConnectionFails(client, 10035);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public void Where_nobody_answers_Connect_gives_up()
    {
        // A full queue of connections that nobody accepts: the next SYN is dropped.
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(1);
        var waiting = new List<Socket>();
        for (var count = 0; count < 8; count++)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { Blocking = false };
            socket.ConnectAsync(listener.LocalEndPoint!);
            waiting.Add(socket);
        }

        using var client = Make(((IPEndPoint)listener.LocalEndPoint).Port, s_timings with { TcpConnect = TimeSpan.FromMilliseconds(300) });
        AssertConnectionFails(client, 10035);
        waiting.ForEach(socket => socket.Dispose());
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task A_server_that_cannot_be_trusted_gives_9984_whatever_the_reason()
    {
        using var otherAuthority = new TestCertificates("Another CA");
        using var foreign = otherAuthority.Issue("localhost");
        using var wrongName = s_certificates.Issue("example.com");
        using var expired = s_certificates.Issue("localhost", expired: true);
        foreach (var certificate in new[] { foreign, wrongName, expired })
        {
            var isServed = false;
            await using (var server = new ScriptedServer(certificate, async (connection, stopping) => isServed = await connection.ReadAsync(stopping) is not null))
            {
                using var client = Make(server.Port);
                AssertConnectionFails(client, -9984);
            }

            Assert.IsFalse(isServed);
        }
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task A_key_of_another_certificate_gives_30592()
    {
        var (_, otherKey) = s_certificates.IssuePem("thing-2");
        await using var server = new ScriptedServer(s_serverCertificate, (_, _) => Task.CompletedTask, acceptClient: _ => true);
        using var client = new MqttClient("localhost", server.Port, s_root, s_certificate, Pem.Bytes(otherKey), s_timings);

        AssertConnectionFails(client, -30592);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task A_peer_that_closes_in_the_handshake_gives_80()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var closing = Task.Run(async () => (await listener.AcceptSocketAsync(Stopping)).Dispose());
        using var client = Make(((IPEndPoint)listener.LocalEndpoint).Port);

        AssertConnectionFails(client, -80);
        await closing;
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task A_server_of_TLS_1_3_alone_is_not_reached()
    {
        await using var server = new ScriptedServer(s_serverCertificate, (_, _) => Task.CompletedTask, protocols: SslProtocols.Tls13);
        using var client = Make(server.Port);

        AssertConnectionFails(client, -80);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task A_handshake_that_the_peer_does_not_answer_ends_with_the_client_alone()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var client = Make(((IPEndPoint)listener.LocalEndpoint).Port);
        var connecting = Task.Run(() => Connect(client));
        using var peer = await listener.AcceptSocketAsync(Stopping);
        Assert.IsGreaterThan(0, await peer.ReceiveAsync(new byte[1], SocketFlags.None, Stopping), "no ClientHello");

        client.Dispose();

        await Assert.ThrowsExactlyAsync<MqttConnectionException>(() => connecting);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task The_client_presents_its_certificate_and_what_CONNECT_says()
    {
        ConnectPacket connect = null;
        string subject = null;
        await using var server = new ScriptedServer(
            s_serverCertificate,
            async (connection, stopping) =>
            {
                connect = await ScriptedServer.AcceptAsync(connection, stopping);
                await connection.ReadAsync(stopping);
            },
            acceptClient: certificate =>
            {
                subject = certificate?.Subject;
                return true;
            });
        using var client = Make(server.Port);

        var code = client.Connect("thing-1", "user", "secret", true, MqttQoSLevel.AtLeastOnce, true, "will/topic", "gone", false, 300);

        Assert.AreEqual(MqttReasonCode.Success, code);
        Assert.IsTrue(client.IsConnected);
        Assert.AreEqual("CN=thing-1", subject);
        Assert.AreEqual("thing-1", connect.ClientId);
        Assert.AreEqual("user", connect.UserName);
        Assert.AreEqual("secret", Encoding.UTF8.GetString(connect.Password!.Value.Span));
        Assert.IsFalse(connect.CleanSession);
        Assert.AreEqual(300, connect.KeepAliveSeconds);
        Assert.AreEqual("will/topic", connect.Will!.Topic);
        Assert.AreEqual("gone", Encoding.UTF8.GetString(connect.Will.Payload.Span));
        Assert.AreEqual(QualityOfService.AtLeastOnce, connect.Will.QoS);
        Assert.IsTrue(connect.Will.Retain);
        AssertThrows<NotSupportedException>(() => Connect(client));
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task A_will_that_is_not_whole_is_refused()
    {
        await using var server = new ScriptedServer(s_serverCertificate, (connection, stopping) => connection.ReadAsync(stopping).AsTask());
        using var client = Make(server.Port);

        var failure = AssertThrows<MqttClientException>(() => client.Connect("thing-1", null, null, false, MqttQoSLevel.AtMostOnce, true, "will", null, true, 60));

        Assert.AreEqual(MqttClientErrorCode.WillWrong, failure.ErrorCode);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task A_broker_that_closes_instead_of_answering_CONNECT_throws()
    {
        await using var server = new ScriptedServer(s_serverCertificate, (connection, stopping) => ScriptedServer.ExpectAsync<ConnectPacket>(connection, stopping));
        using var client = Make(server.Port);

        AssertThrows<MqttCommunicationException>(() => Connect(client));
        Assert.IsFalse(client.IsConnected);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task A_broker_that_does_not_answer_CONNECT_throws_in_the_end()
    {
        await using var server = new ScriptedServer(s_serverCertificate, async (connection, stopping) =>
        {
            await ScriptedServer.ExpectAsync<ConnectPacket>(connection, stopping);
            await connection.ReadAsync(stopping);
        });
        using var client = Make(server.Port, s_timings with { ConnAck = TimeSpan.FromMilliseconds(200) });

        AssertThrows<MqttCommunicationException>(() => Connect(client));
    }

    [TestMethod]
    [DataRow(5)]
    [DataRow(7)]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task A_refusal_is_returned_while_the_connection_stays_and_thrown_when_it_does_not(int code)
    {
        foreach (var stays in new[] { true, false })
        {
            await using var server = new ScriptedServer(s_serverCertificate, async (connection, stopping) =>
            {
                await ScriptedServer.ExpectAsync<ConnectPacket>(connection, stopping);
                await connection.WriteAsync(new ConnAckPacket(false, (byte)code), stopping);
                if (stays)
                {
                    await connection.ReadAsync(stopping);
                }
            });
            using var client = Make(server.Port, s_timings with { RefusalRace = TimeSpan.FromMilliseconds(stays ? 100 : 20_000) });
            var opened = -1;
            client.ConnectionOpened += (_, e) => opened = (int)e.Message.ReturnCode;

            if (stays)
            {
                Assert.AreEqual(code, (int)Connect(client));
            }
            else
            {
                AssertThrows<MqttCommunicationException>(() => Connect(client));
            }

            Assert.AreEqual(code, opened);
            Assert.IsFalse(client.IsConnected);
        }
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task After_the_peer_has_closed_calls_return_and_nothing_follows()
    {
        await using var server = new ScriptedServer(s_serverCertificate, async (connection, stopping) =>
        {
            await ScriptedServer.AcceptAsync(connection, stopping);
            await ScriptedServer.ExpectAsync<PublishPacket>(connection, stopping);
        });
        using var client = Make(server.Port);
        var events = Watch(client);
        Connect(client);

        client.Publish("the last", s_payload, null, null, MqttQoSLevel.AtLeastOnce, false);

        Assert.AreEqual("closed", await events.ReadAsync(Stopping));
        Assert.IsFalse(client.IsConnected);
        var first = client.Publish("t", s_payload, null, null, MqttQoSLevel.AtLeastOnce, false);
        Assert.AreEqual(first + 1, client.Subscribe(["t"], [MqttQoSLevel.AtLeastOnce]));
        Assert.AreEqual(first + 2, client.Unsubscribe(["t"]));
        Assert.AreEqual(first + 3, client.Publish("t", s_payload));
        AssertThrows<MqttCommunicationException>(client.Disconnect);
        client.Dispose();
        Assert.IsFalse(events.TryRead(out _));
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task Before_Connect_messages_wait_for_the_connection()
    {
        var received = new TaskCompletionSource<PublishPacket>();
        await using var server = new ScriptedServer(s_serverCertificate, async (connection, stopping) =>
        {
            await ScriptedServer.AcceptAsync(connection, stopping);
            received.SetResult(await ScriptedServer.ExpectAsync<PublishPacket>(connection, stopping));
            await connection.ReadAsync(stopping);
        });
        using var client = Make(server.Port);
        AssertThrows<MqttCommunicationException>(client.Disconnect);

        client.Publish("early", s_payload);
        Connect(client);

        Assert.AreEqual("early", (await received.Task.WaitAsync(Stopping)).Topic);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task Requests_are_answered_by_events_of_their_id()
    {
        await using var server = new ScriptedServer(s_serverCertificate, async (connection, stopping) =>
        {
            await ScriptedServer.AcceptAsync(connection, stopping);
            var subscribe = await ScriptedServer.ExpectAsync<SubscribePacket>(connection, stopping);
            await connection.WriteAsync(new SubAckPacket(subscribe.PacketId, [1, SubAckPacket.Failure]), stopping);
            var publish = await ScriptedServer.ExpectAsync<PublishPacket>(connection, stopping);
            await connection.WriteAsync(new PubAckPacket(publish.PacketId), stopping);
            var unsubscribe = await ScriptedServer.ExpectAsync<UnsubscribePacket>(connection, stopping);
            await connection.WriteAsync(new UnsubAckPacket(unsubscribe.PacketId), stopping);
            await connection.WriteAsync(new PublishPacket("cmd/x", s_payload, QualityOfService.AtLeastOnce, Retain: true, PacketId: 9), stopping);
            Assert.AreEqual(9, (await ScriptedServer.ExpectAsync<PubAckPacket>(connection, stopping)).PacketId);
            await connection.WriteAsync(new PublishPacket("cmd/y", default), stopping);
            await connection.ReadAsync(stopping);
        });
        using var client = Make(server.Port);
        var events = Watch(client);
        Connect(client);

        var subscribed = client.Subscribe(["a", "b/#"], [MqttQoSLevel.AtLeastOnce, MqttQoSLevel.AtMostOnce]);
        Assert.AreEqual($"subscribed {subscribed}: 1 128", await events.ReadAsync(Stopping));
        var published = client.Publish("t", s_payload, null, null, MqttQoSLevel.AtLeastOnce, false);
        Assert.AreEqual($"published {published}: True", await events.ReadAsync(Stopping));
        var unsubscribed = client.Unsubscribe(["a"]);
        Assert.AreEqual($"unsubscribed {unsubscribed}", await events.ReadAsync(Stopping));
        Assert.AreEqual("message cmd/x 20.5 1 retained", await events.ReadAsync(Stopping));
        Assert.AreEqual("message cmd/y  0", await events.ReadAsync(Stopping));
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task Without_PUBACK_a_message_is_sent_three_times_and_the_connection_stays()
    {
        var sent = new List<PublishPacket>();
        await using var server = new ScriptedServer(s_serverCertificate, async (connection, stopping) =>
        {
            await ScriptedServer.AcceptAsync(connection, stopping);
            var packet = await ScriptedServer.ExpectAsync<PublishPacket>(connection, stopping);
            for (; packet.Topic == "unanswered"; packet = await ScriptedServer.ExpectAsync<PublishPacket>(connection, stopping))
            {
                sent.Add(packet);
            }

            // Too late: it is reported as not published although the broker has it.
            await connection.WriteAsync(new PubAckPacket(sent[0].PacketId), stopping);
            await connection.WriteAsync(new PubAckPacket(packet.PacketId), stopping);
            await connection.ReadAsync(stopping);
        });
        using var client = Make(server.Port, s_retrying);
        var events = Watch(client);
        Connect(client);

        var id = client.Publish("unanswered", s_payload, null, null, MqttQoSLevel.AtLeastOnce, false);
        Assert.AreEqual($"published {id}: False", await events.ReadAsync(Stopping));
        Assert.IsTrue(client.IsConnected);
        var next = client.Publish("answered", s_payload, null, null, MqttQoSLevel.AtLeastOnce, false);
        Assert.AreEqual($"published {next}: True", await events.ReadAsync(Stopping));

        Assert.AreEqual("False True True", string.Join(' ', sent.Select(packet => packet.Duplicate)));
        Assert.IsTrue(sent.All(packet => packet.PacketId == id));
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task A_late_PUBACK_ends_the_repeats()
    {
        var sent = 0;
        await using var server = new ScriptedServer(s_serverCertificate, async (connection, stopping) =>
        {
            await ScriptedServer.AcceptAsync(connection, stopping);
            var first = await ScriptedServer.ExpectAsync<PublishPacket>(connection, stopping);
            var second = await ScriptedServer.ExpectAsync<PublishPacket>(connection, stopping);
            Assert.IsTrue(second.Duplicate);
            await connection.WriteAsync(new PubAckPacket(first.PacketId), stopping);
            await connection.WriteAsync(new PubAckPacket(first.PacketId), stopping);
            sent = 2;
            while (await connection.ReadAsync(stopping) is PublishPacket { Topic: "t" })
            {
                sent++;
            }
        });
        using var client = Make(server.Port, s_retrying);
        var events = Watch(client);
        Connect(client);

        var id = client.Publish("t", s_payload, null, null, MqttQoSLevel.AtLeastOnce, false);
        Assert.AreEqual($"published {id}: True", await events.ReadAsync(Stopping));
        client.Disconnect();
        Assert.AreEqual("closed", await events.ReadAsync(Stopping));

        Assert.AreEqual(2, sent);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task Without_SUBACK_a_request_is_sent_three_times_and_no_event_tells()
    {
        var ids = new List<ushort>();
        await using var server = new ScriptedServer(s_serverCertificate, async (connection, stopping) =>
        {
            await ScriptedServer.AcceptAsync(connection, stopping);
            Packet packet;
            while ((packet = await connection.ReadAsync(stopping)) is SubscribePacket subscribe)
            {
                ids.Add(subscribe.PacketId);
                if (ids.Count == 3)
                {
                    await connection.WriteAsync(new PublishPacket("the third", default), stopping);
                }
            }

            Assert.IsInstanceOfType<PublishPacket>(packet);
            await connection.WriteAsync(new PubAckPacket(((PublishPacket)packet).PacketId), stopping);
            await connection.ReadAsync(stopping);
        });
        using var client = Make(server.Port, s_retrying);
        var events = Watch(client);
        Connect(client);

        var id = client.Subscribe(["t"], [MqttQoSLevel.AtLeastOnce]);
        Assert.AreEqual("message the third  0", await events.ReadAsync(Stopping));

        // Three more rounds of a message that is not answered pass before this one is given up: the SUBSCRIBE is not sent again in them.
        var published = client.Publish("t", s_payload, null, null, MqttQoSLevel.AtLeastOnce, false);
        Assert.AreEqual($"published {published}: True", await events.ReadAsync(Stopping));
        CollectionAssert.AreEqual(new[] { id, id, id }, ids);
        Assert.IsTrue(client.IsConnected);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task A_handler_that_waits_delays_events_but_no_acknowledgement()
    {
        var secondAcknowledged = new TaskCompletionSource();
        await using var server = new ScriptedServer(s_serverCertificate, async (connection, stopping) =>
        {
            await ScriptedServer.AcceptAsync(connection, stopping);
            await connection.WriteAsync(new PublishPacket("1", default, QualityOfService.AtLeastOnce, PacketId: 1), stopping);
            Assert.AreEqual(1, (await ScriptedServer.ExpectAsync<PubAckPacket>(connection, stopping)).PacketId);
            await connection.WriteAsync(new PublishPacket("2", default, QualityOfService.AtLeastOnce, PacketId: 2), stopping);
            Assert.AreEqual(2, (await ScriptedServer.ExpectAsync<PubAckPacket>(connection, stopping)).PacketId);
            secondAcknowledged.SetResult();
            var publish = await ScriptedServer.ExpectAsync<PublishPacket>(connection, stopping);
            await connection.WriteAsync(new PubAckPacket(publish.PacketId), stopping);
            await connection.WriteAsync(new PublishPacket("release", default), stopping);
            await connection.ReadAsync(stopping);
        });
        using var client = Make(server.Port);
        using var entered = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        var threads = new List<int>();
        var order = Channel.CreateUnbounded<string>();
        client.MqttMsgPublishReceived += (_, e) =>
        {
            threads.Add(Environment.CurrentManagedThreadId);
            if (e.Topic == "1")
            {
                entered.Set();
                release.Wait(Stopping);
            }

            order.Writer.TryWrite(e.Topic);
        };
        client.MqttMsgPublished += (_, _) =>
        {
            threads.Add(Environment.CurrentManagedThreadId);
            order.Writer.TryWrite("published");
        };
        client.ConnectionClosed += (_, _) =>
        {
            threads.Add(Environment.CurrentManagedThreadId);
            order.Writer.TryWrite("closed");
        };
        Connect(client);

        entered.Wait(Stopping);
        await secondAcknowledged.Task.WaitAsync(Stopping);
        client.Publish("t", s_payload, null, null, MqttQoSLevel.AtLeastOnce, false);
        Assert.IsFalse(order.Reader.TryRead(out _));
        release.Set();

        foreach (var expected in new[] { "1", "2", "published", "release" })
        {
            Assert.AreEqual(expected, await order.Reader.ReadAsync(Stopping));
        }

        client.Disconnect();
        Assert.AreEqual("closed", await order.Reader.ReadAsync(Stopping));
        Assert.HasCount(1, threads.Distinct());
        Assert.AreNotEqual(Environment.CurrentManagedThreadId, threads[0]);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task An_exception_that_escapes_a_handler_closes_the_connection()
    {
        var ended = new TaskCompletionSource<Packet>();
        await using var server = new ScriptedServer(s_serverCertificate, async (connection, stopping) =>
        {
            await ScriptedServer.AcceptAsync(connection, stopping);
            await connection.WriteAsync(new PublishPacket("bad", default), stopping);
            ended.SetResult(await connection.ReadAsync(stopping));
        });
        using var client = Make(server.Port);
        var events = Watch(client);
        client.MqttMsgPublishReceived += (_, _) => throw new InvalidOperationException("a fault of the application");
        Connect(client);

        Assert.AreEqual("message bad  0", await events.ReadAsync(Stopping));
        Assert.AreEqual("closed", await events.ReadAsync(Stopping));
        Assert.IsFalse(client.IsConnected);
        Assert.IsNull(await ended.Task.WaitAsync(Stopping));
    }

    [TestMethod]
    [DataRow("a/#")]
    [DataRow("+")]
    [DataRow("")]
    [DataRow(null)]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task A_topic_that_cannot_be_published_to_costs_the_connection(string topic)
    {
        await using var server = new ScriptedServer(s_serverCertificate, async (connection, stopping) =>
        {
            await ScriptedServer.AcceptAsync(connection, stopping);
            Assert.IsNull(await connection.ReadAsync(stopping));
        });
        using var client = Make(server.Port);
        var events = Watch(client);
        Connect(client);

        client.Publish(topic, s_payload);

        Assert.AreEqual("closed", await events.ReadAsync(Stopping));
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task Disconnect_says_goodbye_and_tells_of_the_end()
    {
        var last = new TaskCompletionSource<Packet>();
        await using var server = new ScriptedServer(s_serverCertificate, async (connection, stopping) =>
        {
            await ScriptedServer.AcceptAsync(connection, stopping);
            last.SetResult(await connection.ReadAsync(stopping));
            await connection.ReadAsync(stopping);
        });
        using var client = Make(server.Port);
        var events = Watch(client);
        Connect(client);

        client.Disconnect();

        Assert.IsFalse(client.IsConnected);
        AssertThrows<MqttCommunicationException>(client.Disconnect);
        Assert.IsInstanceOfType<DisconnectPacket>(await last.Task.WaitAsync(Stopping));
        Assert.AreEqual("closed", await events.ReadAsync(Stopping));
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task Dispose_says_no_goodbye_and_tells_nothing()
    {
        var last = new TaskCompletionSource<Packet>();
        await using var server = new ScriptedServer(s_serverCertificate, async (connection, stopping) =>
        {
            await ScriptedServer.AcceptAsync(connection, stopping);
            last.SetResult(await connection.ReadAsync(stopping));
        });
        var client = Make(server.Port);
        var events = Watch(client);
        Connect(client);

        client.Dispose();
        client.Dispose();

        Assert.IsFalse(client.IsConnected);
        Assert.IsNull(await last.Task.WaitAsync(Stopping));
        Assert.IsFalse(events.TryRead(out _));
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task Dispose_right_after_Disconnect_keeps_the_end_to_itself()
    {
        await using var server = new ScriptedServer(s_serverCertificate, async (connection, stopping) =>
        {
            await ScriptedServer.AcceptAsync(connection, stopping);
            await connection.ReadAsync(stopping);
        });
        var client = Make(server.Port, s_timings with { Close = TimeSpan.FromMilliseconds(200) });
        var events = Watch(client);
        Connect(client);

        client.Disconnect();
        client.Dispose();

        Assert.IsFalse(events.TryRead(out _));
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task Dispose_works_in_a_handler()
    {
        await using var server = new ScriptedServer(s_serverCertificate, async (connection, stopping) =>
        {
            await ScriptedServer.AcceptAsync(connection, stopping);
            await connection.WriteAsync(new PublishPacket("stop", default), stopping);
            await connection.ReadAsync(stopping);
        });
        var client = Make(server.Port);
        var disposed = new TaskCompletionSource();
        client.MqttMsgPublishReceived += (_, _) =>
        {
            client.Dispose();
            disposed.SetResult();
        };
        Connect(client);

        await disposed.Task.WaitAsync(Stopping);
        Assert.IsFalse(client.IsConnected);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task Keep_alive_pings_when_nothing_is_sent_and_leaves_a_mute_peer()
    {
        var pings = 0;
        await using var server = new ScriptedServer(s_serverCertificate, async (connection, stopping) =>
        {
            await ScriptedServer.AcceptAsync(connection, stopping);
            await ScriptedServer.ExpectAsync<PingReqPacket>(connection, stopping);
            await connection.WriteAsync(new PingRespPacket(), stopping);
            pings++;
            await ScriptedServer.ExpectAsync<PingReqPacket>(connection, stopping);
            pings++;
            await connection.ReadAsync(stopping);
        });
        using var client = Make(server.Port);
        var events = Watch(client);

        client.Connect("thing-1", null, null, false, MqttQoSLevel.AtMostOnce, false, null, null, true, 1);

        Assert.AreEqual("closed", await events.ReadAsync(Stopping));
        Assert.AreEqual(2, pings);
    }

    [TestMethod]
    public void What_is_not_reproduced_throws()
    {
        using var client = Make(8883);

        AssertThrows<NotSupportedException>(() => client.Init("localhost", 8883, true, null, null, MqttSslProtocols.TLSv1_2));
        AssertThrows<NotSupportedException>(() => client.Publish("t", s_payload, null, null, MqttQoSLevel.ExactlyOnce, false));
        AssertThrows<NotSupportedException>(() => client.Publish("t", s_payload, "application/json"));
        AssertThrows<NotSupportedException>(() => client.Publish("t", s_payload, null, new ArrayList { new UserProperty("a", "b") }, MqttQoSLevel.AtMostOnce, false));
        AssertThrows<NotSupportedException>(() => client.Subscribe(["t"], [MqttQoSLevel.ExactlyOnce]));
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task Two_hundred_clients_run_in_one_process()
    {
        const int Clients = 200;
        await using var server = new ScriptedServer(s_serverCertificate, async (connection, stopping) =>
        {
            await ScriptedServer.AcceptAsync(connection, stopping);
            while (await connection.ReadAsync(stopping) is PublishPacket publish)
            {
                await connection.WriteAsync(new PubAckPacket(publish.PacketId), stopping);
            }
        });
        var failures = new Channel<string>[Clients];
        var threads = Enumerable.Range(0, Clients).Select(number => new Thread(() =>
        {
            failures[number] = Channel.CreateUnbounded<string>();
            try
            {
                // The board's own waits: with 200 handshakes at once the machine is slow.
                using var client = new MqttClient("localhost", server.Port, s_root, s_certificate, s_key);
                using var acknowledged = new CountdownEvent(3);
                client.MqttMsgPublished += (_, e) => acknowledged.Signal(e.IsPublished ? 1 : 0);
                Connect(client);
                for (var count = 0; count < 3; count++)
                {
                    client.Publish("t", s_payload, null, null, MqttQoSLevel.AtLeastOnce, false);
                }

                acknowledged.Wait(Stopping);
                client.Disconnect();
            }
            catch (Exception e)
            {
                failures[number].Writer.TryWrite(e.ToString());
            }
        })).ToList();

        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());

        foreach (var failure in failures)
        {
            Assert.IsFalse(failure.Reader.TryRead(out var text), text);
        }
    }

    private static MqttClient Make(int port, MqttClientTimings timings = null) =>
        new("localhost", port, s_root, s_certificate, s_key, timings ?? s_timings);

    private static MqttReasonCode Connect(MqttClient client) =>
        client.Connect("thing-1", null, null, false, MqttQoSLevel.AtMostOnce, false, null, null, true, 60);

    /// <summary>The client's events as they are raised, in words.</summary>
    private static ChannelReader<string> Watch(MqttClient client)
    {
        var events = Channel.CreateUnbounded<string>();
        client.MqttMsgPublishReceived += (_, e) =>
            events.Writer.TryWrite($"message {e.Topic} {Encoding.UTF8.GetString(e.Message)} {(int)e.QosLevel}{(e.Retain ? " retained" : string.Empty)}");
        client.MqttMsgPublished += (_, e) => events.Writer.TryWrite($"published {e.MessageId}: {e.IsPublished}");
        client.MqttMsgSubscribed += (_, e) => events.Writer.TryWrite($"subscribed {e.MessageId}: {string.Join(' ', e.GrantedQoSLevels.Select(level => (int)level))}");
        client.MqttMsgUnsubscribed += (_, e) => events.Writer.TryWrite($"unsubscribed {e.MessageId}");
        client.ConnectionClosed += (_, _) => events.Writer.TryWrite("closed");
        return events.Reader;
    }

    private static void AssertConnectionFails(MqttClient client, int number)
    {
        var failure = AssertThrows<MqttConnectionException>(() => Connect(client));
        Assert.AreEqual($"Socket exception connecting to the broker: {number}", failure.Message);
        Assert.AreEqual(number, ((SocketException)failure.InnerException).ErrorCode);
        Assert.IsFalse(client.IsConnected);
    }

    private static T AssertThrows<T>(Action action)
        where T : Exception => Assert.Throws<T>(action);
}
