using DeviceAgent.Agent;
using DeviceAgent.Tests.Fakes;
using nanoFramework.TestFramework;

namespace DeviceAgent.Tests.Agent
{
    [TestClass]
    public class BackoffTests
    {
        [TestMethod]
        public void BoundsDoubleUpToTheLargest()
        {
            FakeBoard board = new FakeBoard();
            Backoff backoff = new Backoff(board, LifeCycle.LongestPause);
            int[] bounds = new int[] { 2000, 4000, 8000, 16000, 32000, 64000, 128000, 256000, 512000, 900000, 900000, 900000 };
            for (int i = 0; i < bounds.Length; i++)
            {
                backoff.Next();
                Assert.AreEqual(bounds[i] + 1, (int)board.Bounds[i]);
            }

            backoff.Reset();
            backoff.Next();
            Assert.AreEqual(2001, (int)board.Bounds[bounds.Length]);
        }

        [TestMethod]
        public void APauseIsAnythingFromNothingToItsBound()
        {
            FakeBoard board = new FakeBoard();
            Backoff backoff = new Backoff(board, 3000);
            board.Chance = 0;
            Assert.AreEqual(0, backoff.Next());
            board.Chance = 100;
            Assert.AreEqual(3000, backoff.Next());
            board.Chance = 50;
            Assert.AreEqual(1500, backoff.Next());
        }
    }
}
