using LocalCloud;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Tests.LocalCloud;

/// <summary>What a plan's file may say, and which of its rules is carried out when.</summary>
[TestClass]
public sealed class FaultPlanTests
{
    [TestMethod]
    public void A_file_says_where_what_and_how_often()
    {
        var plan = FaultPlan.Parse("""
            [
              // Written by hand
              { "at": "tls", "do": "refuse", "skip": 1, "times": 0 },
              { "at": "connect", "do": "refuse", "returnCode": 5, "client": "board-*" },
              { "at": "CreateKeysAndCertificate", "do": "refuse", "statusCode": 503, "times": 3 },
              { "at": "RegisterThing/answer", "do": "oversized", "bytes": 100000 },
              { "at": "puback", "do": "delay", "seconds": 2.5 },
              { "at": "session", "do": "close", "packets": 7 },
            ]
            """);

        CollectionAssert.AreEqual(
            new FaultRule[]
            {
                new(FaultStep.Tls, FaultAction.Refuse) { Skip = 1, Times = 0 },
                new(FaultStep.Connect, FaultAction.Refuse) { ReturnCode = 5, Client = "board-*" },
                new(FaultStep.CreateKeysAndCertificate, FaultAction.Refuse) { StatusCode = 503, Times = 3 },
                new(FaultStep.RegisterThingAnswer, FaultAction.Oversized) { Bytes = 100_000 },
                new(FaultStep.PubAck, FaultAction.Delay) { Seconds = 2.5 },
                new(FaultStep.Session, FaultAction.Close) { Packets = 7 },
            },
            plan.Rules.ToArray());
    }

    [TestMethod]
    [DataRow("""[{"at":"conect","do":"close"}]""", "[0]: at \"conect\" is no step: tls, connect, connack,")]
    [DataRow("""[{"at":"tls","do":"explode"}]""", "[0]: do \"explode\" is no action: refuse, throttle, delay,")]
    [DataRow("""[{"at":"tls","do":3}]""", "[0]: do 3 is no action")]
    [DataRow("""[{"at":"tls","do":"close","clint":"x"}]""", "[0]: \"clint\" is no key of a fault: at, do, client,")]
    [DataRow("""[{"at":"tls","do":"twice"}]""", "[0]: do \"twice\" cannot be at \"tls\", where it may be refuse, delay, drop, close")]
    [DataRow("""[{"do":"close"}]""", "[0]: at is missing")]
    [DataRow("""[{"at":"tls"}]""", "[0]: do is missing")]
    [DataRow("""[{"at":"tls","do":"close","client":"x"}]""", "[0]: client is not known yet at \"tls\"")]
    [DataRow("""[{"at":"connect","do":"close","client":""}]""", "[0]: client is empty")]
    [DataRow("""[{"at":"connect","do":"close","client":1}]""", "[0]: client is no text")]
    [DataRow("""[{"at":"connect","do":"delay"}]""", "[0]: seconds is missing")]
    [DataRow("""[{"at":"connect","do":"delay","seconds":0}]""", "[0]: seconds 0 is not more than 0")]
    [DataRow("""[{"at":"connect","do":"delay","seconds":86401}]""", "[0]: seconds 86401 is not more than 0 and at most 86400")]
    [DataRow("""[{"at":"connect","do":"delay","seconds":"1"}]""", "[0]: seconds is no number")]
    [DataRow("""[{"at":"connect","do":"close","seconds":1}]""", "[0]: seconds is only for \"delay\"")]
    [DataRow("""[{"at":"session","do":"close"}]""", "[0]: seconds or packets, one of the two")]
    [DataRow("""[{"at":"session","do":"close","seconds":1,"packets":1}]""", "[0]: seconds or packets, one of the two")]
    [DataRow("""[{"at":"session","do":"close","packets":0}]""", "[0]: packets 0 is not 1 or more")]
    [DataRow("""[{"at":"connect","do":"close","packets":1}]""", "[0]: packets is only for what is at \"session\"")]
    [DataRow("""[{"at":"connect","do":"refuse","returnCode":256}]""", "[0]: returnCode 256 is not between 1 and 255")]
    [DataRow("""[{"at":"subscribe","do":"refuse","returnCode":5}]""", "[0]: returnCode is only for \"refuse\" at \"connect\"")]
    [DataRow("""[{"at":"RegisterThing","do":"refuse","statusCode":200}]""", "[0]: statusCode 200 is not between 400 and 599")]
    [DataRow("""[{"at":"RegisterThing","do":"throttle","statusCode":400}]""", "[0]: statusCode is only for \"refuse\"")]
    [DataRow("""[{"at":"RegisterThing/answer","do":"oversized","bytes":131073}]""", "[0]: bytes 131073 is not between 1 and 131072")]
    [DataRow("""[{"at":"RegisterThing/answer","do":"lose","bytes":1}]""", "[0]: bytes is only for \"oversized\"")]
    [DataRow("""[{"at":"connect","do":"close","skip":-1}]""", "[0]: skip -1 is not 0 or more")]
    [DataRow("""[{"at":"connect","do":"close","times":1.5}]""", "[0]: times 1.5 is no whole number")]
    [DataRow("""[{"at":"connect","do":"close"}, 5]""", "[1]: is not an object")]
    [DataRow("""[{"at":"connect","at":"tls","do":"close"}]""", "it is not JSON")]
    [DataRow("""{"at":"connect","do":"close"}""", "it is no JSON array of faults")]
    [DataRow("""[{"at":"connect",""", "it is not JSON")]
    [DataRow("", "it is not JSON")]
    public void What_is_wrong_with_a_file_is_told_with_its_place(string json, string problem)
    {
        var problems = Assert.ThrowsExactly<FaultPlanException>(() => FaultPlan.Parse(json)).Problems;

        Assert.HasCount(1, problems);
        Assert.StartsWith(problem, problems[0]);
    }

    [TestMethod]
    public void All_that_is_wrong_is_told_at_once()
    {
        var problems = Assert.ThrowsExactly<FaultPlanException>(() => FaultPlan.Parse("""
            [ {"at":"nowhere","do":"explode","clint":"x"}, {"at":"tls","do":"twice","skip":-1}, {"at":"puback","do":"close"}, {"times":"often"} ]
            """)).Problems;

        CollectionAssert.AreEqual(
            new[] { "[0]: at", "[0]: do", "[0]: \"clint\"", "[1]: do", "[1]: skip", "[3]: times", "[3]: at", "[3]: do" },
            problems.Select(problem => string.Join(' ', problem.Split(' ')[..2])).ToArray());
    }

    [TestMethod]
    public void A_rule_that_is_wrong_is_not_added()
    {
        var plan = new FaultPlan();

        Assert.ThrowsExactly<ArgumentException>(() => plan.Add(new FaultRule(FaultStep.Tls, FaultAction.Unusual)));

        Assert.IsEmpty(plan.Rules);
    }

    [TestMethod]
    public void A_rule_lets_pass_what_it_skips_and_is_spent_after_its_times()
    {
        var plan = new FaultPlan(new FaultRule(FaultStep.Connect, FaultAction.Close) { Skip = 1, Times = 2 });

        CollectionAssert.AreEqual(
            new[] { false, true, true, false },
            Enumerable.Range(0, 4).Select(_ => plan.Take(FaultStep.Connect, "board-1") is not null).ToArray());
    }

    [TestMethod]
    public void A_rule_with_0_times_is_never_spent()
    {
        var plan = new FaultPlan(new FaultRule(FaultStep.Connect, FaultAction.Close) { Times = 0 });

        Assert.IsTrue(Enumerable.Range(0, 100).All(_ => plan.Take(FaultStep.Connect, "board-1") is not null));
    }

    [TestMethod]
    public void A_rule_is_for_its_step_and_its_clients()
    {
        var plan = new FaultPlan(new FaultRule(FaultStep.Connect, FaultAction.Close) { Client = "board-?", Times = 0 });

        Assert.IsNotNull(plan.Take(FaultStep.Connect, "board-1"));
        Assert.IsNull(plan.Take(FaultStep.Connect, "board-12"));
        Assert.IsNull(plan.Take(FaultStep.Connect, "Board-1"));
        Assert.IsNull(plan.Take(FaultStep.ConnAck, "board-1"));
    }

    [TestMethod]
    public void Of_two_rules_that_are_due_the_first_is_carried_out_and_the_other_keeps_its_times()
    {
        var first = new FaultRule(FaultStep.Connect, FaultAction.Close);
        var second = new FaultRule(FaultStep.Connect, FaultAction.Drop);
        var third = new FaultRule(FaultStep.Connect, FaultAction.Refuse) { Skip = 2 };
        var plan = new FaultPlan(first, second, third);

        CollectionAssert.AreEqual(
            new[] { first, second, third, null },
            Enumerable.Range(0, 4).Select(_ => plan.Take(FaultStep.Connect, "board-1")).ToArray());
    }

    [TestMethod]
    public void Rules_come_and_go_while_it_runs()
    {
        var rule = new FaultRule(FaultStep.PubAck, FaultAction.Lose) { Times = 0 };
        var plan = new FaultPlan();
        Assert.IsNull(plan.Take(FaultStep.PubAck, "board-1"));

        plan.Add(rule);
        Assert.AreEqual(rule, plan.Take(FaultStep.PubAck, "board-1"));

        Assert.IsTrue(plan.Remove(rule));
        Assert.IsNull(plan.Take(FaultStep.PubAck, "board-1"));
        Assert.IsFalse(plan.Remove(rule));

        plan.Add(rule);
        plan.Clear();
        Assert.IsNull(plan.Take(FaultStep.PubAck, "board-1"));
    }
}
