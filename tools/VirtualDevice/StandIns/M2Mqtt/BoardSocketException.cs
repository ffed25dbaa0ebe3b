using System.Net.Sockets;

namespace nanoFramework.M2Mqtt
{
    /// <summary>A SocketException with the number that a board's driver gives: a Winsock number, or a negative one of mbedTLS.</summary>
    public sealed class BoardSocketException : SocketException
    {
        /// <summary>Nobody answers at the address.</summary>
        public const int WouldBlock = 10035;

        /// <summary>The host name cannot be resolved.</summary>
        public const int InvalidArgument = 10022;

        /// <summary>The server's certificate is not trusted, is not for this host, or is not valid now.</summary>
        public const int CertificateVerifyFailed = -9984;

        /// <summary>The peer ended the handshake, as it does when it does not accept the client's certificate.</summary>
        public const int ConnectionReset = -80;

        /// <summary>The peer found that the client's key does not match its certificate.</summary>
        public const int FatalAlert = -30592;

        /// <summary>Makes one.</summary>
        /// <param name="errorCode">See <see cref="ErrorCode"/>.</param>
        /// <param name="message">What .NET said.</param>
        public BoardSocketException(int errorCode, string message)
            : base((int)System.Net.Sockets.SocketError.SocketError, message)
        {
            ErrorCode = errorCode;
        }

        /// <summary>The board's number.</summary>
        public override int ErrorCode { get; }
    }
}
