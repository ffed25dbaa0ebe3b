using System.IO.Enumeration;

namespace LocalCloud;

/// <summary>
/// The faults that a LocalCloud commits. Each rule counts for itself what comes by at its step, and of those that are due the
/// first is carried out. Rules may be added and removed while LocalCloud runs. Safe for use by many threads.
/// </summary>
public sealed class FaultPlan
{
    private readonly Lock _gate = new();
    private readonly List<Entry> _entries = [];

    /// <summary>Makes a plan.</summary>
    /// <param name="rules">Its rules, the first before the others.</param>
    /// <exception cref="ArgumentException">A rule is wrong (<see cref="FaultRule.FindFaults"/>).</exception>
    public FaultPlan(params IEnumerable<FaultRule> rules)
    {
        ArgumentNullException.ThrowIfNull(rules);
        foreach (var rule in rules)
        {
            Add(rule);
        }
    }

    /// <summary>The rules, also those that are spent.</summary>
    public IReadOnlyList<FaultRule> Rules
    {
        get
        {
            lock (_gate)
            {
                return [.. _entries.Select(entry => entry.Rule)];
            }
        }
    }

    /// <summary>Reads a plan from JSON: an array of rules.</summary>
    /// <exception cref="FaultPlanException">It is none; all that is wrong is in it.</exception>
    public static FaultPlan Parse(string json) => new(FaultPlanFile.Parse(json));

    /// <summary>Adds a rule after the others; what came by before does not count.</summary>
    /// <exception cref="ArgumentException">The rule is wrong (<see cref="FaultRule.FindFaults"/>).</exception>
    public void Add(FaultRule rule)
    {
        ArgumentNullException.ThrowIfNull(rule);
        if (rule.FindFaults() is { Count: > 0 } faults)
        {
            throw new ArgumentException(string.Join("; ", faults), nameof(rule));
        }

        lock (_gate)
        {
            _entries.Add(new Entry(rule));
        }
    }

    /// <summary>Removes a rule. What it has begun already, as a delay, goes on.</summary>
    /// <returns>Whether it was there.</returns>
    public bool Remove(FaultRule rule)
    {
        lock (_gate)
        {
            var index = _entries.FindIndex(entry => entry.Rule == rule);
            if (index >= 0)
            {
                _entries.RemoveAt(index);
            }

            return index >= 0;
        }
    }

    /// <summary>Removes all rules.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            _entries.Clear();
        }
    }

    /// <summary>What is to be done with what comes by at a step, which is counted; null for what is right.</summary>
    /// <param name="step">The step.</param>
    /// <param name="clientId">Whose it is; empty where that is not known.</param>
    internal FaultRule? Take(FaultStep step, string clientId)
    {
        lock (_gate)
        {
            FaultRule? taken = null;
            foreach (var entry in _entries)
            {
                var rule = entry.Rule;
                if (entry.Step != step || !IsFor(rule, clientId))
                {
                    continue;
                }

                if (entry.Passed < rule.Skip)
                {
                    entry.Passed++;
                }
                else if (taken is null && (rule.Times == 0 || entry.CarriedOut < rule.Times))
                {
                    entry.CarriedOut++;
                    taken = rule;
                }
            }

            return taken;
        }
    }

    /// <summary>Whether a rule is for a client. An expression matches no empty text, not even *.</summary>
    private static bool IsFor(FaultRule rule, string clientId) => rule.Client == "*" || FileSystemName.MatchesSimpleExpression(rule.Client, clientId, ignoreCase: false);

    private sealed class Entry(FaultRule rule)
    {
        public FaultRule Rule { get; } = rule;

        /// <summary>Where it is carried out: what is lost of a request is its answer.</summary>
        public FaultStep Step { get; } = (rule.At, rule.Do) switch
        {
            (FaultStep.Connect, FaultAction.Lose) => FaultStep.ConnAck,
            (FaultStep.Subscribe, FaultAction.Lose) => FaultStep.SubAck,
            (FaultStep.Publish, FaultAction.Lose) => FaultStep.PubAck,
            (FaultStep.CreateKeysAndCertificate, FaultAction.Lose) => FaultStep.CreateKeysAndCertificateAnswer,
            (FaultStep.CreateCertificateFromCsr, FaultAction.Lose) => FaultStep.CreateCertificateFromCsrAnswer,
            (FaultStep.RegisterThing, FaultAction.Lose) => FaultStep.RegisterThingAnswer,
            _ => rule.At,
        };

        public int Passed { get; set; }

        public int CarriedOut { get; set; }
    }
}
