namespace LocalCloud;

/// <summary><c>{ "Fn::Split": ["DELIMITER", VALUE] }</c>: the parts of a value, empty ones included.</summary>
internal sealed class SplitList : TemplateList
{
    private readonly string _delimiter;
    private readonly TemplateExpression _value;

    private SplitList(string delimiter, TemplateExpression value)
    {
        _delimiter = delimiter;
        _value = value;
    }

    public static new SplitList Parse(DocumentNode node, TemplateScope scope)
    {
        var arguments = node.Items().ToList();
        if (arguments.Count != 2)
        {
            throw node.Fault("must be [\"DELIMITER\", VALUE]");
        }

        var delimiter = arguments[0].Text();
        return delimiter.Length > 0
            ? new SplitList(delimiter, TemplateExpression.Parse(arguments[1], scope))
            : throw arguments[0].Fault("must not be empty");
    }

    public override IReadOnlyList<string> Evaluate(IReadOnlyDictionary<string, string> values) => _value.Evaluate(values).Split(_delimiter);
}
