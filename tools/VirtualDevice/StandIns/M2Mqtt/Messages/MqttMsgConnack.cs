namespace nanoFramework.M2Mqtt.Messages
{
    /// <summary>A CONNACK, as far as MQTT 3.1.1 has it.</summary>
    public class MqttMsgConnack
    {
        /// <summary>Whether the broker goes on with a session that it has kept.</summary>
        public bool SessionPresent { get; set; }

        /// <summary>The broker's answer.</summary>
        public MqttReasonCode ReturnCode { get; set; }
    }
}
