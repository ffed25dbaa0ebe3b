using System.Text.Json;
using System.Text.Json.Nodes;

namespace LocalCloud;

/// <summary>The messages that tell of clients that come, go, subscribe and unsubscribe (developer guide, "Lifecycle events").</summary>
internal static class LifecycleEvents
{
    /// <summary>Whether a client id gets events: one that would be a wildcard in their topics gets none.</summary>
    /// <param name="clientId">The client id.</param>
    public static bool Has(string clientId) => !clientId.AsSpan().ContainsAny('#', '+');

    /// <summary>A client has connected.</summary>
    public static (string Topic, byte[] Payload) Connected(ClientConnection connection, DateTimeOffset now)
    {
        var json = Begin(connection, "connected", now);
        json["ipAddress"] = connection.Address;
        json["versionNumber"] = connection.Version;
        return ("$aws/events/presence/connected/" + connection.ClientId, Encode(json));
    }

    /// <summary>A client's connection has ended.</summary>
    public static (string Topic, byte[] Payload) Disconnected(ClientConnection connection, DisconnectReason reason, DateTimeOffset now)
    {
        var json = Begin(connection, "disconnected", now);
        json["clientInitiatedDisconnect"] = reason == DisconnectReason.ClientInitiatedDisconnect;
        json["disconnectReason"] = NameOf(reason);
        json["versionNumber"] = connection.Version;
        return ("$aws/events/presence/disconnected/" + connection.ClientId, Encode(json));
    }

    /// <summary>A client has subscribed.</summary>
    public static (string Topic, byte[] Payload) Subscribed(ClientConnection connection, IEnumerable<string> filters, DateTimeOffset now) =>
        ("$aws/events/subscriptions/subscribed/" + connection.ClientId, Encode(With(Begin(connection, "subscribed", now), filters)));

    /// <summary>A client has unsubscribed.</summary>
    public static (string Topic, byte[] Payload) Unsubscribed(ClientConnection connection, IEnumerable<string> filters, DateTimeOffset now) =>
        ("$aws/events/subscriptions/unsubscribed/" + connection.ClientId, Encode(With(Begin(connection, "unsubscribed", now), filters)));

    /// <summary>AWS's name of a reason.</summary>
    public static string NameOf(DisconnectReason reason) => reason switch
    {
        DisconnectReason.ClientInitiatedDisconnect => "CLIENT_INITIATED_DISCONNECT",
        DisconnectReason.ClientError => "CLIENT_ERROR",
        DisconnectReason.ConnectionLost => "CONNECTION_LOST",
        DisconnectReason.DuplicateClientId => "DUPLICATE_CLIENTID",
        DisconnectReason.AuthError => "AUTH_ERROR",
        DisconnectReason.ForbiddenAccess => "FORBIDDEN_ACCESS",
        DisconnectReason.MqttKeepAliveTimeout => "MQTT_KEEP_ALIVE_TIMEOUT",
        DisconnectReason.Throttled => "THROTTLED",
        DisconnectReason.ServerError => "SERVER_ERROR",
        _ => "SERVER_INITIATED_DISCONNECT",
    };

    private static JsonObject Begin(ClientConnection connection, string eventType, DateTimeOffset now)
    {
        var json = new JsonObject
        {
            ["clientId"] = connection.ClientId,
            ["timestamp"] = now.ToUnixTimeMilliseconds(),
            ["eventType"] = eventType,
            ["sessionIdentifier"] = connection.Identifier,
            ["principalIdentifier"] = connection.CertificateId,
        };
        if (connection.ThingName is not null)
        {
            json["thingName"] = connection.ThingName;
        }

        return json;
    }

    private static JsonObject With(JsonObject json, IEnumerable<string> filters)
    {
        json["topics"] = new JsonArray([.. filters.Select(filter => JsonValue.Create(filter))]);
        return json;
    }

    private static byte[] Encode(JsonObject json) => JsonSerializer.SerializeToUtf8Bytes(json);
}
