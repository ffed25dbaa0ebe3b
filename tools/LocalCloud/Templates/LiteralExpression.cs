namespace LocalCloud;

/// <summary>A string that stands for itself.</summary>
internal sealed class LiteralExpression(string text) : TemplateExpression
{
    public string Text { get; } = text;

    public override string Evaluate(IReadOnlyDictionary<string, string> values) => Text;
}
