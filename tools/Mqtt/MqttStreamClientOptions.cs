namespace Mqtt;

/// <summary>How an <see cref="MqttStreamClient"/> connects.</summary>
public sealed record MqttStreamClientOptions
{
    /// <summary>The server's host name or address; with TLS its certificate must name it.</summary>
    public required string Host { get; init; }

    /// <summary>The host name or address that is connected to in place of <see cref="Host"/>, whose name the server is asked for all the same; null for none.</summary>
    public string? ConnectTo { get; init; }

    /// <summary>The server's TCP port.</summary>
    public int Port { get; init; } = 8883;

    /// <summary>TLS, or null for a connection in the clear.</summary>
    public required MqttTls? Tls { get; init; }

    /// <summary>What CONNECT says: client identifier, session, keep-alive, will.</summary>
    public required ConnectPacket Connect { get; init; }

    /// <summary>What is accepted from the server.</summary>
    public PacketReaderOptions Reader { get; init; } = PacketReaderOptions.Default;
}
