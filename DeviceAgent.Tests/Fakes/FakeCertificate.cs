namespace DeviceAgent.Tests.Fakes
{
    /// <summary>A certificate that a <see cref="FakeCloud"/> has issued, or one of the owner's own CA, which a test adds to the others.</summary>
    public sealed class FakeCertificate
    {
        /// <summary>Its number, from 1: in <c>CERT-1</c>, <c>KEY-1</c>, <c>TOKEN-1</c>.</summary>
        public int Number;

        /// <summary>When it was issued, by the clock that never jumps.</summary>
        public long IssuedAt;

        /// <summary>The thing that it belongs to; <see langword="null"/> until one is registered with it.</summary>
        public string ThingName;

        /// <summary>Whether it can connect.</summary>
        public bool IsActive;

        /// <summary>The public key that it was asked for with: base 64 of its coordinates; <see langword="null"/> where the cloud has made the key.</summary>
        public string PublicKey;

        /// <summary>For one of the owner's own CA: how many connections are dropped until it is active; the first of them registers it.</summary>
        public int Drops;

        /// <summary>How often its thing was registered.</summary>
        public int Registrations;
    }
}
