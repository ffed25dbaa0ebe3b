using System.Text;

namespace DeviceAgent.Messaging
{
    /// <summary>The topics that the agent uses, and what AWS IoT Core lets a topic be.</summary>
    public static class Topics
    {
        /// <summary>UTF-8 bytes that a topic may have (AWS IoT Core quotas).</summary>
        public const int MaximumLength = 256;

        /// <summary>Slashes that a topic may have (AWS IoT Core quotas).</summary>
        public const int MaximumSlashes = 7;

        /// <summary>Where a device's readings and answers go: <c>dt/product/location/thing</c>.</summary>
        /// <param name="product">One level.</param>
        /// <param name="location">One or more levels.</param>
        /// <param name="thing">The device's thing name.</param>
        public static string Telemetry(string product, string location, string thing) => "dt/" + product + "/" + location + "/" + thing;

        /// <summary>Where a device's commands come from: <c>cmd/product/location/thing</c>.</summary>
        /// <param name="product">One level.</param>
        /// <param name="location">One or more levels.</param>
        /// <param name="thing">The device's thing name.</param>
        public static string Command(string product, string location, string thing) => "cmd/" + product + "/" + location + "/" + thing;

        /// <summary>What keeps a topic from being published to; <see langword="null"/> where nothing does. M2Mqtt would close the connection without a word, and so would AWS.</summary>
        /// <param name="topic">The whole topic.</param>
        public static string Problem(string topic)
        {
            if (string.IsNullOrEmpty(topic))
            {
                return "is empty";
            }

            if (topic[0] == '$')
            {
                return "begins with $, which is the broker's own";
            }

            if (Encoding.UTF8.GetBytes(topic).Length > MaximumLength)
            {
                return "has more than 256 bytes";
            }

            int slashes = 0;
            char before = '/';
            for (int i = 0; i < topic.Length; i++)
            {
                char c = topic[i];
                if (c == '+' || c == '#' || c < ' ')
                {
                    return "holds +, # or a control character";
                }

                if (c == '/')
                {
                    slashes++;
                    if (before == '/')
                    {
                        return "has an empty level";
                    }
                }

                before = c;
            }

            return before == '/' ? "has an empty level" : slashes > MaximumSlashes ? "has more than 7 slashes" : null;
        }
    }
}
