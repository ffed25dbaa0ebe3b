namespace LocalCloud;

/// <summary>Where a fault can be ordered: a request of the client before it is acted on, an answer after, and two that are neither.</summary>
public enum FaultStep
{
    /// <summary>A TLS handshake, from before its first message is read.</summary>
    Tls,

    /// <summary>CONNECT.</summary>
    Connect,

    /// <summary>CONNACK of a CONNECT that was accepted, whose session is there.</summary>
    ConnAck,

    /// <summary>SUBSCRIBE.</summary>
    Subscribe,

    /// <summary>SUBACK of subscriptions that hold.</summary>
    SubAck,

    /// <summary>PUBLISH, but for requests of the provisioning API.</summary>
    Publish,

    /// <summary>PUBACK of a message that has gone its way.</summary>
    PubAck,

    /// <summary>The request for keys and a certificate.</summary>
    CreateKeysAndCertificate,

    /// <summary>Its answer, accepted or rejected.</summary>
    CreateKeysAndCertificateAnswer,

    /// <summary>The request for a certificate for a key that the device has.</summary>
    CreateCertificateFromCsr,

    /// <summary>Its answer, accepted or rejected.</summary>
    CreateCertificateFromCsrAnswer,

    /// <summary>The request to register a thing.</summary>
    RegisterThing,

    /// <summary>Its answer, accepted or rejected.</summary>
    RegisterThingAnswer,

    /// <summary>Any time in a session: so many seconds, or packets of the client, after its CONNECT.</summary>
    Session,
}
