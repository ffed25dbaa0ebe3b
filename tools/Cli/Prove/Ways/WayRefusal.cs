using LocalCloud;

namespace Cli.Prove.Ways;

/// <summary>How a board is refused, and let in again while it waits.</summary>
/// <param name="Name">What is refused, in words.</param>
/// <param name="Refuse">What the owner of the account does to have it refused.</param>
/// <param name="Mend">What takes that back.</param>
/// <param name="Told">What the board's log must say meanwhile.</param>
internal sealed record WayRefusal(string Name, Func<WayWorld, Task> Refuse, Func<WayWorld, Task> Mend, string Told)
{
    /// <summary>What LocalCloud's log must say, too; null where nothing particular.</summary>
    public string? CloudTold { get; init; }
}
