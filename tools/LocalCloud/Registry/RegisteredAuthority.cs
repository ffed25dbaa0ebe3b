using System.Text.Json.Serialization;

namespace LocalCloud;

/// <summary>A CA certificate of the owner's that the registry knows: the certificates that it has signed can be registered.</summary>
/// <param name="Id">SHA-256 of the certificate's DER, as 64 lower-case hexadecimal digits, as on AWS.</param>
/// <param name="Pem">The certificate.</param>
/// <param name="Mode"><c>DEFAULT</c>, where a verification certificate proved that the owner has its key, or <c>SNI_ONLY</c>, where nothing did.</param>
/// <param name="CreatedAt">When it was registered.</param>
public sealed record RegisteredAuthority(string Id, string Pem, string Mode, DateTimeOffset CreatedAt)
{
    /// <summary>When it was last changed.</summary>
    public DateTimeOffset ModifiedAt { get; init; } = CreatedAt;

    /// <summary>Whether certificates that it has signed can be registered. Those that are registered stay as they are.</summary>
    public bool IsActive { get; init; }

    /// <summary>Whether a certificate that it has signed is registered when a device first connects with it.</summary>
    public bool RegistersAutomatically { get; init; }

    /// <summary>Body of the template by which a device is provisioned when it first connects, or null.</summary>
    public string? TemplateBody { get; init; }

    /// <summary>Name of that template where it is one of the registry's, or null. With neither, the certificate is registered and no more.</summary>
    public string? TemplateName { get; init; }

    /// <summary>The role that AWS IoT takes on to provision, or null.</summary>
    public string? RoleArn { get; init; }

    /// <summary>The first eight digits of the id, enough to tell them apart in a log.</summary>
    [JsonIgnore]
    public string ShortId => Id[..8];
}
