namespace LocalCloud;

/// <summary>Why a connection ended, as AWS tells it in its lifecycle events (developer guide, "Lifecycle events").</summary>
internal enum DisconnectReason
{
    /// <summary>The client sent DISCONNECT.</summary>
    ClientInitiatedDisconnect,

    /// <summary>The client did something that MQTT or AWS does not allow.</summary>
    ClientError,

    /// <summary>The connection broke.</summary>
    ConnectionLost,

    /// <summary>Another connection came with the same client id.</summary>
    DuplicateClientId,

    /// <summary>The certificate stopped being active.</summary>
    AuthError,

    /// <summary>A policy does not allow what the client asked for.</summary>
    ForbiddenAccess,

    /// <summary>Nothing came for one and a half times the keep-alive.</summary>
    MqttKeepAliveTimeout,

    /// <summary>The client does not take its messages, or connects too often.</summary>
    Throttled,

    /// <summary>LocalCloud failed.</summary>
    ServerError,

    /// <summary>The server stops.</summary>
    ServerInitiatedDisconnect,
}
