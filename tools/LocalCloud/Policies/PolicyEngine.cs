using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace LocalCloud;

/// <summary>Decides whether the policies of a certificate permit a request: one statement must allow it, none may deny it.</summary>
public static class PolicyEngine
{
    private static readonly JsonSerializerOptions s_json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Decides one request.</summary>
    /// <param name="policies">The policies attached to the certificate.</param>
    /// <param name="action">One of <see cref="PolicyActions"/>.</param>
    /// <param name="resource">The ARN that the action is about (<see cref="IotArns"/>).</param>
    /// <param name="context">Values of the policy variables.</param>
    public static PolicyDecision Evaluate(IReadOnlyCollection<Policy> policies, string action, string resource, PolicyContext context)
    {
        ArgumentNullException.ThrowIfNull(policies);
        ArgumentNullException.ThrowIfNull(action);
        ArgumentNullException.ThrowIfNull(resource);
        ArgumentNullException.ThrowIfNull(context);

        var lowerAction = action.ToLowerInvariant();
        (PolicyStatement Statement, Policy Policy)? allowedBy = null;
        string? hint = null;
        foreach (var policy in policies)
        {
            foreach (var statement in policy.Document.Statements)
            {
                if (!statement.CoversAction(lowerAction))
                {
                    continue;
                }

                if (!statement.CoversResource(resource, context, out var unresolved))
                {
                    if (unresolved is not null && allowedBy is null && statement.Effect == PolicyEffect.Allow)
                    {
                        hint ??= $" ({statement} of policy {policy.Name} needs {unresolved}, which {unresolved.Explain(context)})";
                    }

                    continue;
                }

                if (statement.FindFailedCondition(context) is { } failed)
                {
                    if (allowedBy is null && statement.Effect == PolicyEffect.Allow)
                    {
                        hint ??= $" ({statement} of policy {policy.Name} does where {failed.Explain(context)})";
                    }

                    continue;
                }

                if (statement.Effect == PolicyEffect.Deny)
                {
                    return new PolicyDecision(false, $"{statement} of policy {policy.Name} denies {action} on {resource}");
                }

                allowedBy ??= (statement, policy);
            }
        }

        return allowedBy is var (allowing, its)
            ? new PolicyDecision(true, () => $"{allowing} of policy {its.Name} allows {action} on {resource}")
            : new PolicyDecision(false, $"{Nobody(policies)} allows {action} on {resource}{hint}; this one would: {StatementFor(action, resource)}");
    }

    /// <summary>The statement that was missing, to be copied into a policy; what would be a wildcard or a variable there is written so that it is none.</summary>
    private static string StatementFor(string action, string resource)
    {
        var literal = new StringBuilder();
        for (var index = 0; index < resource.Length; index++)
        {
            var c = resource[index];
            literal.Append(c is '*' or '?' || (c == '$' && index + 1 < resource.Length && resource[index + 1] == '{') ? $"${{{c}}}" : c);
        }

        return new JsonObject { ["Effect"] = nameof(PolicyEffect.Allow), ["Action"] = action, ["Resource"] = literal.ToString() }.ToJsonString(s_json);
    }

    private static string Nobody(IReadOnlyCollection<Policy> policies) => policies.Count switch
    {
        0 => "the certificate has no policy attached, so nothing",
        1 => $"no statement of policy {policies.First().Name}",
        _ => $"no statement of the policies {string.Join(", ", policies.Select(policy => policy.Name))}",
    };
}
