using System.Text.Json.Serialization;

namespace LocalCloud;

/// <summary>The kinds of what a registry holds.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RegistryEntity>))]
internal enum RegistryEntity
{
    [JsonStringEnumMemberName("seed")]
    Seed,

    [JsonStringEnumMemberName("policy")]
    Policy,

    [JsonStringEnumMemberName("template")]
    Template,

    [JsonStringEnumMemberName("thingType")]
    ThingType,

    [JsonStringEnumMemberName("thingGroup")]
    ThingGroup,

    [JsonStringEnumMemberName("billingGroup")]
    BillingGroup,

    [JsonStringEnumMemberName("thing")]
    Thing,

    [JsonStringEnumMemberName("certificate")]
    Certificate,

    [JsonStringEnumMemberName("role")]
    Role,

    [JsonStringEnumMemberName("authority")]
    Authority,

    [JsonStringEnumMemberName("registrationCode")]
    RegistrationCode,
}
