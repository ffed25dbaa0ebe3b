namespace LocalCloud;

/// <summary><c>[VALUE, …]</c>: a list written out.</summary>
internal sealed class WrittenList(IReadOnlyList<TemplateExpression> items) : TemplateList
{
    public override IReadOnlyList<string> Evaluate(IReadOnlyDictionary<string, string> values) => [.. items.Select(item => item.Evaluate(values))];
}
