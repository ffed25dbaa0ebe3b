using System.Text;
using System.Text.Json.Nodes;
using Cli.Install;
using DeviceAgent.Agent;
using DeviceAgent.Identity;
using DeviceAgent.Settings;
using VirtualDevice;
using VirtualDevice.Board;

namespace Cli.Fleet;

/// <summary>Runs one device of a fleet: provisions it where it has no certificate yet, then publishes its readings.</summary>
internal static class FleetRun
{
    /// <summary>MQTT keep-alive of a publisher, in seconds.</summary>
    private const int KeepAliveSeconds = 300;

    /// <summary>Looks at the device's files.</summary>
    /// <param name="entry">The device.</param>
    /// <param name="options">What all devices share.</param>
    /// <param name="isProvisioned">Whether it has a certificate and a key already.</param>
    /// <returns>Why the device cannot be run; <see langword="null"/> where it can.</returns>
    public static string? Prepare(FleetDevice entry, FleetRunOptions options, out bool isProvisioned)
    {
        isProvisioned = false;
        try
        {
            isProvisioned = IdentityFiles.Import(entry, new FleetStorage(entry, []));
            return MissingFile(entry, options, isProvisioned);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            return e.Message;
        }
    }

    /// <summary>Runs the device until its readings are acknowledged, it has failed, or the run is cancelled.</summary>
    /// <param name="entry">The device.</param>
    /// <param name="options">What all devices share.</param>
    /// <param name="gate">Says when it may be provisioned; <see langword="null"/> where it has been already, or asks for nothing.</param>
    /// <param name="isNew">Whether it has no identity yet.</param>
    /// <param name="say">Is told what happens, a line at a time, from any thread.</param>
    /// <param name="cancellationToken">Ends the run early.</param>
    public static async Task<FleetResult> RunAsync(FleetDevice entry, FleetRunOptions options, ProvisioningGate? gate, bool isNew, Action<string> say, CancellationToken cancellationToken)
    {
        if (gate is not null)
        {
            try
            {
                await gate.EnterAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return Failed(entry, "stopped before it was provisioned");
            }
        }

        int turns = gate is null ? 0 : 1;
        void Leave()
        {
            if (Interlocked.Exchange(ref turns, 0) == 1)
            {
                gate!.Leave();
            }
        }

        SerialCable? cable = isNew && entry.Method == ProvisioningMethod.TrustedUser ? new SerialCable() : null;
        Device device = new(new FleetStorage(entry, Settings(entry, options)), VirtualBoard.HardwareIdOf(entry.Folder), options.Run.ConnectTo, cable);
        DeviceRun run = new(device, options.Run, line => say($"{entry.ClientId}: {line}"), identity =>
        {
            Leave();
            IdentityFiles.Export(entry, identity);
        });
        using CancellationTokenSource ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task installing = cable is null ? Task.CompletedTask : InstallAsync(entry, cable, say, ended.Token);
        string? error = await run.RunAsync(cancellationToken).ConfigureAwait(false);
        await ended.CancelAsync().ConfigureAwait(false);
        await installing.ConfigureAwait(false);
        Leave();
        AgentStatus? status = device.Status;
        if (error is not null)
        {
            error = InTermsOfTheFleetFile(error, entry).Replace("the broker does not answer", $"nothing is heard from {entry.Endpoint} port {options.Port}{(options.Run.ConnectTo is { } host ? " at " + host : "")}: check endpoint and --port")
                + (!isNew && status?.Connections == 0 ? $"; if its certificate is of another account, remove {entry.Folder} to have the device provisioned anew" : "");
        }

        return new FleetResult(
            entry.ClientId,
            status?.Identity?.ThingName,
            status?.Identity?.CertificateId,
            isNew && status?.Identity is not null,
            status?.Publisher?.Published ?? 0,
            error);
    }

    /// <summary>Stands beside a device that waits for an installer, and brings it the claim.</summary>
    private static async Task InstallAsync(FleetDevice entry, SerialCable cable, Action<string> say, CancellationToken cancellationToken)
    {
        try
        {
            ProvisioningClaim claim = new(
                ProvisioningClaim.Pem(await File.ReadAllTextAsync(entry.ClaimCertificate!, cancellationToken).ConfigureAwait(false)),
                ProvisioningClaim.Pem(await File.ReadAllTextAsync(entry.ClaimKey!, cancellationToken).ConfigureAwait(false)),
                null);
            InstallOutcome outcome = await new Installation(cable.InstallersEnd, claim, null, null, TimeProvider.System, step => say($"{entry.ClientId}: installer: {step}"))
                .RunAsync(TimeSpan.FromDays(1), cancellationToken).ConfigureAwait(false);
            if (outcome.Error is not null && !cancellationToken.IsCancellationRequested)
            {
                say($"{entry.ClientId}: installer: {outcome.Error}");
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException or OperationCanceledException)
        {
            if (!cancellationToken.IsCancellationRequested)
            {
                say($"{entry.ClientId}: installer: the claim: {e.Message}");
            }
        }
    }

    /// <summary>The result of a device that was not run.</summary>
    /// <param name="entry">The device.</param>
    /// <param name="error">Why.</param>
    public static FleetResult Failed(FleetDevice entry, string error) => new(entry.ClientId, null, null, false, 0, error);

    private static string? MissingFile(FleetDevice entry, FleetRunOptions options, bool isProvisioned)
    {
        List<(string Key, string Path)> needed = [("root_ca", entry.RootCa)];
        if (!isProvisioned)
        {
            needed.AddRange(entry.OwnFiles.Select(file => (FleetFile.KeyOf(file.Key), file.Value)));
            if (entry is { ClaimCertificate: { } certificate, ClaimKey: { } claimKey })
            {
                needed.AddRange([("claim_cert", certificate), ("claim_key", claimKey)]);
            }
        }

        foreach ((string key, string path) in needed)
        {
            if (!File.Exists(path))
            {
                return $"{key}: there is no file {path}: put it there, or mend {key} in {options.FleetFile}";
            }
        }

        return null;
    }

    /// <summary>The firmware names the board's own files; whoever runs a fleet knows them by the fleet file's keys.</summary>
    private static string InTermsOfTheFleetFile(string error, FleetDevice entry) => FleetFile.OwnKeys.Aggregate(error, (text, own) => text.Replace(own.Value, own.Key))
        .Replace(PemFile.RootCa, $"root_ca ({entry.RootCa})")
        .Replace(PemFile.ClaimCertificate, $"claim_cert ({entry.ClaimCertificate})")
        .Replace(PemFile.ClaimKey, $"claim_key ({entry.ClaimKey})")
        .Replace("provisioning.template", "template_name");

    private static JsonObject Provisioning(FleetDevice entry, FleetRunOptions options)
    {
        JsonObject provisioning = new() { ["method"] = entry.Method, ["spreadSeconds"] = options.SpreadSeconds };
        if (entry.Template is not null)
        {
            provisioning["template"] = entry.Template;
        }

        if (entry.Parameters is not null)
        {
            provisioning["parameters"] = entry.Parameters.DeepClone();
        }

        return provisioning;
    }

    /// <summary>The settings that a factory would flash: the topic is the fleet file's own, and where it has the form of the firmware's, commands are served too.</summary>
    private static byte[] Settings(FleetDevice entry, FleetRunOptions options)
    {
        JsonObject settings = new()
        {
            ["endpoint"] = entry.Endpoint,
            ["port"] = options.Port,
            ["thingName"] = entry.ClientId,
            ["provisioning"] = Provisioning(entry, options),
            ["telemetry"] = new JsonObject { ["intervalSeconds"] = options.IntervalSeconds, ["topic"] = entry.Topic },
            ["mqtt"] = new JsonObject { ["keepAliveSeconds"] = KeepAliveSeconds },
        };
        string[] levels = entry.Topic.Split('/');
        if (levels.Length >= 4 && levels[0] == "dt" && levels[^1] == entry.ClientId)
        {
            settings["product"] = levels[1];
            settings["location"] = string.Join('/', levels[2..^1]);
        }

        return Encoding.UTF8.GetBytes(settings.ToJsonString());
    }
}
