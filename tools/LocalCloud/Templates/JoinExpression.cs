namespace LocalCloud;

/// <summary><c>{ "Fn::Join": ["DELIMITER", LIST] }</c>: values put together.</summary>
internal sealed class JoinExpression : TemplateExpression
{
    private readonly string _delimiter;
    private readonly TemplateList _values;

    private JoinExpression(string delimiter, TemplateList values)
    {
        _delimiter = delimiter;
        _values = values;
    }

    public static new JoinExpression Parse(DocumentNode node, TemplateScope scope)
    {
        var arguments = node.Items().ToList();
        return arguments.Count == 2
            ? new JoinExpression(arguments[0].Text(), TemplateList.Parse(arguments[1], scope))
            : throw node.Fault("must be [\"DELIMITER\", [VALUE, …]]");
    }

    public override string Evaluate(IReadOnlyDictionary<string, string> values) => string.Join(_delimiter, _values.Evaluate(values));
}
