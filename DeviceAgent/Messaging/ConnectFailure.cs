namespace DeviceAgent.Messaging
{
    /// <summary>What a failed connection means, in words for whoever has to mend it.</summary>
    public static class ConnectFailure
    {
        /// <summary>Stands for a failed handshake of which nothing more is known.</summary>
        public const int HandshakeFailed = 1;

        /// <summary>Stands for a handshake that the other side ended.</summary>
        public const int ConnectionReset = -80;

        // What the board's TLS driver and sockets give (mbedTLS error codes; socket errors), measured for each failure
        private const int CertificateVerifyFailed = -9984;
        private const int KeyMismatch = -30592;
        private const int NameNotResolved = 10022;

        /// <summary>Whether the other side turned these credentials away, so far as a number can tell.</summary>
        /// <param name="number">The number that the TLS or socket layer gave.</param>
        public static bool IsRefusal(int number) => number == ConnectionReset || number == KeyMismatch;

        /// <summary>Puts an error number into words.</summary>
        /// <param name="number">The number that the TLS or socket layer gave; 0 where it gave none.</param>
        /// <param name="host">The broker's host name.</param>
        /// <param name="port">Its port.</param>
        public static string Describe(int number, string host, int port)
        {
            switch (number)
            {
                case CertificateVerifyFailed:
                    return "TLS error -9984: the certificate of " + host + " was not accepted: root-ca.pem is not its authority, or endpoint is not the name in it, or the board's clock is wrong";
                case ConnectionReset:
                    return "TLS error -80: " + host + " closed the connection in the handshake: it does not accept the client certificate (unknown, inactive or revoked)";
                case KeyMismatch:
                    return "TLS error -30592: the private key does not belong to the client certificate";
                case NameNotResolved:
                    return "endpoint " + host + " cannot be resolved (error 10022): check endpoint, and the network's DNS";
                case HandshakeFailed:
                    return "the TLS handshake with " + host + " failed: root-ca.pem is not its authority, or endpoint is not the name in its certificate, or the board's clock is wrong, or it does not accept the client certificate";
                case 0:
                    return host + " closed the connection before it answered CONNECT: it does not accept the client certificate, or its policy does not allow iot:Connect for this client id";
                default:
                    return "nobody answers at " + host + " port " + port.ToString() + " (error " + number.ToString() + "): check endpoint and port, and that the network lets port " + port.ToString() + " through";
            }
        }

        /// <summary>Puts a CONNACK's return code into words (MQTT 3.1.1 §3.2.2.3; AWS IoT Core sends 7 for what is not authorised).</summary>
        /// <param name="code">The code, not 0.</param>
        /// <param name="clientId">The client id of the connection.</param>
        public static string DescribeReturnCode(int code, string clientId)
        {
            string text = "the broker refused client id " + clientId + " with code " + code.ToString();
            switch (code)
            {
                case 2:
                    return text + ": it does not accept this client id";
                case 3:
                    return text + ": it is not available";
                case 4:
                case 5:
                case 7:
                    return text + ": its policy does not allow iot:Connect for this certificate and client id, or the certificate is not attached to the thing of that name";
                default:
                    return text;
            }
        }
    }
}
