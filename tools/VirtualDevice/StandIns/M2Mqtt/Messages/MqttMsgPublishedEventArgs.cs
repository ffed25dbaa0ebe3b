namespace nanoFramework.M2Mqtt.Messages
{
    /// <summary>How a publication of QoS 1 or 2 ended.</summary>
    public class MqttMsgPublishedEventArgs : EventArgs
    {
        /// <summary>Makes one of a success.</summary>
        /// <param name="messageId">See <see cref="MessageId"/>.</param>
        public MqttMsgPublishedEventArgs(ushort messageId)
            : this(messageId, true)
        {
        }

        /// <summary>Makes one.</summary>
        /// <param name="messageId">See <see cref="MessageId"/>.</param>
        /// <param name="isPublished">See <see cref="IsPublished"/>.</param>
        public MqttMsgPublishedEventArgs(ushort messageId, bool isPublished)
        {
            MessageId = messageId;
            IsPublished = isPublished;
        }

        /// <summary>The id that Publish returned.</summary>
        public ushort MessageId { get; set; }

        /// <summary>Whether the broker has acknowledged it; otherwise it was given up.</summary>
        public bool IsPublished { get; set; }
    }
}
