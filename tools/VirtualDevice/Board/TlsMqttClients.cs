using System.Net.Sockets;
using DeviceAgent.Board;
using nanoFramework.M2Mqtt;

namespace VirtualDevice.Board;

/// <summary>MQTT clients over real sockets and TLS. Each device has its own: it remembers what its last client was told.</summary>
public sealed class TlsMqttClients : IMqttClients
{
    /// <inheritdoc/>
    public int LastReturnCode { get; private set; } = -1;

    /// <inheritdoc/>
    public IMqttClient Create(string host, int port, byte[] rootCa, byte[] certificate, byte[] key)
    {
        LastReturnCode = -1;
        MqttClient client = new(host, port, rootCa, certificate, key);
        client.ConnectionOpened += (_, e) => LastReturnCode = (int)e.Message.ReturnCode;
        return client;
    }

    /// <inheritdoc/>
    public int ErrorNumber(Exception failure)
    {
        for (Exception? e = failure; e is not null; e = e.InnerException)
        {
            if (e is SocketException socket)
            {
                return socket.ErrorCode;
            }
        }

        return 0;
    }

    /// <inheritdoc/>
    public bool AreUsable(byte[] certificate, byte[] key) => Credentials.AreUsable(certificate, key);

    /// <inheritdoc/>
    public void Dispose(IMqttClient client) => ((MqttClient)client).Dispose();
}
