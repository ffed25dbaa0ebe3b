using DeviceAgent.Board;
using VirtualDevice.Board;

namespace Tests.EndToEnd;

/// <summary>
/// The PC's clock, which a test lets skip the agent's pauses: the waits of more than two seconds. Whatever waits for a peer waits in shorter
/// pieces, and takes the time that it takes.
/// </summary>
internal sealed class SkippingClock : IClock
{
    private const int LongestWait = 2000;

    private readonly RealClock _clock = new();
    private long _skipped;

    public DateTime UtcNow => _clock.UtcNow.AddMilliseconds(Interlocked.Read(ref _skipped));

    public bool IsSet => true;

    public long Milliseconds => _clock.Milliseconds + Interlocked.Read(ref _skipped);

    /// <summary>Whether pauses are skipped.</summary>
    public bool IsSkipping { get; set; }

    public bool Wait(AutoResetEvent signal, int milliseconds)
    {
        if (!IsSkipping || milliseconds <= LongestWait)
        {
            return _clock.Wait(signal, milliseconds);
        }

        bool isSet = _clock.Wait(signal, 0);
        if (!isSet)
        {
            Interlocked.Add(ref _skipped, milliseconds);
        }

        return isSet;
    }
}
