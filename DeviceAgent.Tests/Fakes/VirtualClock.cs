using System;
using System.Collections;
using System.Threading;
using DeviceAgent.Board;

namespace DeviceAgent.Tests.Fakes
{
    /// <summary>
    /// Time that passes only while somebody waits, in no time. What is scheduled happens on the waiting thread, when its time has come:
    /// so the other side of a connection lives in the same thread, and every run is the same.
    /// </summary>
    public sealed class VirtualClock : IClock
    {
        private const int MostLooks = 200;

        private readonly ArrayList _actions = new ArrayList();
        private long _now;
        private long _bootedAt;
        private long _ticksAtStart = new DateTime(2026, 8, 1, 12, 0, 0).Ticks;
        private int _looks;

        /// <summary>The time of day; setting it is what SNTP does.</summary>
        public DateTime UtcNow
        {
            get => new DateTime(_ticksAtStart + (_now * 10000));
            set => _ticksAtStart = value.Ticks - (_now * 10000);
        }

        /// <inheritdoc/>
        public bool IsSet => UtcNow.Year >= 2026;

        /// <inheritdoc/>
        public long Milliseconds => _now - _bootedAt;

        /// <summary>Milliseconds since the test began: no start of the board begins them anew.</summary>
        public long World => _now;

        /// <summary>How often it was waited.</summary>
        public int Waits { get; private set; }

        /// <summary>The power goes at this wait; 0 for never.</summary>
        public int CutAt { get; set; }

        /// <summary>What was done with the clock that a board would not forgive; <see langword="null"/> where nothing was.</summary>
        public string Fault { get; private set; }

        /// <summary>Lets something happen later.</summary>
        public void After(int milliseconds, Action action)
        {
            ScheduledAction scheduled = new ScheduledAction(_now + milliseconds, action);
            int at = _actions.Count;
            while (at > 0 && ((ScheduledAction)_actions[at - 1]).Time > scheduled.Time)
            {
                at--;
            }

            _actions.Insert(at, scheduled);
        }

        /// <summary>The board starts: its milliseconds begin anew.</summary>
        public void Boot() => _bootedAt = _now;

        /// <summary>Forgets what is scheduled: the board is off.</summary>
        public void Clear() => _actions.Clear();

        /// <summary>Time passes, though nobody waits: a call that blocks.</summary>
        public void Pass(int milliseconds)
        {
            long end = _now + milliseconds;
            while (HappenNext(end))
            {
            }

            _now = end;
        }

        /// <inheritdoc/>
        public bool Wait(AutoResetEvent signal, int milliseconds)
        {
            if (++Waits >= CutAt && CutAt > 0)
            {
                throw new PowerCutException();
            }

            long start = _now;
            long end = _now + (milliseconds < 0 ? 0 : milliseconds);
            bool isSet;
            while (!(isSet = signal.WaitOne(0, false)) && HappenNext(end))
            {
            }

            if (!isSet)
            {
                _now = end;
            }

            _looks = _now > start ? 0 : _looks + 1;
            if (_looks > MostLooks)
            {
                Fault = "somebody looks again and again and lets no time pass";
                throw new InvalidOperationException(Fault);
            }

            return isSet;
        }

        /// <summary>The next action happens, if its time comes up to then.</summary>
        private bool HappenNext(long end)
        {
            if (_actions.Count == 0)
            {
                return false;
            }

            ScheduledAction next = (ScheduledAction)_actions[0];
            if (next.Time > end)
            {
                return false;
            }

            _actions.RemoveAt(0);
            _now = next.Time > _now ? next.Time : _now;
            next.Action();
            return true;
        }
    }
}
