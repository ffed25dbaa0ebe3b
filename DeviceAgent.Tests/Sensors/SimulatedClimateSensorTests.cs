using DeviceAgent.Sensors;
using DeviceAgent.Tests.Fakes;
using nanoFramework.TestFramework;

namespace DeviceAgent.Tests.Sensors
{
    [TestClass]
    public class SimulatedClimateSensorTests
    {
        [TestMethod]
        public void ItMeasuresTwentyDegreesAndFiftyPercentGiveOrTakeSome()
        {
            float[] expected = new float[] { 15, 40, 20, 50, 25, 60 };
            for (int i = 0; i < 3; i++)
            {
                FakeBoard board = new FakeBoard();
                board.Chance = i * 50;
                SimulatedClimateSensor sensor = new SimulatedClimateSensor(board);
                Assert.AreEqual(2, sensor.Quantities.Length);
                Assert.AreEqual("TEMPERATURE", sensor.Quantities[0]);
                Assert.AreEqual("HUMIDITY", sensor.Quantities[1]);
                float[] values = new float[] { 1, 2, 3, 4 };
                Assert.IsTrue(sensor.Measure(values, 1));
                Assert.AreEqual(1f, values[0]);
                Assert.AreEqual(expected[i * 2], values[1]);
                Assert.AreEqual(expected[(i * 2) + 1], values[2]);
                Assert.AreEqual(4f, values[3]);
            }
        }
    }
}
