using System;
using System.Threading;

namespace DeviceAgent.Board
{
    /// <summary>
    /// All time that the agent knows: it never sleeps, waits or asks for the time but through this,
    /// so that a test runs hours in milliseconds.
    /// </summary>
    public interface IClock
    {
        /// <summary>The time of day, UTC. It jumps when the clock is set.</summary>
        DateTime UtcNow { get; }

        /// <summary>Whether the time of day has been set since the board started: before that it is a date in the past.</summary>
        bool IsSet { get; }

        /// <summary>Milliseconds since the board started; they never jump and never run backwards.</summary>
        long Milliseconds { get; }

        /// <summary>Waits until the signal is set or the time is over.</summary>
        /// <param name="signal">What to wait for; it is reset by the wait that it ends.</param>
        /// <param name="milliseconds">How long at most; 0 or less only looks.</param>
        /// <returns>Whether the signal was set.</returns>
        bool Wait(AutoResetEvent signal, int milliseconds);
    }
}
