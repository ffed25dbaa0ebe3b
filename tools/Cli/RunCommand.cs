using System.CommandLine;
using System.Text.Json;
using Cli.Fleet;
using DeviceAgent.Agent;
using DeviceAgent.Board;
using DeviceAgent.Identity;
using DeviceAgent.Settings;
using VirtualDevice;
using VirtualDevice.Board;

namespace Cli;

/// <summary><c>run</c>: virtual devices from a fleet file.</summary>
internal static class RunCommand
{
    private const int LongestPatience = 86_400;

    /// <summary>Describes the command.</summary>
    public static Command Create()
    {
        Option<string?> fleet = new("--fleet") { HelpName = "FILE", Description = "The fleet file: JSON, its paths relative to it." };
        Option<string?> flash = new("--flash") { HelpName = "DIR", Description = "In place of a fleet: one board, its flash this directory, filled as at the factory (agent.json, root-ca.pem, claim.pem.crt, claim.pem.key)." };
        Option<string?> serial = new("--serial") { HelpName = "PATH", Description = "With --flash: the board's serial port, where an installer brings a claim (provisioning.method trusted-user). A port that is there is opened; where there is none, a pseudo-terminal is made, and PATH a link to it for agent install --port PATH. Nothing else is waited for then: --patience is 86400 unless given." };
        Option<string?> endpoint = new("--endpoint") { HelpName = "HOST", Description = "Takes the place of every endpoint in the file." };
        Option<int> port = Number("--port", "P", 8883, 1, 65535, "TCP port of the broker.");
        Option<int> readings = Number("--readings", "K", 5, 0, 1_000_000, "Readings for each device; 0 goes on until it is stopped.");
        Option<int> interval = Number("--interval", "S", 5, AgentSettings.MinimumInterval, AgentSettings.MaximumInterval, "Seconds between two readings of a device; a board of --flash takes its own from agent.json.");
        Option<int> patience = Number("--patience", "S", 35, 1, LongestPatience, "Seconds without progress after which a device is given up; unless it is given, three failed attempts in a row will do too.");
        Option<string?> connectTo = new("--connect-to") { HelpName = "HOST", Description = "Connects to HOST in place of every endpoint, and asks for the endpoint's name all the same: for names that this machine's DNS does not know, as those of LocalCloud's regions." };
        connectTo.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && Uri.CheckHostName(result.Tokens[0].Value) is UriHostNameType.Unknown or UriHostNameType.IPv6)
            {
                result.AddError($"--connect-to takes a host name or an IPv4 address, not \"{result.Tokens[0].Value}\"");
            }
        });
        Option<bool> json = new("--json") { Description = "Ends standard output in one JSON object; all else goes to standard error." };
        Command command = new("run", "Runs virtual devices: provisions those without a certificate, then publishes their readings; a fleet's all at once.")
        {
            fleet, flash, serial, endpoint, port, connectTo, readings, interval, patience, json,
        };
        command.Validators.Add(result =>
        {
            if ((result.GetValue(fleet) is null) == (result.GetValue(flash) is null))
            {
                result.AddError("give either --fleet FILE or --flash DIR");
            }
            else if (result.GetValue(serial) is not null && result.GetValue(flash) is null)
            {
                result.AddError("--serial goes with --flash: it is one board's");
            }
            else if (result.GetValue(flash) is not null && (result.GetResult(endpoint) is { Implicit: false } || result.GetResult(port) is { Implicit: false } || result.GetResult(interval) is { Implicit: false }))
            {
                result.AddError("--endpoint, --port and --interval go with --fleet: a board of --flash has its own in agent.json");
            }
        });
        command.SetAction((parsed, cancellationToken) =>
        {
            bool hasInstaller = parsed.GetValue(serial) is not null;
            bool isPatient = parsed.GetResult(patience) is { Implicit: false };
            int seconds = hasInstaller && !isPatient ? LongestPatience : parsed.GetValue(patience);
            DeviceRunOptions run = new(parsed.GetValue(readings), TimeSpan.FromSeconds(seconds), parsed.GetValue(connectTo), hasInstaller, isPatient);
            TextWriter story = TextWriter.Synchronized(parsed.GetValue(json) ? Console.Error : Console.Out);
            return parsed.GetValue(flash) is { } folder
                ? RunFlashAsync(folder, parsed.GetValue(serial), run, story, parsed.GetValue(json), cancellationToken)
                : RunFleetAsync(parsed.GetValue(fleet)!, parsed.GetValue(endpoint), new FleetRunOptions(parsed.GetValue(fleet)!, parsed.GetValue(port), parsed.GetValue(interval), run), story, parsed.GetValue(json), cancellationToken);
        });
        return command;
    }

    /// <summary>An option that takes a whole number within bounds.</summary>
    internal static Option<int> Number(string name, string placeholder, int otherwise, int minimum, int maximum, string description)
    {
        Option<int> option = new(name) { HelpName = placeholder, DefaultValueFactory = _ => otherwise, Description = description };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && (!int.TryParse(result.Tokens[0].Value, out int value) || value < minimum || value > maximum))
            {
                result.AddError($"{name} takes a whole number of {minimum} to {maximum}, not \"{result.Tokens[0].Value}\"");
            }
        });
        return option;
    }

    private static async Task<int> RunFleetAsync(string path, string? endpoint, FleetRunOptions options, TextWriter story, bool asJson, CancellationToken cancellationToken)
    {
        FleetFile fleet = FleetFile.Read(path, endpoint);
        foreach (string warning in fleet.Warnings)
        {
            Console.Error.WriteLine($"{path}: {warning}");
        }

        if (fleet.Problems.Count > 0)
        {
            foreach (string problem in fleet.Problems)
            {
                Console.Error.WriteLine($"{path}: {problem}");
            }

            return ExitStatus.BadUse;
        }

        List<ProvisioningGate> gates = [];
        try
        {
            FleetResult[] results = await Task.WhenAll(Start(fleet.Devices, options, gates, story.WriteLine, cancellationToken)).ConfigureAwait(false);
            return Conclude(results, asJson);
        }
        finally
        {
            foreach (ProvisioningGate gate in gates)
            {
                await gate.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private static List<Task<FleetResult>> Start(
        IReadOnlyList<FleetDevice> devices, FleetRunOptions options, List<ProvisioningGate> gates, Action<string> say, CancellationToken cancellationToken)
    {
        Dictionary<FleetDevice, string> unusable = [];
        HashSet<FleetDevice> isNew = [];
        foreach (FleetDevice device in devices)
        {
            if (FleetRun.Prepare(device, options, out bool isProvisioned) is { } problem)
            {
                unusable[device] = problem;
            }
            else if (!isProvisioned)
            {
                isNew.Add(device);
            }
        }

        // A gate for each endpoint and method that asks there; an endpoint that does not answer holds up its own devices only
        FleetDevice[] toProvision = [.. isNew.Where(d => d.Template is not null)];
        FleetRunOptions forNew = options.For(toProvision.Length);
        Dictionary<(string, string), Task<ProvisioningGate>> opening = toProvision
            .GroupBy(d => (d.Endpoint, d.Method))
            .ToDictionary(g => g.Key, g => ProvisioningGate.OpenAsync([.. g], options, say, cancellationToken));
        return [.. devices.Select(device => Task.Run(
            async () =>
            {
                if (unusable.TryGetValue(device, out string? problem))
                {
                    return FleetRun.Failed(device, problem);
                }

                ProvisioningGate? gate = isNew.Contains(device) && device.Template is not null ? await opening[(device.Endpoint, device.Method)].ConfigureAwait(false) : null;
                if (gate is not null)
                {
                    lock (gates)
                    {
                        gates.Add(gate); // as often as it has devices: it can be closed as often
                    }
                }

                return await FleetRun.RunAsync(device, gate is null ? options : forNew, gate, isNew.Contains(device), say, cancellationToken).ConfigureAwait(false);
            },
            CancellationToken.None))];
    }

    private static async Task<int> RunFlashAsync(string folder, string? serial, DeviceRunOptions options, TextWriter story, bool asJson, CancellationToken cancellationToken)
    {
        string settings = Path.Combine(folder, SettingsReader.FileName);
        if (!File.Exists(settings))
        {
            Console.Error.WriteLine($"{settings}: there is no such file: fill the directory as a factory fills a board's flash");
            return ExitStatus.BadUse;
        }

        PseudoTerminal? made;
        try
        {
            made = MakeTerminal(serial);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"--serial {serial}: {e.Message}");
            return ExitStatus.BadUse;
        }

        using PseudoTerminal? terminal = made;
        if (terminal is not null)
        {
            story.WriteLine($"serial port: {serial} ({terminal.Path})");
        }

        DirectoryStorage flash = new(folder);
        bool wasProvisioned = new IdentityStore(flash).Load() is not null;
        string hardwareId = VirtualBoard.HardwareIdOf(Path.GetFullPath(folder));
        if (serial is null && !wasProvisioned && new SettingsReader(hardwareId).Read(flash.Read(SettingsReader.FileName)!)?.Method == ProvisioningMethod.TrustedUser)
        {
            Console.Error.WriteLine($"{settings}: with provisioning.method {ProvisioningMethod.TrustedUser} an installer brings a claim to the board's serial port: give --serial PATH, and bring it with agent install --port PATH");
            return ExitStatus.BadUse;
        }

        ISerialLine? port = serial is null ? null : terminal is null ? new PcSerialPort(serial) : terminal;
        Device device = new(flash, hardwareId, options.ConnectTo, port);
        string? error = await new DeviceRun(device, options, story.WriteLine).RunAsync(cancellationToken).ConfigureAwait(false);
        AgentStatus? status = device.Status;
        return Conclude([new FleetResult(folder, status?.Identity?.ThingName, status?.Identity?.CertificateId, !wasProvisioned && status?.Identity is not null, status?.Publisher?.Published ?? 0, error)], asJson);
    }

    /// <summary>The pseudo-terminal that is to be at a path; null where there is something that can be opened, or the path is no path.</summary>
    private static PseudoTerminal? MakeTerminal(string? path)
    {
        if (path is null || OperatingSystem.IsWindows())
        {
            return null;
        }

        FileInfo link = new(path);
        if (link.LinkTarget is { } target && !File.Exists(target))
        {
            link.Delete(); // a board that was killed has left it
        }

        return File.Exists(path) ? null : new PseudoTerminal(path);
    }

    private static int Conclude(FleetResult[] results, bool asJson)
    {
        int succeeded = results.Count(r => r.Error is null);
        if (asJson)
        {
            Console.WriteLine(JsonSerializer.Serialize(
                new
                {
                    succeeded,
                    failed = results.Length - succeeded,
                    devices = results.Select(r => new { clientId = r.ClientId, thing = r.Thing, certificateId = r.CertificateId, provisioned = r.IsNew, published = r.Published, error = r.Error }),
                }));
        }
        else
        {
            Summarise(results, succeeded);
        }

        return succeeded == results.Length ? ExitStatus.Done : ExitStatus.Failed;
    }

    private static void Summarise(FleetResult[] results, int succeeded)
    {
        Console.WriteLine();
        Output.Table(
            ["client id", "thing", "certificate id", "provisioned", "published"],
            results.Select(r => new[] { r.ClientId, r.Thing ?? "-", r.CertificateId ?? "-", r.IsNew ? "now" : r.CertificateId is null ? "no" : "before", r.Published.ToString() }));
        Console.WriteLine($"{succeeded} succeeded, {results.Length - succeeded} failed, {results.Count(r => r.IsNew)} provisioned");
        foreach (IGrouping<string, FleetResult> failed in results.Where(r => r.Error is not null).GroupBy(r => r.Error!))
        {
            Console.Error.WriteLine($"{string.Join(", ", failed.Select(r => r.ClientId))}: {failed.Key}");
        }
    }
}
