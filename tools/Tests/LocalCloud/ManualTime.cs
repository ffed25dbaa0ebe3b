using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Tests.LocalCloud;

/// <summary>A clock that stands until it is moved, and then runs what has come due, in order.</summary>
internal sealed class ManualTime : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly List<Timer> _timers = [];
    private readonly List<(TimeSpan DueTime, int Count, TaskCompletionSource Set)> _awaited = [];
    private DateTimeOffset _now = DateTimeOffset.UtcNow;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_gate)
        {
            return _now;
        }
    }

    public override long GetTimestamp() => GetUtcNow().Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        Assert.AreEqual(Timeout.InfiniteTimeSpan, period, "nobody uses periods so far");
        var timer = new Timer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Ends when somebody sets a timer for that time from then, or has set one.</summary>
    public Task WaitForTimerAsync(TimeSpan dueTime, CancellationToken cancellationToken) => WaitForTimersAsync(dueTime, 1, cancellationToken);

    /// <summary>Ends when as many timers are set for that time from now; the clock must stand meanwhile.</summary>
    public Task WaitForTimersAsync(TimeSpan dueTime, int count, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_timers.Count(timer => timer.Due == _now + dueTime) >= count)
            {
                return Task.CompletedTask;
            }

            var set = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _awaited.Add((dueTime, count, set));
            return set.Task.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Moves the clock on.</summary>
    public void Advance(TimeSpan span)
    {
        var end = GetUtcNow() + span;
        while (true)
        {
            Timer? due;
            lock (_gate)
            {
                due = _timers.Where(timer => timer.Due <= end).MinBy(timer => timer.Due);
                if (due is null)
                {
                    _now = end;
                    return;
                }

                _now = due.Due > _now ? due.Due : _now;
                _timers.Remove(due);
            }

            due.Run();
        }
    }

    private sealed class Timer(ManualTime time, TimerCallback callback, object? state) : ITimer
    {
        public DateTimeOffset Due { get; private set; }

        public void Run() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (time._gate)
            {
                time._timers.Remove(this);
                if (dueTime != Timeout.InfiniteTimeSpan)
                {
                    Due = time._now + dueTime;
                    time._timers.Add(this);
                    var alike = time._timers.Count(timer => timer.Due == Due);
                    foreach (var (_, _, set) in time._awaited.Where(awaited => awaited.DueTime == dueTime && awaited.Count <= alike))
                    {
                        set.TrySetResult();
                    }
                }
            }

            return true;
        }

        public void Dispose()
        {
            lock (time._gate)
            {
                time._timers.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
