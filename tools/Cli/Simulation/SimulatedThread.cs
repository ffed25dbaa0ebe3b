namespace Cli.Simulation;

/// <summary>A thread that takes turns with the others of a <see cref="SimulatedTime"/>: it runs until it waits, and no other runs meanwhile.</summary>
internal sealed class SimulatedThread
{
    private readonly SimulatedTime _time;
    private readonly object _gate = new();
    private Func<bool>? _isDone;
    private long _waits;
    private bool _hasTurn;
    private bool _isTimeOver;
    private bool _wasDone;

    private SimulatedThread(SimulatedTime time)
    {
        _time = time;
    }

    /// <summary>The thread that calls this becomes one of the simulation, until it is done with it.</summary>
    /// <param name="time">The simulation.</param>
    public static SimulatedThread Join(SimulatedTime time)
    {
        time.Enter();
        return new SimulatedThread(time);
    }

    /// <summary>Starts another thread; it runs when its turn comes.</summary>
    /// <param name="time">The simulation.</param>
    /// <param name="name">Its name.</param>
    /// <param name="body">What it does; it waits only through <see cref="Wait"/>.</param>
    public static SimulatedThread Start(SimulatedTime time, string name, Action<SimulatedThread> body)
    {
        SimulatedThread thread = new(time) { _isDone = () => true };
        new Thread(() => thread.Live(body), maxStackSize: 256 * 1024) { IsBackground = true, Name = name }.Start();
        time.Wake(thread);
        return thread;
    }

    /// <summary>Waits; all others have their turns meanwhile.</summary>
    /// <param name="isDone">What to wait for. It is asked at once, and whenever the thread is woken.</param>
    /// <param name="atMost">For how long; <see cref="Timeout.InfiniteTimeSpan"/> for ever.</param>
    /// <returns>Whether it came to be so.</returns>
    public bool Wait(Func<bool> isDone, TimeSpan atMost)
    {
        if (isDone())
        {
            return true;
        }

        if (atMost == TimeSpan.Zero)
        {
            return false;
        }

        _isDone = isDone;
        _isTimeOver = false;
        _waits++;
        if (atMost != Timeout.InfiniteTimeSpan)
        {
            _time.WakeAfter(atMost, this, _waits);
        }

        HandOver();
        return _wasDone;
    }

    /// <summary>Lets it look whether what it waits for is so.</summary>
    public void Wake()
    {
        if (_isDone is not null)
        {
            _time.Wake(this);
        }
    }

    /// <summary>The time of a wait is over: true while it is still that wait.</summary>
    internal bool IsTimeOver(long wait)
    {
        if (_isDone is null || wait != _waits)
        {
            return false;
        }

        _isTimeOver = true;
        return true;
    }

    /// <summary>Whether it has its turn now. It may be asked for a wait that is over.</summary>
    internal bool GoesOn()
    {
        if (_isDone is null || !((_wasDone = _isDone()) || _isTimeOver))
        {
            return false;
        }

        _isDone = null;
        return true;
    }

    private void Live(Action<SimulatedThread> body)
    {
        AwaitTurn();
        SynchronizationContext.SetSynchronizationContext(_time.Context);
        try
        {
            body(this);
        }
        catch (Exception e)
        {
            _time.Fail(e);
        }

        _time.NextThread().GiveTurn();
    }

    private void HandOver()
    {
        SimulatedThread next = _time.NextThread();
        if (next != this)
        {
            next.GiveTurn();
            AwaitTurn();
        }
    }

    private void GiveTurn()
    {
        lock (_gate)
        {
            _hasTurn = true;
            Monitor.Pulse(_gate);
        }
    }

    private void AwaitTurn()
    {
        // No spinning, as a semaphore would: of ten thousand threads only one has anything to do
        lock (_gate)
        {
            while (!_hasTurn)
            {
                Monitor.Wait(_gate);
            }

            _hasTurn = false;
        }

        _time.Enter();
    }
}
