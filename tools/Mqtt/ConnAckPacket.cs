namespace Mqtt;

/// <summary>CONNACK: the server's answer to CONNECT (MQTT 3.1.1 §3.2).</summary>
/// <param name="SessionPresent">Whether the server goes on with a session it has kept; false with any refusal.</param>
/// <param name="ReturnCode">0 accepted; 1 to 5 as the standard defines them (<see cref="ConnectReturnCode"/>); servers send others too, AWS IoT Core 7.</param>
public sealed record ConnAckPacket(bool SessionPresent, byte ReturnCode) : Packet;
