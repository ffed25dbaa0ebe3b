namespace LocalCloud;

/// <summary>Lets a number of requests through in any second, and no more. Safe for use by many threads.</summary>
internal sealed class RequestRate
{
    private static readonly TimeSpan s_window = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly TimeProvider _clock;

    /// <summary>When the last ones were let through, as a ring, oldest at <see cref="_next"/> once it is full.</summary>
    private readonly long[] _taken;

    private int _count;
    private int _next;

    /// <param name="perSecond">1 or more.</param>
    /// <param name="clock">The time.</param>
    public RequestRate(int perSecond, TimeProvider clock)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(perSecond, 1);
        _taken = new long[perSecond];
        _clock = clock;
    }

    /// <summary>Whether one more may pass now. One that may not does not count.</summary>
    public bool TryTake()
    {
        lock (_gate)
        {
            var now = _clock.GetTimestamp();
            if (_count == _taken.Length && _clock.GetElapsedTime(_taken[_next], now) < s_window)
            {
                return false;
            }

            _taken[_next] = now;
            _next = (_next + 1) % _taken.Length;
            _count = Math.Min(_count + 1, _taken.Length);
            return true;
        }
    }
}
