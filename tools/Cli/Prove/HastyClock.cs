namespace Cli.Prove;

/// <summary>A clock that runs faster than the machine's: what a server does after 45 s is seen after two.</summary>
/// <param name="factor">How much faster.</param>
internal sealed class HastyClock(int factor) : TimeProvider
{
    private readonly DateTimeOffset _start = System.GetUtcNow();
    private readonly long _startTimestamp = System.GetTimestamp();

    /// <inheritdoc/>
    public override long TimestampFrequency => System.TimestampFrequency;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => _start + (System.GetElapsedTime(_startTimestamp) * factor);

    /// <inheritdoc/>
    public override long GetTimestamp() => (System.GetTimestamp() - _startTimestamp) * factor;

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new HastyTimer(System.CreateTimer(callback, state, Shorten(dueTime), Shorten(period)), this);

    private TimeSpan Shorten(TimeSpan time) => time > TimeSpan.Zero ? TimeSpan.FromTicks(Math.Max(1, time.Ticks / factor)) : time;

    private sealed class HastyTimer(ITimer inner, HastyClock clock) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => inner.Change(clock.Shorten(dueTime), clock.Shorten(period));

        public void Dispose() => inner.Dispose();

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
