using System;

namespace DeviceAgent.Tests.Fakes
{
    /// <summary>Something that happens at a time of a <see cref="VirtualClock"/>.</summary>
    internal sealed class ScheduledAction
    {
        public readonly long Time;
        public readonly Action Action;

        public ScheduledAction(long time, Action action)
        {
            Time = time;
            Action = action;
        }
    }
}
