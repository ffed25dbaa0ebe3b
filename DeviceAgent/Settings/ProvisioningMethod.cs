namespace DeviceAgent.Settings
{
    /// <summary>The ways to get an identity: the values of <c>provisioning.method</c>.</summary>
    public static class ProvisioningMethod
    {
        /// <summary>By the claim certificate, with a key that the cloud makes.</summary>
        public const string Claim = "claim";

        /// <summary>By the claim certificate, with a key of the device's own that never leaves it.</summary>
        public const string ClaimCsr = "claim-csr";

        /// <summary>With a certificate of the owner's own CA, which the factory has put onto the board: just-in-time provisioning and registration.</summary>
        public const string Jitp = "jitp";

        /// <summary>By a claim that an installer brings to the board's serial port, with a key that the cloud makes.</summary>
        public const string TrustedUser = "trusted-user";

        /// <summary>Why a certificate of <see cref="Jitp"/> is not rotated.</summary>
        public const string NoRotation = "with provisioning.method jitp certificates come from your own CA: flash another one, and send reprovision";

        /// <summary>All that are known, for a person to read.</summary>
        public const string All = Claim + ", " + ClaimCsr + ", " + TrustedUser + ", " + Jitp;

        /// <summary>Whether a text is one of them.</summary>
        /// <param name="method">The text, or <see langword="null"/>.</param>
        public static bool IsKnown(string method) => method == Claim || method == ClaimCsr || method == TrustedUser || method == Jitp;
    }
}
