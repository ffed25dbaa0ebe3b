namespace LocalCloud;

/// <summary>A value in a provisioning template: a string, or a function that makes one out of the parameters of a registration.</summary>
internal abstract class TemplateExpression
{
    /// <summary>The value for one registration.</summary>
    /// <param name="values">Values of the parameters, defaults and pseudo parameters included.</param>
    /// <exception cref="TemplateEvaluationException">A parameter has no value.</exception>
    public abstract string Evaluate(IReadOnlyDictionary<string, string> values);

    /// <summary>Reads a string or a function.</summary>
    /// <param name="node">The value in the template.</param>
    /// <param name="parameters">The names that <c>Ref</c> may name.</param>
    /// <exception cref="DocumentFormatException">It is neither, the function is not supported, or names no parameter.</exception>
    public static TemplateExpression Parse(DocumentNode node, IReadOnlySet<string> parameters)
    {
        if (node.IsString)
        {
            return new LiteralExpression(node.Text());
        }

        if (!node.IsObject)
        {
            throw node.Fault("must be a string or a function such as { \"Ref\": \"PARAMETER\" }");
        }

        var members = node.Members().ToList();
        if (members.Count != 1)
        {
            throw node.Fault("must be a string or an object with one member, the function");
        }

        var (function, argument) = members[0];
        return function switch
        {
            "Ref" => RefExpression.Parse(argument, parameters),
            "Fn::Join" => JoinExpression.Parse(argument, parameters),
            "Fn::Select" or "Fn::Split" or "Fn::Sub" or "Fn::FindInMap" => throw argument.Fault(function + " is not supported yet"),
            _ => throw argument.Fault(function + " is no function of provisioning templates"),
        };
    }
}
