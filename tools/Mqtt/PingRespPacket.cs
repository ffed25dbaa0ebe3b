namespace Mqtt;

/// <summary>PINGRESP: the server is alive (MQTT 3.1.1 §3.13).</summary>
public sealed record PingRespPacket : Packet;
