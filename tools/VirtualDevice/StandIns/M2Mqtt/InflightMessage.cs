using Mqtt;

namespace nanoFramework.M2Mqtt
{
    /// <summary>A message on its way to the broker.</summary>
    internal sealed class InflightMessage
    {
        /// <summary>How often a message is sent before it is given up (MqttSettings.MaximumAttemptsRetry).</summary>
        public const int MaximumAttempts = 3;

        /// <summary>The id that the acknowledgement will repeat; 0 for what is not acknowledged.</summary>
        public required ushort Id { get; init; }

        /// <summary>The type of the acknowledgement; null for what is not acknowledged.</summary>
        public Type AcknowledgedBy { get; init; }

        /// <summary>Makes the packet; the argument tells whether it was sent before. It throws when there is no such packet.</summary>
        public required Func<bool, Packet> MakePacket { get; init; }

        /// <summary>Called once it is sent, or null.</summary>
        public Action Sent { get; init; }

        /// <summary>Called once it is given up, or null.</summary>
        public Action GivenUp { get; init; }

        /// <summary>How often it was sent.</summary>
        public int Attempts { get; set; }

        /// <summary>When it was sent last.</summary>
        public long SentAt { get; set; }
    }
}
