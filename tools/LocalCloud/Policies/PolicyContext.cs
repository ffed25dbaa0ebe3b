using System.Net;

namespace LocalCloud;

/// <summary>What the policy variables and condition keys stand for in one connection.</summary>
/// <param name="ClientId">The client id of the CONNECT.</param>
/// <param name="Thing">
/// The thing that the certificate is attached to and that is named as the client calls itself, or null: on AWS the thing
/// variables have values for this one alone (developer guide, "Thing policy variables"); or the thing that the certificate
/// is attached to exclusively, whatever the client calls itself ("Associate a principal to a thing exclusively").
/// </param>
public sealed record PolicyContext(string ClientId, Thing? Thing)
{
    /// <summary>Id of the certificate of the connection, or null where there is none.</summary>
    public string? CertificateId { get; init; }

    /// <summary>That certificate, as PEM.</summary>
    public string? CertificatePem { get; init; }

    /// <summary>Where the connection comes from.</summary>
    public IPAddress? SourceAddress { get; init; }

    /// <summary>What the CONNECT asked for beyond the ordinary (<see cref="ConnectAttribute"/>).</summary>
    public IReadOnlyList<string> ConnectAttributes { get; init; } = [];

    /// <summary>ARN of the topic of the last will, or null.</summary>
    public string? LastWillTopic { get; init; }

    /// <summary>What the certificate says; the same for the same certificate.</summary>
    internal CertificateAttributes? Certificate => CertificatePem is null ? null : CertificateAttributes.Of(CertificatePem);
}
