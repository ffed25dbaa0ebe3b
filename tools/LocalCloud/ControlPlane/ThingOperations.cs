using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace LocalCloud;

/// <summary>The operations on things and the certificates attached to them, and on thing types and static thing groups.</summary>
internal sealed class ThingOperations
{
    private const string PrincipalHeader = "x-amzn-principal";

    private const string ExclusiveThing = "EXCLUSIVE_THING";
    private const string NonExclusiveThing = "NON_EXCLUSIVE_THING";

    private readonly ControlPlaneContext _context;

    public ThingOperations(ControlPlaneContext context)
    {
        _context = context;
    }

    public IEnumerable<ApiOperation> All =>
    [
        new("CreateThing", "POST", "/things/{thingName}", CreateAsync),
        new("DescribeThing", "GET", "/things/{thingName}", DescribeAsync),
        new("ListThings", "GET", "/things", ListAsync),
        new("UpdateThing", "PATCH", "/things/{thingName}", UpdateAsync),
        new("DeleteThing", "DELETE", "/things/{thingName}", DeleteAsync),
        new("AttachThingPrincipal", "PUT", "/things/{thingName}/principals", AttachAsync),
        new("DetachThingPrincipal", "DELETE", "/things/{thingName}/principals", DetachAsync),
        new("ListThingPrincipals", "GET", "/things/{thingName}/principals", ListPrincipalsAsync),
        new("ListPrincipalThings", "GET", "/principals/things", ListOfPrincipalAsync),
        new("ListThingPrincipalsV2", "GET", "/things/{thingName}/principals-v2", ListPrincipalsWithTypesAsync),
        new("ListPrincipalThingsV2", "GET", "/principals/things-v2", ListOfPrincipalWithTypesAsync),
        new("CreateThingType", "POST", "/thing-types/{thingTypeName}", CreateTypeAsync),
        new("DescribeThingType", "GET", "/thing-types/{thingTypeName}", DescribeTypeAsync),
        new("ListThingTypes", "GET", "/thing-types", ListTypesAsync),
        new("DeprecateThingType", "POST", "/thing-types/{thingTypeName}/deprecate", DeprecateTypeAsync),
        new("DeleteThingType", "DELETE", "/thing-types/{thingTypeName}", DeleteTypeAsync),
        new("AddThingToThingGroup", "PUT", "/thing-groups/addThingToThingGroup", request => ChangeGroupAsync(request, (thing, group) => thing with { Groups = thing.Groups.Add(group) })),
        new("RemoveThingFromThingGroup", "PUT", "/thing-groups/removeThingFromThingGroup", request => ChangeGroupAsync(request, (thing, group) => thing with { Groups = thing.Groups.Remove(group) })),
        new("UpdateThingGroupsForThing", "PUT", "/thing-groups/updateThingGroupsForThing", UpdateGroupsOfThingAsync),
        new("CreateThingGroup", "POST", "/thing-groups/{thingGroupName}", CreateGroupAsync),
        new("DescribeThingGroup", "GET", "/thing-groups/{thingGroupName}", DescribeGroupAsync),
        new("ListThingGroups", "GET", "/thing-groups", ListGroupsAsync),
        new("UpdateThingGroup", "PATCH", "/thing-groups/{thingGroupName}", UpdateGroupAsync),
        new("DeleteThingGroup", "DELETE", "/thing-groups/{thingGroupName}", DeleteGroupAsync),
        new("ListThingGroupsForThing", "GET", "/things/{thingName}/thing-groups", ListGroupsOfThingAsync),
        new("ListThingsInThingGroup", "GET", "/thing-groups/{thingGroupName}/things", ListInGroupAsync),
    ];

    private async Task<JsonObject?> CreateAsync(ApiRequest request)
    {
        var name = request.Path("thingName");
        var (attributes, _) = AttributesIn(request.Object("attributePayload"));
        var asked = new Thing(name, request.Text("thingTypeName"))
        {
            Attributes = attributes ?? ImmutableSortedDictionary<string, string>.Empty,
            BillingGroup = request.Text("billingGroupName"),
        };
        Check(asked);
        await _context.UpdateAsync(state =>
        {
            CheckType(state, asked.TypeName);
            if (asked.BillingGroup is { } billingGroup && !state.BillingGroups.ContainsKey(billingGroup))
            {
                throw ControlPlaneException.NotFound($"Billing group {CloudLog.Printable(billingGroup)} does not exist.");
            }

            if (state.Things.TryGetValue(name, out var existing))
            {
                // The same once more is answered as the first time.
                return existing.TypeName == asked.TypeName && existing.BillingGroup == asked.BillingGroup && existing.Attributes.SequenceEqual(asked.Attributes)
                    ? state
                    : throw ControlPlaneException.AlreadyExists($"Thing {name} already exists in account with different attributes", Arn(name), existing.Id);
            }

            return state.With(asked);
        });
        return new JsonObject { ["thingName"] = name, ["thingArn"] = Arn(name), ["thingId"] = _context.State.Things.GetValueOrDefault(name)?.Id };
    }

    private Task<JsonObject?> DescribeAsync(ApiRequest request)
    {
        var thing = Find(_context.State, request);
        var description = Summary(thing);
        description["defaultClientId"] = thing.Name;
        description["thingId"] = thing.Id;
        if (thing.BillingGroup is not null)
        {
            description["billingGroupName"] = thing.BillingGroup;
        }

        return Task.FromResult<JsonObject?>(description);
    }

    private Task<JsonObject?> ListAsync(ApiRequest request)
    {
        var type = request.Query("thingTypeName");
        var attribute = request.Query("attributeName");
        var value = request.Query("attributeValue");
        var isPrefix = request.QueryFlag("usePrefixAttributeValue");
        var things = _context.State.Things.Values
            .Where(thing => type is null || thing.TypeName == type)
            .Where(thing => attribute is null || (thing.Attributes.TryGetValue(attribute, out var has)
                && (value is null || (isPrefix ? has.StartsWith(value, StringComparison.Ordinal) : has == value))))
            .OrderBy(thing => thing.Name, StringComparer.Ordinal);
        return Task.FromResult<JsonObject?>(request.Page("things", things, usesMarkers: false, Summary));
    }

    private async Task<JsonObject?> UpdateAsync(ApiRequest request)
    {
        var (attributes, isMerge) = AttributesIn(request.Object("attributePayload"));
        var type = request.Text("thingTypeName");
        await _context.UpdateAsync(state =>
        {
            var thing = Find(state, request);
            CheckVersion(thing, request.Number("expectedVersion"));
            CheckType(state, type);

            // An empty value takes an attribute away (AWS IoT API, AttributePayload).
            var after = attributes is null ? thing.Attributes : isMerge ? thing.Attributes.SetItems(attributes) : attributes;
            thing = thing with
            {
                Attributes = after.Where(attribute => attribute.Value.Length > 0).ToImmutableSortedDictionary(),
                TypeName = request.Flag("removeThingType") == true ? null : type ?? thing.TypeName,
            };
            Check(thing);
            return state.With(thing);
        });
        return [];
    }

    private async Task<JsonObject?> DeleteAsync(ApiRequest request)
    {
        var name = request.Path("thingName");
        await _context.UpdateAsync(state =>
        {
            // Not an error, as AWS documents.
            if (!state.Things.TryGetValue(name, out var thing))
            {
                return state;
            }

            CheckVersion(thing, request.QueryNumber("expectedVersion"));
            return state.Certificates.Values.Any(certificate => certificate.Things.Contains(name))
                ? throw ControlPlaneException.InvalidRequest($"Cannot delete. Thing {name} is still attached to one or more principals")
                : state.WithoutThing(name);
        });
        return [];
    }

    private async Task<JsonObject?> AttachAsync(ApiRequest request)
    {
        var id = _context.CertificateIdOf(request.Header(PrincipalHeader));
        var isExclusive = ExclusivenessIn(request);
        await _context.UpdateAsync(state =>
        {
            var certificate = ControlPlaneContext.FindCertificate(state, id);
            var thing = Find(state, request);
            if (certificate.Things.Contains(thing.Name) && (isExclusive ?? certificate.IsExclusive) == certificate.IsExclusive)
            {
                return state;
            }

            return !certificate.Things.IsEmpty && (certificate.IsExclusive || isExclusive == true)
                ? throw ControlPlaneException.InvalidRequest($"The principal is attached to {string.Join(", ", certificate.Things)}{(certificate.IsExclusive ? " exclusively" : "")}; detach it first.")
                : state.With(certificate with { Things = certificate.Things.Add(thing.Name), IsExclusive = isExclusive ?? false });
        });
        return [];
    }

    private async Task<JsonObject?> DetachAsync(ApiRequest request)
    {
        var id = _context.CertificateIdOf(request.Header(PrincipalHeader));
        await _context.UpdateAsync(state => ControlPlaneContext.FindCertificate(state, id) is var certificate && certificate.Things.Contains(Find(state, request).Name)
            ? state.With(certificate with { Things = certificate.Things.Remove(request.Path("thingName")), IsExclusive = false })
            : state);
        return [];
    }

    private Task<JsonObject?> ListPrincipalsAsync(ApiRequest request)
    {
        var state = _context.State;
        var name = Find(state, request).Name;
        var ids = state.Certificates.Values.Where(certificate => certificate.Things.Contains(name)).Select(certificate => certificate.Id).Order(StringComparer.Ordinal);
        return Task.FromResult<JsonObject?>(request.Page<string>("principals", ids, usesMarkers: false, id => _context.CertificateArn(id)));
    }

    private Task<JsonObject?> ListOfPrincipalAsync(ApiRequest request)
    {
        var certificate = ControlPlaneContext.FindCertificate(_context.State, _context.CertificateIdOf(request.Header(PrincipalHeader)));
        return Task.FromResult<JsonObject?>(request.Page<string>("things", certificate.Things, usesMarkers: false, name => name));
    }

    private Task<JsonObject?> ListPrincipalsWithTypesAsync(ApiRequest request)
    {
        var state = _context.State;
        var name = Find(state, request).Name;
        var wanted = ExclusivenessIn(request);
        var certificates = state.Certificates.Values
            .Where(certificate => certificate.Things.Contains(name) && (wanted ?? certificate.IsExclusive) == certificate.IsExclusive)
            .OrderBy(certificate => certificate.Id, StringComparer.Ordinal);
        return Task.FromResult<JsonObject?>(request.Page("thingPrincipalObjects", certificates, usesMarkers: false, certificate => new JsonObject
        {
            ["principal"] = _context.CertificateArn(certificate.Id),
            ["thingPrincipalType"] = TypeOf(certificate),
        }));
    }

    private Task<JsonObject?> ListOfPrincipalWithTypesAsync(ApiRequest request)
    {
        var certificate = ControlPlaneContext.FindCertificate(_context.State, _context.CertificateIdOf(request.Header(PrincipalHeader)));
        IEnumerable<string> things = (ExclusivenessIn(request) ?? certificate.IsExclusive) == certificate.IsExclusive ? certificate.Things : [];
        return Task.FromResult<JsonObject?>(request.Page("principalThingObjects", things, usesMarkers: false, name => new JsonObject { ["thingName"] = name, ["thingPrincipalType"] = TypeOf(certificate) }));
    }

    private static string TypeOf(RegisteredCertificate certificate) => certificate.IsExclusive ? ExclusiveThing : NonExclusiveThing;

    private static bool? ExclusivenessIn(ApiRequest request) => request.Query("thingPrincipalType") switch
    {
        null or "" => null,
        ExclusiveThing => true,
        NonExclusiveThing => false,
        var other => throw ControlPlaneException.InvalidRequest($"thingPrincipalType '{CloudLog.Printable(other)}' is neither {ExclusiveThing} nor {NonExclusiveThing}."),
    };

    private async Task<JsonObject?> CreateTypeAsync(ApiRequest request)
    {
        var name = request.Path("thingTypeName");
        CheckName(name, "thing type");
        var properties = request.Object("thingTypeProperties");
        var description = properties is null ? null : ApiRequest.Text(properties, "thingTypeDescription");
        var searchable = properties?["searchableAttributes"] is JsonArray array ? [.. array.Select(item => item?.ToString() ?? "")] : ImmutableArray<string>.Empty;
        if (searchable.Length > 3)
        {
            throw ControlPlaneException.InvalidRequest("A thing type has 3 searchable attributes at most.");
        }

        var id = Guid.NewGuid().ToString();
        await _context.UpdateAsync(state =>
        {
            if (!state.ThingTypes.TryGetValue(name, out var existing))
            {
                return state.With(new ThingType(name, id, description, searchable, state.Time));
            }

            id = existing.Id;
            return existing.Description == description && existing.SearchableAttributes.SequenceEqual(searchable)
                ? state
                : throw ControlPlaneException.AlreadyExists($"Thing type {name} already exists in account with different properties", _context.Arn("thingtype", name), id);
        });
        return new JsonObject { ["thingTypeName"] = name, ["thingTypeArn"] = _context.Arn("thingtype", name), ["thingTypeId"] = id };
    }

    private Task<JsonObject?> DescribeTypeAsync(ApiRequest request)
    {
        var type = FindType(_context.State, request);
        var description = Summary(type);
        description["thingTypeId"] = type.Id;
        return Task.FromResult<JsonObject?>(description);
    }

    private Task<JsonObject?> ListTypesAsync(ApiRequest request)
    {
        var types = _context.State.ThingTypes.Values
            .Where(type => request.Query("thingTypeName") is not { } name || type.Name == name)
            .OrderBy(type => type.Name, StringComparer.Ordinal);
        return Task.FromResult<JsonObject?>(request.Page("thingTypes", types, usesMarkers: false, Summary));
    }

    private async Task<JsonObject?> DeprecateTypeAsync(ApiRequest request)
    {
        await _context.UpdateAsync(state => state.With(FindType(state, request) with { DeprecatedAt = request.Flag("undoDeprecate") == true ? null : state.Time }));
        return [];
    }

    private async Task<JsonObject?> DeleteTypeAsync(ApiRequest request)
    {
        await _context.UpdateAsync(state =>
        {
            var type = FindType(state, request);
            if (type.DeprecatedAt is null)
            {
                throw ControlPlaneException.InvalidRequest($"Cannot delete thing type {type.Name}: it must be deprecated first");
            }

            return state.Things.Values.Any(thing => thing.TypeName == type.Name)
                ? throw ControlPlaneException.InvalidRequest($"Cannot delete thing type {type.Name}: things have it")
                : state.WithoutThingType(type.Name);
        });
        return [];
    }

    private async Task<JsonObject?> CreateGroupAsync(ApiRequest request)
    {
        var name = request.Path("thingGroupName");
        CheckName(name, "thing group");
        var properties = request.Object("thingGroupProperties");
        var description = properties is null ? null : ApiRequest.Text(properties, "thingGroupDescription");
        var (attributes, _) = AttributesIn(properties is null ? null : ApiRequest.Object(properties, "attributePayload"));
        var parent = request.Text("parentGroupName");
        var id = Guid.NewGuid().ToString();
        await _context.UpdateAsync(state =>
        {
            if (parent is not null && !state.ThingGroups.ContainsKey(parent))
            {
                throw ControlPlaneException.NotFound($"Thing group {CloudLog.Printable(parent)} does not exist.");
            }

            if (!state.ThingGroups.TryGetValue(name, out var existing))
            {
                return state.With(new ThingGroup(name, id, parent, description, state.Time) { Attributes = attributes ?? ImmutableSortedDictionary<string, string>.Empty });
            }

            id = existing.Id;
            return existing.ParentName == parent && existing.Description == description && existing.Attributes.SequenceEqual(attributes ?? ImmutableSortedDictionary<string, string>.Empty)
                ? state
                : throw ControlPlaneException.AlreadyExists($"Thing group {name} already exists in account with different properties", _context.Arn("thinggroup", name), id);
        });
        return new JsonObject { ["thingGroupName"] = name, ["thingGroupArn"] = _context.Arn("thinggroup", name), ["thingGroupId"] = id };
    }

    private Task<JsonObject?> DescribeGroupAsync(ApiRequest request)
    {
        var group = FindGroup(_context.State, request.Path("thingGroupName"));
        var properties = new JsonObject { ["attributePayload"] = new JsonObject { ["attributes"] = Write(group.Attributes) } };
        if (group.Description is not null)
        {
            properties["thingGroupDescription"] = group.Description;
        }

        var metadata = new JsonObject { ["creationDate"] = ControlPlaneContext.Time(group.CreatedAt) };
        if (group.ParentName is not null)
        {
            metadata["parentGroupName"] = group.ParentName;
        }

        return Task.FromResult<JsonObject?>(new JsonObject
        {
            ["thingGroupName"] = group.Name,
            ["thingGroupId"] = group.Id,
            ["thingGroupArn"] = _context.Arn("thinggroup", group.Name),
            ["version"] = group.Version,
            ["thingGroupProperties"] = properties,
            ["thingGroupMetadata"] = metadata,
        });
    }

    private Task<JsonObject?> ListGroupsAsync(ApiRequest request)
    {
        var groups = _context.State.ThingGroups.Values
            .Where(group => request.Query("parentGroup") is not { } parent || group.ParentName == parent)
            .Where(group => request.Query("namePrefixFilter") is not { } prefix || group.Name.StartsWith(prefix, StringComparison.Ordinal))
            .Select(group => group.Name)
            .Order(StringComparer.Ordinal);
        return Task.FromResult<JsonObject?>(request.Page("thingGroups", groups, usesMarkers: false, GroupSummary));
    }

    private async Task<JsonObject?> DeleteGroupAsync(ApiRequest request)
    {
        var name = request.Path("thingGroupName");
        await _context.UpdateAsync(state =>
        {
            // Not an error, as with things.
            if (!state.ThingGroups.ContainsKey(name))
            {
                return state;
            }

            if (state.ThingGroups.Values.Any(group => group.ParentName == name))
            {
                throw ControlPlaneException.InvalidRequest($"Cannot delete thing group {name} when there are still child groups attached to it");
            }

            return state.Things.Values.Where(thing => thing.Groups.Contains(name))
                .Aggregate(state.WithoutThingGroup(name), (sum, thing) => sum.With(thing with { Groups = thing.Groups.Remove(name) }));
        });
        return [];
    }

    private async Task<JsonObject?> ChangeGroupAsync(ApiRequest request, Func<Thing, string, Thing> change)
    {
        var thingName = request.NameOrArn("thingName", "thingArn");
        var groupName = request.NameOrArn("thingGroupName", "thingGroupArn");
        await _context.UpdateAsync(state =>
        {
            var thing = change(Find(state, thingName), FindGroup(state, groupName).Name);
            Check(thing);
            return state.With(thing);
        });
        return [];
    }

    private async Task<JsonObject?> UpdateGroupsOfThingAsync(ApiRequest request)
    {
        var name = request.RequiredText("thingName");
        var (added, removed) = (request.Texts("thingGroupsToAdd"), request.Texts("thingGroupsToRemove"));
        await _context.UpdateAsync(state =>
        {
            var thing = Find(state, name);
            foreach (var group in added.Concat(removed))
            {
                FindGroup(state, group);
            }

            thing = thing with { Groups = thing.Groups.Except(removed).Union(added) };
            Check(thing);
            return state.With(thing);
        });
        return [];
    }

    private async Task<JsonObject?> UpdateGroupAsync(ApiRequest request)
    {
        var properties = request.Object("thingGroupProperties") ?? throw ControlPlaneException.InvalidRequest("thingGroupProperties is missing.");
        var description = ApiRequest.Text(properties, "thingGroupDescription");
        var (attributes, isMerge) = AttributesIn(ApiRequest.Object(properties, "attributePayload"));
        var expected = request.Number("expectedVersion");
        var version = 0L;
        await _context.UpdateAsync(state =>
        {
            var group = FindGroup(state, request.Path("thingGroupName"));
            if (expected is not null && expected != group.Version)
            {
                throw ControlPlaneException.VersionConflict($"Thing group {group.Name} has version {group.Version}, not {expected}.");
            }

            var after = attributes is null ? group.Attributes : isMerge ? group.Attributes.SetItems(attributes) : attributes;
            version = group.Version + 1;
            return state.With(group with
            {
                Description = description ?? group.Description,
                Attributes = after.Where(attribute => attribute.Value.Length > 0).ToImmutableSortedDictionary(),
                Version = version,
            });
        });
        return new JsonObject { ["version"] = version };
    }

    private Task<JsonObject?> ListGroupsOfThingAsync(ApiRequest request) =>
        Task.FromResult<JsonObject?>(request.Page("thingGroups", Find(_context.State, request).Groups, usesMarkers: false, GroupSummary));

    private Task<JsonObject?> ListInGroupAsync(ApiRequest request)
    {
        var state = _context.State;
        var name = FindGroup(state, request.Path("thingGroupName")).Name;
        var things = state.Things.Values.Where(thing => thing.Groups.Contains(name)).Select(thing => thing.Name).Order(StringComparer.Ordinal);
        return Task.FromResult<JsonObject?>(request.Page<string>("things", things, usesMarkers: false, thing => thing));
    }

    private static (ImmutableSortedDictionary<string, string>? Attributes, bool IsMerge) AttributesIn(JsonObject? payload)
    {
        if (payload is null)
        {
            return (null, false);
        }

        var attributes = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        if (ApiRequest.Object(payload, "attributes") is { } given)
        {
            foreach (var name in given.Select(member => member.Key))
            {
                attributes.Add(name, ApiRequest.Text(given, name) ?? "");
            }
        }

        return (attributes.ToImmutable(), ApiRequest.Flag(payload, "merge") ?? false);
    }

    private static void CheckName(string name, string kind)
    {
        if (!Thing.IsValidName(name))
        {
            throw ControlPlaneException.InvalidRequest($"'{CloudLog.Printable(name)}' is no name of a {kind}: 1 to 128 of a-z, A-Z, 0-9, ':', '_', '-'.");
        }
    }

    private static void Check(Thing thing)
    {
        if (thing.FindFault() is { } fault)
        {
            throw ControlPlaneException.InvalidRequest(CloudLog.Printable(fault) + ".");
        }
    }

    private static void CheckType(RegistryState state, string? name)
    {
        if (name is null)
        {
            return;
        }

        if (!state.ThingTypes.TryGetValue(name, out var type))
        {
            throw ControlPlaneException.NotFound($"Thing type {CloudLog.Printable(name)} does not exist.");
        }

        if (type.DeprecatedAt is not null)
        {
            throw ControlPlaneException.InvalidRequest($"Thing type {name} is deprecated.");
        }
    }

    private static void CheckVersion(Thing thing, long? expected)
    {
        if (expected is not null && expected != thing.Version)
        {
            throw ControlPlaneException.VersionConflict($"Thing {thing.Name} has version {thing.Version}, not {expected}.");
        }
    }

    private static Thing Find(RegistryState state, ApiRequest request) => Find(state, request.Path("thingName"));

    private static Thing Find(RegistryState state, string name) => state.Things.GetValueOrDefault(name)
        ?? throw ControlPlaneException.NotFound($"Thing {CloudLog.Printable(name)} does not exist.");

    private static ThingType FindType(RegistryState state, ApiRequest request) => state.ThingTypes.GetValueOrDefault(request.Path("thingTypeName"))
        ?? throw ControlPlaneException.NotFound($"Thing type {CloudLog.Printable(request.Path("thingTypeName"))} does not exist.");

    private static ThingGroup FindGroup(RegistryState state, string name) => state.ThingGroups.GetValueOrDefault(name)
        ?? throw ControlPlaneException.NotFound($"Thing group {CloudLog.Printable(name)} does not exist.");

    private static JsonObject Write(ImmutableSortedDictionary<string, string> attributes) =>
        new(attributes.Select(attribute => KeyValuePair.Create(attribute.Key, (JsonNode?)attribute.Value)));

    private string Arn(string name) => _context.Arn("thing", name);

    private JsonObject Summary(Thing thing)
    {
        var summary = new JsonObject
        {
            ["thingName"] = thing.Name,
            ["thingArn"] = Arn(thing.Name),
            ["attributes"] = Write(thing.Attributes),
            ["version"] = thing.Version,
        };
        if (thing.TypeName is not null)
        {
            summary["thingTypeName"] = thing.TypeName;
        }

        return summary;
    }

    private JsonObject Summary(ThingType type)
    {
        var properties = new JsonObject { ["searchableAttributes"] = new JsonArray([.. type.SearchableAttributes.Select(name => (JsonNode)name)]) };
        if (type.Description is not null)
        {
            properties["thingTypeDescription"] = type.Description;
        }

        var metadata = new JsonObject { ["deprecated"] = type.DeprecatedAt is not null, ["creationDate"] = ControlPlaneContext.Time(type.CreatedAt) };
        if (type.DeprecatedAt is { } deprecatedAt)
        {
            metadata["deprecationDate"] = ControlPlaneContext.Time(deprecatedAt);
        }

        return new JsonObject
        {
            ["thingTypeName"] = type.Name,
            ["thingTypeArn"] = _context.Arn("thingtype", type.Name),
            ["thingTypeProperties"] = properties,
            ["thingTypeMetadata"] = metadata,
        };
    }

    private JsonObject GroupSummary(string name) => new() { ["groupName"] = name, ["groupArn"] = _context.Arn("thinggroup", name) };
}
