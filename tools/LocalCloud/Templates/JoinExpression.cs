namespace LocalCloud;

/// <summary><c>{ "Fn::Join": ["DELIMITER", [VALUE, …]] }</c>: values put together.</summary>
internal sealed class JoinExpression : TemplateExpression
{
    private readonly string _delimiter;
    private readonly IReadOnlyList<TemplateExpression> _values;

    private JoinExpression(string delimiter, IReadOnlyList<TemplateExpression> values)
    {
        _delimiter = delimiter;
        _values = values;
    }

    public static new JoinExpression Parse(DocumentNode node, IReadOnlySet<string> parameters)
    {
        var arguments = node.Items().ToList();
        return arguments.Count == 2
            ? new JoinExpression(arguments[0].Text(), [.. arguments[1].Items().Select(value => TemplateExpression.Parse(value, parameters))])
            : throw node.Fault("must be [\"DELIMITER\", [VALUE, …]]");
    }

    public override string Evaluate(IReadOnlyDictionary<string, string> values) =>
        string.Join(_delimiter, _values.Select(value => value.Evaluate(values)));
}
