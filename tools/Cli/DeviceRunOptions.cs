namespace Cli;

/// <summary>How long a device is run.</summary>
/// <param name="Readings">Readings to be acknowledged; 0 to go on until the run is stopped.</param>
/// <param name="Patience">How long a device may go without progress before it is given up.</param>
internal sealed record DeviceRunOptions(int Readings, TimeSpan Patience);
