using System;
using nanoFramework.M2Mqtt;

namespace DeviceAgent.Board
{
    /// <summary>Makes MQTT clients over mutual TLS, and knows what the portable source cannot ask of them.</summary>
    public interface IMqttClients
    {
        /// <summary>
        /// Makes a client for one connection; it resolves the host name, and does not connect yet.
        /// The server's certificate is always verified, against <paramref name="rootCa"/> and the host name.
        /// </summary>
        /// <param name="host">Host name of the broker; it goes into SNI, so an AWS endpoint needs its name.</param>
        /// <param name="port">TCP port.</param>
        /// <param name="rootCa">Trusted certificates: PEM, ended by a zero byte.</param>
        /// <param name="certificate">The client's own certificate: PEM, ended by a zero byte.</param>
        /// <param name="key">Its private key: PEM, ended by a zero byte.</param>
        /// <exception cref="Exception">The name cannot be resolved, or a certificate or key cannot be read; <see cref="ErrorNumber"/> tells more.</exception>
        IMqttClient Create(string host, int port, byte[] rootCa, byte[] certificate, byte[] key);

        /// <summary>
        /// The return code of the CONNACK that the client made last has received; −1 where none came.
        /// M2Mqtt's Connect may throw before it can return that code.
        /// </summary>
        int LastReturnCode { get; }

        /// <summary>The number that the socket or TLS layer gave for a failure (−9984, 10022 …); 0 where there is none.</summary>
        /// <param name="failure">What <see cref="Create"/> or a client's Connect threw.</param>
        int ErrorNumber(Exception failure);

        /// <summary>Whether a certificate and its key can be read. It does not tell whether they belong together: the handshake does.</summary>
        /// <param name="certificate">PEM, ended by a zero byte.</param>
        /// <param name="key">PEM, ended by a zero byte.</param>
        bool AreUsable(byte[] certificate, byte[] key);

        /// <summary>
        /// Frees a client, whatever state it is in; must be done before the next is made: a client that is only forgotten
        /// keeps a thread spinning, and its finalizer closes a socket of the next one.
        /// </summary>
        /// <param name="client">A client that <see cref="Create"/> made.</param>
        void Dispose(IMqttClient client);
    }
}
