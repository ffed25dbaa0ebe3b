namespace nanoFramework.M2Mqtt.Messages
{
    /// <summary>The broker has answered CONNECT.</summary>
    public class ConnectionOpenedEventArgs : EventArgs
    {
        /// <summary>Makes one.</summary>
        /// <param name="connact">See <see cref="Message"/>.</param>
        public ConnectionOpenedEventArgs(MqttMsgConnack connact)
        {
            Message = connact;
        }

        /// <summary>Its answer, which may be a refusal.</summary>
        public MqttMsgConnack Message { get; }
    }
}
