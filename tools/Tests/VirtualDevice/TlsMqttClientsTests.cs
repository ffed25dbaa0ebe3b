using System.Net.Sockets;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Mqtt;
using nanoFramework.M2Mqtt;
using nanoFramework.M2Mqtt.Exceptions;
using nanoFramework.M2Mqtt.Messages;
using Tests.Mqtt;
using VirtualDevice.Board;

namespace Tests.VirtualDevice;

[TestClass]
public sealed class TlsMqttClientsTests
{
    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task The_return_code_is_known_although_Connect_throws()
    {
        using var certificates = new TestCertificates();
        using var serverCertificate = certificates.Issue("localhost");
        var (certificate, key) = certificates.IssuePem("thing-1");
        await using var server = new ScriptedServer(serverCertificate, async (connection, stopping) =>
        {
            var connect = await ScriptedServer.ExpectAsync<ConnectPacket>(connection, stopping);
            if (connect.ClientId == "refused")
            {
                await connection.WriteAsync(new ConnAckPacket(false, 7), stopping);
            }
        });
        using var clients = new TlsMqttClients();
        Assert.AreEqual(-1, clients.LastReturnCode);

        foreach (var (clientId, returnCode) in new[] { ("refused", 7), ("ignored", -1) })
        {
            var client = clients.Create("localhost", server.Port, Pem.Bytes(certificates.RootPem), Pem.Bytes(certificate), Pem.Bytes(key));
            Assert.AreEqual(-1, clients.LastReturnCode);

            var failure = Assert.ThrowsExactly<MqttCommunicationException>(() => Connect(client, clientId));

            Assert.AreEqual(returnCode, clients.LastReturnCode);
            Assert.AreEqual(0, clients.ErrorNumber(failure));
            clients.Dispose(client);
        }
    }

    [TestMethod]
    public void The_error_number_is_found_wherever_it_is()
    {
        using var clients = new TlsMqttClients();

        Assert.AreEqual(-9984, clients.ErrorNumber(new MqttConnectionException("x", new BoardSocketException(-9984, "x"))));
        Assert.AreEqual(10022, clients.ErrorNumber(new BoardSocketException(10022, "x")));
        Assert.AreEqual(0, clients.ErrorNumber(new MqttConnectionException("x", new IOException())));
        Assert.AreEqual(0, clients.ErrorNumber(new MqttCommunicationException(new SocketException(111))));
        Assert.AreEqual(0, clients.ErrorNumber(new InvalidOperationException()));
    }

    [TestMethod]
    public void A_client_must_be_freed_before_the_next_is_made()
    {
        using var certificates = new TestCertificates();
        var (certificate, key) = certificates.IssuePem("thing-1");
        IMqttClient Create(TlsMqttClients clients) => clients.Create("localhost", 8883, Pem.Bytes(certificates.RootPem), Pem.Bytes(certificate), Pem.Bytes(key));
        using var clients = new TlsMqttClients();
        var first = Create(clients);

        Assert.ThrowsExactly<InvalidOperationException>(() => Create(clients));
        clients.Dispose(first);
        Create(clients);

        // The power fails: whatever was left is gone.
        clients.Dispose();
        Create(clients);
    }

    [TestMethod]
    public void A_client_that_could_not_be_made_needs_no_freeing()
    {
        using var certificates = new TestCertificates();
        var (certificate, key) = certificates.IssuePem("thing-1");
        using var clients = new TlsMqttClients();

        for (var attempt = 0; attempt < 2; attempt++)
        {
            var failure = Assert.Throws<SocketException>(() =>
                clients.Create("no-such-host.invalid", 8883, Pem.Bytes(certificates.RootPem), Pem.Bytes(certificate), Pem.Bytes(key)));
            Assert.AreEqual(10022, clients.ErrorNumber(failure));
            Assert.ThrowsExactly<ArgumentException>(() => clients.Create("localhost", 8883, [0], Pem.Bytes(certificate), Pem.Bytes(key)));
        }

        Assert.IsTrue(clients.AreUsable(Pem.Bytes(certificate), Pem.Bytes(key)));
        Assert.IsFalse(clients.AreUsable(Pem.Bytes(key), Pem.Bytes(certificate)));
    }

    private static void Connect(IMqttClient client, string clientId) =>
        client.Connect(clientId, null, null, false, MqttQoSLevel.AtMostOnce, false, null, null, true, 60);
}
