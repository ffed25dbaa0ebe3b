namespace LocalCloud;

/// <summary>What the resources of a template have in common: reading them.</summary>
internal static class TemplateSection
{
    /// <summary>The members of <paramref name="node"/>, each of which must have a name among <paramref name="known"/>.</summary>
    /// <param name="node">An object.</param>
    /// <param name="what">What the object is, for the error.</param>
    /// <param name="known">The names that are read.</param>
    /// <param name="later">Names that AWS knows and LocalCloud does not yet.</param>
    public static Dictionary<string, DocumentNode> Read(DocumentNode node, string what, string[] known, params string[] later)
    {
        var members = new Dictionary<string, DocumentNode>(StringComparer.Ordinal);
        foreach (var (name, value) in node.Members())
        {
            if (later.Contains(name))
            {
                throw value.Fault(name + " is not supported yet");
            }

            if (!known.Contains(name))
            {
                throw value.Fault($"{name} is not known in {what}; known are {string.Join(", ", known)}");
            }

            members.Add(name, value);
        }

        return members;
    }

    /// <summary>The override setting <paramref name="name"/>.</summary>
    /// <param name="settings">OverrideSettings as read, or null where the resource has none.</param>
    /// <param name="name">What is overridden.</param>
    /// <param name="canMerge">Whether MERGE makes sense of it.</param>
    public static OverrideAction Override(Dictionary<string, DocumentNode>? settings, string name, bool canMerge)
    {
        // AWS documents no default. Leaving what is there is what lets a device with an unchanged template register again.
        if (settings is null || !settings.TryGetValue(name, out var node))
        {
            return OverrideAction.DoNothing;
        }

        return node.Text() switch
        {
            "DO_NOTHING" => OverrideAction.DoNothing,
            "REPLACE" => OverrideAction.Replace,
            "FAIL" => OverrideAction.Fail,
            "MERGE" when canMerge => OverrideAction.Merge,
            _ => throw node.Fault(canMerge ? "must be DO_NOTHING, REPLACE, MERGE or FAIL" : "must be DO_NOTHING, REPLACE or FAIL"),
        };
    }
}
