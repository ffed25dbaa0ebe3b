namespace LocalCloud;

/// <summary>
/// An action, a resource or a value of a condition in a policy statement: text with the wildcards <c>*</c> (any run of characters, slashes included)
/// and <c>?</c> (one character), and in resources and conditions variables <c>${…}</c>. <c>+</c> and <c>#</c> mean nothing here.
/// </summary>
internal sealed class PolicyPattern
{
    // A pattern as the matcher wants it: one element for a character, negative ones for the wildcards.
    private const int AnyRun = -1;
    private const int AnyOne = -2;

    private readonly IReadOnlyList<Part> _parts;

    /// <summary>The whole pattern where it has no variables.</summary>
    private readonly int[]? _constant;

    private PolicyPattern(IReadOnlyList<Part> parts)
    {
        _parts = parts;
        _constant = parts.Any(part => part.Variable is not null) ? null : [.. parts.SelectMany(part => part.Elements)];
    }

    /// <summary>Compiles a pattern with wildcards only.</summary>
    public static PolicyPattern ParseWildcards(string text) => new([new Part([.. text.Select(Element)], Variable: null)]);

    /// <summary>Compiles a pattern with wildcards and variables.</summary>
    /// <param name="node">Where it stands.</param>
    /// <exception cref="DocumentFormatException">A variable is not closed, or not known.</exception>
    public static PolicyPattern ParseResource(DocumentNode node) => Parse(node, node.Text(), hasWildcards: true);

    /// <summary>Compiles a text with variables, and with wildcards or without.</summary>
    /// <param name="node">Where it stands.</param>
    /// <param name="text">The text.</param>
    /// <param name="hasWildcards">Whether <c>*</c> and <c>?</c> mean more than themselves.</param>
    /// <exception cref="DocumentFormatException">A variable is not closed, or not known.</exception>
    public static PolicyPattern Parse(DocumentNode node, string text, bool hasWildcards)
    {
        int ElementOf(char c) => hasWildcards ? Element(c) : c;

        var parts = new List<Part>();
        var literal = new List<int>();
        for (var index = 0; index < text.Length; index++)
        {
            if (text[index] != '$' || index + 1 == text.Length || text[index + 1] != '{')
            {
                literal.Add(ElementOf(text[index]));
                continue;
            }

            var end = text.IndexOf('}', index);
            if (end < 0)
            {
                throw node.Fault("a policy variable has no closing brace: " + text[index..]);
            }

            var name = text[(index + 2)..end];
            if (name is "*" or "?" or "$")
            {
                // The way to write these characters themselves (IAM user guide, "Variables and tags").
                literal.Add(name[0]);
            }
            else
            {
                var variable = PolicyVariable.Find(name) ?? throw node.Fault($"the policy variable ${{{name}}} is not supported; supported are {PolicyVariable.Known}");
                if (variable.IsConditionKeyOnly)
                {
                    throw node.Fault($"{name} is a key of conditions, not a variable with one value");
                }

                parts.Add(new Part([.. literal], Variable: null));
                parts.Add(new Part([], variable));
                literal.Clear();
            }

            index = end;
        }

        parts.Add(new Part([.. literal], Variable: null));
        return new PolicyPattern(parts);
    }

    /// <summary>Whether the pattern, which has no variables, covers the whole of <paramref name="candidate"/>.</summary>
    public bool Matches(ReadOnlySpan<char> candidate) =>
        Matches(_constant ?? throw new InvalidOperationException("The pattern has variables."), candidate);

    /// <summary>Whether the pattern covers the whole of <paramref name="candidate"/>.</summary>
    /// <param name="candidate">A resource.</param>
    /// <param name="context">Values of the variables.</param>
    /// <param name="unresolved">
    /// The variable that kept the pattern from matching: it has no value, or one with wildcards in it. AWS then leaves the
    /// variable's own text standing, which no resource equals.
    /// </param>
    public bool Matches(ReadOnlySpan<char> candidate, PolicyContext context, out PolicyVariable? unresolved)
    {
        unresolved = null;
        if (_constant is not null)
        {
            return Matches(_constant, candidate);
        }

        var elements = new List<int>();
        foreach (var part in _parts)
        {
            if (part.Variable is null)
            {
                elements.AddRange(part.Elements);
                continue;
            }

            var value = part.Variable.Resolve(context);
            if (value is null)
            {
                unresolved = part.Variable;
                return false;
            }

            elements.AddRange(value.Select(c => (int)c));
        }

        return Matches(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(elements), candidate);
    }

    private static int Element(char c) => c switch
    {
        '*' => AnyRun,
        '?' => AnyOne,
        _ => c,
    };

    /// <summary>Linear but for the last <c>*</c>, to which alone it goes back: an earlier one never has to take more.</summary>
    private static bool Matches(ReadOnlySpan<int> pattern, ReadOnlySpan<char> candidate)
    {
        var p = 0;
        var c = 0;
        var lastRun = -1;
        var takenByRun = 0;
        while (c < candidate.Length)
        {
            if (p < pattern.Length && pattern[p] == AnyRun)
            {
                lastRun = p++;
                takenByRun = c;
            }
            else if (p < pattern.Length && (pattern[p] == AnyOne || pattern[p] == candidate[c]))
            {
                p++;
                c++;
            }
            else if (lastRun >= 0)
            {
                p = lastRun + 1;
                c = ++takenByRun;
            }
            else
            {
                return false;
            }
        }

        while (p < pattern.Length && pattern[p] == AnyRun)
        {
            p++;
        }

        return p == pattern.Length;
    }

    private readonly record struct Part(int[] Elements, PolicyVariable? Variable);
}
