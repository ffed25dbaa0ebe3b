namespace nanoFramework.M2Mqtt.Exceptions
{
    /// <summary>There is no connection to the broker, or no TLS over it.</summary>
    public class MqttConnectionException : Exception
    {
        /// <summary>Makes one.</summary>
        /// <param name="message">Ends in the error number.</param>
        /// <param name="innerException">A <see cref="System.Net.Sockets.SocketException"/> with that number.</param>
        public MqttConnectionException(string message, Exception innerException)
            : base(message, innerException)
        {
        }
    }
}
