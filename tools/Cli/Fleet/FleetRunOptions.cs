namespace Cli.Fleet;

/// <summary>What all devices of a fleet share.</summary>
/// <param name="FleetFile">The fleet file, for messages.</param>
/// <param name="Port">TCP port of the brokers.</param>
/// <param name="IntervalSeconds">Between two readings of a device.</param>
/// <param name="Run">How each is run.</param>
internal sealed record FleetRunOptions(string FleetFile, int Port, int IntervalSeconds, DeviceRunOptions Run);
