using System.Globalization;

namespace LocalCloud;

/// <summary><c>{ "Fn::Select": [INDEX, LIST] }</c>: one of several values, by its index from 0.</summary>
internal sealed class SelectExpression : TemplateExpression
{
    private readonly TemplateExpression _index;
    private readonly TemplateList _list;

    private SelectExpression(TemplateExpression index, TemplateList list)
    {
        _index = index;
        _list = list;
    }

    public static new SelectExpression Parse(DocumentNode node, TemplateScope scope)
    {
        var arguments = node.Items().ToList();
        if (arguments.Count != 2)
        {
            throw node.Fault("must be [INDEX, LIST]");
        }

        var index = arguments[0].IsNumber ? new LiteralExpression(arguments[0].NumberText()) : TemplateExpression.Parse(arguments[0], scope);
        return index is LiteralExpression literal && ReadIndex(literal.Text) is null
            ? throw arguments[0].Fault("must be a whole number from 0")
            : new SelectExpression(index, TemplateList.Parse(arguments[1], scope));
    }

    public override string Evaluate(IReadOnlyDictionary<string, string> values)
    {
        var text = _index.Evaluate(values);
        var index = ReadIndex(text) ?? throw new TemplateEvaluationException($"The index of Fn::Select must be a whole number from 0, not {text}");
        var list = _list.Evaluate(values);
        return index < list.Count
            ? list[index]
            : throw new TemplateEvaluationException($"The index of Fn::Select, {index}, is out of bounds: there are {list.Count} values");
    }

    private static int? ReadIndex(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var index) ? index : null;
}
