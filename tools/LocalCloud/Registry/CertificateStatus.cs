using System.Text.Json.Serialization;

namespace LocalCloud;

/// <summary>The status of a client certificate (AWS IoT API, Certificate). Only an active one can connect.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<CertificateStatus>))]
public enum CertificateStatus
{
    /// <summary>Made over MQTT and not registered yet; deleted when its ownership token expires.</summary>
    [JsonStringEnumMemberName("PENDING_ACTIVATION")]
    PendingActivation,

    /// <summary>Can connect.</summary>
    [JsonStringEnumMemberName("ACTIVE")]
    Active,

    /// <summary>Switched off for now.</summary>
    [JsonStringEnumMemberName("INACTIVE")]
    Inactive,

    /// <summary>Switched off for good.</summary>
    [JsonStringEnumMemberName("REVOKED")]
    Revoked,
}
