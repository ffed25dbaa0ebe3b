using System.Text.Json;
using System.Text.Json.Nodes;
using DeviceAgent.Identity;
using DeviceAgent.Messaging;
using DeviceAgent.Provisioning;
using DeviceAgent.Settings;

namespace Cli.Fleet;

/// <summary>
/// A fleet file: JSON with defaults at the top level (<c>endpoint</c>, <c>claim_cert</c>, <c>claim_key</c>, <c>root_ca</c>,
/// <c>template_name</c>, <c>output_dir</c>, <c>method</c>, <c>parameters</c>), each of which an entry of <c>devices</c> may override beside its
/// <c>client_id</c> and <c>topic</c>, and its own <c>device_cert</c>, <c>device_key</c> and <c>device_csr</c>. Paths are relative to the file.
/// </summary>
internal sealed class FleetFile
{
    private static readonly Dictionary<string, string> s_own = new() { ["device_cert"] = PemFile.DeviceCertificate, ["device_key"] = PemFile.DeviceKey, ["device_csr"] = DeviceKey.FactoryRequest };
    private static readonly string[] s_shared = ["endpoint", "claim_cert", "claim_key", "root_ca", "template_name", "output_dir", "method", "parameters"];
    private static readonly string[] s_top = [.. s_shared, "verbosity", "devices"];
    private static readonly string[] s_device = [.. s_shared, "verbosity", "client_id", "topic", .. s_own.Keys];

    private readonly List<string> _problems = [];
    private readonly List<string> _warnings = [];
    private readonly List<FleetDevice> _devices = [];
    private readonly string _folder;

    private FleetFile(string path)
    {
        _folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
    }

    /// <summary>The devices, in the file's order; those that <see cref="Problems"/> speaks of are left out.</summary>
    public IReadOnlyList<FleetDevice> Devices => _devices;

    /// <summary>What is wrong with the file, each naming the key; empty where it can be used.</summary>
    public IReadOnlyList<string> Problems => _problems;

    /// <summary>What is odd about it, and does no harm.</summary>
    public IReadOnlyList<string> Warnings => _warnings;

    /// <summary>The keys of a device's own files, each with the board's name of it.</summary>
    public static IReadOnlyDictionary<string, string> OwnKeys => s_own;

    /// <summary>The key that names a device's own file.</summary>
    /// <param name="file">The board's name of it.</param>
    public static string KeyOf(string file) => s_own.First(own => own.Value == file).Key;

    /// <summary>Reads a fleet file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="endpoint">Takes the place of every endpoint in the file; <see langword="null"/> for the file's own.</param>
    public static FleetFile Read(string path, string? endpoint)
    {
        FleetFile fleet = new(path);
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path), new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip });
            fleet.ReadTop(document.RootElement, endpoint);
        }
        catch (JsonException e)
        {
            fleet._problems.Add($"it is not JSON: {e.Message}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            fleet._problems.Add($"it cannot be read: {e.Message}");
        }

        return fleet;
    }

    private void ReadTop(JsonElement top, string? endpoint)
    {
        if (top.ValueKind != JsonValueKind.Object)
        {
            _problems.Add("it is not a JSON object");
            return;
        }

        WarnOfUnknown(top, s_top, "");
        if (!top.TryGetProperty("devices", out JsonElement devices) || devices.ValueKind != JsonValueKind.Array || devices.GetArrayLength() == 0)
        {
            _problems.Add("devices is missing, or no array with a device in it");
            return;
        }

        int index = 0;
        foreach (JsonElement device in devices.EnumerateArray())
        {
            ReadDevice(top, device, $"devices[{index++}]", endpoint);
        }

        foreach (string twice in _devices.GroupBy(d => d.Folder).Where(g => g.Count() > 1).Select(g => g.First().ClientId))
        {
            _problems.Add($"client_id \"{twice}\" is given to more than one device: they would throw each other off the broker");
        }
    }

    private void ReadDevice(JsonElement top, JsonElement device, string where, string? endpoint)
    {
        if (device.ValueKind != JsonValueKind.Object)
        {
            _problems.Add($"{where} is not an object");
            return;
        }

        WarnOfUnknown(device, s_device, where + ".");
        int before = _problems.Count;
        string clientId = Text(device, "client_id", where) ?? $"device-{Guid.NewGuid()}";
        if (!AgentSettings.IsThingName(clientId))
        {
            _problems.Add($"{where}.client_id \"{clientId}\" is not 1 to 128 of a-z A-Z 0-9 : _ -");
        }

        string topic = Text(device, "topic", where) ?? $"data/{clientId}";
        if (Topics.Problem(topic) is { } problem)
        {
            _problems.Add($"{where}.topic \"{topic}\" {problem}");
        }

        string Need(string key)
        {
            string? value = Text(device, key, where) ?? Text(top, key, "");
            if (value is null && !_problems.Any(p => p.Contains(key)))
            {
                _problems.Add($"{key} is missing: give it at the top level, or in {where}");
            }

            return value ?? "";
        }

        string host = endpoint ?? Need("endpoint");
        if (host.IndexOfAny([':', '/', ' ']) >= 0)
        {
            _problems.Add($"endpoint \"{host}\" is not a host name: leave out the scheme and the port (there is --port)");
        }

        string method = Text(device, "method", where) ?? Text(top, "method", "") ?? ProvisioningMethod.Claim;
        if (!ProvisioningMethod.IsKnown(method))
        {
            _problems.Add($"{where}.method \"{method}\" is none of {ProvisioningMethod.All}");
        }

        // A board that carries its own certificate asks for nothing
        bool isOwn = method == ProvisioningMethod.Jitp;
        string? claim = isOwn ? null : Absolute(Need("claim_cert")), key = isOwn ? null : Absolute(Need("claim_key")), template = isOwn ? null : Need("template_name");
        string rootCa = Need("root_ca"), output = Need("output_dir");
        Dictionary<string, string> ownFiles = [];
        foreach ((string name, string file) in s_own)
        {
            if (Text(device, name, where) is { } path)
            {
                ownFiles[file] = Absolute(path);
            }
            else if (isOwn && name != "device_csr")
            {
                _problems.Add($"{where}.{name} is missing: with method {method} a device has a certificate and a key of its own");
            }
        }

        JsonObject? parameters = Parameters(device, where) ?? Parameters(top, "");
        if (_problems.Count == before)
        {
            _devices.Add(new FleetDevice(clientId, host, method, claim, key, Absolute(rootCa), template, parameters, ownFiles, Path.Combine(Absolute(output), clientId), topic));
        }
    }

    private string? Text(JsonElement from, string key, string where)
    {
        if (!from.TryGetProperty(key, out JsonElement value))
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text)
        {
            return text;
        }

        string name = where.Length == 0 ? key : $"{where}.{key}";
        if (!_problems.Contains($"{name} is not a text"))
        {
            _problems.Add($"{name} is not a text");
        }

        return null;
    }

    /// <summary>Template parameters: an object of texts.</summary>
    private JsonObject? Parameters(JsonElement from, string where)
    {
        if (!from.TryGetProperty("parameters", out JsonElement value))
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.Object && value.EnumerateObject().All(parameter => parameter.Value.ValueKind == JsonValueKind.String))
        {
            return JsonObject.Create(value.Clone());
        }

        string problem = $"{(where.Length == 0 ? "" : where + ".")}parameters is no object of texts";
        if (!_problems.Contains(problem))
        {
            _problems.Add(problem);
        }

        return null;
    }

    private void WarnOfUnknown(JsonElement element, string[] known, string where)
    {
        foreach (JsonProperty property in element.EnumerateObject())
        {
            if (!known.Contains(property.Name))
            {
                _warnings.Add($"{where}{property.Name} is not known, and left aside");
            }
        }
    }

    private string Absolute(string path) => Path.GetFullPath(path, _folder);
}
