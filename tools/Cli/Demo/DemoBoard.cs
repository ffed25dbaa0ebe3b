using System.Diagnostics;
using System.Text.Json.Nodes;
using DeviceAgent.Identity;
using DeviceAgent.Settings;
using LocalCloud;
using VirtualDevice;
using VirtualDevice.Board;

namespace Cli.Demo;

/// <summary>One board of the demo: its flash is filled as at the factory, then it is switched on twice.</summary>
internal sealed class DemoBoard
{
    private readonly DirectoryStorage _flash;
    private readonly string _hardwareId;
    private readonly Action<string> _say;

    private DemoBoard(DirectoryStorage flash, string hardwareId, Action<string> say)
    {
        _flash = flash;
        _hardwareId = hardwareId;
        _say = say;
    }

    /// <summary>The thing name that the board asks for, and its client id.</summary>
    public string Name => "demo-" + _hardwareId;

    /// <summary>The certificate that it got; <see langword="null"/> where it got none.</summary>
    public string? CertificateId { get; private set; }

    /// <summary>Readings that the broker has acknowledged, in all boots.</summary>
    public int Sent { get; private set; }

    /// <summary>Fills a board's flash as at the factory: settings, root CA, claim.</summary>
    /// <param name="folder">The directory that is its flash.</param>
    /// <param name="cloud">The cloud that it is made for.</param>
    /// <param name="intervalSeconds">Between two readings.</param>
    /// <param name="say">Is told each line of the board's log.</param>
    public static DemoBoard Flash(string folder, LocalCloudServer cloud, int intervalSeconds, Action<string> say)
    {
        DirectoryStorage flash = new(folder);
        JsonObject settings = new()
        {
            ["endpoint"] = cloud.Endpoint,
            ["port"] = cloud.Port,
            ["product"] = "smpl-krsk",
            ["location"] = "tokyo/hibiya/lab",
            ["thingName"] = "demo-${mac}",
            ["provisioning"] = new JsonObject { ["template"] = cloud.TemplateName },
            ["telemetry"] = new JsonObject { ["intervalSeconds"] = intervalSeconds },
        };
        flash.Write(SettingsReader.FileName, System.Text.Encoding.UTF8.GetBytes(settings.ToJsonString()));
        flash.Write(PemFile.RootCa, System.Text.Encoding.ASCII.GetBytes(cloud.RootCaPem));
        flash.Write(PemFile.ClaimCertificate, System.Text.Encoding.ASCII.GetBytes(cloud.ClaimCredentials.CertificatePem));
        flash.Write(PemFile.ClaimKey, System.Text.Encoding.ASCII.GetBytes(cloud.ClaimCredentials.PrivateKeyPem));
        return new DemoBoard(flash, VirtualBoard.HardwareIdOf(folder), say);
    }

    /// <summary>Switches the board on until the broker has acknowledged its readings, and off again.</summary>
    /// <param name="options">How many readings.</param>
    /// <param name="cancellationToken">Ends the boot early.</param>
    public async Task<DemoBoot> BootAsync(DeviceRunOptions options, CancellationToken cancellationToken)
    {
        // New parts on the same flash: nothing but the flash outlives the power
        DirectoryStorage flash = new(_flash.Folder);
        Device device = new(flash, _hardwareId);
        Stopwatch clock = Stopwatch.StartNew();
        TimeSpan? connected = null;
        string? error = await new DeviceRun(
            device,
            options,
            line =>
            {
                _say($"{Name}: {line}");
                connected ??= device.Status!.Connections > 0 ? clock.Elapsed : null;
            }).RunAsync(cancellationToken).ConfigureAwait(false);
        int published = device.Status?.Publisher?.Published ?? 0;
        CertificateId = device.Status?.Identity?.CertificateId ?? CertificateId;
        Sent += published;
        return new DemoBoot(connected, flash.Changes, published, error);
    }
}
