using DeviceAgent.Board;

namespace VirtualDevice.Board;

/// <summary>The PC's clock.</summary>
public sealed class RealClock : IClock
{
    private readonly long _start = Environment.TickCount64;

    /// <inheritdoc/>
    public DateTime UtcNow => DateTime.UtcNow;

    /// <inheritdoc/>
    public bool IsSet => true;

    /// <inheritdoc/>
    public long Milliseconds => Environment.TickCount64 - _start;

    /// <inheritdoc/>
    public bool Wait(AutoResetEvent signal, int milliseconds) => signal.WaitOne(Math.Max(0, milliseconds));
}
