namespace DeviceAgent.Provisioning
{
    /// <summary>How an attempt to provision ended, and with that how long to wait before the next.</summary>
    public enum ProvisioningOutcome
    {
        /// <summary>The device has a new identity.</summary>
        Done,

        /// <summary>Something was not there or not fast enough: it may well go through a little later.</summary>
        Failed,

        /// <summary>The cloud said no, or the board lacks something: a person has to mend it first, and may while the device waits.</summary>
        Refused,

        /// <summary>All certificates of 24 hours have been asked for: <see cref="FleetProvisioning.Wait"/> tells when another may be.</summary>
        Spent,
    }
}
