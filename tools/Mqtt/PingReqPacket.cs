namespace Mqtt;

/// <summary>PINGREQ: the client is alive and asks whether the server is (MQTT 3.1.1 §3.12).</summary>
public sealed record PingReqPacket : Packet;
