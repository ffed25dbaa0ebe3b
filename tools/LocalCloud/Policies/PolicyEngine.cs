namespace LocalCloud;

/// <summary>Decides whether the policies of a certificate permit a request: one statement must allow it, none may deny it.</summary>
public static class PolicyEngine
{
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
            : new PolicyDecision(false, $"{Nobody(policies)} allows {action} on {resource}{hint}");
    }

    private static string Nobody(IReadOnlyCollection<Policy> policies) => policies.Count switch
    {
        0 => "the certificate has no policy attached, so nothing",
        1 => $"no statement of policy {policies.First().Name}",
        _ => $"no statement of the policies {string.Join(", ", policies.Select(policy => policy.Name))}",
    };
}
