namespace DeviceAgent.Board
{
    /// <summary>The way from the board to the internet.</summary>
    public interface INetwork
    {
        /// <summary>
        /// Waits until the board has an address and its clock is set; gives up after a time. Returns at once where both are so already.
        /// </summary>
        /// <param name="ssid">WiFi network that the settings name; <see langword="null"/> to use what the board has stored.</param>
        /// <param name="password">Its password; <see langword="null"/> where <paramref name="ssid"/> is.</param>
        /// <param name="timeoutSeconds">How long to wait at most.</param>
        /// <returns><see langword="null"/> once the network can be used, else why not, in words for the log.</returns>
        string Connect(string ssid, string password, int timeoutSeconds);
    }
}
