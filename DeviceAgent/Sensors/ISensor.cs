namespace DeviceAgent.Sensors
{
    /// <summary>Something that measures one or more quantities at a time.</summary>
    public interface ISensor
    {
        /// <summary>What it measures, as readings name it: <c>TEMPERATURE</c> in °C, <c>HUMIDITY</c> in % relative, <c>PRESSURE</c> in hPa. Never changes.</summary>
        string[] Quantities { get; }

        /// <summary>Measures.</summary>
        /// <param name="values">Takes a value for each quantity, in the same order; NaN where one could not be had.</param>
        /// <param name="offset">Where in <paramref name="values"/> the first goes.</param>
        /// <returns>Whether anything was measured.</returns>
        bool Measure(float[] values, int offset);
    }
}
