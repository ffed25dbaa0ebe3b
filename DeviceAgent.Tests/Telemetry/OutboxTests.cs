using DeviceAgent.Telemetry;
using nanoFramework.TestFramework;

namespace DeviceAgent.Tests.Telemetry
{
    [TestClass]
    public class OutboxTests
    {
        [TestMethod]
        public void ReadingsComeOutInTheirOrder()
        {
            Outbox outbox = new Outbox(3, 2);
            Assert.AreEqual(0, outbox.Count);
            for (int round = 0; round < 10; round++)
            {
                outbox.Add(round * 10, new float[] { round, round + 0.5f });
                outbox.Add((round * 10) + 1, new float[] { -round, 0 });
                Assert.AreEqual(2, outbox.Count);
                Assert.AreEqual((long)round * 10, outbox.OldestTime);
                Assert.AreEqual((float)round, outbox.OldestValue(0));
                Assert.AreEqual(round + 0.5f, outbox.OldestValue(1));
                outbox.RemoveOldest();
                Assert.AreEqual(((long)round * 10) + 1, outbox.OldestTime);
                Assert.AreEqual((float)-round, outbox.OldestValue(0));
                outbox.RemoveOldest();
            }

            Assert.AreEqual(0, outbox.Count);
            Assert.AreEqual(0, outbox.Dropped);
        }

        [TestMethod]
        public void WhenItIsFullTheOldestGoesAndIsCounted()
        {
            Outbox outbox = new Outbox(3, 1);
            for (int i = 1; i <= 8; i++)
            {
                outbox.Add(i, new float[] { i });
                Assert.AreEqual(i < 3 ? i : 3, outbox.Count);
                Assert.AreEqual(i < 3 ? 0 : i - 3, outbox.Dropped);
                Assert.AreEqual(i < 3 ? 1L : i - 2L, outbox.OldestTime);
            }

            for (int i = 6; i <= 8; i++)
            {
                Assert.AreEqual((float)i, outbox.OldestValue(0));
                outbox.RemoveOldest();
            }

            Assert.AreEqual(0, outbox.Count);
            Assert.AreEqual(5, outbox.Dropped);
        }

        [TestMethod]
        public void ItKeepsAReadingAsItWas()
        {
            float[] values = new float[] { 1 };
            Outbox outbox = new Outbox(1, 1);
            outbox.Add(1, values);
            values[0] = 2;
            Assert.AreEqual(1f, outbox.OldestValue(0));
            outbox.Add(2, values);
            Assert.AreEqual(2f, outbox.OldestValue(0));
            Assert.AreEqual(1, outbox.Dropped);
        }
    }
}
