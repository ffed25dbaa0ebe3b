using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace LocalCloud;

/// <summary>A client certificate that the registry knows.</summary>
/// <param name="Id">SHA-256 of the certificate's DER, as 64 lower-case hexadecimal digits, as on AWS.</param>
/// <param name="Pem">The certificate.</param>
/// <param name="Status">Its status.</param>
/// <param name="CreatedAt">When it was made.</param>
public sealed record RegisteredCertificate(string Id, string Pem, CertificateStatus Status, DateTimeOffset CreatedAt)
{
    /// <summary>When its status was last changed, or null where it never was.</summary>
    public DateTimeOffset? ModifiedAt { get; init; }

    /// <summary>Id of the CA certificate by which it was registered, or null for one that came otherwise.</summary>
    public string? CaCertificateId { get; init; }

    /// <summary>Its ownership token, or null where it never had one or the token has expired.</summary>
    public OwnershipClaim? Ownership { get; init; }

    /// <summary>What makes it a provisioning claim of CreateProvisioningClaim's, which no list has, or null.</summary>
    public ProvisioningClaim? Claim { get; init; }

    /// <summary>Names of the policies attached to it.</summary>
    public ImmutableSortedSet<string> Policies { get; init => field = value.WithComparer(StringComparer.Ordinal); } = [];

    /// <summary>Names of the things attached to it.</summary>
    public ImmutableSortedSet<string> Things { get; init => field = value.WithComparer(StringComparer.Ordinal); } = [];

    /// <summary>
    /// Whether it is attached to one thing exclusively (AWS IoT API, AttachThingPrincipal, EXCLUSIVE_THING): it can have no
    /// other, and counts as that thing whatever client id it connects with.
    /// </summary>
    public bool IsExclusive { get; init; }

    /// <summary>The first eight digits of the id, enough to tell certificates apart in a log.</summary>
    [JsonIgnore]
    public string ShortId => Id[..8];
}
