namespace LocalCloud;

/// <summary>One key of one operator of the Condition of a policy statement.</summary>
internal sealed class PolicyCondition
{
    private readonly string _operatorName;
    private readonly ConditionSet _set;
    private readonly ConditionOperator _operator;
    private readonly PolicyVariable _key;
    private readonly IReadOnlyList<ConditionOperand> _operands;
    private readonly string _operandText;

    private PolicyCondition(string operatorName, ConditionSet set, ConditionOperator @operator, PolicyVariable key, IReadOnlyList<DocumentNode> operands)
    {
        _operatorName = operatorName;
        _set = set;
        _operator = @operator;
        _key = key;
        _operands = [.. operands.Select(@operator.ParseOperand)];
        _operandText = string.Join(", ", operands.Select(operand => operand.BooleanText()));
    }

    /// <summary>Reads the Condition of a statement.</summary>
    /// <param name="node">An object of operators, each an object of keys.</param>
    public static IReadOnlyList<PolicyCondition> Parse(DocumentNode node)
    {
        var conditions = new List<PolicyCondition>();
        foreach (var (operatorName, keys) in node.Members())
        {
            var (set, name) = operatorName.Split(':', 2) switch
            {
                ["ForAnyValue", var rest] => (ConditionSet.ForAnyValue, rest),
                ["ForAllValues", var rest] => (ConditionSet.ForAllValues, rest),
                _ => (ConditionSet.None, operatorName),
            };
            var @operator = ConditionOperator.Find(name);
            if (@operator is null || (set != ConditionSet.None && name == ConditionOperator.Null))
            {
                throw keys.Fault($"the condition operator {operatorName} is not supported; supported are {ConditionOperator.Known}, and all but Null with ForAnyValue: or ForAllValues: before them");
            }

            foreach (var (keyName, operands) in keys.Members())
            {
                var key = PolicyVariable.Find(keyName) ?? throw operands.Fault($"the condition key {keyName} is not supported; supported are {PolicyVariable.Known}");
                if (key.IsList && set == ConditionSet.None && name != ConditionOperator.Null)
                {
                    throw operands.Fault($"{keyName} can have several values; {operatorName} needs ForAnyValue: or ForAllValues: before it");
                }

                conditions.Add(new PolicyCondition(operatorName, set, @operator, key, [.. operands.OneOrMore()]));
            }
        }

        return conditions;
    }

    /// <summary>Whether it holds.</summary>
    /// <param name="context">The connection.</param>
    /// <param name="effect">
    /// The statement's. An operand that cannot be worked out equals nothing; where that would let an opposite hold, it
    /// serves a statement that denies, and none that allows.
    /// </param>
    public bool Holds(PolicyContext context, PolicyEffect effect)
    {
        var values = _key.Values(context);
        if (_operatorName == ConditionOperator.Null)
        {
            return _operands.Any(operand => operand.Matches(values.Count == 0 ? "true" : "false", context, out _));
        }

        return _set switch
        {
            ConditionSet.ForAnyValue => values.Any(value => Holds(value, context, effect)),
            ConditionSet.ForAllValues => values.All(value => Holds(value, context, effect)),
            _ => values.Count > 0 ? Holds(values[0], context, effect) : _operator.IsNegated,
        };
    }

    /// <summary>What it asks and what is the case, to be read after "where".</summary>
    /// <param name="context">The connection.</param>
    public string Explain(PolicyContext context)
    {
        var values = _key.Values(context);
        return $"{_operatorName} {_key.Name} [{_operandText}], and here {_key.Name} is {(values.Count == 0 ? "absent" : string.Join(", ", values))}";
    }

    private bool Holds(string value, PolicyContext context, PolicyEffect effect)
    {
        var isUnresolved = false;
        foreach (var operand in _operands)
        {
            if (operand.Matches(value, context, out var unresolved))
            {
                return !_operator.IsNegated;
            }

            isUnresolved |= unresolved is not null;
        }

        return _operator.IsNegated && (!isUnresolved || effect == PolicyEffect.Deny);
    }
}
