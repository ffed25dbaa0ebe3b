namespace Cli.Fleet;

/// <summary>What all devices of a fleet share.</summary>
/// <param name="FleetFile">The fleet file, for messages.</param>
/// <param name="Port">TCP port of the brokers.</param>
/// <param name="IntervalSeconds">Between two readings of a device.</param>
/// <param name="Run">How each is run.</param>
internal sealed record FleetRunOptions(string FleetFile, int Port, int IntervalSeconds, DeviceRunOptions Run)
{
    /// <summary>
    /// Requests a second that a fleet which is provisioned keeps below on average: an account has 10 (AWS service quotas, "Fleet provisioning").
    /// Chance brings more now and then; those are answered with 429, and come again.
    /// </summary>
    private const int RequestsPerSecond = 8;

    /// <summary>Devices that may all come at once.</summary>
    private const int Handful = 10;

    /// <summary>The first attempt of each device that is provisioned waits a random part of so many seconds.</summary>
    public int SpreadSeconds { get; private init; }

    /// <summary>These options for a fleet of which so many devices are to be provisioned.</summary>
    /// <param name="devices">How many.</param>
    public FleetRunOptions For(int devices)
    {
        int spread = devices <= Handful ? 0 : devices / RequestsPerSecond;
        return this with { SpreadSeconds = spread, Run = Run with { Patience = Run.Patience + TimeSpan.FromSeconds(spread) } };
    }
}
