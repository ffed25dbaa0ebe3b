namespace DeviceAgent.Board
{
    /// <summary>Where the agent tells what it does. A line never holds a key, a token or a password.</summary>
    public interface ILog
    {
        /// <summary>Writes one line.</summary>
        /// <param name="line">The text, without a line end.</param>
        void Write(string line);
    }
}
