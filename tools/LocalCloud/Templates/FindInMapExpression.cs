namespace LocalCloud;

/// <summary><c>{ "Fn::FindInMap": ["MAPPING", KEY, NAME] }</c>: a string of a mapping.</summary>
internal sealed class FindInMapExpression(MappingLookup lookup) : TemplateExpression
{
    public override string Evaluate(IReadOnlyDictionary<string, string> values)
    {
        var (found, isList) = lookup.Find(values);
        return isList ? throw new TemplateEvaluationException("Fn::FindInMap gives a list where a string is needed") : found[0];
    }
}
