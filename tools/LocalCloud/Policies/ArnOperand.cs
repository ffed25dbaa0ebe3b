namespace LocalCloud;

/// <summary>A resource name, whose six components are compared each for itself (IAM user guide, "Amazon Resource Name condition operators").</summary>
internal sealed class ArnOperand : ConditionOperand
{
    private const int Components = 6;

    private readonly IReadOnlyList<PolicyPattern> _components;

    private ArnOperand(IReadOnlyList<PolicyPattern> components)
    {
        _components = components;
    }

    public static ArnOperand Parse(DocumentNode node)
    {
        var components = Split(node.Text());
        return components.Count == Components && components[0] == "arn"
            ? new ArnOperand([.. components.Select(component => PolicyPattern.Parse(node, component, hasWildcards: true))])
            : throw node.Fault("must be an ARN, such as arn:aws:iot:REGION:ACCOUNT:topic/TOPIC");
    }

    public override bool Matches(string candidate, PolicyContext context, out PolicyVariable? unresolved)
    {
        unresolved = null;
        var components = candidate.Split(':', Components);
        if (components.Length != Components)
        {
            return false;
        }

        for (var index = 0; index < Components; index++)
        {
            if (!_components[index].Matches(components[index], context, out unresolved))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The components; a colon within <c>${…}</c> is the variable's.</summary>
    private static List<string> Split(string text)
    {
        var components = new List<string>();
        var start = 0;
        var isInVariable = false;
        for (var index = 0; index < text.Length && components.Count < Components - 1; index++)
        {
            switch (text[index])
            {
                case '{' when index > 0 && text[index - 1] == '$':
                    isInVariable = true;
                    break;

                case '}':
                    isInVariable = false;
                    break;

                case ':' when !isInVariable:
                    components.Add(text[start..index]);
                    start = index + 1;
                    break;
            }
        }

        components.Add(text[start..]);
        return components;
    }
}
