using Cli.Prove;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Tests.Simulation;

/// <summary>That <c>prove soak</c> adds up, and notices what it is to notice.</summary>
[TestClass]
[DoNotParallelize] // it looks at the memory of the whole process
public sealed class SoakTests
{
    [TestMethod]
    public void A_day_in_the_field_adds_up()
    {
        var soak = new SoakRun(days: 1, seed: 1);

        Assert.AreEqual(0, soak.Run(default), string.Join('\n', soak.Faults));

        Assert.IsGreaterThan(500, soak.Ledger.Taken);
        Assert.AreEqual(soak.Ledger.Taken, soak.Ledger.Received + soak.Ledger.Dropped);
        Assert.IsGreaterThan(0, soak.Ledger.Dropped);
        Assert.IsGreaterThan(0, soak.Ledger.Duplicates);
    }

    [TestMethod]
    public void The_same_seed_gives_the_same_ledger()
    {
        var runs = Enumerable.Range(0, 3).Select(i => new SoakRun(days: 1, seed: 20 + (i / 2))).ToList();
        runs.ForEach(run => run.Run(default));

        Assert.AreEqual(Figures(runs[0]), Figures(runs[1]));
        Assert.AreNotEqual(Figures(runs[0]), Figures(runs[2]));

        static (int, int, int) Figures(SoakRun run) => (run.Ledger.Taken, run.Ledger.Received, run.Ledger.Duplicates);
    }

    [TestMethod]
    public void What_grows_by_a_reading_a_time_is_found()
    {
        var kept = new List<byte[]>();
        var soak = new SoakRun(days: 2, seed: 12) { Taken = _ => kept.Add(new byte[100]) };

        Assert.AreEqual(1, soak.Run(default));

        Assert.Contains("bytes more are in use at the end", soak.Faults.Single());
    }

    [TestMethod]
    public void A_reading_that_is_taken_and_not_told_of_is_missing()
    {
        SoakRun? soak = null;
        soak = new SoakRun(days: 1, seed: 13)
        {
            Taken = number =>
            {
                if (number == 100)
                {
                    soak!.Ledger.Take(TimeSpan.Zero);
                }
            },
        };

        Assert.AreEqual(1, soak.Run(default));

        Assert.Contains("1 readings are missing, the first ones 101", string.Join('\n', soak.Faults));
    }

    [TestMethod]
    public void The_ledger_knows_what_became_of_each_reading()
    {
        var ledger = new SoakLedger(20);
        for (var i = 1; i <= 10; i++)
        {
            Assert.AreEqual(i, ledger.Take(TimeSpan.FromMinutes(i)));
        }

        ledger.Receive(1);
        ledger.Receive(3);
        ledger.Receive(2);
        ledger.Receive(2);
        ledger.Receive(11);
        ledger.Receive(4.5);
        ledger.Drop(4);
        ledger.Lose(3);
        ledger.Receive(9);

        Assert.AreEqual((10, 4, 3), (ledger.Taken, ledger.Received, ledger.Dropped));
        Assert.AreEqual((1, 1, 2, 1), (ledger.Duplicates, ledger.OutOfOrder, ledger.Unknown, ledger.DroppedThoughReceived));
        Assert.AreEqual(3, ledger.Missing);
        CollectionAssert.AreEqual(new[] { 5, 6, 7 }, ledger.FindMissing(10).ToArray());
    }
}
