using DeviceAgent.Board;

namespace Cli.Prove.Fuzz;

/// <summary>A clock that stands: an input must give the same result whenever it is tried.</summary>
internal sealed class FuzzClock : IClock
{
    /// <inheritdoc/>
    public DateTime UtcNow => new(2026, 8, 1, 12, 0, 0, DateTimeKind.Utc);

    /// <inheritdoc/>
    public bool IsSet => true;

    /// <inheritdoc/>
    public long Milliseconds => 90_000;

    /// <inheritdoc/>
    public bool Wait(AutoResetEvent signal, int milliseconds) => throw new FuzzException("a parser waits");
}
