using System.Text.Json.Nodes;

namespace LocalCloud;

/// <summary>The operations on billing groups, which a provisioning template may put its thing into.</summary>
internal sealed class BillingGroupOperations
{
    private readonly ControlPlaneContext _context;

    public BillingGroupOperations(ControlPlaneContext context)
    {
        _context = context;
    }

    public IEnumerable<ApiOperation> All =>
    [
        new("AddThingToBillingGroup", "PUT", "/billing-groups/addThingToBillingGroup", AddThingAsync),
        new("RemoveThingFromBillingGroup", "PUT", "/billing-groups/removeThingFromBillingGroup", RemoveThingAsync),
        new("CreateBillingGroup", "POST", "/billing-groups/{billingGroupName}", CreateAsync),
        new("DescribeBillingGroup", "GET", "/billing-groups/{billingGroupName}", DescribeAsync),
        new("ListBillingGroups", "GET", "/billing-groups", ListAsync),
        new("UpdateBillingGroup", "PATCH", "/billing-groups/{billingGroupName}", UpdateAsync),
        new("DeleteBillingGroup", "DELETE", "/billing-groups/{billingGroupName}", DeleteAsync),
        new("ListThingsInBillingGroup", "GET", "/billing-groups/{billingGroupName}/things", ListThingsAsync),
    ];

    private async Task<JsonObject?> CreateAsync(ApiRequest request)
    {
        var name = request.Path("billingGroupName");
        if (!Thing.IsValidName(name))
        {
            throw ControlPlaneException.InvalidRequest($"'{CloudLog.Printable(name)}' is no name of a billing group: 1 to 128 of a-z, A-Z, 0-9, ':', '_', '-'.");
        }

        var description = DescriptionIn(request);
        var id = Guid.NewGuid().ToString();
        await _context.UpdateAsync(state =>
        {
            if (!state.BillingGroups.TryGetValue(name, out var existing))
            {
                return state.With(new BillingGroup(name, id, description, state.Time));
            }

            id = existing.Id;
            return existing.Description == description
                ? state
                : throw ControlPlaneException.AlreadyExists($"Billing group {name} already exists in account with different properties", Arn(name), id);
        });
        return new JsonObject { ["billingGroupName"] = name, ["billingGroupArn"] = Arn(name), ["billingGroupId"] = id };
    }

    private Task<JsonObject?> DescribeAsync(ApiRequest request)
    {
        var group = Find(_context.State, request.Path("billingGroupName"));
        var properties = new JsonObject();
        if (group.Description is not null)
        {
            properties["billingGroupDescription"] = group.Description;
        }

        return Task.FromResult<JsonObject?>(new JsonObject
        {
            ["billingGroupName"] = group.Name,
            ["billingGroupId"] = group.Id,
            ["billingGroupArn"] = Arn(group.Name),
            ["version"] = group.Version,
            ["billingGroupProperties"] = properties,
            ["billingGroupMetadata"] = new JsonObject { ["creationDate"] = ControlPlaneContext.Time(group.CreatedAt) },
        });
    }

    private Task<JsonObject?> ListAsync(ApiRequest request)
    {
        var names = _context.State.BillingGroups.Keys
            .Where(name => request.Query("namePrefixFilter") is not { } prefix || name.StartsWith(prefix, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal);
        return Task.FromResult<JsonObject?>(request.Page("billingGroups", names, usesMarkers: false, name => new JsonObject { ["groupName"] = name, ["groupArn"] = Arn(name) }));
    }

    private async Task<JsonObject?> UpdateAsync(ApiRequest request)
    {
        var version = 0L;
        await _context.UpdateAsync(state =>
        {
            var group = Find(state, request.Path("billingGroupName"));
            CheckVersion(group, request.Number("expectedVersion"));
            version = group.Version + 1;
            return state.With(group with { Description = DescriptionIn(request), Version = version });
        });
        return new JsonObject { ["version"] = version };
    }

    private async Task<JsonObject?> DeleteAsync(ApiRequest request)
    {
        var name = request.Path("billingGroupName");
        await _context.UpdateAsync(state =>
        {
            // Not an error, as with things.
            if (!state.BillingGroups.TryGetValue(name, out var group))
            {
                return state;
            }

            CheckVersion(group, request.QueryNumber("expectedVersion"));
            return state.Things.Values.Where(thing => thing.BillingGroup == name)
                .Aggregate(state.WithoutBillingGroup(name), (sum, thing) => sum.With(thing with { BillingGroup = null }));
        });
        return [];
    }

    private async Task<JsonObject?> AddThingAsync(ApiRequest request)
    {
        var (groupName, thingName) = NamesIn(request);
        await _context.UpdateAsync(state => FindThing(state, thingName) is var thing && thing.BillingGroup == Find(state, groupName).Name
            ? state
            : state.With(thing with { BillingGroup = groupName }));
        return [];
    }

    private async Task<JsonObject?> RemoveThingAsync(ApiRequest request)
    {
        var (groupName, thingName) = NamesIn(request);
        await _context.UpdateAsync(state => FindThing(state, thingName) is var thing && thing.BillingGroup == Find(state, groupName).Name
            ? state.With(thing with { BillingGroup = null })
            : state);
        return [];
    }

    private Task<JsonObject?> ListThingsAsync(ApiRequest request)
    {
        var state = _context.State;
        var name = Find(state, request.Path("billingGroupName")).Name;
        var things = state.Things.Values.Where(thing => thing.BillingGroup == name).Select(thing => thing.Name).Order(StringComparer.Ordinal);
        return Task.FromResult<JsonObject?>(request.Page<string>("things", things, usesMarkers: false, thing => thing));
    }

    private static string? DescriptionIn(ApiRequest request) =>
        request.Object("billingGroupProperties") is { } properties ? ApiRequest.Text(properties, "billingGroupDescription") : null;

    private static (string Group, string Thing) NamesIn(ApiRequest request) =>
        (request.NameOrArn("billingGroupName", "billingGroupArn"), request.NameOrArn("thingName", "thingArn"));

    private static void CheckVersion(BillingGroup group, long? expected)
    {
        if (expected is not null && expected != group.Version)
        {
            throw ControlPlaneException.VersionConflict($"Billing group {group.Name} has version {group.Version}, not {expected}.");
        }
    }

    private static BillingGroup Find(RegistryState state, string name) => state.BillingGroups.GetValueOrDefault(name)
        ?? throw ControlPlaneException.NotFound($"Billing group {CloudLog.Printable(name)} does not exist.");

    private static Thing FindThing(RegistryState state, string name) => state.Things.GetValueOrDefault(name)
        ?? throw ControlPlaneException.NotFound($"Thing {CloudLog.Printable(name)} does not exist.");

    private string Arn(string name) => _context.Arn("billinggroup", name);
}
