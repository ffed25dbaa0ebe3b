using System.CommandLine;
using System.CommandLine.Parsing;
using System.Net;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using LocalCloud;

namespace Cli;

/// <summary><c>cloud</c>: runs LocalCloud until it is stopped.</summary>
internal static class CloudCommand
{
    private const string ConnectionFile = "root.json";

    private static readonly JsonSerializerOptions s_json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var defaults = new LocalCloudOptions();
        var data = new Option<string>("--data")
        {
            Description = "Directory that keeps its state, and where root-ca.pem, claim.pem.crt, claim.pem.key and root.json are put; made if need be",
            HelpName = "DIR",
            Required = true,
        };
        var port = new Option<int>("--mqtt-port")
        {
            Description = "TCP port of MQTT over TLS; 0 takes a free one",
            HelpName = "PORT",
            DefaultValueFactory = _ => 8883,
        };
        var httpPort = new Option<int>("--http-port")
        {
            Description = "TCP port of the control plane, AWS IoT's HTTP API, for aws --endpoint-url; 0 takes a free one",
            HelpName = "PORT",
            DefaultValueFactory = _ => 0,
        };
        var listen = new Option<IPAddress?>("--listen")
        {
            Description = "Address to listen on, 0.0.0.0 for all; this machine only if left out",
            HelpName = "ADDRESS",
            CustomParser = ParseAddress,
        };
        var httpListen = new Option<IPAddress?>("--http-listen")
        {
            Description = "Address that the control plane listens on; this machine only if left out. It takes any credentials: who reaches it can do everything",
            HelpName = "ADDRESS",
            CustomParser = ParseAddress,
        };
        var host = new Option<string?>("--host")
        {
            Description = "Name or address by which clients reach it, for its server certificate; localhost, or what --listen says",
            HelpName = "NAME",
        };
        var json = new Option<bool>("--json")
        {
            Description = "Print one JSON object once connections are accepted, and the log on standard error, each line a JSON object",
        };
        var noRateLimits = new Option<bool>("--no-rate-limits")
        {
            Description = "Let a client id connect more than once a second, and a connection publish more than 100 messages and 512 KiB a second, which AWS does not",
        };
        var account = new Option<string>("--account")
        {
            Description = "AWS account of the resource names in policies",
            HelpName = "ID",
            DefaultValueFactory = _ => defaults.AccountId,
        };
        var regions = new Option<string[]>("--region")
        {
            Description = "AWS region of the resource names in policies; may be given for several regions, each with its own endpoint, registry and certificates, the first being the default one",
            HelpName = "REGION",
            DefaultValueFactory = _ => [defaults.Region],
        };
        var hostNames = new Option<string[]>("--name")
        {
            Description = "Host name beside the regions' own endpoints, as a custom domain, and the region that it leads to; may be given for several names",
            HelpName = "HOST=REGION",
            CustomParser = ParseNames,
        };
        var product = new Option<string>("--product")
        {
            Description = "Product in the topics that the device policy allows",
            HelpName = "NAME",
            DefaultValueFactory = _ => defaults.ProductName,
        };
        var template = new Option<string>("--template")
        {
            Description = "Name of the provisioning template by thing name",
            HelpName = "NAME",
            DefaultValueFactory = _ => defaults.TemplateName,
        };
        var csr = new Option<bool>("--csr")
        {
            Description = "Let the claim ask for certificates for keys of the devices' own (claim-csr), which AWS's sample claim policy leaves out",
        };
        var rotation = new Option<bool>("--rotation")
        {
            Description = "Let devices get their next certificate over their own connection",
        };
        var noQuotas = new Option<bool>("--no-quotas")
        {
            Description = "Answer any number of provisioning requests; else those beyond AWS's quotas a second get 429",
        };
        var refuseRepeats = new Option<bool>("--refuse-repeats")
        {
            Description = "Refuse a RegisterThing that repeats an accepted one; else it gets the same answer again. AWS documents neither",
        };
        var faults = new Option<string?>("--faults")
        {
            Description = "File of faults to commit, so that a device can be tried against them: " + FaultPlanFile.Help,
            HelpName = "FILE",
        };
        var hooks = new Option<string[]>("--hook")
        {
            Description = "Pre-provisioning hook of a template, by its name or by the ARN of the Lambda function that it names as its hook: a command that gets AWS's request on standard input and writes the answer, {\"allowProvisioning\":true,\"parameterOverrides\":{…}}, to standard output within 5 s, or an http URL of this machine that it is posted to; may be given several times",
            HelpName = "TEMPLATE|ARN=COMMAND|URL",
            CustomParser = ParseHooks,
        };

        var command = new Command("cloud", "Runs LocalCloud, a local stand-in for AWS IoT Core, until it is stopped (Ctrl+C)")
        {
            data, port, httpPort, listen, httpListen, host, json, account, regions, hostNames, product, template, csr, rotation, noQuotas, noRateLimits, refuseRepeats, faults, hooks,
        };

        LocalCloudOptions OptionsOf(ParseResult result)
        {
            var address = result.GetValue(listen);
            var named = result.GetValue(regions)!;
            return defaults with
            {
                DataDirectory = result.GetValue(data),
                Host = result.GetValue(host) ?? HostOf(address),
                MqttPort = result.GetValue(port),
                ListenAddress = address,
                ControlPlanePort = result.GetValue(httpPort),
                ControlPlaneAddress = result.GetValue(httpListen),
                AccountId = result.GetValue(account)!,
                Region = named[0],
                FurtherRegions = named[1..],
                Names = PairsOf(result.GetValue(hostNames)),
                ProductName = result.GetValue(product)!,
                TemplateName = result.GetValue(template)!,
                AllowCsr = result.GetValue(csr),
                AllowRotation = result.GetValue(rotation),
                ProvisioningQuotas = result.GetValue(noQuotas) ? null : defaults.ProvisioningQuotas,
                RepeatedRegistration = result.GetValue(refuseRepeats) ? RepeatedRegistration.Refuse : RepeatedRegistration.AcceptAgain,
                Hooks = PairsOf(result.GetValue(hooks)),
                LimitConnects = !result.GetValue(noRateLimits),
                LimitMessages = !result.GetValue(noRateLimits),
            };
        }

        var names = new Dictionary<string, string>
        {
            [nameof(LocalCloudOptions.Host)] = host.Name,
            [nameof(LocalCloudOptions.MqttPort)] = port.Name,
            [nameof(LocalCloudOptions.ControlPlanePort)] = httpPort.Name,
            [nameof(LocalCloudOptions.Region)] = regions.Name,
            [nameof(LocalCloudOptions.Names)] = hostNames.Name,
            [nameof(LocalCloudOptions.AccountId)] = account.Name,
            [nameof(LocalCloudOptions.ProductName)] = product.Name,
            [nameof(LocalCloudOptions.TemplateName)] = template.Name,
            [nameof(LocalCloudOptions.Hooks)] = hooks.Name,
        };
        command.SetAction(async (result, cancellationToken) =>
        {
            var options = OptionsOf(result);
            var problems = options.FindFaults().Select(fault => $"{names[fault.Key]} {fault.Value}").ToList();
            if (result.GetValue(faults) is { } file)
            {
                options = options with { Faults = ReadFaults(file, problems) };
            }

            problems.ForEach(Console.Error.WriteLine);
            return problems.Count > 0 ? ExitStatus.BadUse : await RunAsync(options, result.GetValue(json), cancellationToken);
        });
        return command;
    }

    private static FaultPlan? ReadFaults(string file, List<string> problems)
    {
        try
        {
            return FaultPlan.Parse(File.ReadAllText(file));
        }
        catch (FaultPlanException e)
        {
            problems.AddRange(e.Problems.Select(problem => $"{file}: {problem}"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problems.Add($"{file} cannot be read: {e.Message}");
        }

        return null;
    }

    private static async Task<int> RunAsync(LocalCloudOptions options, bool json, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        try
        {
            await using var cloud = await LocalCloudServer.StartAsync(options with { Log = json ? WriteJson : Console.Out.WriteLine }, stop.Token);
            var connection = new Connection(
                cloud.Endpoint,
                cloud.Port,
                cloud.RootCaFile!,
                cloud.ClaimCertificatePath!,
                cloud.ClaimKeyPath!,
                cloud.TemplateName,
                cloud.Region,
                cloud.AccountId,
                cloud.ControlPlaneUrl,
                [.. cloud.Regions.Select(region => new Region(region.Name, region.Endpoint, [.. cloud.Names.Where(name => name.Value == region.Name).Select(name => name.Key)]))]);
            var line = JsonSerializer.Serialize(connection, s_json);
            Publish(Path.Combine(Path.GetDirectoryName(cloud.RootCaFile!)!, ConnectionFile), line);
            if (json)
            {
                Console.Out.WriteLine(line);
            }
            else
            {
                Console.Out.WriteLine($"""
                    {EndpointsOf(connection)}
                    root CA            {connection.RootCa}
                    claim certificate  {connection.ClaimCertificate}
                    claim key          {connection.ClaimKey}
                    template           {connection.Template}
                    control plane      {connection.ControlPlane}
                    Stop it with Ctrl+C.
                    """);
            }

            await Task.Delay(Timeout.InfiniteTimeSpan, stop.Token);
            return ExitStatus.Done;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Stopped, as was asked for.
            return ExitStatus.Done;
        }
        catch (Exception e) when (e is DataDirectoryException or ListenException)
        {
            Console.Error.WriteLine(e.Message);
            return ExitStatus.Failed;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"{options.DataDirectory} cannot be written to: {e.Message} Name a directory that can with --data.");
            return ExitStatus.Failed;
        }

        void Stop(PosixSignalContext signal)
        {
            // The first one is a wish; the second one has its usual effect.
            signal.Cancel = !stop.IsCancellationRequested;
            stop.Cancel();
        }
    }

    /// <summary>The lines that tell where clients connect to.</summary>
    private static string EndpointsOf(Connection connection) => string.Join('\n', connection.Regions.SelectMany(region => new[]
    {
        $"endpoint           {region.Endpoint}:{connection.Port}{(connection.Regions.Count > 1 ? $" ({region.Name})" : "")}",
    }.Concat(region.Names.Select(name => $"name               {name}:{connection.Port} ({region.Name})"))));

    private static void WriteJson(LogEntry entry) => Console.Error.WriteLine(
        JsonSerializer.Serialize(new LogLine(entry.Time.UtcDateTime, entry.Level.ToString().ToLowerInvariant(), entry.Message), s_json));

    /// <summary>Puts a file there whole: a script that waits for it reads all of it.</summary>
    private static void Publish(string path, string line)
    {
        var beside = path + ".new";
        File.WriteAllText(beside, line + "\n");
        File.Move(beside, path, overwrite: true);
    }

    private static IPAddress? ParseAddress(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        if (IPAddress.TryParse(text, out var address))
        {
            return address;
        }

        result.AddError($"{(result.Parent as OptionResult)?.Option.Name} '{text}' is no IP address. Give one of this machine's, or 0.0.0.0 for all.");
        return null;
    }

    private static string[]? ParseHooks(ArgumentResult result) =>
        ParsePairs(result, "TEMPLATE=COMMAND or TEMPLATE=URL, with a template's name or the ARN of its Lambda function as TEMPLATE", "a template has one hook", StringComparer.Ordinal);

    private static string[]? ParseNames(ArgumentResult result) =>
        ParsePairs(result, "HOST=REGION", "a name leads to one region", StringComparer.OrdinalIgnoreCase);

    private static string[]? ParsePairs(ArgumentResult result, string form, string rule, StringComparer keys)
    {
        var option = (result.Parent as OptionResult)?.Option.Name;
        var given = result.Tokens.Select(token => token.Value).ToArray();
        foreach (var pair in given.Where(pair => pair.IndexOf('=') < 1))
        {
            result.AddError($"{option} '{pair}' is not {form}.");
        }

        foreach (var key in given.GroupBy(pair => pair.Split('=', 2)[0], keys).Where(group => group.Count() > 1))
        {
            result.AddError($"{option} {key.Key} is given {key.Count()} times: {rule}.");
        }

        return given;
    }

    private static Dictionary<string, string> PairsOf(string[]? pairs) =>
        (pairs ?? []).Select(pair => pair.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);

    private static string HostOf(IPAddress? listen) => listen switch
    {
        null => "localhost",
        _ when IPAddress.IsLoopback(listen) => "localhost",
        _ when listen.Equals(IPAddress.Any) || listen.Equals(IPAddress.IPv6Any) => Dns.GetHostName(),
        _ => listen.ToString(),
    };

    private sealed record LogLine(DateTime Time, string Level, string Message);

    private sealed record Connection(
        string Endpoint,
        int Port,
        string RootCa,
        string ClaimCertificate,
        string ClaimKey,
        string Template,
        string Region,
        string Account,
        string ControlPlane,
        IReadOnlyList<Region> Regions);

    /// <summary>A region, as it is told.</summary>
    /// <param name="Name">AWS's name of it.</param>
    /// <param name="Endpoint">The host name that leads to it and no other.</param>
    /// <param name="Names">The other ones that lead to it.</param>
    private sealed record Region([property: JsonPropertyName("region")] string Name, string Endpoint, IReadOnlyList<string> Names);
}
