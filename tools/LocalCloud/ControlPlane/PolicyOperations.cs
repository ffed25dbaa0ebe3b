using System.Globalization;
using System.Text.Json.Nodes;

namespace LocalCloud;

/// <summary>The operations on policies, their versions and what they are attached to.</summary>
internal sealed class PolicyOperations
{
    /// <summary>The most policies that a certificate has (AWS IoT Core quotas).</summary>
    private const int MaximumAttached = 10;

    private const string PrincipalHeader = "x-amzn-iot-principal";

    private const string PolicyHeader = "x-amzn-iot-policy";

    private readonly ControlPlaneContext _context;

    public PolicyOperations(ControlPlaneContext context)
    {
        _context = context;
    }

    public IEnumerable<ApiOperation> All =>
    [
        new("CreatePolicy", "POST", "/policies/{policyName}", CreateAsync),
        new("GetPolicy", "GET", "/policies/{policyName}", GetAsync),
        new("ListPolicies", "GET", "/policies", ListAsync),
        new("DeletePolicy", "DELETE", "/policies/{policyName}", DeleteAsync),
        new("CreatePolicyVersion", "POST", "/policies/{policyName}/version", CreateVersionAsync),
        new("ListPolicyVersions", "GET", "/policies/{policyName}/version", ListVersionsAsync),
        new("GetPolicyVersion", "GET", "/policies/{policyName}/version/{policyVersionId}", GetVersionAsync),
        new("SetDefaultPolicyVersion", "PATCH", "/policies/{policyName}/version/{policyVersionId}", SetDefaultVersionAsync),
        new("DeletePolicyVersion", "DELETE", "/policies/{policyName}/version/{policyVersionId}", DeleteVersionAsync),
        new("AttachPolicy", "PUT", "/target-policies/{policyName}", request => AttachAsync(request, request.RequiredText("target"))),
        new("DetachPolicy", "POST", "/target-policies/{policyName}", request => DetachAsync(request, request.RequiredText("target"))),
        new("ListAttachedPolicies", "POST", "/attached-policies/{target}", request => ListAttachedAsync(request, request.Path("target"))),
        new("ListTargetsForPolicy", "POST", "/policy-targets/{policyName}", request => ListTargetsAsync(request, request.Path("policyName"), "targets")),

        // The older names of the same, which AWS keeps.
        new("AttachPrincipalPolicy", "PUT", "/principal-policies/{policyName}", request => AttachAsync(request, request.Header(PrincipalHeader))),
        new("DetachPrincipalPolicy", "DELETE", "/principal-policies/{policyName}", request => DetachAsync(request, request.Header(PrincipalHeader))),
        new("ListPrincipalPolicies", "GET", "/principal-policies", request => ListAttachedAsync(request, request.Header(PrincipalHeader))),
        new("ListPolicyPrincipals", "GET", "/policy-principals", request => ListTargetsAsync(request, request.Header(PolicyHeader), "principals")),
    ];

    private async Task<JsonObject?> CreateAsync(ApiRequest request)
    {
        var name = request.Path("policyName");
        if (!Policy.IsValidName(name))
        {
            throw ControlPlaneException.InvalidRequest($"'{CloudLog.Printable(name)}' is no name of a policy: 1 to 128 of a-z, A-Z, 0-9 and _+=,.@-.");
        }

        var document = Parse(request);
        await _context.UpdateAsync(state => state.Policies.ContainsKey(name)
            ? throw ControlPlaneException.AlreadyExists($"Policy cannot be created - name already exists (name={name})", Arn(name), name)
            : state.With(PolicyVersions.Create(name, document, state.Time)));
        return new JsonObject
        {
            ["policyName"] = name,
            ["policyArn"] = Arn(name),
            ["policyDocument"] = document.Text,
            ["policyVersionId"] = "1",
        };
    }

    private Task<JsonObject?> GetAsync(ApiRequest request)
    {
        var policy = Find(_context.State, request);
        return Task.FromResult<JsonObject?>(new JsonObject
        {
            ["policyName"] = policy.Name,
            ["policyArn"] = Arn(policy.Name),
            ["policyDocument"] = policy.Default.Document.Text,
            ["defaultVersionId"] = Text(policy.DefaultId),
            ["creationDate"] = ControlPlaneContext.Time(policy.All.Values.First().CreatedAt),
            ["lastModifiedDate"] = ControlPlaneContext.Time(policy.All.Values.Last().CreatedAt),
        });
    }

    private Task<JsonObject?> ListAsync(ApiRequest request)
    {
        IEnumerable<string> names = _context.State.Policies.Keys.Order(StringComparer.Ordinal);
        if (!request.QueryFlag("isAscendingOrder", defaultValue: true))
        {
            names = names.Reverse();
        }

        return Task.FromResult<JsonObject?>(request.Page("policies", names, usesMarkers: true, Summary));
    }

    private async Task<JsonObject?> DeleteAsync(ApiRequest request)
    {
        await _context.UpdateAsync(state =>
        {
            var policy = Find(state, request);
            if (policy.All.Count > 1)
            {
                throw ControlPlaneException.DeleteConflict($"Cannot delete the policy because it has one or more policy versions attached to it (name={policy.Name})");
            }

            return TargetsOf(state, policy.Name).Any()
                ? throw ControlPlaneException.DeleteConflict($"The policy cannot be deleted as the policy is attached to one or more principals (name={policy.Name})")
                : state.WithoutPolicy(policy.Name);
        });
        return null;
    }

    private async Task<JsonObject?> CreateVersionAsync(ApiRequest request)
    {
        var document = Parse(request);
        var isDefault = request.QueryFlag("setAsDefault");
        var id = 0;
        await _context.UpdateAsync(state =>
        {
            var policy = Find(state, request);
            if (policy.IsFull)
            {
                throw ControlPlaneException.VersionsLimitExceeded($"The policy {policy.Name} already has the maximum number of versions ({PolicyVersions.Maximum})");
            }

            policy = policy.Add(document, isDefault, state.Time);
            id = policy.LastId;
            return state.With(policy);
        });
        return new JsonObject
        {
            ["policyArn"] = Arn(request.Path("policyName")),
            ["policyDocument"] = document.Text,
            ["policyVersionId"] = Text(id),
            ["isDefaultVersion"] = isDefault,
        };
    }

    private Task<JsonObject?> ListVersionsAsync(ApiRequest request)
    {
        var policy = Find(_context.State, request);
        return Task.FromResult<JsonObject?>(new JsonObject
        {
            ["policyVersions"] = new JsonArray([.. policy.All.Values.Reverse().Select(version => new JsonObject
            {
                ["versionId"] = Text(version.Id),
                ["isDefaultVersion"] = version.Id == policy.DefaultId,
                ["createDate"] = ControlPlaneContext.Time(version.CreatedAt),
            })]),
        });
    }

    private Task<JsonObject?> GetVersionAsync(ApiRequest request)
    {
        var policy = Find(_context.State, request);
        var version = policy.All.GetValueOrDefault(VersionIn(request)) ?? throw NoVersion(request);
        return Task.FromResult<JsonObject?>(new JsonObject
        {
            ["policyArn"] = Arn(policy.Name),
            ["policyName"] = policy.Name,
            ["policyDocument"] = version.Document.Text,
            ["policyVersionId"] = Text(version.Id),
            ["isDefaultVersion"] = version.Id == policy.DefaultId,
            ["creationDate"] = ControlPlaneContext.Time(version.CreatedAt),
            ["lastModifiedDate"] = ControlPlaneContext.Time(version.CreatedAt),
        });
    }

    private async Task<JsonObject?> SetDefaultVersionAsync(ApiRequest request)
    {
        await _context.UpdateAsync(state => Find(state, request) is var policy && policy.All.ContainsKey(VersionIn(request))
            ? state.With(policy.SetDefault(VersionIn(request)))
            : throw NoVersion(request));
        return null;
    }

    private async Task<JsonObject?> DeleteVersionAsync(ApiRequest request)
    {
        await _context.UpdateAsync(state =>
        {
            var policy = Find(state, request);
            var id = VersionIn(request);
            if (!policy.All.ContainsKey(id))
            {
                throw NoVersion(request);
            }

            return id == policy.DefaultId
                ? throw ControlPlaneException.DeleteConflict($"Cannot delete the default version of a policy (name={policy.Name}, version={id})")
                : state.With(policy.Remove(id));
        });
        return null;
    }

    private async Task<JsonObject?> AttachAsync(ApiRequest request, string target)
    {
        var id = _context.CertificateIdOf(target);
        await _context.UpdateAsync(state =>
        {
            var policy = Find(state, request);
            var certificate = ControlPlaneContext.FindCertificate(state, id);
            if (certificate.Policies.Contains(policy.Name))
            {
                return state;
            }

            return certificate.Policies.Count >= MaximumAttached
                ? throw ControlPlaneException.LimitExceeded($"The maximum number of policies ({MaximumAttached}) are already attached to this principal")
                : state.With(certificate with { Policies = certificate.Policies.Add(policy.Name) });
        });
        return null;
    }

    private async Task<JsonObject?> DetachAsync(ApiRequest request, string target)
    {
        var id = _context.CertificateIdOf(target);
        await _context.UpdateAsync(state =>
        {
            var policy = Find(state, request);
            var certificate = ControlPlaneContext.FindCertificate(state, id);
            return certificate.Policies.Contains(policy.Name)
                ? state.With(certificate with { Policies = certificate.Policies.Remove(policy.Name) })
                : state;
        });
        return null;
    }

    private Task<JsonObject?> ListAttachedAsync(ApiRequest request, string target)
    {
        var certificate = ControlPlaneContext.FindCertificate(_context.State, _context.CertificateIdOf(target));
        return Task.FromResult<JsonObject?>(request.Page("policies", certificate.Policies, usesMarkers: true, Summary));
    }

    private Task<JsonObject?> ListTargetsAsync(ApiRequest request, string policyName, string listName)
    {
        var state = _context.State;
        var targets = TargetsOf(state, Find(state, policyName).Name).Order(StringComparer.Ordinal);
        return Task.FromResult<JsonObject?>(request.Page<string>(listName, targets, usesMarkers: true, id => _context.CertificateArn(id)));
    }

    private static IEnumerable<string> TargetsOf(RegistryState state, string policyName) =>
        state.Certificates.Values.Where(certificate => certificate.Policies.Contains(policyName)).Select(certificate => certificate.Id);

    private static PolicyVersions Find(RegistryState state, ApiRequest request) => Find(state, request.Path("policyName"));

    private static PolicyVersions Find(RegistryState state, string name) => state.PolicyVersions.GetValueOrDefault(name)
        ?? throw ControlPlaneException.NotFound($"The policy does not exist (name={CloudLog.Printable(name)})");

    private static ControlPlaneException NoVersion(ApiRequest request) =>
        ControlPlaneException.NotFound($"The policy version does not exist (name={request.Path("policyName")}, version={CloudLog.Printable(request.Path("policyVersionId"))})");

    private static int VersionIn(ApiRequest request) => request.PathNumber("policyVersionId");

    private static PolicyDocument Parse(ApiRequest request)
    {
        try
        {
            return PolicyDocument.Parse(request.RequiredText("policyDocument"));
        }
        catch (DocumentFormatException e)
        {
            throw ControlPlaneException.MalformedPolicy("Policy document is Malformed: " + CloudLog.Printable(e.Message));
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private string Arn(string name) => _context.Arn("policy", name);

    private JsonObject Summary(string name) => new() { ["policyName"] = name, ["policyArn"] = Arn(name) };
}
