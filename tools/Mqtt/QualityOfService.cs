namespace Mqtt;

/// <summary>How surely a message is delivered (MQTT 3.1.1 §4.3). The values are the two bits on the wire.</summary>
public enum QualityOfService : byte
{
    /// <summary>QoS 0: sent once, acknowledged by nobody, lost with the connection.</summary>
    AtMostOnce = 0,

    /// <summary>QoS 1: sent until PUBACK comes, so it can arrive more than once.</summary>
    AtLeastOnce = 1,

    /// <summary>QoS 2: the four-packet exchange; arrives once.</summary>
    ExactlyOnce = 2,
}
