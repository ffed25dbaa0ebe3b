namespace Mqtt;

/// <summary>The server has answered a request with a refusal.</summary>
/// <param name="message">Which request.</param>
/// <param name="returnCode">See <see cref="ReturnCode"/>.</param>
public sealed class MqttRefusedException(string message, byte returnCode) : Exception(message)
{
    /// <summary>The return code of the CONNACK or SUBACK.</summary>
    public byte ReturnCode { get; } = returnCode;
}
