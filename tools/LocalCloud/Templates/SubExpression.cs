using System.Text;

namespace LocalCloud;

/// <summary>
/// <c>{ "Fn::Sub": "TEXT" }</c> or <c>{ "Fn::Sub": ["TEXT", { "NAME": VALUE, … }] }</c>: a text with the values of names and
/// parameters put in for <c>${NAME}</c>. <c>${!NAME}</c> stays, as <c>${NAME}</c>.
/// </summary>
/// <remarks>The developer guide says no more than "substitutes variables in an input string"; the form is CloudFormation's.</remarks>
internal sealed class SubExpression : TemplateExpression
{
    private readonly IReadOnlyList<TemplateExpression> _parts;

    private SubExpression(IReadOnlyList<TemplateExpression> parts)
    {
        _parts = parts;
    }

    public static new SubExpression Parse(DocumentNode node, TemplateScope scope)
    {
        var variables = new Dictionary<string, TemplateExpression>(StringComparer.Ordinal);
        var text = node;
        if (node.IsArray)
        {
            var arguments = node.Items().ToList();
            if (arguments.Count != 2)
            {
                throw node.Fault("must be \"TEXT\" or [\"TEXT\", { \"NAME\": VALUE, … }]");
            }

            text = arguments[0];
            foreach (var (name, value) in arguments[1].Members())
            {
                variables.Add(name, TemplateExpression.Parse(value, scope));
            }
        }

        return new SubExpression(Compile(text, variables, scope));
    }

    public override string Evaluate(IReadOnlyDictionary<string, string> values) => string.Concat(_parts.Select(part => part.Evaluate(values)));

    private static List<TemplateExpression> Compile(DocumentNode node, Dictionary<string, TemplateExpression> variables, TemplateScope scope)
    {
        var text = node.Text();
        var parts = new List<TemplateExpression>();
        var literal = new StringBuilder();
        var index = 0;
        while (index < text.Length)
        {
            var start = text.IndexOf("${", index, StringComparison.Ordinal);
            if (start < 0)
            {
                break;
            }

            var end = text.IndexOf('}', start);
            if (end < 0)
            {
                throw node.Fault("a variable has no closing brace: " + text[start..]);
            }

            literal.Append(text, index, start - index);
            var name = text[(start + 2)..end];
            if (name.StartsWith('!'))
            {
                literal.Append("${").Append(name, 1, name.Length - 1).Append('}');
            }
            else
            {
                parts.Add(new LiteralExpression(literal.ToString()));
                literal.Clear();
                parts.Add(variables.TryGetValue(name, out var variable)
                    ? variable
                    : scope.Parameters.Contains(name)
                        ? new RefExpression(name)
                        : throw node.Fault($"'{name}' is neither among the names given nor declared under Parameters; write ${{!{name}}} where ${{{name}}} is meant to stay"));
            }

            index = end + 1;
        }

        literal.Append(text, index, text.Length - index);
        parts.Add(new LiteralExpression(literal.ToString()));
        return parts;
    }
}
