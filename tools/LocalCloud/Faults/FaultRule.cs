using System.Globalization;

namespace LocalCloud;

/// <summary>One fault that is ordered: where, what, and how often.</summary>
/// <param name="At">Where.</param>
/// <param name="Do">What, one of <see cref="ActionsAt"/>.</param>
public sealed record FaultRule(FaultStep At, FaultAction Do)
{
    /// <summary>The longest <see cref="Seconds"/>: a day.</summary>
    public const int MostSeconds = 24 * 60 * 60;

    /// <summary>The client ids that it is for; * stands for any characters, ? for one. Not at <see cref="FaultStep.Tls"/>, where no client id is known yet.</summary>
    public string Client { get; init; } = "*";

    /// <summary>How many are let pass first, 0 or more.</summary>
    public int Skip { get; init; }

    /// <summary>How often it is carried out; 0 for ever.</summary>
    public int Times { get; init; } = 1;

    /// <summary>How long a delay is, or when in a session it is, in seconds: more than 0, at most <see cref="MostSeconds"/>.</summary>
    public double? Seconds { get; init; }

    /// <summary>After how many packets of the client in a session, CONNECT not counted: 1 or more.</summary>
    public int? Packets { get; init; }

    /// <summary>The status code of a refused provisioning request, 400 to 599; 400 if not given.</summary>
    public int? StatusCode { get; init; }

    /// <summary>The return code of a refused CONNECT, 1 to 255; 7 if not given, which is AWS's for what no policy allows.</summary>
    public int? ReturnCode { get; init; }

    /// <summary>The least length of an oversized answer, 1 to 131,072 (the longest payload of AWS IoT Core); 16,384 if not given.</summary>
    public int? Bytes { get; init; }

    /// <summary>The delay, or the time in a session.</summary>
    internal TimeSpan Time => TimeSpan.FromSeconds(Seconds ?? 0);

    /// <summary>What can be ordered at a step.</summary>
    public static IReadOnlyList<FaultAction> ActionsAt(FaultStep step) => step switch
    {
        FaultStep.Tls => [FaultAction.Refuse, FaultAction.Delay, FaultAction.Drop, FaultAction.Close],
        FaultStep.Connect or FaultStep.Subscribe => [FaultAction.Refuse, FaultAction.Delay, FaultAction.Drop, FaultAction.Lose, FaultAction.Close],
        FaultStep.Publish => [FaultAction.Delay, FaultAction.Drop, FaultAction.Lose, FaultAction.Close],
        FaultStep.CreateKeysAndCertificate or FaultStep.CreateCertificateFromCsr or FaultStep.RegisterThing =>
            [FaultAction.Refuse, FaultAction.Throttle, FaultAction.Delay, FaultAction.Drop, FaultAction.Lose, FaultAction.Close],
        FaultStep.ConnAck => [FaultAction.Delay, FaultAction.Lose, FaultAction.Close, FaultAction.Twice, FaultAction.Malformed, FaultAction.Truncated],
        FaultStep.SubAck or FaultStep.PubAck =>
            [FaultAction.Delay, FaultAction.Lose, FaultAction.Close, FaultAction.Twice, FaultAction.Foreign, FaultAction.Malformed, FaultAction.Truncated],
        FaultStep.CreateKeysAndCertificateAnswer or FaultStep.CreateCertificateFromCsrAnswer or FaultStep.RegisterThingAnswer =>
        [
            FaultAction.Delay, FaultAction.Lose, FaultAction.Close, FaultAction.Twice, FaultAction.Foreign, FaultAction.Malformed, FaultAction.Truncated,
            FaultAction.Oversized, FaultAction.Unusual,
        ],
        FaultStep.Session => [FaultAction.Close, FaultAction.Drop, FaultAction.Malformed],
        _ => [],
    };

    /// <summary>What is wrong with it: the names of keys in a plan's file and rests of sentences; empty when nothing is.</summary>
    public IReadOnlyList<string> FindFaults()
    {
        var faults = new List<string>();
        if (!ActionsAt(At).Contains(Do))
        {
            faults.Add($"do \"{FaultPlanFile.NameOf(Do)}\" cannot be at \"{FaultPlanFile.NameOf(At)}\", where it may be {FaultPlanFile.Listed(ActionsAt(At).Select(FaultPlanFile.NameOf))}");
        }

        if (At == FaultStep.Tls && Client != "*")
        {
            faults.Add("client is not known yet at \"tls\": leave it out");
        }

        if (Client.Length == 0)
        {
            faults.Add("client is empty, which is no client id");
        }

        if (Skip < 0)
        {
            faults.Add($"skip {Skip} is not 0 or more");
        }

        if (Times < 0)
        {
            faults.Add($"times {Times} is not 0 or more");
        }

        var isDelay = Do == FaultAction.Delay;
        var isSession = At == FaultStep.Session;
        if (Seconds is { } seconds && !(seconds > 0 && seconds <= MostSeconds))
        {
            faults.Add(string.Create(CultureInfo.InvariantCulture, $"seconds {seconds} is not more than 0 and at most {MostSeconds}"));
        }

        if (isDelay && Seconds is null)
        {
            faults.Add("seconds is missing, which says how long the delay is");
        }

        if (isSession && Seconds is null == Packets is null)
        {
            faults.Add("seconds or packets, one of the two, must say when in the session it is");
        }

        RefuseUnless(isDelay || isSession, Seconds, "seconds", "\"delay\" and at \"session\"");
        RefuseUnless(isSession, Packets, "packets", "what is at \"session\"");
        RefuseUnless(
            Do == FaultAction.Refuse && At is (FaultStep.CreateKeysAndCertificate or FaultStep.CreateCertificateFromCsr or FaultStep.RegisterThing),
            StatusCode,
            "statusCode",
            "\"refuse\" at \"CreateKeysAndCertificate\", \"CreateCertificateFromCsr\" and \"RegisterThing\"");
        RefuseUnless(Do == FaultAction.Refuse && At == FaultStep.Connect, ReturnCode, "returnCode", "\"refuse\" at \"connect\"");
        RefuseUnless(Do == FaultAction.Oversized, Bytes, "bytes", "\"oversized\"");
        RefuseOutside(Packets, 1, int.MaxValue, "packets");
        RefuseOutside(StatusCode, 400, 599, "statusCode");
        RefuseOutside(ReturnCode, 1, 255, "returnCode");
        RefuseOutside(Bytes, 1, BrokerLimits.MaximumPayload, "bytes");
        return faults;

        void RefuseUnless(bool isFit, double? value, string key, string where)
        {
            if (!isFit && value is not null)
            {
                faults.Add($"{key} is only for {where}");
            }
        }

        void RefuseOutside(int? value, int least, int most, string key)
        {
            if (value < least || value > most)
            {
                faults.Add(most == int.MaxValue ? $"{key} {value} is not {least} or more" : $"{key} {value} is not between {least} and {most}");
            }
        }
    }
}
