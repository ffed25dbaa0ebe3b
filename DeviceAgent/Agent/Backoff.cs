using DeviceAgent.Board;

namespace DeviceAgent.Agent
{
    /// <summary>
    /// Pauses between attempts: random between zero and a bound that doubles with each ("full jitter"), so that thousands of boards that
    /// lost the same broker do not come back in step. A board that reboots goes on with the bound that it had.
    /// </summary>
    public sealed class Backoff
    {
        /// <summary>The first bound, in milliseconds.</summary>
        public const int FirstBound = 2000;

        /// <summary>The first bound after an unexpected end, in milliseconds: nobody knows yet what a start costs.</summary>
        public const int FirstBoundOfStarting = 64000;

        /// <summary>The longest bound of a pause after what may pass by itself: 15 minutes.</summary>
        public const int Longest = 15 * 60 * 1000;

        /// <summary>The longest bound of a pause after a refusal, which somebody has to mend: an hour.</summary>
        public const int LongestRefused = 60 * 60 * 1000;

        private readonly IBoard _board;
        private readonly AttemptRecord _attempts;

        /// <summary>Makes a backoff.</summary>
        /// <param name="board">Gives the random numbers.</param>
        /// <param name="attempts">Remembers how far the bounds have grown.</param>
        public Backoff(IBoard board, AttemptRecord attempts)
        {
            _board = board;
            _attempts = attempts;
        }

        /// <summary>The bound of the next pause, in milliseconds.</summary>
        /// <param name="kind">Of which kind: <see cref="AttemptRecord.Connecting"/> and the like.</param>
        public int Bound(int kind)
        {
            int longest = kind == AttemptRecord.Refused ? LongestRefused : Longest;
            int bound = kind == AttemptRecord.Starting ? FirstBoundOfStarting : FirstBound;
            for (int i = _attempts.Doublings[kind]; i > 0 && bound < longest; i--)
            {
                bound *= 2;
            }

            return bound < longest ? bound : longest;
        }

        /// <summary>The next pause, in milliseconds.</summary>
        /// <param name="kind">Of which kind.</param>
        public int Next(int kind)
        {
            int pause = Pause(kind);
            Grow(kind);
            return pause;
        }

        /// <summary>A pause of a kind, in milliseconds; the bound does not grow.</summary>
        /// <param name="kind">Of which kind.</param>
        public int Pause(int kind) => _board.Random(Bound(kind) + 1);

        /// <summary>The bound grows.</summary>
        /// <param name="kind">Of which kind.</param>
        public void Grow(int kind)
        {
            if (Bound(kind) < (kind == AttemptRecord.Refused ? LongestRefused : Longest))
            {
                _attempts.Doublings[kind]++;
            }

            _attempts.Grew(kind);
        }
    }
}
