using System.IO.Pipelines;

namespace Cli.Simulation;

/// <summary>
/// Time that passes only when nothing is left to do. One thing happens at a time, in an order that is the same in every run: what was
/// posted, timers that are due, and threads that go on (<see cref="SimulatedThread"/>).
/// </summary>
/// <remarks>
/// Whichever thread waits does the work of the simulation until it is its turn again: so a simulation with one board never changes threads.
/// Asynchronous code takes part through <see cref="Context"/>, which is current on all of its threads. Nothing else may use it meanwhile.
/// </remarks>
internal sealed class SimulatedTime : TimeProvider
{
    /// <summary>When every simulation begins.</summary>
    public static readonly DateTimeOffset Start = new(2026, 8, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly PriorityQueue<Timer, (long Due, long Number)> _timers = new();
    private readonly Queue<Work> _work = new();
    private int _owner = Environment.CurrentManagedThreadId;
    private long _now;
    private long _numbers;

    /// <summary>Makes one that stands at <see cref="Start"/>; the calling thread is its first.</summary>
    public SimulatedTime()
    {
        Context = new PostingContext(this);
        Scheduler = new PostingScheduler(this);
    }

    /// <summary>Where asynchronous code goes on.</summary>
    public SynchronizationContext Context { get; }

    /// <summary>Where pipes go on.</summary>
    public PipeScheduler Scheduler { get; }

    /// <summary>What the first work threw that threw something; null where none did.</summary>
    public Exception? Fault { get; private set; }

    /// <summary>How much has happened: what was posted, timers, and threads that went on.</summary>
    public long Events { get; private set; }

    /// <summary>What has passed since the start.</summary>
    public TimeSpan Elapsed => new(_now);

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => Start + Elapsed;

    /// <inheritdoc/>
    public override long GetTimestamp() => _now;

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        RepeatableTimer timer = new(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Lets something happen after all that is to happen already.</summary>
    /// <param name="action">What.</param>
    public void Post(Action action) => Add(new Work(static state => ((Action)state!)(), action, null));

    /// <summary>Lets something happen later.</summary>
    /// <param name="delay">How much later.</param>
    /// <param name="action">What.</param>
    public void After(TimeSpan delay, Action action) => Schedule(delay, static state => ((Action)state!)(), action);

    /// <summary>Tells of what went wrong where it cannot be thrown.</summary>
    /// <param name="fault">What.</param>
    public void Fail(Exception fault) => Fault ??= fault;

    /// <summary>Lets a thread look whether what it waits for is so.</summary>
    internal void Wake(SimulatedThread thread) => Add(new Work(null, null, thread));

    /// <summary>Wakes a thread later, whatever it waits for.</summary>
    internal void WakeAfter(TimeSpan delay, SimulatedThread thread, long wait) => Schedule(
        delay,
        state =>
        {
            SimulatedThread due = (SimulatedThread)state!;
            if (due.IsTimeOver(wait))
            {
                Wake(due);
            }
        },
        thread);

    /// <summary>The calling thread takes the simulation over from the one that has let it go.</summary>
    internal void Enter() => _owner = Environment.CurrentManagedThreadId;

    /// <summary>Works until it is a thread's turn.</summary>
    internal SimulatedThread NextThread()
    {
        while (true)
        {
            if (_work.TryDequeue(out Work work))
            {
                Events++;
                if (work.Thread is { } thread)
                {
                    if (thread.GoesOn())
                    {
                        return thread;
                    }
                }
                else
                {
                    Run(work.Callback!, work.State);
                }
            }
            else
            {
                Timer timer = _timers.Dequeue();
                if (timer.Callback is { } callback)
                {
                    _now = timer.Due;
                    Run(new SendOrPostCallback(callback), timer.State);
                }
            }
        }
    }

    private void Run(SendOrPostCallback callback, object? state)
    {
        try
        {
            callback(state);
        }
        catch (Exception e)
        {
            // This may be a board's thread, whose firmware would take it for its own
            Fail(e);
        }
    }

    private void Add(Work work)
    {
        if (Environment.CurrentManagedThreadId != _owner)
        {
            throw new InvalidOperationException("Something has left the simulation, and comes back from another thread: it would not be the same in every run.");
        }

        _work.Enqueue(work);
    }

    private Timer Schedule(TimeSpan delay, TimerCallback callback, object? state)
    {
        Timer timer = new(_now + Math.Max(0, delay.Ticks), callback, state);
        _timers.Enqueue(timer, (timer.Due, _numbers++));
        return timer;
    }

    private readonly record struct Work(SendOrPostCallback? Callback, object? State, SimulatedThread? Thread);

    private sealed class Timer(long due, TimerCallback callback, object? state)
    {
        public long Due { get; } = due;

        /// <summary>Null once it is stopped; it stays in the queue until then.</summary>
        public TimerCallback? Callback { get; private set; } = callback;

        public object? State { get; private set; } = state;

        public void Stop()
        {
            Callback = null;
            State = null;
        }
    }

    private sealed class RepeatableTimer(SimulatedTime time, TimerCallback callback, object? state) : ITimer
    {
        private Timer? _timer;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            if (period != Timeout.InfiniteTimeSpan)
            {
                throw new NotSupportedException("Nobody uses periods so far.");
            }

            _timer?.Stop();
            _timer = dueTime == Timeout.InfiniteTimeSpan ? null : time.Schedule(dueTime, callback, state);
            return true;
        }

        public void Dispose() => _timer?.Stop();

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }

    private sealed class PostingContext(SimulatedTime time) : SynchronizationContext
    {
        public override void Post(SendOrPostCallback d, object? state) => time.Add(new Work(d, state, null));

        public override void Send(SendOrPostCallback d, object? state) => throw new NotSupportedException("Nothing waits for work in the simulation.");

        public override SynchronizationContext CreateCopy() => this;
    }

    private sealed class PostingScheduler(SimulatedTime time) : PipeScheduler
    {
        public override void Schedule(Action<object?> action, object? state) => time.Add(new Work(new SendOrPostCallback(action), state, null));
    }
}
