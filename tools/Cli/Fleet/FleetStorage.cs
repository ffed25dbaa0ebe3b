using DeviceAgent.Board;
using DeviceAgent.Identity;
using DeviceAgent.Settings;
using VirtualDevice.Board;

namespace Cli.Fleet;

/// <summary>
/// The flash of a device of a fleet: what a factory would have put there is read from where the fleet file names it, and is not copied;
/// what the agent writes goes to the device's own folder.
/// </summary>
internal sealed class FleetStorage : IStorage
{
    private readonly DirectoryStorage _own;
    private readonly Dictionary<string, string> _factoryFiles;
    private readonly byte[] _settings;

    /// <summary>Makes the flash of a device.</summary>
    /// <param name="device">The device.</param>
    /// <param name="settings">Its settings, as the file that the factory would write.</param>
    public FleetStorage(FleetDevice device, byte[] settings)
    {
        _own = new DirectoryStorage(device.FlashFolder);
        _settings = settings;
        _factoryFiles = new Dictionary<string, string>(device.OwnFiles) { [PemFile.RootCa] = device.RootCa };
        if (device is { ClaimCertificate: { } certificate, ClaimKey: { } key, Method: not ProvisioningMethod.TrustedUser })
        {
            _factoryFiles[PemFile.ClaimCertificate] = certificate;
            _factoryFiles[PemFile.ClaimKey] = key;
        }
    }

    /// <inheritdoc/>
#pragma warning disable CS8766 // null says that there is no such file; the firmware's sources carry no nullable annotations
    public byte[]? Read(string name)
#pragma warning restore CS8766
    {
        if (name == SettingsReader.FileName)
        {
            return _settings;
        }

        return _factoryFiles.TryGetValue(name, out string? path) ? (File.Exists(path) ? File.ReadAllBytes(path) : null) : _own.Read(name);
    }

    /// <inheritdoc/>
    public void Write(string name, byte[] content) => _own.Write(name, content);

    /// <inheritdoc/>
    public bool Holds(string name, byte[] content) => _own.Holds(name, content);

    /// <inheritdoc/>
    public void Delete(string name) => _own.Delete(name);

    /// <inheritdoc/>
    public string[] List() => [SettingsReader.FileName, .. _factoryFiles.Keys, .. _own.List()];
}
