using System.Text;
using System.Text.Json;

namespace LocalCloud;

/// <summary>A fault plan as a JSON file: an array of objects.</summary>
public static class FaultPlanFile
{
    private static readonly JsonDocumentOptions s_lenient = new()
    {
        // Written by hand, and tried out by leaving lines away.
        CommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        AllowDuplicateProperties = false,
    };

    /// <summary>The form of the file in a few lines, for whoever writes one.</summary>
    public static string Help { get; } = Describe();

    /// <summary>What the file calls a step.</summary>
    public static string NameOf(FaultStep step) => step switch
    {
        FaultStep.CreateKeysAndCertificate or FaultStep.CreateCertificateFromCsr or FaultStep.RegisterThing => step.ToString(),
        FaultStep.CreateKeysAndCertificateAnswer => NameOf(FaultStep.CreateKeysAndCertificate) + "/answer",
        FaultStep.CreateCertificateFromCsrAnswer => NameOf(FaultStep.CreateCertificateFromCsr) + "/answer",
        FaultStep.RegisterThingAnswer => NameOf(FaultStep.RegisterThing) + "/answer",
        _ => step.ToString().ToLowerInvariant(),
    };

    /// <summary>What the file calls an action.</summary>
    public static string NameOf(FaultAction action) => action.ToString().ToLowerInvariant();

    internal static string Listed(IEnumerable<string> names) => string.Join(", ", names);

    internal static IReadOnlyList<FaultRule> Parse(string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        var problems = new List<string>();
        var rules = new List<FaultRule>();
        try
        {
            using var document = JsonDocument.Parse(json, s_lenient);
            if (document.RootElement.ValueKind != JsonValueKind.Array)
            {
                problems.Add("it is no JSON array of faults, as [{\"at\": \"RegisterThing/answer\", \"do\": \"lose\"}]");
            }
            else
            {
                foreach (var (index, element) in document.RootElement.EnumerateArray().Index())
                {
                    var reader = new RuleReader(element, $"[{index}]", problems);
                    if (reader.Read() is { } rule)
                    {
                        rules.Add(rule);
                    }
                }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException is how JsonElement says that a string is not well-formed UTF-16.
            problems.Add($"it is not JSON: {e.Message}");
        }

        return problems.Count == 0 ? rules : throw new FaultPlanException(problems);
    }

    private static string Describe()
    {
        var text = new StringBuilder("a JSON array of faults, as [{\"at\": \"RegisterThing/answer\", \"do\": \"lose\"}]. What can be done where:\n");
        foreach (var step in Enum.GetValues<FaultStep>())
        {
            text.Append(NameOf(step)).Append(": ").AppendJoin(", ", FaultRule.ActionsAt(step).Select(NameOf)).Append('\n');
        }

        return text.Append(
            """
            Other keys: client (client id with * and ?), skip (let so many pass first), times (1; 0 for ever), seconds (of a delay; after which a session is disturbed), packets (likewise), statusCode (of a refused provisioning request, 400), returnCode (of a refused CONNECT, 7), bytes (of an oversized answer, 16384)
            """).ToString();
    }

    /// <summary>Reads one rule, and tells all that is wrong with it.</summary>
    private sealed class RuleReader(JsonElement element, string where, List<string> problems)
    {
        private readonly int _problemsBefore = problems.Count;

        public FaultRule? Read()
        {
            if (element.ValueKind != JsonValueKind.Object)
            {
                Tell("is not an object");
                return null;
            }

            FaultStep? at = null;
            FaultAction? @do = null;
            var rule = new FaultRule(default, default);
            foreach (var member in element.EnumerateObject())
            {
                var value = member.Value;
                switch (member.Name)
                {
                    case "at":
                        at = Named(value, "at", "step", Enum.GetValues<FaultStep>(), NameOf);
                        break;

                    case "do":
                        @do = Named(value, "do", "action", Enum.GetValues<FaultAction>(), NameOf);
                        break;

                    case "client" when value.ValueKind == JsonValueKind.String:
                        rule = rule with { Client = value.GetString()! };
                        break;

                    case "client":
                        Tell("client is no text");
                        break;

                    case "seconds" when value.ValueKind == JsonValueKind.Number:
                        rule = rule with { Seconds = value.GetDouble() };
                        break;

                    case "seconds":
                        Tell("seconds is no number");
                        break;

                    case "skip":
                        rule = rule with { Skip = Whole(value, "skip") ?? 0 };
                        break;

                    case "times":
                        rule = rule with { Times = Whole(value, "times") ?? 1 };
                        break;

                    case "packets":
                        rule = rule with { Packets = Whole(value, "packets") };
                        break;

                    case "statusCode":
                        rule = rule with { StatusCode = Whole(value, "statusCode") };
                        break;

                    case "returnCode":
                        rule = rule with { ReturnCode = Whole(value, "returnCode") };
                        break;

                    case "bytes":
                        rule = rule with { Bytes = Whole(value, "bytes") };
                        break;

                    default:
                        Tell($"\"{CloudLog.Printable(member.Name)}\" is no key of a fault: at, do, client, skip, times, seconds, packets, statusCode, returnCode, bytes");
                        break;
                }
            }

            Demand("at");
            Demand("do");
            if (at is { } step && @do is { } action)
            {
                rule = rule with { At = step, Do = action };
                foreach (var fault in rule.FindFaults())
                {
                    // A value that could not be read is told already, and is not missing.
                    if (problems.Count == _problemsBefore || !fault.Contains("missing", StringComparison.Ordinal))
                    {
                        Tell(fault);
                    }
                }
            }

            return problems.Count == _problemsBefore ? rule : null;
        }

        private void Demand(string key)
        {
            if (!element.TryGetProperty(key, out _))
            {
                Tell($"{key} is missing");
            }
        }

        private T? Named<T>(JsonElement value, string key, string kind, T[] known, Func<T, string> nameOf)
            where T : struct
        {
            foreach (var one in known)
            {
                if (value.ValueKind == JsonValueKind.String && value.ValueEquals(nameOf(one)))
                {
                    return one;
                }
            }

            Tell($"{key} {CloudLog.Printable(value.GetRawText())} is no {kind}: {Listed(known.Select(nameOf))}");
            return null;
        }

        private int? Whole(JsonElement value, string key)
        {
            if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number))
            {
                return number;
            }

            Tell($"{key} {CloudLog.Printable(value.GetRawText())} is no whole number");
            return null;
        }

        private void Tell(string problem) => problems.Add($"{where}: {problem}");
    }
}
