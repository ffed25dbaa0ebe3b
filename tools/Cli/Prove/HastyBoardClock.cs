using DeviceAgent.Board;

namespace Cli.Prove;

/// <summary>A board's clock that runs as fast as the cloud's.</summary>
/// <param name="time">The cloud's clock.</param>
/// <param name="factor">How much faster than the machine's it is.</param>
internal sealed class HastyBoardClock(TimeProvider time, int factor) : IClock
{
    private readonly long _start = time.GetTimestamp();

    /// <inheritdoc/>
    public DateTime UtcNow => time.GetUtcNow().UtcDateTime;

    /// <inheritdoc/>
    public bool IsSet => true;

    /// <inheritdoc/>
    public long Milliseconds => (long)time.GetElapsedTime(_start).TotalMilliseconds;

    /// <inheritdoc/>
    /// <remarks>Rounded up: a wait that ends before its time is asked for again and again.</remarks>
    public bool Wait(AutoResetEvent signal, int milliseconds) => signal.WaitOne((Math.Max(0, milliseconds) + factor - 1) / factor);
}
