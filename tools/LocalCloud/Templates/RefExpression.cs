namespace LocalCloud;

/// <summary><c>{ "Ref": "NAME" }</c>: the value of a parameter.</summary>
internal sealed class RefExpression : TemplateExpression
{
    private readonly string _name;

    private RefExpression(string name)
    {
        _name = name;
    }

    public static new RefExpression Parse(DocumentNode node, IReadOnlySet<string> parameters)
    {
        var name = node.Text();
        return parameters.Contains(name)
            ? new RefExpression(name)
            : throw node.Fault($"'{name}' is not declared under Parameters");
    }

    // AWS's own words, as devices in the field get them.
    public override string Evaluate(IReadOnlyDictionary<string, string> values) =>
        values.TryGetValue(_name, out var value)
            ? value
            : throw new TemplateEvaluationException($"Cannot resolve reference value: {_name}");
}
