namespace LocalCloud;

/// <summary>A text, with wildcards for the operators that are "like" another.</summary>
internal sealed class TextOperand : ConditionOperand
{
    private readonly PolicyPattern _pattern;
    private readonly bool _ignoresCase;

    private TextOperand(PolicyPattern pattern, bool ignoresCase)
    {
        _pattern = pattern;
        _ignoresCase = ignoresCase;
    }

    public static TextOperand ParseEqual(DocumentNode node) => new(PolicyPattern.Parse(node, node.Text(), hasWildcards: false), ignoresCase: false);

    public static TextOperand ParseLike(DocumentNode node) => new(PolicyPattern.Parse(node, node.Text(), hasWildcards: true), ignoresCase: false);

    public static TextOperand ParseIgnoringCase(DocumentNode node)
    {
        // Names of variables are written in both cases, so that only a text without them can be lowered.
        var text = node.Text();
        return text.Contains("${", StringComparison.Ordinal)
            ? throw node.Fault("a policy variable is not supported in a comparison that ignores case")
            : new(PolicyPattern.Parse(node, text.ToLowerInvariant(), hasWildcards: false), ignoresCase: true);
    }

    public static TextOperand ParseBoolean(DocumentNode node) => node.BooleanText().ToLowerInvariant() is "true" or "false"
        ? new(PolicyPattern.Parse(node, node.BooleanText().ToLowerInvariant(), hasWildcards: false), ignoresCase: true)
        : throw node.Fault("must be true or false");

    public override bool Matches(string candidate, PolicyContext context, out PolicyVariable? unresolved) =>
        _pattern.Matches(_ignoresCase ? candidate.ToLowerInvariant() : candidate, context, out unresolved);
}
