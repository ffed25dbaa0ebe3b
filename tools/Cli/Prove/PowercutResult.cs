namespace Cli.Prove;

/// <summary>What became of a trial.</summary>
/// <param name="Fault">Why it did not come to its end; null where it did.</param>
/// <param name="Strays">Active certificates of its thing whose key nobody has, apart from one that was replaced.</param>
/// <param name="Lost">Identities that were gone before another had proved itself.</param>
/// <param name="Time">From the last power-on until it published.</param>
/// <param name="Boots">The events of each boot up to where its work was done.</param>
/// <param name="State">What the flash and the registry held in the end.</param>
internal sealed record PowercutResult(string? Fault, int Strays, int Lost, TimeSpan Time, IReadOnlyList<IReadOnlyList<PowerEvent>> Boots, PowercutState State)
{
    /// <summary>Whether all is as promised.</summary>
    public bool IsGood => Fault is null && Strays == 0 && Lost == 0;
}
