using Cli.Simulation;
using LocalCloud;

namespace Cli.Prove;

/// <summary>What a board's flash and the cloud's registry hold while the board is dark.</summary>
/// <param name="Files">The files that are not as the factory has made them.</param>
/// <param name="Registry">The registry.</param>
/// <param name="Issued">How many certificates it has issued so far.</param>
internal sealed record PowercutState(IReadOnlyDictionary<string, byte[]> Files, RegistryState Registry, int Issued)
{
    /// <summary>As the factory has made the one, and before the other has seen a board.</summary>
    public static PowercutState Factory { get; } = new(new Dictionary<string, byte[]>(), SimulatedWorld.NewContent, 0);
}
