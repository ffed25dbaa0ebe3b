using System;

namespace DeviceAgent.Tests.Fakes
{
    /// <summary>What a client throws that cannot connect, and the number that the layers below gave for it.</summary>
    public sealed class FakeConnectException : Exception
    {
        /// <summary>Makes one.</summary>
        public FakeConnectException(int number)
            : base("failure " + number.ToString())
        {
            Number = number;
        }

        /// <summary>The socket or TLS layer's number; 0 where it gave none.</summary>
        public int Number { get; }
    }
}
