namespace LocalCloud;

/// <summary>A list of strings in a provisioning template: written out, or made by a function.</summary>
internal abstract class TemplateList
{
    /// <summary>The list for one registration.</summary>
    /// <param name="values">Values of the parameters, defaults and pseudo parameters included.</param>
    /// <exception cref="TemplateEvaluationException">A parameter has no value, or a function no result.</exception>
    public abstract IReadOnlyList<string> Evaluate(IReadOnlyDictionary<string, string> values);

    /// <summary>Reads a list.</summary>
    /// <param name="node">An array, or a function that gives a list.</param>
    /// <param name="scope">What functions may name.</param>
    /// <exception cref="DocumentFormatException">It is neither.</exception>
    public static TemplateList Parse(DocumentNode node, TemplateScope scope)
    {
        if (node.IsArray)
        {
            return new WrittenList([.. node.Items().Select(item => TemplateExpression.Parse(item, scope))]);
        }

        if (!node.IsObject || node.Members().ToList() is not [var (function, argument)])
        {
            throw node.Fault("must be a list, or one of the functions Fn::Split and Fn::FindInMap");
        }

        return function switch
        {
            "Fn::Split" => SplitList.Parse(argument, scope),
            "Fn::FindInMap" => new FindInMapList(MappingLookup.Parse(argument, scope)),
            _ => throw argument.Fault(function + " gives no list"),
        };
    }
}
