namespace nanoFramework.M2Mqtt
{
    /// <summary>How long <see cref="MqttClient"/> waits for what. Tests shorten it; nothing else does.</summary>
    internal sealed record MqttClientTimings
    {
        /// <summary>As on a board (M2Mqtt 5.1.220).</summary>
        public static readonly MqttClientTimings Board = new();

        /// <summary>For an answer to a TCP connection. A board's stack gives up after its own number of repeats.</summary>
        public TimeSpan TcpConnect { get; init; } = TimeSpan.FromSeconds(20);

        /// <summary>For CONNACK.</summary>
        public TimeSpan ConnAck { get; init; } = TimeSpan.FromSeconds(30);

        /// <summary>
        /// For the end of the connection after a refusing CONNACK. On a board it is a race that mostly ends in an exception, even when the
        /// return code has come.
        /// </summary>
        public TimeSpan RefusalRace { get; init; } = TimeSpan.FromMilliseconds(100);

        /// <summary>For an acknowledgement, before the message is sent again or given up.</summary>
        public TimeSpan Retry { get; init; } = TimeSpan.FromSeconds(1);

        /// <summary>From the decision to close until the socket is closed.</summary>
        public TimeSpan Close { get; init; } = TimeSpan.FromMilliseconds(200);
    }
}
