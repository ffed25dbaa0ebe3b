using System;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using DeviceAgent.Board;
using DeviceAgent.Crypto;
using DeviceAgent.Messaging;
using nanoFramework.M2Mqtt;
using nanoFramework.M2Mqtt.Messages;

namespace DeviceAgent.Esp32
{
    /// <summary>M2Mqtt's clients over mutual TLS 1.2.</summary>
    public sealed class MqttClients : IMqttClients
    {
        private int _returnCode = -1;

        /// <inheritdoc/>
        public int LastReturnCode => _returnCode;

        /// <inheritdoc/>
        public IMqttClient Create(string host, int port, byte[] rootCa, byte[] certificate, byte[] key)
        {
            _returnCode = -1;

            // The client's threads cannot be moved: they are to stand beside what lives long, not amid what is free
            nanoFramework.Runtime.Native.GC.Run(true);

            // TLS 1.2 by name: "None" would mean 1.3 alone, whose session tickets the board's driver does not know
            MqttClient client = new MqttClient(host, port, true, new X509Certificate(rootCa), new X509Certificate2(certificate, key, ""), MqttSslProtocols.TLSv1_2);
            client.ConnectionOpened += OnConnectionOpened;
            return client;
        }

        /// <inheritdoc/>
        public int ErrorNumber(Exception failure)
        {
            for (Exception e = failure; e != null; e = e.InnerException)
            {
                if (e is SocketException socket)
                {
                    return socket.ErrorCode;
                }

                // Firmware since July 2026 throws this one for a failed handshake; it shows no number
                if (e.GetType().Name == "CryptographicException")
                {
                    return ConnectFailure.HandshakeFailed;
                }
            }

            return 0;
        }

        /// <inheritdoc/>
        public bool AreUsable(byte[] certificate, byte[] key)
        {
            if (EcKey.LacksPublicPoint(key))
            {
                return false;
            }

            try
            {
                X509Certificate2 parsed = new X509Certificate2(certificate, key, "");
                return parsed.HasPrivateKey;
            }
            catch (ArgumentException)
            {
                return false;
            }
        }

        /// <inheritdoc/>
        public void Dispose(IMqttClient client) => ((MqttClient)client).Dispose();

        // The one place where a refusing CONNACK's code is always seen: Connect may throw before it can return it
        private void OnConnectionOpened(object sender, ConnectionOpenedEventArgs e) => _returnCode = (int)e.Message.ReturnCode;
    }
}
