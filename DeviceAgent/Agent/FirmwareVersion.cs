namespace DeviceAgent.Agent
{
    /// <summary>Which firmware this is.</summary>
    public static class FirmwareVersion
    {
        /// <summary>Major, minor and patch, as reports give it.</summary>
        public const string Text = "1.0.0";
    }
}
