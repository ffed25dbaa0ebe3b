namespace Mqtt;

/// <summary>The flags byte of CONNECT (MQTT 3.1.1 §3.1.2.3); bits 3 and 4, not named here, are the will's QoS.</summary>
[Flags]
internal enum ConnectFlags : byte
{
    None = 0,
    Reserved = 0x01,
    CleanSession = 0x02,
    Will = 0x04,
    WillRetain = 0x20,
    Password = 0x40,
    UserName = 0x80,
}
