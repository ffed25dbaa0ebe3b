namespace LocalCloud;

/// <summary>A value in a provisioning template: a string, or a function that makes one out of the parameters of a registration.</summary>
internal abstract class TemplateExpression
{
    /// <summary>The value for one registration.</summary>
    /// <param name="values">Values of the parameters, defaults and pseudo parameters included.</param>
    /// <exception cref="TemplateEvaluationException">A parameter has no value, or a function no result.</exception>
    public abstract string Evaluate(IReadOnlyDictionary<string, string> values);

    /// <summary>Whether a value is a function, rightly written or not.</summary>
    /// <param name="node">The value in the template.</param>
    public static bool IsFunction(DocumentNode node) =>
        node.IsObject && node.Members().ToList() is [var (name, _)] && (name == "Ref" || name.StartsWith("Fn::", StringComparison.Ordinal));

    /// <summary>Reads a string or a function.</summary>
    /// <param name="node">The value in the template.</param>
    /// <param name="scope">What functions may name.</param>
    /// <exception cref="DocumentFormatException">It is neither, or the function names something that is not declared.</exception>
    public static TemplateExpression Parse(DocumentNode node, TemplateScope scope)
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
            "Ref" => RefExpression.Parse(argument, scope),
            "Fn::Join" => JoinExpression.Parse(argument, scope),
            "Fn::Select" => SelectExpression.Parse(argument, scope),
            "Fn::Sub" => SubExpression.Parse(argument, scope),
            "Fn::FindInMap" => new FindInMapExpression(MappingLookup.Parse(argument, scope)),
            "Fn::Split" => throw argument.Fault("Fn::Split gives a list, of which Fn::Select takes a string"),
            _ => throw argument.Fault(function + " is no function of provisioning templates"),
        };
    }
}
