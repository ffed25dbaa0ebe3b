namespace LocalCloud;

/// <summary>The room that the queues of all clients have together. Safe for use by many threads.</summary>
internal sealed class QueueRoom
{
    private long _taken;

    /// <summary>Takes so many bytes, unless that would be more than <see cref="BrokerLimits.MaximumQueuedBytesOfAll"/>.</summary>
    public bool TryTake(int bytes)
    {
        if (Interlocked.Add(ref _taken, bytes) <= BrokerLimits.MaximumQueuedBytesOfAll)
        {
            return true;
        }

        GiveBack(bytes);
        return false;
    }

    /// <summary>Gives back what was taken.</summary>
    public void GiveBack(int bytes) => Interlocked.Add(ref _taken, -bytes);
}
