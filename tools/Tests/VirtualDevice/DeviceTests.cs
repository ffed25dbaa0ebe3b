using System.Collections.Concurrent;
using System.Text;
using System.Threading.Channels;
using DeviceAgent.Identity;
using DeviceAgent.Settings;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Mqtt;
using Tests.Mqtt;
using VirtualDevice;
using VirtualDevice.Board;

namespace Tests.VirtualDevice;

/// <summary>The firmware on the virtual board: real files, real sockets, and a server that says what the test wants.</summary>
[TestClass]
public sealed class DeviceTests
{
    private const string HardwareId = "02a1b2c3d4e5";

    private readonly string _folder = Directory.CreateTempSubdirectory("device-").FullName;
    private readonly ConcurrentQueue<string> _log = new();

    public TestContext TestContext { get; set; }

    private CancellationToken Stopping => TestContext.CancellationToken;

    [TestCleanup]
    public void DeleteFlash() => Directory.Delete(_folder, recursive: true);

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task A_board_without_settings_says_so_and_sleeps()
    {
        var flash = new DirectoryStorage(_folder);
        var device = Make(flash);

        await device.PowerOn().WaitAsync(Stopping);

        Assert.AreEqual(1, device.Boots);
        Assert.AreEqual(0, flash.Changes);
        Assert.IsTrue(_log.Any(line => line.Contains(SettingsReader.FileName, StringComparison.Ordinal)), string.Join('\n', _log));
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task A_board_with_an_identity_connects_publishes_and_leaves_its_flash_alone()
    {
        using var certificates = new TestCertificates();
        using var serverCertificate = certificates.Issue("localhost");
        var readings = Channel.CreateUnbounded<string>();
        var connects = Channel.CreateUnbounded<string>();
        await using var server = new ScriptedServer(
            serverCertificate,
            async (connection, stopping) =>
            {
                var connect = await ScriptedServer.AcceptAsync(connection, stopping);
                connects.Writer.TryWrite(connect.ClientId);
                await ServeAsync(connection, readings.Writer, stopping);
            },
            acceptClient: client => client?.Subject == "CN=thing-1");
        Flash(certificates, server.Port);
        var flash = new DirectoryStorage(_folder);
        var device = Make(flash);

        for (var start = 1; start <= 2; start++)
        {
            var running = device.PowerOn();
            Assert.ThrowsExactly<InvalidOperationException>(() => device.PowerOn());
            Assert.AreEqual("thing-1", await connects.Reader.ReadAsync(Stopping));
            StringAssert.Contains(await readings.Reader.ReadAsync(Stopping), "dt/smpl/tokyo/lab/thing-1 {");
            await device.PowerOffAsync().WaitAsync(Stopping);
            await running;
            Assert.AreEqual("goodbye", await LastAsync(readings.Reader));
            Assert.AreEqual(start, device.Boots);
        }

        Assert.AreEqual(0, flash.Changes, "a normal boot writes nothing");
        Assert.IsFalse(_log.Any(line => line.Contains("PRIVATE KEY", StringComparison.Ordinal)));
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task A_reboot_starts_the_life_cycle_anew_on_the_same_flash()
    {
        using var certificates = new TestCertificates();
        using var serverCertificate = certificates.Issue("localhost");
        var connections = 0;
        var connectedAgain = new TaskCompletionSource();
        await using var server = new ScriptedServer(serverCertificate, async (connection, stopping) =>
        {
            await ScriptedServer.AcceptAsync(connection, stopping);
            var subscribe = await ScriptedServer.ExpectAsync<SubscribePacket>(connection, stopping);
            await connection.WriteAsync(new SubAckPacket(subscribe.PacketId, [1]), stopping);
            if (Interlocked.Increment(ref connections) == 2)
            {
                connectedAgain.SetResult();
            }
            else
            {
                await connection.WriteAsync(new PublishPacket(subscribe.Filters[0].Filter, "{\"id\":\"1\",\"command\":\"reboot\"}"u8.ToArray()), stopping);
            }

            await ServeAsync(connection, Channel.CreateUnbounded<string>().Writer, stopping);
        });
        Flash(certificates, server.Port);
        var device = Make(new DirectoryStorage(_folder));

        var running = device.PowerOn();
        await connectedAgain.Task.WaitAsync(Stopping);
        await device.PowerOffAsync().WaitAsync(Stopping);
        await running;

        Assert.AreEqual(2, device.Boots);
    }

    private static async Task ServeAsync(MqttConnection connection, ChannelWriter<string> readings, CancellationToken stopping)
    {
        Packet packet;
        while ((packet = await connection.ReadAsync(stopping)) is not (null or DisconnectPacket))
        {
            switch (packet)
            {
                case SubscribePacket subscribe:
                    await connection.WriteAsync(new SubAckPacket(subscribe.PacketId, [.. subscribe.Filters.Select(_ => (byte)1)]), stopping);
                    break;

                case PublishPacket publish:
                    readings.TryWrite($"{publish.Topic} {Encoding.UTF8.GetString(publish.Payload.Span)}");
                    await connection.WriteAsync(new PubAckPacket(publish.PacketId), stopping);
                    break;
            }
        }

        readings.TryWrite(packet is DisconnectPacket ? "goodbye" : "gone");
    }

    private async Task<string> LastAsync(ChannelReader<string> readings)
    {
        string line;
        do
        {
            line = await readings.ReadAsync(Stopping);
        }
        while (line.StartsWith("dt/", StringComparison.Ordinal));
        return line;
    }

    private Device Make(DirectoryStorage flash)
    {
        var device = new Device(flash, HardwareId);
        device.Logged += _log.Enqueue;
        return device;
    }

    /// <summary>Fills the flash as after provisioning, with the firmware's own store.</summary>
    private void Flash(TestCertificates certificates, int port)
    {
        var (certificate, key) = certificates.IssuePem("thing-1");
        var flash = new DirectoryStorage(_folder);
        flash.Write(
            SettingsReader.FileName,
            Encoding.UTF8.GetBytes(
                $$"""
                {
                  "endpoint": "localhost", "port": {{port}}, "product": "smpl", "location": "tokyo/lab", "thingName": "thing-1",
                  "provisioning": { "template": "t" },
                  "telemetry": { "intervalSeconds": 1 }
                }
                """));
        flash.Write(PemFile.RootCa, Encoding.ASCII.GetBytes(certificates.RootPem));
        var store = new IdentityStore(flash);
        Assert.IsNull(store.Load());
        Assert.IsNull(store.Commit(new DeviceIdentity
        {
            ThingName = "thing-1",
            CertificateId = new string('a', 64),
            Certificate = Pem.Bytes(certificate),
            Key = Pem.Bytes(key),
            Configuration = [],
        }));
    }
}
