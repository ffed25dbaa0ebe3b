namespace Mqtt;

/// <summary>What came over the wire is not MQTT 3.1.1, or is more than the reader was told to take. The connection cannot go on.</summary>
public sealed class MqttProtocolException : Exception
{
    /// <summary>Makes one.</summary>
    /// <param name="message">What is wrong, without the sender's own text.</param>
    /// <param name="connectReturnCode">See <see cref="ConnectReturnCode"/>.</param>
    /// <param name="innerException">The cause, if another exception was.</param>
    public MqttProtocolException(string message, byte? connectReturnCode = null, Exception? innerException = null)
        : base(message, innerException)
    {
        ConnectReturnCode = connectReturnCode;
    }

    /// <summary>
    /// The CONNACK return code that MQTT 3.1.1 wants a server to send before it closes, or null where it is to close
    /// without a word: 1 for a CONNECT of another protocol level, 2 for an empty client identifier that asks for a kept session.
    /// </summary>
    public byte? ConnectReturnCode { get; }
}
