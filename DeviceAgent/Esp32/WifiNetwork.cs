using System;
using System.Net.NetworkInformation;
using System.Threading;
using DeviceAgent.Board;
using nanoFramework.Networking;

namespace DeviceAgent.Esp32
{
    /// <summary>WiFi, and the time that comes with it. After the first connection the firmware itself joins the network again whenever it is lost.</summary>
    public sealed class WifiNetwork : INetwork
    {
        /// <inheritdoc/>
        public string Connect(string ssid, string password, int timeoutSeconds)
        {
            password = password ?? ""; // an open network
            bool isStored = ssid == null || IsStored(ssid, password);

            // Always with a token: without one the helper waits for ever
            using (CancellationTokenSource timeout = new CancellationTokenSource(timeoutSeconds * 1000))
            {
                // ConnectDhcp writes the credentials to flash, so it is only for those that are not there yet
                bool isConnected = isStored
                    ? WifiNetworkHelper.Reconnect(true, 0, timeout.Token)
                    : WifiNetworkHelper.ConnectDhcp(ssid, password, System.Device.Wifi.WifiReconnectionKind.Automatic, true, 0, timeout.Token);
                if (isConnected)
                {
                    return null;
                }
            }

            string problem = Describe(ssid, timeoutSeconds);
            WifiNetworkHelper.Reset();
            return problem;
        }

        private static string Describe(string ssid, int timeoutSeconds)
        {
            string network = ssid == null ? "the stored WiFi network" : "WiFi network " + ssid;
            switch (WifiNetworkHelper.Status)
            {
                case NetworkHelperStatus.TokenExpiredWaitingIPAddress:
                    return "no address from " + network + " within " + timeoutSeconds.ToString() + " s: it is out of reach, or the password is wrong";
                case NetworkHelperStatus.TokenExpiredWaitingDateTime:
                    return "no time from SNTP within " + timeoutSeconds.ToString() + " s: " + network + " must let UDP port 123 through";
                case NetworkHelperStatus.FailedNoNetworkInterface:
                    return "the board has no WiFi interface";
                case NetworkHelperStatus.ExceptionOccurred:
                    Exception e = WifiNetworkHelper.HelperException;
                    return "WiFi failed: " + (e == null ? "" : e.Message);
                default:
                    return network + " cannot be used, status " + ((int)WifiNetworkHelper.Status).ToString();
            }
        }

        private static bool IsStored(string ssid, string password)
        {
            foreach (Wireless80211Configuration stored in Wireless80211Configuration.GetAllWireless80211Configurations())
            {
                if (stored.Ssid == ssid && stored.Password == password)
                {
                    return true;
                }
            }

            return false;
        }
    }
}
