using System.Text.Json.Nodes;

namespace LocalCloud;

/// <summary>
/// LocalCloud's own operations, which AWS has not: counters for whoever watches, regions that are switched off and on, and the names that
/// lead to them. They need no signature.
/// </summary>
internal sealed class LocalOperations
{
    /// <summary>Where they are: no path of AWS's.</summary>
    public const string Path = "/localcloud/";

    private readonly IReadOnlyList<CloudRegion> _regions;
    private readonly RegionNames _names;
    private readonly CloudCounters _strays;
    private readonly CloudLog _log;

    public LocalOperations(IReadOnlyList<CloudRegion> regions, RegionNames names, CloudCounters strays, CloudLog log)
    {
        _regions = regions;
        _names = names;
        _strays = strays;
        _log = log;
    }

    public IEnumerable<ApiOperation> All =>
    [
        new("GetCounters", "GET", Path + "counters", GetCountersAsync),
        new("ListRegions", "GET", Path + "regions", ListRegionsAsync),
        new("SwitchRegion", "PUT", Path + "regions/{region}", SwitchRegionAsync),
        new("ListNames", "GET", Path + "names", ListNamesAsync),
        new("PutName", "PUT", Path + "names/{name}", PutNameAsync),
        new("DeleteName", "DELETE", Path + "names/{name}", DeleteNameAsync),
    ];

    private Task<JsonObject?> GetCountersAsync(ApiRequest request)
    {
        var counters = Write(_regions, [.. _regions.Select(region => region.Counters), _strays]);
        if (_regions.Count > 1)
        {
            counters["regions"] = new JsonObject(_regions.Select(region => KeyValuePair.Create(region.Name, (JsonNode?)Write([region], [region.Counters]))));
        }

        return Task.FromResult<JsonObject?>(counters);
    }

    private Task<JsonObject?> ListRegionsAsync(ApiRequest request) => Task.FromResult<JsonObject?>(new JsonObject
    {
        ["regions"] = new JsonArray([.. _regions.Select(Write)]),
    });

    private async Task<JsonObject?> SwitchRegionAsync(ApiRequest request)
    {
        var name = request.Path("region");
        var region = _regions.FirstOrDefault(region => region.Name == name)
            ?? throw ControlPlaneException.NotFound($"There is no region {CloudLog.Printable(name)}, but {string.Join(", ", _regions.Select(region => region.Name))}.");
        if (request.Flag("reachable") ?? throw ControlPlaneException.InvalidRequest("""The body must say what the region is to be: {"reachable": false} or {"reachable": true}."""))
        {
            region.SwitchOn();
        }
        else
        {
            await region.SwitchOffAsync();
        }

        return Write(region);
    }

    private Task<JsonObject?> ListNamesAsync(ApiRequest request) => Task.FromResult<JsonObject?>(new JsonObject
    {
        ["names"] = new JsonObject(_names.Table.Select(entry => KeyValuePair.Create(entry.Key, (JsonNode?)entry.Value))),
    });

    private Task<JsonObject?> PutNameAsync(ApiRequest request)
    {
        var region = request.Text("region") ?? throw ControlPlaneException.InvalidRequest($$"""The body must say where the name is to lead: {"region": "{{_regions[0].Name}}"}.""");
        try
        {
            Kept(() => _names.Set(request.Path("name"), region));
        }
        catch (ArgumentException e)
        {
            throw ControlPlaneException.InvalidRequest(CloudLog.Printable(e.Message));
        }

        return Task.FromResult<JsonObject?>(new JsonObject { ["name"] = request.Path("name"), ["region"] = region });
    }

    private Task<JsonObject?> DeleteNameAsync(ApiRequest request)
    {
        var isThere = false;
        Kept(() => isThere = _names.Remove(request.Path("name")));
        return isThere
            ? Task.FromResult<JsonObject?>([])
            : throw ControlPlaneException.NotFound($"There is no name {CloudLog.Printable(request.Path("name"))} in the table (GET {Path}names).");
    }

    private void Kept(Action change)
    {
        try
        {
            change();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _log.Error($"{RegionNames.FileName} could not be written: {e.Message}");
            throw ControlPlaneException.InternalFailure("The request could not be recorded.");
        }
    }

    private static JsonObject Write(CloudRegion region) => new JsonObject { ["region"] = region.Name, ["endpoint"] = region.Endpoint, ["reachable"] = region.IsReachable };

    private static JsonObject Write(IReadOnlyList<CloudRegion> regions, IReadOnlyList<CloudCounters> counters)
    {
        var certificates = new JsonObject();
        foreach (var status in Enum.GetValues<CertificateStatus>())
        {
            certificates[status.ToText()] = regions.Sum(region => region.Registry.State.Certificates.Values.Count(certificate => certificate.Status == status));
        }

        return new JsonObject
        {
            ["connections"] = new JsonObject
            {
                ["now"] = regions.Sum(region => region.Broker.ClientIds.Count),
                ["accepted"] = counters.Sum(one => one.Connections),
                ["refused"] = Sum(one => one.RefusedConnects),
            },
            ["messages"] = new JsonObject { ["in"] = counters.Sum(one => one.MessagesIn), ["out"] = counters.Sum(one => one.MessagesOut) },
            ["denials"] = Sum(one => one.Denials),
            ["provisioning"] = new JsonObject { ["accepted"] = Sum(one => one.ProvisioningAccepted), ["rejected"] = Sum(one => one.ProvisioningRejected) },
            ["certificates"] = certificates,
            ["things"] = regions.Sum(region => region.Registry.State.Things.Count),
        };

        JsonObject Sum(Func<CloudCounters, IReadOnlyDictionary<string, long>> counts) => new(counters
            .SelectMany(counts)
            .GroupBy(count => count.Key, count => count.Value)
            .OrderBy(count => count.Key, StringComparer.Ordinal)
            .Select(count => KeyValuePair.Create(count.Key, (JsonNode?)count.Sum())));
    }
}
