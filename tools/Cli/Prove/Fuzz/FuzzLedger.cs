namespace Cli.Prove.Fuzz;

/// <summary>What became of a parser's inputs.</summary>
internal sealed class FuzzLedger
{
    /// <summary>Inputs that were tried.</summary>
    public int Inputs { get; set; }

    /// <summary>Those that were accepted.</summary>
    public int Accepted { get; set; }

    /// <summary>Failures.</summary>
    public int Failures { get; set; }

    /// <summary>The most that an input took of the memory that it may take, in percent.</summary>
    public double MostMemory { get; set; }

    /// <summary>Adds another thread's.</summary>
    public void Add(FuzzLedger other)
    {
        Inputs += other.Inputs;
        Accepted += other.Accepted;
        Failures += other.Failures;
        MostMemory = Math.Max(MostMemory, other.MostMemory);
    }
}
