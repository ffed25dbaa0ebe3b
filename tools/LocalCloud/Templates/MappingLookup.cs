namespace LocalCloud;

/// <summary>The arguments of <c>Fn::FindInMap</c>: <c>["MAPPING", KEY, NAME]</c>.</summary>
internal sealed class MappingLookup
{
    private readonly TemplateMappings _mappings;
    private readonly TemplateExpression _map;
    private readonly TemplateExpression _key;
    private readonly TemplateExpression _name;

    private MappingLookup(TemplateMappings mappings, TemplateExpression map, TemplateExpression key, TemplateExpression name)
    {
        _mappings = mappings;
        _map = map;
        _key = key;
        _name = name;
    }

    public static MappingLookup Parse(DocumentNode node, TemplateScope scope)
    {
        var arguments = node.Items().ToList();
        if (arguments.Count != 3)
        {
            throw node.Fault("must be [\"MAPPING\", KEY, NAME]");
        }

        var lookup = new MappingLookup(
            scope.Mappings,
            TemplateExpression.Parse(arguments[0], scope),
            TemplateExpression.Parse(arguments[1], scope),
            TemplateExpression.Parse(arguments[2], scope));
        if (lookup._map is LiteralExpression map)
        {
            if (!scope.Mappings.Contains(map.Text))
            {
                throw arguments[0].Fault($"'{map.Text}' is not declared under Mappings");
            }

            if (lookup._key is LiteralExpression key && lookup._name is LiteralExpression name && !scope.Mappings.TryGet(map.Text, key.Text, name.Text, out _))
            {
                throw node.Fault($"there is no {key.Text}, {name.Text} in the mapping {map.Text}");
            }
        }

        return lookup;
    }

    /// <summary>The entry, and whether it is a list.</summary>
    /// <exception cref="TemplateEvaluationException">There is none.</exception>
    public (IReadOnlyList<string> Values, bool IsList) Find(IReadOnlyDictionary<string, string> values)
    {
        var (map, key, name) = (_map.Evaluate(values), _key.Evaluate(values), _name.Evaluate(values));
        return _mappings.TryGet(map, key, name, out var found)
            ? (found, _mappings.IsList(map, key, name))
            : throw new TemplateEvaluationException($"Cannot find {key}, {name} in mapping {map}");
    }
}
