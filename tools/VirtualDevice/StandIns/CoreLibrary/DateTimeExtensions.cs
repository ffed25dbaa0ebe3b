namespace System
{
    /// <summary>What nanoFramework.CoreLibrary's <see cref="DateTime"/> has and .NET's has not.</summary>
    public static class DateTimeExtensions
    {
        /// <summary>Whole seconds since 1970-01-01T00:00:00Z, rounded down.</summary>
        /// <param name="time">A UTC time: a board knows no other.</param>
        public static long ToUnixTimeSeconds(this DateTime time) => (time.Ticks / TimeSpan.TicksPerSecond) - (DateTime.UnixEpoch.Ticks / TimeSpan.TicksPerSecond);
    }
}
