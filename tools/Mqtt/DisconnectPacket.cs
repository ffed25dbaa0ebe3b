namespace Mqtt;

/// <summary>DISCONNECT: the client's last packet; the server drops its will (MQTT 3.1.1 §3.14).</summary>
public sealed record DisconnectPacket : Packet;
