using System.Text;
using DeviceAgent.Board;
using DeviceAgent.Identity;

namespace DeviceAgent.Agent
{
    /// <summary>
    /// What the agent remembers across reboots of its attempts: how long ago it asked for certificates, how far its pauses have grown,
    /// and whether it is to ask for another identity. It is kept in <c>attempts.0</c> and <c>attempts.1</c>.
    /// </summary>
    /// <remarks>
    /// Times are ages in seconds of running, by the clock that never jumps: whatever the time of day does lets no more requests through.
    /// While the power is off they stand still, and what they advance between two writes is lost with the power: that only makes it stricter.
    /// <para>
    /// Writes of flash: one before each request for a certificate, unless the one before was throttled; one when another identity is wished for (but for a rotation by age), and one where that is given up;
    /// of pauses, one each time a bound of 32 s or more has grown (6 up to 15 min for connections, 6 for the replacing of an identity, 8 up to
    /// an hour for refusals) and one when things work again, after which no growth is written for an hour; one each time the agent ends unexpectedly, until its pause has grown to 15 min, and one after the next
    /// hour without that; one an hour while the day's requests are used up; one for each hour of refusal that
    /// <see cref="Settings.AgentSettings.ReprovisionAfterHours"/> has counted. None in a normal boot.
    /// </para>
    /// </remarks>
    public sealed class AttemptRecord
    {
        /// <summary>Pauses after failures that may pass by themselves.</summary>
        public const int Connecting = 0;

        /// <summary>Pauses after refusals.</summary>
        public const int Refused = 1;

        /// <summary>Pauses between attempts to replace an identity that works.</summary>
        public const int Replacing = 2;

        /// <summary>Pauses after unexpected ends of the agent.</summary>
        public const int Starting = 3;

        /// <summary>Kinds of pauses.</summary>
        public const int Kinds = 4;

        /// <summary>The most requests that can be counted.</summary>
        public const int MostRequests = 20;

        private const int Fields = 3;
        private const int RotationField = 3;
        private const int Ages = Kinds + 1;
        private const int Day = 24 * 60 * 60;
        private const int Hour = 60 * 60;

        /// <summary>From how many doublings on a bound is remembered: from 32 s.</summary>
        private const int DoublingsToRemember = 4;

        /// <summary>How often each kind's bound has doubled.</summary>
        public readonly int[] Doublings = new int[Kinds];

        /// <summary>Whole hours for which the identity has been refused in a row.</summary>
        public int HoursRefused;

        /// <summary>The id of the certificate in whose place another is wished for; empty where none is.</summary>
        public string Unwanted = "";

        /// <summary>The id of the command that has wished for it; empty where none has.</summary>
        public string CommandId = "";

        /// <summary>Whether it is wished for as a rotation: over the connection of the identity itself, not with the claim.</summary>
        public bool IsRotation;

        /// <summary>When a rotation was given up last, in minutes since 1970 by the time of day; 0 where none was. One by the certificate's age waits a day after that.</summary>
        public int RotationGivenUpAt;

        private readonly SlotPair _slots;
        private readonly IClock _clock;
        private readonly int[] _saved = new int[Kinds];
        private readonly int[] _requests = new int[MostRequests];
        private int _requestCount;
        private int _savedHours;
        private int _savedAt;
        private int _workedAt = -Hour;
        private bool _isLoaded;
        private bool _isAhead;

        /// <summary>Makes a record; it reads nothing yet.</summary>
        /// <param name="storage">The board's storage.</param>
        /// <param name="clock">Measures ages.</param>
        public AttemptRecord(IStorage storage, IClock clock)
        {
            _slots = new SlotPair(storage, "attempts", "DAA1", Fields);
            _clock = clock;
        }

        /// <summary>Reads what is remembered; nothing where it cannot be read.</summary>
        public void Load()
        {
            byte[] record = _slots.Load();
            _isLoaded = true;
            _savedAt = Now();
            if (record == null)
            {
                return;
            }

            Unwanted = Record.GetString(record, 1);
            CommandId = Record.GetString(record, 2);
            if (Record.FieldCount(record) > RotationField && Record.FieldLength(record, RotationField) == 5)
            {
                int rotation = Record.FieldStart(record, RotationField);
                IsRotation = record[rotation] != 0;
                RotationGivenUpAt = Record.GetInt(record, rotation + 1);
            }

            int at = Record.FieldStart(record, 0);
            int count = Record.FieldLength(record, 0) / 4;
            for (int i = 0; i < count; i++)
            {
                int number = Record.GetInt(record, at + (i * 4));
                number = number < 0 ? 0 : number;
                if (i < Kinds)
                {
                    Doublings[i] = _saved[i] = number < 30 ? number : 30;
                }
                else if (i == Kinds)
                {
                    HoursRefused = _savedHours = number;
                }
                else if (_requestCount < MostRequests)
                {
                    _requests[_requestCount++] = _savedAt - (number < Day ? number : Day);
                }
            }
        }

        /// <summary>Writes what is to be remembered.</summary>
        /// <returns><see langword="null"/> once it is durable, else why not; what was remembered before then still is.</returns>
        public string Save()
        {
            if (!_isLoaded)
            {
                return "what is remembered of attempts has not been read yet";
            }

            int now = Now();
            Forget(now);
            byte[] numbers = new byte[(Ages + _requestCount) * 4];
            for (int i = 0; i < Kinds; i++)
            {
                _saved[i] = IsRemembered(i) ? Doublings[i] : 0;
                Record.PutInt(numbers, i * 4, _saved[i]);
            }

            Record.PutInt(numbers, Kinds * 4, HoursRefused);
            for (int i = 0; i < _requestCount; i++)
            {
                Record.PutInt(numbers, (Ages + i) * 4, now - _requests[i]);
            }

            // Where it fails it counts as done: a storage that cannot be written is not written to over and over
            _savedHours = HoursRefused;
            _savedAt = now;
            _isAhead = false;
            byte[] rotation = new byte[5];
            rotation[0] = (byte)(IsRotation ? 1 : 0);
            Record.PutInt(rotation, 1, RotationGivenUpAt);
            return _slots.Commit(new byte[][] { numbers, Encoding.UTF8.GetBytes(Unwanted), Encoding.UTF8.GetBytes(CommandId), rotation });
        }

        /// <summary>Counts a request for a certificate that is about to be made.</summary>
        /// <returns><see langword="null"/> once that is durable, else why not: then the request is not to be made.</returns>
        public string CountRequest()
        {
            Forget(Now());
            if (_requestCount == MostRequests)
            {
                return "no more requests can be counted";
            }

            _requests[_requestCount++] = Now();
            string problem = _isAhead ? null : Save();
            _isAhead = false;
            if (problem != null)
            {
                _requestCount--;
            }

            return problem;
        }

        /// <summary>Counts the last request no more: the cloud has answered that it was one too many, and not looked at it.</summary>
        public void TakeBack()
        {
            _requestCount--;
            _isAhead = true; // what is written counts it still, as if it were made when the power goes: that will do for the next one
        }

        /// <summary>How long until another certificate may be asked for. While it may not, the ages are written once an hour.</summary>
        /// <param name="perDay">How many may be in 24 hours of running, 1 to <see cref="MostRequests"/>.</param>
        /// <returns>Milliseconds; 0 where it may be now.</returns>
        public int UntilAllowed(int perDay)
        {
            int now = Now();
            Forget(now);
            if (_requestCount < perDay)
            {
                return 0;
            }

            if (now - _savedAt >= Hour)
            {
                Save();
            }

            return (_requests[_requestCount - perDay] + Day - now) * 1000;
        }

        /// <summary>Notes that a bound may have grown; it is written where a reboot should not forget it.</summary>
        /// <param name="kind">Which.</param>
        public void Grew(int kind)
        {
            if (IsRemembered(kind) && Doublings[kind] > _saved[kind] && Now() - _workedAt >= Hour)
            {
                Save();
            }
        }

        /// <summary>Notes that the device does its work: pauses are short again, after a reboot too.</summary>
        public void Worked()
        {
            Doublings[Connecting] = 0;
            Doublings[Refused] = 0;
            HoursRefused = 0;
            bool isStarted = Now() >= Hour && _saved[Starting] > 0;
            if (isStarted)
            {
                Doublings[Starting] = 0;
            }

            if (isStarted || _saved[Connecting] > 0 || _saved[Refused] > 0 || _savedHours > 0)
            {
                _workedAt = Now();
                Save();
            }
        }

        private bool IsRemembered(int kind) => kind == Starting || Doublings[kind] >= DoublingsToRemember;

        /// <summary>Requests that are a day old count no more. They are in the order in which they were made.</summary>
        private void Forget(int now)
        {
            int old = 0;
            while (old < _requestCount && now - _requests[old] >= Day)
            {
                old++;
            }

            _requestCount -= old;
            for (int i = 0; i < _requestCount; i++)
            {
                _requests[i] = _requests[i + old];
            }
        }

        private int Now() => (int)(_clock.Milliseconds / 1000);
    }
}
