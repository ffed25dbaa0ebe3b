using System.Collections;
using nanoFramework.M2Mqtt.Messages;

namespace nanoFramework.M2Mqtt
{
    /// <summary>nanoFramework.M2Mqtt.Core's interface of an MQTT client, member for member.</summary>
    public interface IMqttClient
    {
        /// <summary>Handles a message that has come.</summary>
        /// <param name="sender">The client.</param>
        /// <param name="e">The message.</param>
        delegate void MqttMsgPublishEventHandler(object sender, MqttMsgPublishEventArgs e);

        /// <summary>Handles the end of a QoS 1 or 2 publication.</summary>
        /// <param name="sender">The client.</param>
        /// <param name="e">Which, and how it ended.</param>
        delegate void MqttMsgPublishedEventHandler(object sender, MqttMsgPublishedEventArgs e);

        /// <summary>Handles the answer to a SUBSCRIBE.</summary>
        /// <param name="sender">The client.</param>
        /// <param name="e">Which, and what was granted.</param>
        delegate void MqttMsgSubscribedEventHandler(object sender, MqttMsgSubscribedEventArgs e);

        /// <summary>Handles the answer to an UNSUBSCRIBE.</summary>
        /// <param name="sender">The client.</param>
        /// <param name="e">Which.</param>
        delegate void MqttMsgUnsubscribedEventHandler(object sender, MqttMsgUnsubscribedEventArgs e);

        /// <summary>Handles the end of the connection.</summary>
        /// <param name="sender">The client.</param>
        /// <param name="e">Empty.</param>
        delegate void ConnectionClosedEventHandler(object sender, EventArgs e);

        /// <summary>A message has come; one of QoS 1 is acknowledged already.</summary>
        event MqttMsgPublishEventHandler MqttMsgPublishReceived;

        /// <summary>A QoS 1 publication was acknowledged, or given up.</summary>
        event MqttMsgPublishedEventHandler MqttMsgPublished;

        /// <summary>A SUBSCRIBE was answered. Nothing tells of one that was not.</summary>
        event MqttMsgSubscribedEventHandler MqttMsgSubscribed;

        /// <summary>An UNSUBSCRIBE was answered. Nothing tells of one that was not.</summary>
        event MqttMsgUnsubscribedEventHandler MqttMsgUnsubscribed;

        /// <summary>The connection has ended, whoever ended it.</summary>
        event ConnectionClosedEventHandler ConnectionClosed;

        /// <summary>Whether the connection stands, so far as is known.</summary>
        bool IsConnected { get; }

        /// <summary>Makes the client ready to connect, and resolves the broker's name.</summary>
        /// <param name="brokerHostName">Host name or address.</param>
        /// <param name="brokerPort">TCP port.</param>
        /// <param name="secure">Whether to use TLS.</param>
        /// <param name="caCert">Trusted certificates.</param>
        /// <param name="clientCert">The client's certificate.</param>
        /// <param name="sslProtocol">Version of TLS.</param>
        void Init(string brokerHostName, int brokerPort, bool secure, byte[] caCert, byte[] clientCert, MqttSslProtocols sslProtocol);

        /// <summary>Connects, and waits for CONNACK.</summary>
        /// <param name="clientId">Client identifier.</param>
        /// <param name="username">User name, or null.</param>
        /// <param name="password">Password, or null.</param>
        /// <param name="willRetain">Whether the will is to be retained.</param>
        /// <param name="willQosLevel">QoS of the will.</param>
        /// <param name="willFlag">Whether there is a will.</param>
        /// <param name="willTopic">Topic of the will, or null.</param>
        /// <param name="willMessage">Text of the will, or null.</param>
        /// <param name="cleanSession">Whether the broker forgets an earlier session.</param>
        /// <param name="keepAlivePeriod">Keep-alive in seconds.</param>
        /// <returns>The return code of CONNACK.</returns>
        MqttReasonCode Connect(
            string clientId,
            string username,
            string password,
            bool willRetain,
            MqttQoSLevel willQosLevel,
            bool willFlag,
            string willTopic,
            string willMessage,
            bool cleanSession,
            ushort keepAlivePeriod);

        /// <summary>Sends DISCONNECT and begins to close the connection.</summary>
        void Disconnect();

        /// <summary>Begins to subscribe.</summary>
        /// <param name="topics">Topic filters.</param>
        /// <param name="qosLevels">The QoS asked for, one for each filter.</param>
        /// <returns>The id that <see cref="MqttMsgSubscribed"/> repeats.</returns>
        ushort Subscribe(string[] topics, MqttQoSLevel[] qosLevels);

        /// <summary>Begins to unsubscribe.</summary>
        /// <param name="topics">Topic filters.</param>
        /// <returns>The id that <see cref="MqttMsgUnsubscribed"/> repeats.</returns>
        ushort Unsubscribe(string[] topics);

        /// <summary>Begins to publish.</summary>
        /// <param name="topic">Topic.</param>
        /// <param name="message">Payload.</param>
        /// <param name="contentType">Null: MQTT 5 only.</param>
        /// <param name="userProperties">Null: MQTT 5 only.</param>
        /// <param name="qosLevel">QoS.</param>
        /// <param name="retain">Whether the broker is to keep the message.</param>
        /// <returns>The id that <see cref="MqttMsgPublished"/> repeats for QoS 1.</returns>
        ushort Publish(string topic, byte[] message, string contentType, ArrayList userProperties, MqttQoSLevel qosLevel, bool retain);

        /// <summary>Begins to publish with QoS 0.</summary>
        /// <param name="topic">Topic.</param>
        /// <param name="message">Payload.</param>
        /// <param name="contentType">Null: MQTT 5 only.</param>
        /// <returns>An id that no event repeats.</returns>
        ushort Publish(string topic, byte[] message, string contentType);

        /// <summary>Begins to publish with QoS 0.</summary>
        /// <param name="topic">Topic.</param>
        /// <param name="message">Payload.</param>
        /// <returns>An id that no event repeats.</returns>
        ushort Publish(string topic, byte[] message);

        /// <summary>Closes the connection and forgets what was queued.</summary>
        void Close();
    }
}
