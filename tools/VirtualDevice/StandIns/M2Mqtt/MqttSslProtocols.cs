namespace nanoFramework.M2Mqtt
{
    /// <summary>Versions of TLS.</summary>
    public enum MqttSslProtocols
    {
        /// <summary>On a board this means TLS 1.3 and nothing else.</summary>
        None,

        /// <summary>SSL 3; boards do not speak it.</summary>
        SSLv3,

        /// <summary>TLS 1.0; boards do not speak it.</summary>
        TLSv1_0,

        /// <summary>TLS 1.1; boards do not speak it.</summary>
        TLSv1_1,

        /// <summary>TLS 1.2.</summary>
        TLSv1_2,

        /// <summary>TLS 1.3.</summary>
        TLSv1_3,
    }
}
