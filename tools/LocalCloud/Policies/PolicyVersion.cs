namespace LocalCloud;

/// <summary>One version of a policy.</summary>
/// <param name="Id">Its number, from 1; a number is never used again.</param>
/// <param name="Document">What it says.</param>
/// <param name="CreatedAt">When it was made.</param>
public sealed record PolicyVersion(int Id, PolicyDocument Document, DateTimeOffset CreatedAt);
