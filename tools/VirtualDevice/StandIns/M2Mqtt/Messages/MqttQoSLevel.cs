namespace nanoFramework.M2Mqtt.Messages
{
    /// <summary>Quality of service, and what SUBACK says of it.</summary>
    public enum MqttQoSLevel
    {
        /// <summary>QoS 0.</summary>
        AtMostOnce = 0,

        /// <summary>QoS 1.</summary>
        AtLeastOnce = 1,

        /// <summary>QoS 2.</summary>
        ExactlyOnce = 2,

        /// <summary>In SUBACK: the broker does not grant the subscription.</summary>
        GrantedFailure = 0x80,
    }
}
