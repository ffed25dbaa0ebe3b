using DeviceAgent.Board;

namespace DeviceAgent.Sensors
{
    /// <summary>A sensor that needs no hardware: 20 ± 5 °C and 50 ± 10 % relative humidity, at random.</summary>
    public sealed class SimulatedClimateSensor : ISensor
    {
        private static readonly string[] s_quantities = new string[] { "TEMPERATURE", "HUMIDITY" };

        private readonly IBoard _board;

        /// <summary>Makes the sensor.</summary>
        /// <param name="board">Gives the random numbers.</param>
        public SimulatedClimateSensor(IBoard board)
        {
            _board = board;
        }

        /// <inheritdoc/>
        public string[] Quantities => s_quantities;

        /// <inheritdoc/>
        public bool Measure(float[] values, int offset)
        {
            values[offset] = (1500 + _board.Random(1001)) / 100f;
            values[offset + 1] = (4000 + _board.Random(2001)) / 100f;
            return true;
        }
    }
}
