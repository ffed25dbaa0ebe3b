namespace LocalCloud;

/// <summary><c>{ "Ref": "NAME" }</c>: the value of a parameter.</summary>
/// <param name="name">A declared one.</param>
internal sealed class RefExpression(string name) : TemplateExpression
{
    public static new RefExpression Parse(DocumentNode node, TemplateScope scope)
    {
        var name = node.Text();
        return scope.Parameters.Contains(name)
            ? new RefExpression(name)
            : throw node.Fault($"'{name}' is not declared under Parameters");
    }

    // AWS's own words, as devices in the field get them.
    public override string Evaluate(IReadOnlyDictionary<string, string> values) =>
        values.TryGetValue(name, out var value)
            ? value
            : throw new TemplateEvaluationException($"Cannot resolve reference value: {name}");
}
