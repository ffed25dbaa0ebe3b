namespace LocalCloud;

/// <summary>A fault plan cannot be used.</summary>
public sealed class FaultPlanException : FormatException
{
    /// <summary>Makes one.</summary>
    /// <param name="problems">What is wrong, each with its place; at least one.</param>
    public FaultPlanException(IReadOnlyList<string> problems)
        : base(string.Join(Environment.NewLine, problems))
    {
        Problems = problems;
    }

    /// <summary>All that is wrong, each with its place.</summary>
    public IReadOnlyList<string> Problems { get; }
}
