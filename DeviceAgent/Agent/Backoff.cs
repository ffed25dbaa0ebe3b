using DeviceAgent.Board;

namespace DeviceAgent.Agent
{
    /// <summary>
    /// Pauses between attempts: random between zero and a bound that doubles with each ("full jitter"), so that thousands of boards that
    /// lost the same broker do not come back in step.
    /// </summary>
    public sealed class Backoff
    {
        /// <summary>The first bound, in milliseconds.</summary>
        public const int FirstBound = 2000;

        private readonly IBoard _board;
        private readonly int _largestBound;
        private int _bound = FirstBound;

        /// <summary>Makes a backoff that starts with <see cref="FirstBound"/>.</summary>
        /// <param name="board">Gives the random numbers.</param>
        /// <param name="largestBound">Where the bound stops doubling, in milliseconds.</param>
        public Backoff(IBoard board, int largestBound)
        {
            _board = board;
            _largestBound = largestBound;
        }

        /// <summary>Starts over with the first bound, after an attempt went through.</summary>
        public void Reset() => _bound = FirstBound;

        /// <summary>The next pause, in milliseconds.</summary>
        public int Next()
        {
            int pause = _board.Random(_bound + 1);
            _bound = _bound > _largestBound / 2 ? _largestBound : _bound * 2;
            return pause;
        }
    }
}
