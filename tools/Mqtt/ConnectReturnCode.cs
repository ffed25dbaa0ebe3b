namespace Mqtt;

/// <summary>Return codes of CONNACK (MQTT 3.1.1 §3.2.2.3).</summary>
public static class ConnectReturnCode
{
    /// <summary>The connection is accepted.</summary>
    public const byte Accepted = 0;

    /// <summary>The server does not speak the protocol level that the client asked for.</summary>
    public const byte UnacceptableProtocolVersion = 1;

    /// <summary>The client identifier is not allowed.</summary>
    public const byte IdentifierRejected = 2;

    /// <summary>The MQTT service is not available.</summary>
    public const byte ServerUnavailable = 3;

    /// <summary>User name or password is malformed.</summary>
    public const byte BadUserNameOrPassword = 4;

    /// <summary>The client is not authorised to connect.</summary>
    public const byte NotAuthorized = 5;
}
