namespace Mqtt;

/// <summary>CONNECT: the first packet of a client, protocol level 4 (MQTT 3.1.1 §3.1).</summary>
/// <param name="ClientId">Client identifier, up to 65,535 bytes of UTF-8; empty only with <paramref name="CleanSession"/>.</param>
/// <param name="CleanSession">Whether the server forgets what it kept for this client.</param>
/// <param name="KeepAliveSeconds">The longest time between two packets of the client, in seconds; 0 turns keep-alive off.</param>
/// <param name="UserName">User name, or null for none.</param>
/// <param name="Password">Password of up to 65,535 bytes, or null for none; MQTT 3.1.1 allows it only with a user name.</param>
/// <param name="Will">The client's will, or null for none.</param>
public sealed record ConnectPacket(
    string ClientId,
    bool CleanSession = true,
    ushort KeepAliveSeconds = 60,
    string? UserName = null,
    ReadOnlyMemory<byte>? Password = null,
    Will? Will = null) : Packet;
