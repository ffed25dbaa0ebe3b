namespace LocalCloud;

/// <summary>So much a second, and a second's worth at once after a rest. For one thread at a time.</summary>
internal sealed class RateLimit
{
    private readonly double _perSecond;
    private readonly TimeProvider _clock;
    private double _left;
    private long _takenAt;

    /// <summary>Makes one with a second's worth to take.</summary>
    /// <param name="perSecond">How much a second, above 0.</param>
    /// <param name="clock">The time it goes by.</param>
    public RateLimit(double perSecond, TimeProvider clock)
    {
        _perSecond = perSecond;
        _clock = clock;
        _left = perSecond;
        _takenAt = clock.GetTimestamp();
    }

    /// <summary>Takes one if there is one.</summary>
    public bool TryTakeOne()
    {
        Refill();
        if (_left < 1)
        {
            return false;
        }

        _left--;
        return true;
    }

    /// <summary>Takes some, whether it is there or not.</summary>
    /// <param name="amount">How much.</param>
    /// <returns>How long it is until that is made up for; zero where it was there.</returns>
    public TimeSpan Take(double amount)
    {
        Refill();
        _left -= amount;
        return TimeUntil(0);
    }

    /// <summary>How long it is until there is one to take.</summary>
    public TimeSpan TimeUntilOne()
    {
        Refill();
        return TimeUntil(1);
    }

    /// <summary>In whole milliseconds and not too few: that is how exact timers are.</summary>
    private TimeSpan TimeUntil(double amount) =>
        _left >= amount ? TimeSpan.Zero : TimeSpan.FromMilliseconds(Math.Ceiling((amount - _left) / _perSecond * 1000));

    private void Refill()
    {
        var now = _clock.GetTimestamp();
        _left = Math.Min(_perSecond, _left + (_clock.GetElapsedTime(_takenAt, now).TotalSeconds * _perSecond));
        _takenAt = now;
    }
}
