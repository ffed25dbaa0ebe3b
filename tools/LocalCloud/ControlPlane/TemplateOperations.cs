using System.Text.Json.Nodes;

namespace LocalCloud;

/// <summary>The operations on provisioning templates and their versions.</summary>
internal sealed class TemplateOperations
{
    private const int MaximumDescription = 500;
    private const string FleetType = "FLEET_PROVISIONING";
    private const string JustInTimeType = "JITP";

    private readonly ControlPlaneContext _context;

    public TemplateOperations(ControlPlaneContext context)
    {
        _context = context;
    }

    public IEnumerable<ApiOperation> All =>
    [
        new("CreateProvisioningTemplate", "POST", "/provisioning-templates", CreateAsync),
        new("DescribeProvisioningTemplate", "GET", "/provisioning-templates/{templateName}", DescribeAsync),
        new("ListProvisioningTemplates", "GET", "/provisioning-templates", ListAsync),
        new("UpdateProvisioningTemplate", "PATCH", "/provisioning-templates/{templateName}", UpdateAsync),
        new("DeleteProvisioningTemplate", "DELETE", "/provisioning-templates/{templateName}", DeleteAsync),
        new("CreateProvisioningClaim", "POST", "/provisioning-templates/{templateName}/provisioning-claim", CreateClaimAsync),
        new("CreateProvisioningTemplateVersion", "POST", "/provisioning-templates/{templateName}/versions", CreateVersionAsync),
        new("DescribeProvisioningTemplateVersion", "GET", "/provisioning-templates/{templateName}/versions/{versionId}", DescribeVersionAsync),
        new("ListProvisioningTemplateVersions", "GET", "/provisioning-templates/{templateName}/versions", ListVersionsAsync),
        new("DeleteProvisioningTemplateVersion", "DELETE", "/provisioning-templates/{templateName}/versions/{versionId}", DeleteVersionAsync),
    ];

    private async Task<JsonObject?> CreateAsync(ApiRequest request)
    {
        var name = request.RequiredText("templateName");
        if (!ProvisioningTemplate.IsValidName(name))
        {
            throw ControlPlaneException.InvalidRequest($"'{CloudLog.Printable(name)}' is no name of a template: 1 to {ProvisioningTemplate.MaximumNameLength} letters, digits, '_' and '-'.");
        }

        var type = request.Text("type") ?? FleetType;
        if (type is not (FleetType or JustInTimeType))
        {
            throw ControlPlaneException.InvalidRequest($"A template is of type {FleetType} or {JustInTimeType}, not '{CloudLog.Printable(type)}'.");
        }

        var hook = HookIn(request);
        if (hook is not null && type == JustInTimeType)
        {
            throw ControlPlaneException.InvalidRequest($"A template of type {JustInTimeType} has no pre-provisioning hook.");
        }

        var template = Parse(name, request);
        var description = DescriptionIn(request);
        var role = RoleIn(request) ?? throw ControlPlaneException.InvalidRequest("provisioningRoleArn is missing.");
        var isEnabled = request.Flag("enabled") ?? false;
        await _context.UpdateAsync(state => state.RegisteredTemplates.ContainsKey(name)
            ? throw ControlPlaneException.AlreadyExists($"Template {name} already exists.", Arn(name), name)
            : state.With(RegisteredTemplate.Create(template, state.Time) with { Description = description, RoleArn = role, IsEnabled = isEnabled, IsJustInTime = type == JustInTimeType, HookArn = hook }));
        WarnOfHook(name);
        return new JsonObject { ["templateArn"] = Arn(name), ["templateName"] = name, ["defaultVersionId"] = 1 };
    }

    private Task<JsonObject?> DescribeAsync(ApiRequest request)
    {
        var template = Find(_context.State, request);
        var description = Summary(template);
        description["defaultVersionId"] = template.DefaultId;
        description["templateBody"] = template.Default.Template.Body;
        description["provisioningRoleArn"] = template.RoleArn ?? $"arn:aws:iam::{_context.Options.AccountId}:role/localcloud";
        if (template.HookArn is not null)
        {
            description["preProvisioningHook"] = new JsonObject { ["payloadVersion"] = PreProvisioningHooks.PayloadVersion, ["targetArn"] = template.HookArn };
        }

        return Task.FromResult<JsonObject?>(description);
    }

    private Task<JsonObject?> ListAsync(ApiRequest request) => Task.FromResult<JsonObject?>(request.Page(
        "templates",
        _context.State.RegisteredTemplates.Values.OrderBy(template => template.Name, StringComparer.Ordinal),
        usesMarkers: false,
        Summary));

    private async Task<JsonObject?> UpdateAsync(ApiRequest request)
    {
        var hook = HookIn(request);
        var removesHook = request.Flag("removePreProvisioningHook") ?? false;
        if (hook is not null && removesHook)
        {
            throw ControlPlaneException.InvalidRequest("preProvisioningHook and removePreProvisioningHook exclude each other.");
        }

        var description = DescriptionIn(request);
        var role = RoleIn(request);
        await _context.UpdateAsync(state =>
        {
            var template = Find(state, request);
            if (hook is not null && template.IsJustInTime)
            {
                throw ControlPlaneException.InvalidRequest($"Template {template.Name} is of type {JustInTimeType}, which has no pre-provisioning hook.");
            }

            if (request.Number("defaultVersionId") is { } version)
            {
                template = version is >= 1 and <= int.MaxValue && template.Versions.ContainsKey((int)version)
                    ? template with { DefaultId = (int)version }
                    : throw ControlPlaneException.NotFound($"Template {template.Name} has no version {version}.");
            }

            return state.With(template with
            {
                Description = description ?? template.Description,
                RoleArn = role ?? template.RoleArn,
                IsEnabled = request.Flag("enabled") ?? template.IsEnabled,
                HookArn = removesHook ? null : hook ?? template.HookArn,
                ModifiedAt = state.Time,
            });
        });
        WarnOfHook(request.Path("templateName"));
        return [];
    }

    private async Task<JsonObject?> DeleteAsync(ApiRequest request)
    {
        await _context.UpdateAsync(state =>
        {
            var template = Find(state, request);
            return template.Versions.Count > 1
                ? throw ControlPlaneException.DeleteConflict($"Template {template.Name} has versions besides the default one; delete those first.")
                : state.WithoutTemplate(template.Name);
        });
        return [];
    }

    private async Task<JsonObject?> CreateClaimAsync(ApiRequest request)
    {
        var template = Find(_context.State, request);
        if (template.IsJustInTime)
        {
            throw ControlPlaneException.InvalidRequest($"Template {template.Name} is of type {JustInTimeType}: nobody registers by it with a claim.");
        }

        var issued = await _context.Authority.IssueAsync(request.Aborted);
        var expiresAt = _context.Claims.Add(issued, template.Name);
        await _context.SaveAsync();
        return new JsonObject
        {
            ["certificateId"] = issued.Id,
            ["certificatePem"] = issued.Pem,
            ["keyPair"] = CertificateOperations.KeyPair(issued),
            ["expiration"] = ControlPlaneContext.Time(expiresAt),
        };
    }

    private async Task<JsonObject?> CreateVersionAsync(ApiRequest request)
    {
        var template = Parse(request.Path("templateName"), request);
        var isDefault = request.QueryFlag("setAsDefault");
        var id = 0;
        await _context.UpdateAsync(state =>
        {
            var registered = Find(state, request);
            if (registered.IsFull)
            {
                throw ControlPlaneException.VersionsLimitExceeded($"Template {registered.Name} already has the maximum number of versions ({RegisteredTemplate.MaximumVersions}).");
            }

            registered = registered.Add(template, isDefault, state.Time);
            id = registered.LastId;
            return state.With(registered);
        });
        return new JsonObject { ["templateArn"] = Arn(template.Name), ["templateName"] = template.Name, ["versionId"] = id, ["isDefaultVersion"] = isDefault };
    }

    private Task<JsonObject?> DescribeVersionAsync(ApiRequest request)
    {
        var template = Find(_context.State, request);
        var version = template.Versions.GetValueOrDefault(request.PathNumber("versionId")) ?? throw NoVersion(request);
        var description = Summary(template, version);
        description["templateBody"] = version.Template.Body;
        return Task.FromResult<JsonObject?>(description);
    }

    private Task<JsonObject?> ListVersionsAsync(ApiRequest request)
    {
        var template = Find(_context.State, request);
        return Task.FromResult<JsonObject?>(request.Page("versions", template.Versions.Values.Reverse(), usesMarkers: false, version => Summary(template, version)));
    }

    private async Task<JsonObject?> DeleteVersionAsync(ApiRequest request)
    {
        await _context.UpdateAsync(state =>
        {
            var template = Find(state, request);
            var id = request.PathNumber("versionId");
            if (!template.Versions.ContainsKey(id))
            {
                throw NoVersion(request);
            }

            return id == template.DefaultId
                ? throw ControlPlaneException.DeleteConflict($"Version {id} is the default version of template {template.Name}.")
                : state.With(template with { Versions = template.Versions.Remove(id), ModifiedAt = state.Time });
        });
        return [];
    }

    private static RegisteredTemplate Find(RegistryState state, ApiRequest request) => state.RegisteredTemplates.GetValueOrDefault(request.Path("templateName"))
        ?? throw ControlPlaneException.NotFound($"Template {CloudLog.Printable(request.Path("templateName"))} does not exist.");

    private static ControlPlaneException NoVersion(ApiRequest request) =>
        ControlPlaneException.NotFound($"Template {request.Path("templateName")} has no version {request.Path("versionId")}.");

    private static ProvisioningTemplate Parse(string name, ApiRequest request)
    {
        try
        {
            return ProvisioningTemplate.Parse(name, request.RequiredText("templateBody"));
        }
        catch (Exception e) when (e is DocumentFormatException or ArgumentException)
        {
            throw ControlPlaneException.InvalidRequest("The template body is not valid: " + CloudLog.Printable(e.Message));
        }
    }

    /// <summary>The function of a request's preProvisioningHook, or null.</summary>
    private static string? HookIn(ApiRequest request)
    {
        if (request.Object("preProvisioningHook") is not { } hook)
        {
            return null;
        }

        if (ApiRequest.Text(hook, "payloadVersion") is { } version and not PreProvisioningHooks.PayloadVersion)
        {
            throw ControlPlaneException.InvalidRequest($"The payloadVersion of a preProvisioningHook is {PreProvisioningHooks.PayloadVersion}, not '{CloudLog.Printable(version)}'.");
        }

        var arn = ApiRequest.Text(hook, "targetArn") ?? throw ControlPlaneException.InvalidRequest("targetArn is missing in preProvisioningHook.");
        return PreProvisioningHooks.IsFunctionArn(arn)
            ? arn
            : throw ControlPlaneException.InvalidRequest($"The targetArn of preProvisioningHook, '{CloudLog.Printable(arn)}', is no ARN of a Lambda function: arn:aws:lambda:REGION:ACCOUNT:function:NAME.");
    }

    private void WarnOfHook(string templateName)
    {
        if (_context.State.RegisteredTemplates.GetValueOrDefault(templateName) is { } template && PreProvisioningHooks.FindLack(_context.Options, template) is { } lack)
        {
            _context.Log.Warning("control plane: " + lack);
        }
    }

    private static string? DescriptionIn(ApiRequest request) => request.Text("description") is { Length: > MaximumDescription }
        ? throw ControlPlaneException.InvalidRequest($"The description is longer than {MaximumDescription} characters.")
        : request.Text("description");

    private string? RoleIn(ApiRequest request)
    {
        if (request.Text("provisioningRoleArn") is not { } arn)
        {
            return null;
        }

        var parts = arn.Split(':', 6);
        if (parts is not ["arn", _, "iam", "", { Length: 12 }, ['r', 'o', 'l', 'e', '/', _, ..]])
        {
            throw ControlPlaneException.InvalidRequest($"'{CloudLog.Printable(arn)}' is no ARN of a role: arn:aws:iam::ACCOUNT:role/NAME.");
        }

        if (!_context.AccountRegistry.State.Roles.ContainsKey(arn[(arn.LastIndexOf('/') + 1)..]))
        {
            _context.Log.Warning($"control plane: the role {CloudLog.Printable(arn)} does not exist here; AWS would refuse it");
        }

        return arn;
    }

    private string Arn(string name) => _context.Arn("provisioningtemplate", name);

    private JsonObject Summary(RegisteredTemplate template)
    {
        var summary = new JsonObject
        {
            ["templateArn"] = Arn(template.Name),
            ["templateName"] = template.Name,
            ["creationDate"] = ControlPlaneContext.Time(template.CreatedAt),
            ["lastModifiedDate"] = ControlPlaneContext.Time(template.ModifiedAt),
            ["enabled"] = template.IsEnabled,
            ["type"] = template.IsJustInTime ? JustInTimeType : FleetType,
        };
        if (template.Description is not null)
        {
            summary["description"] = template.Description;
        }

        return summary;
    }

    private static JsonObject Summary(RegisteredTemplate template, TemplateVersion version) => new()
    {
        ["versionId"] = version.Id,
        ["creationDate"] = ControlPlaneContext.Time(version.CreatedAt),
        ["isDefaultVersion"] = version.Id == template.DefaultId,
    };
}
