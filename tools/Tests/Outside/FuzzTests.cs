using Cli;
using Cli.Prove.Fuzz;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Tests.Outside;

/// <summary>What <c>prove fuzz</c> finds in a parser that does not keep its contract, and that an input can be tried again.</summary>
[TestClass]
[DoNotParallelize]
public sealed class FuzzTests
{
    [TestMethod]
    public void A_parser_that_keeps_its_contract_passes()
    {
        Assert.AreEqual(ExitStatus.Done, Run(() => new Parser(), out string story), story);
    }

    [TestMethod]
    public void An_exception_that_leaves_a_parser_is_told_with_its_input_and_how_to_try_it_again()
    {
        Func<FuzzParser> create = () => new Parser { Parsing = input => input.Contains((byte)'z') ? throw new InvalidOperationException("lost") : input };

        Assert.AreEqual(ExitStatus.Failed, Run(create, out string story));
        string line = story.Split('\n').First(line => line.StartsWith("own, seed 3, input ", StringComparison.Ordinal));
        StringAssert.Contains(line, "InvalidOperationException has left it: lost");
        string index = line.Split(' ')[4].TrimEnd(':');
        StringAssert.Contains(story, $"agent prove fuzz --seed 3 --parser own --only {index}");
        Assert.AreEqual(ExitStatus.Failed, Run(create, out string again, only: int.Parse(index, System.Globalization.CultureInfo.InvariantCulture)));
        StringAssert.Contains(again, line);
    }

    [TestMethod]
    public void Memory_beyond_the_inputs_order_is_told()
    {
        Assert.AreEqual(ExitStatus.Failed, Run(() => new Parser { Parsing = input => input.Length > 3 ? new byte[50 * input.Length * input.Length] : input }, out string story));
        StringAssert.Contains(story, "bytes were allocated for an input of");
    }

    [TestMethod]
    public void A_promise_that_is_not_kept_and_an_input_that_was_changed_are_told()
    {
        Assert.AreEqual(ExitStatus.Failed, Run(() => new Parser { Promise = "three bytes at most" }, out string story));
        StringAssert.Contains(story, "three bytes at most");
        Assert.AreEqual(ExitStatus.Failed, Run(() => new Parser { Parsing = input => input.Length > 0 ? input[0]++ : 0 }, out story));
        StringAssert.Contains(story, "the input was changed");
    }

    [TestMethod]
    public void Inputs_that_are_all_refused_prove_nothing()
    {
        Assert.AreEqual(ExitStatus.Failed, Run(() => new Parser { Parsing = _ => null }, out string story));
        StringAssert.Contains(story, "own: nearly all inputs were accepted, or nearly all refused");
    }

    [TestMethod]
    public void A_hang_is_told_with_its_input()
    {
        using ManualResetEventSlim end = new();
        Assert.AreEqual(ExitStatus.Failed, Run(() => new Parser { Parsing = input => input.Contains((byte)'z') && !end.Wait(Timeout.InfiniteTimeSpan) ? null : input }, out string story, longest: TimeSpan.FromSeconds(2)));
        end.Set();
        StringAssert.Contains(story, "it hangs: no end after 2 s");
        StringAssert.Contains(story, "--parser own --only ");
    }

    [TestMethod]
    public void The_same_input_comes_for_the_same_seed_and_another_for_another()
    {
        foreach ((string name, Func<FuzzParser> create) in FuzzParsers.All)
        {
            FuzzParser one = create();
            FuzzParser other = create();
            int different = 0;
            for (int i = 0; i < 50; i++)
            {
                byte[] input = FuzzInputs.Make(name, one, 5, i);
                CollectionAssert.AreEqual(input, FuzzInputs.Make(name, other, 5, i), name);
                different += input.AsSpan().SequenceEqual(FuzzInputs.Make(name, one, 6, i)) ? 0 : 1;
                Assert.IsLessThanOrEqualTo(one.LongestInput, input.Length);
            }

            Assert.IsGreaterThan(25, different, name);
        }
    }

    private static int Run(Func<FuzzParser> create, out string story, int? only = null, TimeSpan? longest = null)
    {
        TextWriter console = Console.Out;
        using StringWriter told = new();
        Console.SetOut(TextWriter.Synchronized(told));
        try
        {
            FuzzRun run = new(new OrderedDictionary<string, Func<FuzzParser>> { ["own"] = create }, 2_000, seed: 3, only: "own", index: only, json: false) { Longest = longest ?? TimeSpan.FromMinutes(1) };
            return run.Run(CancellationToken.None);
        }
        finally
        {
            Console.SetOut(console);
            story = told.ToString();
        }
    }

    /// <summary>Takes what begins with a letter.</summary>
    private sealed class Parser : FuzzParser
    {
        private static readonly byte[][] s_corpus = ["letters"u8.ToArray(), "z"u8.ToArray(), "7 digits"u8.ToArray()];

        public Func<byte[], object?> Parsing { get; init; } = input => input.Length > 0 && char.IsAsciiLetter((char)input[0]) ? input : null;

        public string? Promise { get; init; }

        public override IReadOnlyList<byte[]> Corpus => s_corpus;

        public override int LongestInput => 100;

        public override int FixedAllocation => 1_024;

        public override int AllocationPerByte => 4;

        public override byte[] Mutate(byte[] document, Random random) => [.. document, .. s_corpus[random.Next(3)]];

        public override object? Parse(byte[] input) => Parsing(input);

        public override void Check(byte[] input, object? result) => Require(Promise is null || input.Length <= 3, Promise ?? "");
    }
}
