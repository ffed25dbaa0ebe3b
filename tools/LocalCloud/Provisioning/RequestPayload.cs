using System.Text.Json;

namespace LocalCloud;

/// <summary>The JSON of a request.</summary>
internal static class RequestPayload
{
    private static readonly JsonDocumentOptions s_strict = new() { AllowDuplicateProperties = false };

    /// <summary>Reads the payload, which must be one JSON object.</summary>
    /// <param name="payload">The payload.</param>
    /// <param name="read">Takes what it needs of the object.</param>
    /// <exception cref="ProvisioningException">It is not one.</exception>
    public static T Read<T>(ReadOnlyMemory<byte> payload, Func<JsonElement, T> read)
    {
        try
        {
            using var document = JsonDocument.Parse(payload, s_strict);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? read(document.RootElement)
                : throw ProvisioningException.InvalidRequest("The payload must be a JSON object.");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException is how JsonElement says that a string is not well-formed UTF-8 or UTF-16.
            throw ProvisioningException.InvalidRequest("The payload is not valid JSON.");
        }
    }
}
