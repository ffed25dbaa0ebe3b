using System.Collections.Immutable;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace LocalCloud;

/// <summary>The registry on disk: one JSON file, replaced as a whole.</summary>
/// <remarks>
/// A change is there entirely or not at all, whenever the process ends: the new content goes to a file beside, is flushed
/// to the disk, and takes the old one's name.
/// </remarks>
internal sealed class RegistryFile
{
    public const string FileName = "registry.json";

    /// <summary>The form of the file; one that a later LocalCloud wrote is not guessed at.</summary>
    private const int Format = 1;

    private static readonly JsonSerializerOptions s_json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        AllowDuplicateProperties = false,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    private readonly string _path;

    public RegistryFile(string directory)
    {
        _path = Path.Combine(directory, FileName);
    }

    /// <summary>What the file holds, or an empty registry where there is none.</summary>
    /// <exception cref="DataDirectoryException">The file cannot be read, or is damaged.</exception>
    public RegistryState Load()
    {
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(_path);
        }
        catch (FileNotFoundException)
        {
            return RegistryState.Empty;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataDirectoryException(_path, "cannot be read: " + e.Message, e);
        }

        try
        {
            var content = JsonSerializer.Deserialize<Content>(bytes, s_json) ?? throw new JsonException("it holds null");
            if (content.Format != Format)
            {
                throw new JsonException($"its format is {content.Format}, and this LocalCloud knows format {Format}");
            }

            var state = RegistryState.Empty with { Seed = content.Seed };
            state = content.Policies.Aggregate(state, (sum, policy) => sum.With(new Policy(policy.Name, PolicyDocument.Parse(policy.Document))));
            state = content.Templates.Aggregate(state, (sum, template) => sum.With(ProvisioningTemplate.Parse(template.Name, template.Body)));
            state = content.Things.Aggregate(state, (sum, thing) => sum.With(thing));
            return content.Certificates.Aggregate(state, (sum, certificate) => sum.With(certificate));
        }
        catch (Exception e) when (e is JsonException or FormatException or ArgumentException)
        {
            throw new DataDirectoryException(
                _path,
                $"is damaged: {e.Message.TrimEnd('.')}. Put a good copy in its place, or move it away to start with an empty registry, which knows none of the certificates given so far",
                e);
        }
    }

    /// <summary>Writes the whole registry.</summary>
    /// <exception cref="IOException">It could not be written; the old content is still there.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise.</exception>
    public void Save(RegistryState state)
    {
        var content = new Content(
            Format,
            state.Seed,
            [.. state.Policies.Values.OrderBy(policy => policy.Name, StringComparer.Ordinal).Select(policy => new PolicyContent(policy.Name, policy.Document.Text))],
            [.. state.Templates.Values.OrderBy(template => template.Name, StringComparer.Ordinal).Select(template => new TemplateContent(template.Name, template.Body))],
            [.. state.Things.Values.OrderBy(thing => thing.Name, StringComparer.Ordinal)],
            [.. state.Certificates.Values.OrderBy(certificate => certificate.CreatedAt).ThenBy(certificate => certificate.Id, StringComparer.Ordinal)]);
        DurableFile.Write(_path, JsonSerializer.SerializeToUtf8Bytes(content, s_json), isSecret: false);
    }

    private sealed record Content(
        int Format,
        SeedSettings? Seed,
        ImmutableArray<PolicyContent> Policies,
        ImmutableArray<TemplateContent> Templates,
        ImmutableArray<Thing> Things,
        ImmutableArray<RegisteredCertificate> Certificates);

    private sealed record PolicyContent(string Name, string Document);

    private sealed record TemplateContent(string Name, string Body);
}
