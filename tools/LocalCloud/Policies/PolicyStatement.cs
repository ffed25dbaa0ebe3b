namespace LocalCloud;

/// <summary>One statement of a policy.</summary>
public sealed class PolicyStatement
{
    private readonly IReadOnlyList<PolicyPattern> _actions;
    private readonly bool _isNotAction;
    private readonly IReadOnlyList<PolicyPattern> _resources;
    private readonly bool _isNotResource;
    private readonly IReadOnlyList<PolicyCondition> _conditions;

    private PolicyStatement(
        int index,
        string? sid,
        PolicyEffect effect,
        (IReadOnlyList<PolicyPattern> Patterns, bool IsNot) actions,
        (IReadOnlyList<PolicyPattern> Patterns, bool IsNot) resources,
        IReadOnlyList<PolicyCondition> conditions)
    {
        Index = index;
        Sid = sid;
        Effect = effect;
        (_actions, _isNotAction) = actions;
        (_resources, _isNotResource) = resources;
        _conditions = conditions;
    }

    /// <summary>Its place in the document, from 0.</summary>
    public int Index { get; }

    /// <summary>Its own name, or null.</summary>
    public string? Sid { get; }

    /// <summary>Whether it allows or denies.</summary>
    public PolicyEffect Effect { get; }

    /// <inheritdoc/>
    public override string ToString() => Sid is null ? $"statement {Index + 1}" : $"statement {Index + 1} ({Sid})";

    /// <summary>Whether an action is among its actions. Case counts for nothing, as in IAM.</summary>
    /// <param name="lowerAction">The action, in lower case.</param>
    internal bool CoversAction(string lowerAction)
    {
        foreach (var pattern in _actions)
        {
            if (pattern.Matches(lowerAction))
            {
                return !_isNotAction;
            }
        }

        return _isNotAction;
    }

    /// <summary>Whether <paramref name="resource"/> is among its resources.</summary>
    /// <param name="resource">The ARN asked about.</param>
    /// <param name="context">Values of the policy variables.</param>
    /// <param name="unresolved">A variable that kept a resource from matching, when none matched.</param>
    internal bool CoversResource(string resource, PolicyContext context, out PolicyVariable? unresolved)
    {
        unresolved = null;
        foreach (var pattern in _resources)
        {
            if (pattern.Matches(resource, context, out var missing))
            {
                unresolved = null;
                return !_isNotResource;
            }

            unresolved ??= missing;
        }

        // What NotResource leaves out cannot be told without the variable's value: then it denies all, and allows nothing.
        return _isNotResource && (unresolved is null || Effect == PolicyEffect.Deny);
    }

    /// <summary>The first of its conditions that does not hold, or null when all do.</summary>
    /// <param name="context">The connection.</param>
    internal PolicyCondition? FindFailedCondition(PolicyContext context)
    {
        foreach (var condition in _conditions)
        {
            if (!condition.Holds(context, Effect))
            {
                return condition;
            }
        }

        return null;
    }

    internal static PolicyStatement Parse(DocumentNode node, int index)
    {
        string? sid = null;
        PolicyEffect? effect = null;
        (IReadOnlyList<PolicyPattern> Patterns, bool IsNot)? actions = null;
        (IReadOnlyList<PolicyPattern> Patterns, bool IsNot)? resources = null;
        IReadOnlyList<PolicyCondition> conditions = [];
        foreach (var (name, value) in node.Members())
        {
            switch (name)
            {
                case "Sid":
                    sid = value.Text();
                    break;

                case "Effect":
                    effect = value.Text() switch
                    {
                        "Allow" => PolicyEffect.Allow,
                        "Deny" => PolicyEffect.Deny,
                        _ => throw value.Fault("must be Allow or Deny"),
                    };
                    break;

                case "Action" or "NotAction" when actions is not null:
                    throw value.Fault("Action and NotAction exclude each other");

                case "Action" or "NotAction":
                    actions = (NotEmpty(value, [.. value.OneOrMore().Select(ParseAction)]), name == "NotAction");
                    break;

                case "Resource" or "NotResource" when resources is not null:
                    throw value.Fault("Resource and NotResource exclude each other");

                case "Resource" or "NotResource":
                    resources = (NotEmpty(value, [.. value.OneOrMore().Select(ParseResource)]), name == "NotResource");
                    break;

                case "Condition":
                    conditions = PolicyCondition.Parse(value);
                    break;

                default:
                    throw value.Fault(name + " is no element of an AWS IoT policy statement");
            }
        }

        return new PolicyStatement(
            index,
            sid,
            effect ?? throw node.Fault("Effect is missing"),
            actions ?? throw node.Fault("Action is missing"),
            resources ?? throw node.Fault("Resource is missing"),
            conditions);
    }

    private static IReadOnlyList<PolicyPattern> NotEmpty(DocumentNode node, IReadOnlyList<PolicyPattern> patterns) =>
        patterns.Count > 0 ? patterns : throw node.Fault("must not be empty");

    private static PolicyPattern ParseAction(DocumentNode node)
    {
        var text = node.Text();
        var colon = text.IndexOf(':');
        if (text != "*" && (colon < 1 || colon == text.Length - 1 || !text.All(c => char.IsAsciiLetterOrDigit(c) || ":-*?".Contains(c))))
        {
            throw node.Fault($"'{text}' is no action; an action is SERVICE:NAME, such as iot:Publish, or *");
        }

        return PolicyPattern.ParseWildcards(text.ToLowerInvariant());
    }

    private static PolicyPattern ParseResource(DocumentNode node)
    {
        var text = node.Text();
        if (text != "*" && !text.StartsWith("arn:", StringComparison.Ordinal))
        {
            throw node.Fault($"'{text}' is no resource; a resource is an ARN, such as arn:aws:iot:REGION:ACCOUNT:topic/TOPIC, or *");
        }

        return PolicyPattern.ParseResource(node);
    }
}
