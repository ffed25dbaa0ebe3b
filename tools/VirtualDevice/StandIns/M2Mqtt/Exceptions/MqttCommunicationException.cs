namespace nanoFramework.M2Mqtt.Exceptions
{
    /// <summary>The connection was lost, or the broker did not answer.</summary>
    public class MqttCommunicationException : Exception
    {
        /// <summary>Makes one without a cause.</summary>
        public MqttCommunicationException()
        {
        }

        /// <summary>Makes one.</summary>
        /// <param name="e">The cause.</param>
        public MqttCommunicationException(Exception e)
            : base(string.Empty, e)
        {
        }
    }
}
