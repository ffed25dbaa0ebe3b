using DeviceAgent.Agent;
using DeviceAgent.Tests.Fakes;
using nanoFramework.TestFramework;

namespace DeviceAgent.Tests.Agent
{
    [TestClass]
    public class BackoffTests
    {
        [TestMethod]
        public void BoundsDoubleUpToTheLongest()
        {
            Check(AttemptRecord.Connecting, new int[] { 2000, 4000, 8000, 16000, 32000, 64000, 128000, 256000, 512000, 900000, 900000, 900000 });
            Check(AttemptRecord.Replacing, new int[] { 2000, 4000, 8000, 16000, 32000, 64000, 128000, 256000, 512000, 900000, 900000 });
            Check(AttemptRecord.Refused, new int[] { 2000, 4000, 8000, 16000, 32000, 64000, 128000, 256000, 512000, 1024000, 2048000, 3600000, 3600000 });
            Check(AttemptRecord.Starting, new int[] { 64000, 128000, 256000, 512000, 900000, 900000 });
        }

        [TestMethod]
        public void APauseIsAnythingFromNothingToItsBound()
        {
            FakeParts device = new FakeParts();
            Backoff backoff = new Backoff(device.Board, new AttemptRecord(device.Storage, device.Clock));
            device.Board.Chance = 0;
            Assert.AreEqual(0, backoff.Next(AttemptRecord.Connecting));
            device.Board.Chance = 100;
            Assert.AreEqual(4000, backoff.Next(AttemptRecord.Connecting));
            device.Board.Chance = 50;
            Assert.AreEqual(4000, backoff.Next(AttemptRecord.Connecting));
        }

        private static void Check(int kind, int[] bounds)
        {
            FakeParts device = new FakeParts();
            AttemptRecord attempts = new AttemptRecord(device.Storage, device.Clock);
            Backoff backoff = new Backoff(device.Board, attempts);
            for (int i = 0; i < bounds.Length; i++)
            {
                backoff.Next(kind);
                Assert.AreEqual(bounds[i] + 1, (int)device.Board.Bounds[i], kind.ToString());
            }

            attempts.Doublings[kind] = 0;
            backoff.Next(kind);
            Assert.AreEqual(bounds[0] + 1, (int)device.Board.Bounds[bounds.Length]);
            Assert.AreEqual(0, device.Storage.Writes, "what was not read is not written over");
        }
    }
}
