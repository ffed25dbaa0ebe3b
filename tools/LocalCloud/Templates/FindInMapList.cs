namespace LocalCloud;

/// <summary><c>{ "Fn::FindInMap": ["MAPPING", KEY, NAME] }</c>: a list of a mapping.</summary>
internal sealed class FindInMapList(MappingLookup lookup) : TemplateList
{
    public override IReadOnlyList<string> Evaluate(IReadOnlyDictionary<string, string> values)
    {
        var (found, isList) = lookup.Find(values);
        return isList ? found : throw new TemplateEvaluationException("Fn::FindInMap gives a string where a list is needed");
    }
}
