using System.Threading;
using DeviceAgent.Board;
using DeviceAgent.Provisioning;
using DeviceAgent.Settings;
using DeviceAgent.Telemetry;

namespace DeviceAgent.Agent
{
    /// <summary>How the agent's thread waits: readings that are due are taken meanwhile, and the supervisor sees it come round.</summary>
    public sealed class Waiting
    {
        /// <summary>How long the main loop may stay away before the supervisor reboots, in milliseconds. A connection takes two minutes at worst.</summary>
        public const int LongestRound = 10 * 60 * 1000;

        /// <summary>The longest single wait, in milliseconds: the supervisor sees the loop come round that often.</summary>
        public const int Slice = 30000;

        /// <summary>How long the network is waited for in one go, in seconds.</summary>
        private const int NetworkTimeout = 60;

        /// <summary>Whether the agent is to end: then no pause lasts.</summary>
        public bool IsStopping;

        private readonly INetwork _network;
        private readonly IClock _clock;
        private readonly AgentStatus _status;
        private readonly AutoResetEvent _signal;
        private readonly Installer _installer;
        private long _cameRound;

        /// <summary>Makes it; the main loop comes round now.</summary>
        /// <param name="network">The board's network.</param>
        /// <param name="clock">Measures waits.</param>
        /// <param name="status">Has the publisher, once there is one.</param>
        /// <param name="signal">What the agent's thread waits on.</param>
        /// <param name="installer">May bring a claim, and a WiFi network.</param>
        public Waiting(INetwork network, IClock clock, AgentStatus status, AutoResetEvent signal, Installer installer)
        {
            _network = network;
            _clock = clock;
            _status = status;
            _signal = signal;
            _installer = installer;
            _cameRound = clock.Milliseconds;
        }

        /// <summary>The longest that the main loop may wait now, in milliseconds.</summary>
        public int Longest => _installer.IsWanted ? Installer.Poll : Slice;

        /// <summary>Whether the main loop has not come round for <see cref="LongestRound"/>.</summary>
        public bool IsStuck() => !IsStopping && _clock.Milliseconds - _cameRound > LongestRound;

        /// <summary>The main loop comes round.</summary>
        public void ComeRound() => _cameRound = _clock.Milliseconds;

        /// <summary>Waits for the network, and takes the readings that are due meanwhile.</summary>
        /// <returns><see langword="null"/> once it can be used, else why not.</returns>
        /// <param name="settings">Which network.</param>
        public string AwaitNetwork(AgentSettings settings)
        {
            long end = _clock.Milliseconds + (NetworkTimeout * 1000);
            while (true)
            {
                ComeRound();
                long start = _clock.Milliseconds;
                int wait = (int)(end - start);
                TelemetryPublisher publisher = _status.Publisher;
                if (publisher != null)
                {
                    publisher.TakeIfDue();
                    int untilDue = publisher.UntilDue;
                    wait = untilDue < wait ? untilDue : wait;
                }

                int seconds = (wait + 999) / 1000;
                bool isBrought = _installer.WifiSsid != null;
                string problem = _network.Connect(isBrought ? _installer.WifiSsid : settings.WifiSsid, isBrought ? _installer.WifiPassword : settings.WifiPassword, seconds < 1 ? 1 : seconds);
                if (problem == null && !_clock.IsSet)
                {
                    problem = "the time of day is not set, so that no certificate can be verified";
                }

                long now = _clock.Milliseconds;
                if (problem == null || IsStopping || now >= end || now - start < wait)
                {
                    return problem; // the last: what fails before its time has no use for the rest of it
                }
            }
        }

        /// <summary>Waits, and takes the readings that are due meanwhile; no longer than until an installer brings a claim.</summary>
        /// <param name="milliseconds">How long.</param>
        public void Pause(int milliseconds) => Pause(milliseconds, _status.Publisher);

        /// <summary>Waits, no longer than until an installer brings a claim.</summary>
        /// <param name="milliseconds">How long.</param>
        /// <param name="publisher">Takes its readings meanwhile; or <see langword="null"/>.</param>
        public void Pause(int milliseconds, TelemetryPublisher publisher)
        {
            long end = _clock.Milliseconds + milliseconds;
            while (!IsStopping)
            {
                ComeRound();
                int wait = (int)(end - _clock.Milliseconds);
                if (_installer.Look() || wait <= 0) // looked at once at least, however short pauses are
                {
                    return;
                }

                if (publisher != null)
                {
                    publisher.TakeIfDue();
                    int untilDue = publisher.UntilDue;
                    wait = untilDue < wait ? untilDue : wait;
                }

                _clock.Wait(_signal, wait < Longest ? wait : Longest);
            }
        }
    }
}
