namespace LocalCloud;

/// <summary>A value that a condition compares with.</summary>
internal abstract class ConditionOperand
{
    /// <summary>Whether a value of the condition's key is this one.</summary>
    /// <param name="candidate">The value.</param>
    /// <param name="context">Values of the variables in the operand.</param>
    /// <param name="unresolved">A variable in the operand that has no value.</param>
    public abstract bool Matches(string candidate, PolicyContext context, out PolicyVariable? unresolved);
}
