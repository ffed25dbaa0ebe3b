namespace nanoFramework.M2Mqtt.Messages
{
    /// <summary>The answer to a SUBSCRIBE.</summary>
    public class MqttMsgSubscribedEventArgs : EventArgs
    {
        /// <summary>Makes one.</summary>
        /// <param name="messageId">See <see cref="MessageId"/>.</param>
        /// <param name="grantedQosLevels">See <see cref="GrantedQoSLevels"/>.</param>
        public MqttMsgSubscribedEventArgs(ushort messageId, MqttQoSLevel[] grantedQosLevels)
        {
            MessageId = messageId;
            GrantedQoSLevels = grantedQosLevels;
        }

        /// <summary>The id that Subscribe returned.</summary>
        public ushort MessageId { get; internal set; }

        /// <summary>What was granted, one for each filter.</summary>
        public MqttQoSLevel[] GrantedQoSLevels { get; internal set; }
    }
}
