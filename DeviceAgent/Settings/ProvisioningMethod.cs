namespace DeviceAgent.Settings
{
    /// <summary>The ways to get an identity: the values of <c>provisioning.method</c>.</summary>
    public static class ProvisioningMethod
    {
        /// <summary>By the claim certificate, with a key that the cloud makes.</summary>
        public const string Claim = "claim";
    }
}
