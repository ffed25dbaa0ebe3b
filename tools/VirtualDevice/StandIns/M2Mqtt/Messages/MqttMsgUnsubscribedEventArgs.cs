namespace nanoFramework.M2Mqtt.Messages
{
    /// <summary>The answer to an UNSUBSCRIBE.</summary>
    public class MqttMsgUnsubscribedEventArgs : EventArgs
    {
        /// <summary>Makes one.</summary>
        /// <param name="messageId">See <see cref="MessageId"/>.</param>
        public MqttMsgUnsubscribedEventArgs(ushort messageId)
        {
            MessageId = messageId;
        }

        /// <summary>The id that Unsubscribe returned.</summary>
        public ushort MessageId { get; internal set; }
    }
}
