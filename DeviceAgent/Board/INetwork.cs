namespace DeviceAgent.Board
{
    /// <summary>The way from the board to the internet.</summary>
    public interface INetwork
    {
        /// <summary>
        /// Waits until the board has an address and its clock is set; gives up after a time. Returns at once where both are so already.
        /// </summary>
        /// <param name="timeoutSeconds">How long to wait at most.</param>
        /// <returns><see langword="null"/> once the network can be used, else why not, in words for the log.</returns>
        string Connect(int timeoutSeconds);
    }
}
