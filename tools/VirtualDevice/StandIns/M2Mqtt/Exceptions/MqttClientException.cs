namespace nanoFramework.M2Mqtt.Exceptions
{
    /// <summary>The caller of a client did something wrong.</summary>
    public class MqttClientException : Exception
    {
        /// <summary>Makes one.</summary>
        /// <param name="errorCode">See <see cref="ErrorCode"/>.</param>
        public MqttClientException(MqttClientErrorCode errorCode)
        {
            ErrorCode = errorCode;
        }

        /// <summary>What it was.</summary>
        public MqttClientErrorCode ErrorCode { get; set; }
    }
}
