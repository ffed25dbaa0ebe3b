using System.Text.RegularExpressions;

namespace LocalCloud;

/// <summary>
/// The Authorization header of AWS's Signature Version 4. LocalCloud knows no secret keys, so it checks that a request is
/// signed, and not by whom: a client that forgets to sign is told so here as it would be by AWS.
/// </summary>
internal static partial class SignatureForm
{
    /// <summary>Checks the header.</summary>
    /// <param name="authorization">Its value, or null for none.</param>
    /// <returns>The region that the request is signed for.</returns>
    /// <exception cref="ControlPlaneException">It is missing or no signature.</exception>
    public static string Check(string? authorization)
    {
        if (string.IsNullOrEmpty(authorization))
        {
            throw ControlPlaneException.MissingAuthentication("Missing Authentication Token: sign the request with any credentials (AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test).");
        }

        var match = Form().Match(authorization);
        return match.Success
            ? match.Groups["region"].Value
            : throw ControlPlaneException.IncompleteSignature("The Authorization header is no signature of version 4: AWS4-HMAC-SHA256 Credential=KEY/DATE/REGION/SERVICE/aws4_request, SignedHeaders=…, Signature=….");
    }

    [GeneratedRegex("^AWS4-HMAC-SHA256 Credential=[^/ ,]+/[0-9]{8}/(?<region>[a-z0-9-]+)/[a-z0-9-]+/aws4_request, ?SignedHeaders=[^ ,]*host[^ ,]*, ?Signature=[0-9a-f]{64}$")]
    private static partial Regex Form();
}
