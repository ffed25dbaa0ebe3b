using System.Diagnostics.CodeAnalysis;

namespace LocalCloud;

/// <summary>The Mappings of a template: for each name a map of two levels, of strings and lists of strings.</summary>
internal sealed class TemplateMappings
{
    private readonly Dictionary<string, Dictionary<string, Dictionary<string, IReadOnlyList<string>>>> _maps = new(StringComparer.Ordinal);
    private readonly HashSet<(string Map, string Key, string Name)> _lists = [];

    /// <summary>No mappings.</summary>
    public static TemplateMappings None { get; } = new();

    /// <summary>Reads the section. It has no functions: an object in place of a value is a mistake.</summary>
    public static TemplateMappings Parse(DocumentNode node)
    {
        var mappings = new TemplateMappings();
        foreach (var (map, keys) in node.Members())
        {
            var read = new Dictionary<string, Dictionary<string, IReadOnlyList<string>>>(StringComparer.Ordinal);
            foreach (var (key, names) in keys.Members())
            {
                var values = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
                foreach (var (name, value) in names.Members())
                {
                    if (value.IsObject)
                    {
                        throw value.Fault("a mapping has two levels, and no functions in it");
                    }

                    values.Add(name, [.. value.OneOrMore().Select(item => item.Text())]);
                    if (value.IsArray)
                    {
                        mappings._lists.Add((map, key, name));
                    }
                }

                read.Add(key, values);
            }

            mappings._maps.Add(map, read);
        }

        return mappings;
    }

    /// <summary>Whether there is a mapping of this name.</summary>
    public bool Contains(string map) => _maps.ContainsKey(map);

    /// <summary>Whether this entry is a list.</summary>
    public bool IsList(string map, string key, string name) => _lists.Contains((map, key, name));

    /// <summary>An entry: the string alone, or the strings of the list.</summary>
    public bool TryGet(string map, string key, string name, [NotNullWhen(true)] out IReadOnlyList<string>? values)
    {
        values = null;
        return _maps.TryGetValue(map, out var keys) && keys.TryGetValue(key, out var names) && names.TryGetValue(name, out values);
    }
}
