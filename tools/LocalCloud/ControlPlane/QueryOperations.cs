using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using System.Xml.Linq;

namespace LocalCloud;

/// <summary>The few operations of IAM and STS that setting up an account for provisioning needs, in AWS's Query protocol: a form in, XML out.</summary>
internal sealed class QueryOperations
{
    private const string IdentityVersion = "2010-05-08";
    private const string TokenVersion = "2011-06-15";

    private static readonly XNamespace s_identity = $"https://iam.amazonaws.com/doc/{IdentityVersion}/";
    private static readonly XNamespace s_token = $"https://sts.amazonaws.com/doc/{TokenVersion}/";

    private readonly ControlPlaneContext _context;

    public QueryOperations(ControlPlaneContext context)
    {
        _context = context;
    }

    /// <summary>Answers one request.</summary>
    /// <param name="form">Its parameters.</param>
    /// <param name="requestId">What the answer calls the request.</param>
    /// <exception cref="ControlPlaneException">It is refused.</exception>
    public async Task<XElement> AnswerAsync(IReadOnlyDictionary<string, string> form, string requestId)
    {
        var action = form.GetValueOrDefault("Action") ?? "";
        return (action, form.GetValueOrDefault("Version")) switch
        {
            ("GetCallerIdentity", TokenVersion) => Answer(
                s_token,
                action,
                requestId,
                new XElement(s_token + "UserId", "AIDALOCALCLOUD0000000"),
                new XElement(s_token + "Account", _context.Options.AccountId),
                new XElement(s_token + "Arn", $"arn:aws:iam::{_context.Options.AccountId}:user/localcloud")),
            ("CreateRole", IdentityVersion) => Answer(s_identity, action, requestId, Write(await CreateRoleAsync(form))),
            ("GetRole", IdentityVersion) => Answer(s_identity, action, requestId, Write(Find(_context.State, form))),
            ("AttachRolePolicy", IdentityVersion) => await ChangeAsync(form, action, requestId, (role, policy) => role with { PolicyArns = role.PolicyArns.Add(policy) }),
            ("DetachRolePolicy", IdentityVersion) => await ChangeAsync(form, action, requestId, (role, policy) => role.PolicyArns.Contains(policy)
                ? role with { PolicyArns = role.PolicyArns.Remove(policy) }
                : throw NoSuchEntity($"Policy {CloudLog.Printable(policy)} was not found.")),
            ("ListAttachedRolePolicies", IdentityVersion) => Answer(
                s_identity,
                action,
                requestId,
                new XElement(s_identity + "AttachedPolicies", Find(_context.State, form).PolicyArns.Select(arn => new XElement(
                    s_identity + "member",
                    new XElement(s_identity + "PolicyName", arn[(arn.LastIndexOf('/') + 1)..]),
                    new XElement(s_identity + "PolicyArn", arn)))),
                new XElement(s_identity + "IsTruncated", "false")),
            ("DeleteRole", IdentityVersion) => await DeleteRoleAsync(form, action, requestId),
            _ => throw ControlPlaneException.Query(400, "InvalidAction", $"LocalCloud has no action '{CloudLog.Printable(action)}'."),
        };
    }

    /// <summary>An error as these services tell it.</summary>
    public static XElement Write(ControlPlaneException refusal, string requestId) => new(
        s_identity + "ErrorResponse",
        new XElement(
            s_identity + "Error",
            new XElement(s_identity + "Type", refusal.StatusCode < 500 ? "Sender" : "Receiver"),
            new XElement(s_identity + "Code", refusal.ErrorCode),
            new XElement(s_identity + "Message", refusal.Message)),
        new XElement(s_identity + "RequestId", requestId));

    private static XElement Answer(XNamespace service, string action, string requestId, params XElement[] result) => new(
        service + (action + "Response"),
        result.Length > 0 ? new XElement(service + (action + "Result"), result) : null,
        new XElement(service + "ResponseMetadata", new XElement(service + "RequestId", requestId)));

    private static string Required(IReadOnlyDictionary<string, string> form, string name) => form.GetValueOrDefault(name) is { Length: > 0 } value
        ? value
        : throw ControlPlaneException.Query(400, "ValidationError", $"{name} is missing.");

    private static ControlPlaneException NoSuchEntity(string message) => ControlPlaneException.Query(404, "NoSuchEntity", message);

    private static Role Find(RegistryState state, IReadOnlyDictionary<string, string> form) => state.Roles.GetValueOrDefault(Required(form, "RoleName"))
        ?? throw NoSuchEntity($"The role with name {CloudLog.Printable(Required(form, "RoleName"))} cannot be found.");

    private async Task<Role> CreateRoleAsync(IReadOnlyDictionary<string, string> form)
    {
        var name = Required(form, "RoleName");
        if (name.Length > 64 || !Policy.IsValidName(name))
        {
            throw ControlPlaneException.Query(400, "ValidationError", $"'{CloudLog.Printable(name)}' is no name of a role: 1 to 64 of a-z, A-Z, 0-9 and _+=,.@-.");
        }

        var trust = Required(form, "AssumeRolePolicyDocument");
        try
        {
            using var document = JsonDocument.Parse(trust);
        }
        catch (JsonException)
        {
            throw ControlPlaneException.Query(400, "MalformedPolicyDocument", "This policy contains invalid Json");
        }

        Role? role = null;
        await _context.UpdateAsync(state =>
        {
            role = new Role(name, "AROA" + Convert.ToHexString(RandomNumberGenerator.GetBytes(8)), form.GetValueOrDefault("Path") ?? "/", trust, form.GetValueOrDefault("Description"), state.Time);
            return state.Roles.ContainsKey(name)
                ? throw ControlPlaneException.Query(409, "EntityAlreadyExists", $"Role with name {name} already exists.")
                : state.With(role);
        });
        return role!;
    }

    private async Task<XElement> ChangeAsync(IReadOnlyDictionary<string, string> form, string action, string requestId, Func<Role, string, Role> change)
    {
        var policy = Required(form, "PolicyArn");
        if (!policy.StartsWith("arn:", StringComparison.Ordinal))
        {
            throw ControlPlaneException.Query(400, "ValidationError", $"'{CloudLog.Printable(policy)}' is no ARN of a policy.");
        }

        await _context.UpdateAsync(state => state.With(change(Find(state, form), policy)));
        return Answer(s_identity, action, requestId);
    }

    private async Task<XElement> DeleteRoleAsync(IReadOnlyDictionary<string, string> form, string action, string requestId)
    {
        await _context.UpdateAsync(state => Find(state, form).PolicyArns.IsEmpty
            ? state.WithoutRole(Required(form, "RoleName"))
            : throw ControlPlaneException.Query(409, "DeleteConflict", "Cannot delete entity, must detach all policies first."));
        return Answer(s_identity, action, requestId);
    }

    private XElement Write(Role role) => new(
        s_identity + "Role",
        new XElement(s_identity + "Path", role.Path),
        new XElement(s_identity + "RoleName", role.Name),
        new XElement(s_identity + "RoleId", role.Id),
        new XElement(s_identity + "Arn", $"arn:aws:iam::{_context.Options.AccountId}:role{role.Path}{role.Name}"),
        new XElement(s_identity + "CreateDate", role.CreatedAt.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)),
        new XElement(s_identity + "AssumeRolePolicyDocument", Uri.EscapeDataString(role.TrustPolicy)),
        role.Description is null ? null : new XElement(s_identity + "Description", role.Description));
}
