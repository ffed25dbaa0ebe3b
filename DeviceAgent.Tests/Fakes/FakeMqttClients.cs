using System;
using System.Text;
using DeviceAgent.Board;
using nanoFramework.M2Mqtt;

namespace DeviceAgent.Tests.Fakes
{
    /// <summary>Makes clients of a <see cref="FakeCloud"/>, and minds that there is never more than one.</summary>
    public sealed class FakeMqttClients : IMqttClients
    {
        private const string Begin = "-----BEGIN ";

        private readonly VirtualClock _clock;
        private readonly FakeCloud _cloud;
        private FakeMqttClient _live;

        /// <summary>Makes the board's side of a cloud.</summary>
        public FakeMqttClients(VirtualClock clock, FakeCloud cloud)
        {
            _clock = clock;
            _cloud = cloud;
        }

        /// <summary>Clients made since the start.</summary>
        public int Made { get; private set; }

        /// <summary>The client that is not freed yet; <see langword="null"/> where there is none.</summary>
        public FakeMqttClient Live => _live;

        /// <summary>The client that was made last.</summary>
        public FakeMqttClient Last { get; private set; }

        /// <summary>What <see cref="Create"/> throws; <see langword="null"/> for nothing.</summary>
        public Exception Failure { get; set; }

        /// <summary>Whether each connection dies just before its DISCONNECT is sent.</summary>
        public bool DieAtGoodbye { get; set; }

        /// <inheritdoc/>
        public int LastReturnCode { get; internal set; } = -1;

        /// <summary>What was done with clients that a board would not forgive; <see langword="null"/> where nothing was.</summary>
        public string Fault { get; internal set; }

        /// <inheritdoc/>
        public IMqttClient Create(string host, int port, byte[] rootCa, byte[] certificate, byte[] key)
        {
            LastReturnCode = -1;
            if (Failure != null)
            {
                throw Failure;
            }

            if (_live != null)
            {
                Fault = "a client is made while another is not freed";
            }

            if (!AreUsable(certificate, key) || !IsPem(rootCa, "ROOT"))
            {
                throw new ArgumentException("a certificate cannot be read");
            }

            Made++;
            _live = new FakeMqttClient(this, _clock, _cloud, host, port, Content(certificate), Content(key));
            _live.DiesAtGoodbye = DieAtGoodbye;
            Last = _live;
            return _live;
        }

        /// <inheritdoc/>
        public int ErrorNumber(Exception failure) => failure is FakeConnectException connect ? connect.Number : 0;

        /// <inheritdoc/>
        public bool AreUsable(byte[] certificate, byte[] key) => IsPem(certificate, "CERT-") && (IsPem(key, "KEY-") || IsPem(key, "EC PRIVATE KEY-"));

        /// <inheritdoc/>
        public void Dispose(IMqttClient client)
        {
            if (client != _live)
            {
                Fault = "a client is freed twice";
                return;
            }

            _live.Dispose();
            _live = null;
        }

        /// <summary>The power went: what was there is no more.</summary>
        public void PowerOff()
        {
            _live?.PowerOff();
            _live = null;
        }

        private static bool IsPem(byte[] pem, string beginning)
        {
            return pem != null && pem.Length > Begin.Length && pem[pem.Length - 1] == 0 && Text.Begins(Content(pem), beginning);
        }

        /// <summary>What stands after the beginning that all PEM texts have.</summary>
        private static string Content(byte[] pem) => Encoding.UTF8.GetString(pem, Begin.Length, pem.Length - Begin.Length - 1);
    }
}
