using System.Collections.Immutable;
using System.Text.Json;

namespace LocalCloud;

/// <summary>The payload of a RegisterThing.</summary>
/// <param name="OwnershipToken">The token, not empty.</param>
/// <param name="Parameters">The parameters; none when the payload has none.</param>
internal sealed record RegisterThingRequest(string OwnershipToken, ImmutableSortedDictionary<string, string> Parameters)
{
    // AWS IoT API, RegisterThing.
    private const int MaximumKeyLength = 2048;
    private const int MaximumValueLength = 4096;

    /// <exception cref="ProvisioningException">It is not one.</exception>
    public static RegisterThingRequest Parse(ReadOnlyMemory<byte> payload) => RequestPayload.Read(payload, Parse);

    private static RegisterThingRequest Parse(JsonElement request)
    {
        string? token = null;
        var parameters = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (var member in request.EnumerateObject())
        {
            switch (member.Name)
            {
                case "certificateOwnershipToken" when member.Value.ValueKind is JsonValueKind.String or JsonValueKind.Null:
                    token = member.Value.GetString();
                    break;

                case "certificateOwnershipToken":
                    throw ProvisioningException.InvalidRequest("certificateOwnershipToken must be a string.");

                case "parameters" when member.Value.ValueKind == JsonValueKind.Null:
                    break;

                case "parameters" when member.Value.ValueKind == JsonValueKind.Object:
                    ReadParameters(member.Value, parameters);
                    break;

                case "parameters":
                    throw ProvisioningException.InvalidRequest("parameters must be an object of strings.");

                default:
                    // Unknown members are let pass, as AWS's JSON interfaces do.
                    break;
            }
        }

        return string.IsNullOrEmpty(token)
            ? throw ProvisioningException.InvalidToken("Certificate ownership token cannot be empty.")
            : new RegisterThingRequest(token, parameters.ToImmutable());
    }

    private static void ReadParameters(JsonElement element, ImmutableSortedDictionary<string, string>.Builder parameters)
    {
        foreach (var parameter in element.EnumerateObject())
        {
            if (parameter.Value.ValueKind != JsonValueKind.String)
            {
                throw ProvisioningException.InvalidRequest($"Parameter {CloudLog.Printable(parameter.Name)} must be a string.");
            }

            var value = parameter.Value.GetString()!;
            if (parameter.Name.Length > MaximumKeyLength)
            {
                throw ProvisioningException.InvalidRequest($"The name of a parameter is longer than {MaximumKeyLength} characters.");
            }

            if (value.Length > MaximumValueLength)
            {
                throw ProvisioningException.InvalidRequest($"Parameter {CloudLog.Printable(parameter.Name)} is longer than {MaximumValueLength} characters.");
            }

            parameters.Add(parameter.Name, value);
        }
    }
}
