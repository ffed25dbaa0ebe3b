namespace nanoFramework.M2Mqtt.Messages
{
    /// <summary>A message that has come.</summary>
    public class MqttMsgPublishEventArgs : EventArgs
    {
        /// <summary>Makes one.</summary>
        /// <param name="topic">See <see cref="Topic"/>.</param>
        /// <param name="message">See <see cref="Message"/>.</param>
        /// <param name="dupFlag">See <see cref="DupFlag"/>.</param>
        /// <param name="qosLevel">See <see cref="QosLevel"/>.</param>
        /// <param name="retain">See <see cref="Retain"/>.</param>
        public MqttMsgPublishEventArgs(string topic, byte[] message, bool dupFlag, MqttQoSLevel qosLevel, bool retain)
        {
            Topic = topic;
            Message = message;
            DupFlag = dupFlag;
            QosLevel = qosLevel;
            Retain = retain;
        }

        /// <summary>Topic.</summary>
        public string Topic { get; internal set; }

        /// <summary>Payload.</summary>
        public byte[] Message { get; internal set; }

        /// <summary>Whether the broker sent it before.</summary>
        public bool DupFlag { get; internal set; }

        /// <summary>QoS of the delivery.</summary>
        public MqttQoSLevel QosLevel { get; internal set; }

        /// <summary>Whether the broker had kept it.</summary>
        public bool Retain { get; internal set; }
    }
}
