namespace nanoFramework.M2Mqtt.Messages
{
    /// <summary>A SUBSCRIBE. No event carries it; it is part of the surface of nanoFramework.M2Mqtt.Core.</summary>
    public class MqttMsgSubscribeEventArgs : EventArgs
    {
        /// <summary>Makes one.</summary>
        /// <param name="messageId">See <see cref="MessageId"/>.</param>
        /// <param name="topics">See <see cref="Topics"/>.</param>
        /// <param name="qosLevels">See <see cref="QoSLevels"/>.</param>
        public MqttMsgSubscribeEventArgs(ushort messageId, string[] topics, MqttQoSLevel[] qosLevels)
        {
            MessageId = messageId;
            Topics = topics;
            QoSLevels = qosLevels;
        }

        /// <summary>Its id.</summary>
        public ushort MessageId { get; internal set; }

        /// <summary>Topic filters.</summary>
        public string[] Topics { get; internal set; }

        /// <summary>The QoS asked for, one for each filter.</summary>
        public MqttQoSLevel[] QoSLevels { get; internal set; }
    }
}
