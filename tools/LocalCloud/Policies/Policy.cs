namespace LocalCloud;

/// <summary>A policy under its name.</summary>
/// <param name="Name">1 to 128 of <c>[a-zA-Z0-9_+=,.@-]</c> (AWS IoT API, CreatePolicy).</param>
/// <param name="Document">What it says.</param>
public sealed record Policy(string Name, PolicyDocument Document)
{
    /// <summary>Whether AWS takes <paramref name="name"/> as the name of a policy.</summary>
    /// <param name="name">The name.</param>
    public static bool IsValidName(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name.Length is >= 1 and <= 128 && name.All(c => char.IsAsciiLetterOrDigit(c) || "_+=,.@-".Contains(c));
    }
}
