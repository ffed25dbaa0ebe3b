namespace LocalCloud;

/// <summary>How a condition treats the values of a key that can have several (IAM user guide, "Set operators for multivalued context keys").</summary>
internal enum ConditionSet
{
    /// <summary>The key has one value.</summary>
    None,

    /// <summary>One of the values is enough; without a value it does not hold.</summary>
    ForAnyValue,

    /// <summary>Each value must; without a value it holds.</summary>
    ForAllValues,
}
