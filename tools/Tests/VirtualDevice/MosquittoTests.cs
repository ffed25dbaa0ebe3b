using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Mqtt;
using nanoFramework.M2Mqtt;
using nanoFramework.M2Mqtt.Exceptions;
using nanoFramework.M2Mqtt.Messages;
using Tests.Mqtt;

namespace Tests.VirtualDevice;

/// <summary>Both clients against a broker that this project did not write: Debian's mosquitto, over TLS with client certificates.</summary>
[TestClass]
public sealed class MosquittoTests
{
    private static TestCertificates s_certificates;
    private static TestCertificates s_otherAuthority;
    private static string s_folder;
    private static Process s_broker;
    private static int s_port;

    public TestContext TestContext { get; set; }

    private CancellationToken Stopping => TestContext.CancellationToken;

    [ClassInitialize]
    public static async Task StartBroker(TestContext context)
    {
        if (Environment.GetEnvironmentVariable("AGENT_MOSQUITTO") != "1")
        {
            Assert.Inconclusive("Set AGENT_MOSQUITTO=1 where mosquitto is installed to run the clients against it.");
        }

        s_certificates = new TestCertificates();
        s_otherAuthority = new TestCertificates("Another CA");
        s_folder = Directory.CreateTempSubdirectory("mosquitto-").FullName;
        var (certificate, key) = s_certificates.IssuePem("localhost");
        File.WriteAllText(Path.Combine(s_folder, "ca.pem"), s_certificates.RootPem);
        File.WriteAllText(Path.Combine(s_folder, "server.pem"), certificate);
        File.WriteAllText(Path.Combine(s_folder, "server.key"), key);
        using (var listener = new TcpListener(IPAddress.Loopback, 0))
        {
            listener.Start();
            s_port = ((IPEndPoint)listener.LocalEndpoint).Port;
        }

        File.WriteAllText(
            Path.Combine(s_folder, "mosquitto.conf"),
            $"""
            listener {s_port} 127.0.0.1
            cafile {s_folder}/ca.pem
            certfile {s_folder}/server.pem
            keyfile {s_folder}/server.key
            require_certificate true
            use_identity_as_username true
            acl_file {s_folder}/acl
            user root
            """);
        File.WriteAllText(Path.Combine(s_folder, "acl"), "user thing-1\ntopic readwrite #\nuser watcher\ntopic readwrite #\n");
        s_broker = new Process
        {
            StartInfo = new ProcessStartInfo("/usr/sbin/mosquitto", ["-c", Path.Combine(s_folder, "mosquitto.conf")]) { RedirectStandardError = true },
        };
        var output = new StringBuilder();
        var running = new TaskCompletionSource<bool>();
        s_broker.ErrorDataReceived += (_, e) =>
        {
            output.AppendLine(e.Data);
            if (e.Data is null || e.Data.EndsWith(" running", StringComparison.Ordinal))
            {
                running.TrySetResult(e.Data is not null);
            }
        };
        s_broker.Start();
        s_broker.BeginErrorReadLine();
        Assert.IsTrue(await running.Task.WaitAsync(context.CancellationToken), $"mosquitto does not start: {output}");
    }

    [ClassCleanup]
    public static async Task StopBroker()
    {
        if (s_broker is not null)
        {
            s_broker.Kill();
            await s_broker.WaitForExitAsync();
            s_broker.Dispose();
        }

        if (s_folder is not null)
        {
            Directory.Delete(s_folder, recursive: true);
        }

        s_certificates?.Dispose();
        s_otherAuthority?.Dispose();
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task Messages_go_to_and_fro()
    {
        await using var watcher = await WatchAsync();
        await watcher.SubscribeAsync("dt/#", cancellationToken: Stopping);
        using var client = Make(s_certificates);
        var events = Channel.CreateUnbounded<string>();
        client.MqttMsgSubscribed += (_, e) => events.Writer.TryWrite($"subscribed {e.MessageId}: {string.Join(' ', e.GrantedQoSLevels.Select(level => (int)level))}");
        client.MqttMsgPublished += (_, e) => events.Writer.TryWrite($"published {e.MessageId}: {e.IsPublished}");
        client.MqttMsgPublishReceived += (_, e) => events.Writer.TryWrite($"message {e.Topic}: {Encoding.UTF8.GetString(e.Message)}");
        client.MqttMsgUnsubscribed += (_, e) => events.Writer.TryWrite($"unsubscribed {e.MessageId}");
        client.ConnectionClosed += (_, _) => events.Writer.TryWrite("closed");

        Assert.AreEqual(MqttReasonCode.Success, Connect(client));
        var id = client.Subscribe(["cmd/x", "cmd/+/y"], [MqttQoSLevel.AtLeastOnce, MqttQoSLevel.AtMostOnce]);
        Assert.AreEqual($"subscribed {id}: 1 0", await events.Reader.ReadAsync(Stopping));
        id = client.Publish("dt/x", "20.5"u8.ToArray(), null, null, MqttQoSLevel.AtLeastOnce, false);
        Assert.AreEqual($"published {id}: True", await events.Reader.ReadAsync(Stopping));
        client.Publish("dt/long", new byte[100_000]);
        Assert.AreEqual("dt/x", (await watcher.Messages.ReadAsync(Stopping)).Topic);
        Assert.AreEqual(100_000, (await watcher.Messages.ReadAsync(Stopping)).Payload.Length);
        await watcher.PublishAsync("cmd/x", "ping"u8.ToArray(), cancellationToken: Stopping);
        Assert.AreEqual("message cmd/x: ping", await events.Reader.ReadAsync(Stopping));
        id = client.Unsubscribe(["cmd/x"]);
        Assert.AreEqual($"unsubscribed {id}", await events.Reader.ReadAsync(Stopping));
        client.Disconnect();
        Assert.AreEqual("closed", await events.Reader.ReadAsync(Stopping));
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public void A_certificate_that_the_broker_does_not_know_gives_80()
    {
        using var client = Make(s_otherAuthority);

        var failure = Assert.ThrowsExactly<MqttConnectionException>(() => Connect(client));

        Assert.AreEqual("Socket exception connecting to the broker: -80", failure.Message);
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public void A_broker_that_is_not_trusted_gives_9984()
    {
        var (certificate, key) = s_certificates.IssuePem("thing-1");
        using var client = new MqttClient("localhost", s_port, Pem.Bytes(s_otherAuthority.RootPem), Pem.Bytes(certificate), Pem.Bytes(key));

        var failure = Assert.ThrowsExactly<MqttConnectionException>(() => Connect(client));

        Assert.AreEqual("Socket exception connecting to the broker: -9984", failure.Message);
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task A_second_connection_of_the_same_client_id_closes_the_first()
    {
        using var first = Make(s_certificates);
        var closed = new TaskCompletionSource();
        first.ConnectionClosed += (_, _) => closed.SetResult();
        Connect(first);

        using var second = Make(s_certificates);
        Connect(second);

        await closed.Task.WaitAsync(Stopping);
        Assert.IsTrue(second.IsConnected);
    }

    private static MqttReasonCode Connect(MqttClient client) =>
        client.Connect("thing-1", null, null, false, MqttQoSLevel.AtMostOnce, false, null, null, true, 60);

    private static MqttClient Make(TestCertificates authority)
    {
        var (certificate, key) = authority.IssuePem("thing-1");
        return new MqttClient("localhost", s_port, Pem.Bytes(s_certificates.RootPem), Pem.Bytes(certificate), Pem.Bytes(key));
    }

    private async Task<MqttStreamClient> WatchAsync() => await MqttStreamClient.ConnectAsync(
        new MqttStreamClientOptions
        {
            Host = "localhost",
            Port = s_port,
            Tls = new MqttTls([s_certificates.Root], s_certificates.Issue("watcher")),
            Connect = new ConnectPacket("watcher"),
        },
        Stopping);
}
