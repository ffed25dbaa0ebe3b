namespace Cli;

/// <summary>How a device is run, and for how long.</summary>
/// <param name="Readings">Readings to be acknowledged; 0 to go on until the run is stopped.</param>
/// <param name="Patience">How long a device may go without progress before it is given up.</param>
/// <param name="ConnectTo">The host name or address at which every endpoint is reached, whatever its name; <see langword="null"/> for where its name leads.</param>
/// <param name="HasInstaller">Whether somebody stands beside the device: then failed attempts are that one's to mend, and do not end the run.</param>
/// <param name="IsPatient">Whether failed attempts do not end the run before patience does.</param>
internal sealed record DeviceRunOptions(int Readings, TimeSpan Patience, string? ConnectTo = null, bool HasInstaller = false, bool IsPatient = false);
