using System.Globalization;
using System.Text.Json;

namespace Cli.Install;

/// <summary>A claim of five minutes, as CreateProvisioningClaim answers it.</summary>
/// <param name="CertificatePem">The claim certificate.</param>
/// <param name="PrivateKeyPem">Its key.</param>
/// <param name="Expiration">When it ends; null where nobody has said.</param>
internal sealed record ProvisioningClaim(string CertificatePem, string PrivateKeyPem, DateTimeOffset? Expiration)
{
    private const string Hint = "it has to be what `aws iot create-provisioning-claim --template-name TEMPLATE` prints";

    /// <summary>Reads the JSON that the aws command line prints.</summary>
    /// <param name="json">The text.</param>
    /// <exception cref="FormatException">It is something else; the message holds none of it.</exception>
    public static ProvisioningClaim Parse(string json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            JsonElement root = document.RootElement;
            return new ProvisioningClaim(
                Pem(root.GetProperty("certificatePem").GetString()),
                Pem(root.GetProperty("keyPair").GetProperty("PrivateKey").GetString()),
                root.TryGetProperty("expiration", out JsonElement expiration) ? Time(expiration) : null);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new FormatException($"no certificatePem and keyPair.PrivateKey were found in it: {Hint}");
        }
    }

    /// <summary>Checks a PEM text; it is the board that judges what is in it.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static string Pem(string? text) =>
        text?.Trim() is { } pem && pem.StartsWith("-----BEGIN ", StringComparison.Ordinal) && pem.EndsWith("-----", StringComparison.Ordinal)
            ? pem + "\n"
            : throw new FormatException($"the certificate or the key is no PEM text: {Hint}, or two PEM files");

    /// <summary>The first version of the aws command line prints seconds since 1970, the second a text.</summary>
    private static DateTimeOffset? Time(JsonElement expiration) => expiration.ValueKind switch
    {
        JsonValueKind.Number => DateTimeOffset.UnixEpoch.AddSeconds(expiration.GetDouble()),
        JsonValueKind.String when DateTimeOffset.TryParse(expiration.GetString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time) => time,
        _ => null,
    };
}
