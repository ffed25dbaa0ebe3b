namespace LocalCloud;

/// <summary>
/// An AWS IoT policy document: Version and Statement, which has Effect, Action or NotAction,
/// Resource or NotResource, Condition and Sid. What it cannot enforce it refuses to
/// load, so that a policy never means less here than on AWS.
/// </summary>
public sealed class PolicyDocument
{
    /// <summary>The longest document, in characters without white space (AWS IoT Core quotas, "Policy document size").</summary>
    public const int MaximumCharacters = 2048;

    private const string LanguageVersion = "2012-10-17";

    private PolicyDocument(string text, IReadOnlyList<PolicyStatement> statements)
    {
        Text = text;
        Statements = statements;
    }

    /// <summary>The document as it was given.</summary>
    public string Text { get; }

    /// <summary>Its statements, in order.</summary>
    public IReadOnlyList<PolicyStatement> Statements { get; }

    /// <summary>Reads a document.</summary>
    /// <param name="json">The document's JSON.</param>
    /// <exception cref="DocumentFormatException">It is not a policy, or uses an operator or variable that is not supported.</exception>
    public static PolicyDocument Parse(string json)
    {
        ArgumentNullException.ThrowIfNull(json);

        var root = DocumentNode.Parse(json);
        string? version = null;
        IReadOnlyList<PolicyStatement>? statements = null;
        foreach (var (name, value) in root.Members())
        {
            switch (name)
            {
                case "Version":
                    version = value.Text();
                    if (version != LanguageVersion)
                    {
                        throw value.Fault($"must be {LanguageVersion}");
                    }

                    break;

                case "Id":
                    // A name, nothing more.
                    _ = value.Text();
                    break;

                case "Statement":
                    statements = [.. value.OneOrMore().Select(PolicyStatement.Parse)];
                    if (statements.Count == 0)
                    {
                        throw value.Fault("must not be empty");
                    }

                    break;

                default:
                    throw value.Fault(name + " is no element of an AWS IoT policy");
            }
        }

        if (version is null)
        {
            throw root.Fault($"Version is missing; it must be {LanguageVersion}");
        }

        var characters = json.Count(c => !char.IsWhiteSpace(c));
        if (characters > MaximumCharacters)
        {
            throw root.Fault($"{characters} characters without white space are more than the {MaximumCharacters} that a policy may have");
        }

        return new PolicyDocument(json, statements ?? throw root.Fault("Statement is missing"));
    }
}
