namespace nanoFramework.M2Mqtt.Exceptions
{
    /// <summary>What the caller of a client did wrong.</summary>
    public enum MqttClientErrorCode
    {
        /// <summary>The parts of the will do not go together.</summary>
        WillWrong = 1,

        /// <summary>The keep-alive period is too long.</summary>
        KeepAliveWrong,

        /// <summary>The topic of a message holds a wildcard.</summary>
        TopicWildcard,

        /// <summary>A topic is empty or too long.</summary>
        TopicLength,

        /// <summary>The QoS does not exist.</summary>
        QosNotAllowed,

        /// <summary>There are no topics.</summary>
        TopicsEmpty,

        /// <summary>There are no QoS levels.</summary>
        QosLevelsEmpty,

        /// <summary>There are not as many QoS levels as topics.</summary>
        TopicsQosLevelsNotMatch,

        /// <summary>The broker sent what only clients send.</summary>
        WrongBrokerMessage,

        /// <summary>The message id is 0.</summary>
        WrongMessageId,

        /// <summary>Too many messages wait.</summary>
        InflightQueueFull,

        /// <summary>The reserved flags of a packet are wrong.</summary>
        InvalidFlagBits,

        /// <summary>The flags of a CONNECT are wrong.</summary>
        InvalidConnectFlags,

        /// <summary>The client id is not allowed.</summary>
        InvalidClientId,

        /// <summary>The protocol name of a CONNECT is wrong.</summary>
        InvalidProtocolName,
    }
}
