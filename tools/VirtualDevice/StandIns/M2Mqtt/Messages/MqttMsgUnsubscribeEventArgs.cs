namespace nanoFramework.M2Mqtt.Messages
{
    /// <summary>An UNSUBSCRIBE. No event carries it; it is part of the surface of nanoFramework.M2Mqtt.Core.</summary>
    public class MqttMsgUnsubscribeEventArgs : EventArgs
    {
        /// <summary>Makes one.</summary>
        /// <param name="messageId">See <see cref="MessageId"/>.</param>
        /// <param name="topics">See <see cref="Topics"/>.</param>
        public MqttMsgUnsubscribeEventArgs(ushort messageId, string[] topics)
        {
            MessageId = messageId;
            Topics = topics;
        }

        /// <summary>Its id.</summary>
        public ushort MessageId { get; internal set; }

        /// <summary>Topic filters.</summary>
        public string[] Topics { get; internal set; }
    }
}
