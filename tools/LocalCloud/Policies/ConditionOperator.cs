using System.Collections.Frozen;

namespace LocalCloud;

/// <summary>How a condition compares: the operators of AWS's documented IoT policies and their opposites.</summary>
/// <param name="IsNegated">Whether it holds where no value is equal.</param>
/// <param name="ParseOperand">Reads a value to compare with.</param>
internal sealed record ConditionOperator(bool IsNegated, Func<DocumentNode, ConditionOperand> ParseOperand)
{
    /// <summary>Holds where the key is absent (<c>true</c>) or present (<c>false</c>); compares with nothing else.</summary>
    public const string Null = "Null";

    private static readonly FrozenDictionary<string, ConditionOperator> s_known = new Dictionary<string, ConditionOperator>(StringComparer.Ordinal)
    {
        ["StringEquals"] = new(IsNegated: false, TextOperand.ParseEqual),
        ["StringNotEquals"] = new(IsNegated: true, TextOperand.ParseEqual),
        ["StringEqualsIgnoreCase"] = new(IsNegated: false, TextOperand.ParseIgnoringCase),
        ["StringNotEqualsIgnoreCase"] = new(IsNegated: true, TextOperand.ParseIgnoringCase),
        ["StringLike"] = new(IsNegated: false, TextOperand.ParseLike),
        ["StringNotLike"] = new(IsNegated: true, TextOperand.ParseLike),
        ["Bool"] = new(IsNegated: false, TextOperand.ParseBoolean),
        ["IpAddress"] = new(IsNegated: false, AddressOperand.Parse),
        ["NotIpAddress"] = new(IsNegated: true, AddressOperand.Parse),
        ["ArnEquals"] = new(IsNegated: false, ArnOperand.Parse),
        ["ArnLike"] = new(IsNegated: false, ArnOperand.Parse),
        ["ArnNotEquals"] = new(IsNegated: true, ArnOperand.Parse),
        ["ArnNotLike"] = new(IsNegated: true, ArnOperand.Parse),
        [Null] = new(IsNegated: false, TextOperand.ParseBoolean),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The names that documents may use, for the message about another.</summary>
    public static string Known => string.Join(", ", s_known.Keys.Order(StringComparer.Ordinal));

    /// <summary>The operator of this name, or null.</summary>
    public static ConditionOperator? Find(string name) => s_known.GetValueOrDefault(name);
}
