using System.Collections.Immutable;

namespace LocalCloud;

/// <summary>A provisioning template with its versions, of which the default one alone is in effect. Never changes: a change makes another.</summary>
/// <param name="Name">Its name.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="Versions">The versions by number, 1 to <see cref="MaximumVersions"/> of them.</param>
/// <param name="DefaultId">Number of the version that is in effect.</param>
/// <param name="LastId">The highest number given so far, deleted versions included.</param>
public sealed record RegisteredTemplate(
    string Name,
    DateTimeOffset CreatedAt,
    ImmutableSortedDictionary<int, TemplateVersion> Versions,
    int DefaultId,
    int LastId)
{
    /// <summary>The most versions that a template has at a time (AWS IoT Core quotas, fleet provisioning).</summary>
    public const int MaximumVersions = 5;

    /// <summary>When it was last changed.</summary>
    public DateTimeOffset ModifiedAt { get; init; } = CreatedAt;

    /// <summary>Whether devices can register by it.</summary>
    public bool IsEnabled { get; init; } = true;

    /// <summary>Whether it is of type JITP: CAs name it, and devices cannot.</summary>
    public bool IsJustInTime { get; init; }

    /// <summary>What people wrote about it, or null.</summary>
    public string? Description { get; init; }

    /// <summary>The role that AWS IoT takes on to provision, or null for LocalCloud's own templates.</summary>
    public string? RoleArn { get; init; }

    /// <summary>ARN of the Lambda function that AWS asks before a device registers, or null for none.</summary>
    public string? HookArn { get; init; }

    /// <summary>The version that is in effect.</summary>
    public TemplateVersion Default => Versions[DefaultId];

    /// <summary>Whether one must be removed before another is added.</summary>
    public bool IsFull => Versions.Count >= MaximumVersions;

    /// <summary>A new template; its body becomes version 1.</summary>
    /// <param name="template">What it says.</param>
    /// <param name="createdAt">The time.</param>
    public static RegisteredTemplate Create(ProvisioningTemplate template, DateTimeOffset createdAt)
    {
        ArgumentNullException.ThrowIfNull(template);
        return new RegisteredTemplate(
            template.Name,
            createdAt,
            ImmutableSortedDictionary<int, TemplateVersion>.Empty.Add(1, new TemplateVersion(1, template, createdAt)),
            DefaultId: 1,
            LastId: 1);
    }

    /// <summary>With one more version.</summary>
    /// <param name="template">What it says.</param>
    /// <param name="setAsDefault">Whether it takes effect.</param>
    /// <param name="createdAt">The time.</param>
    public RegisteredTemplate Add(ProvisioningTemplate template, bool setAsDefault, DateTimeOffset createdAt)
    {
        var id = LastId + 1;
        return this with
        {
            Versions = Versions.Add(id, new TemplateVersion(id, template, createdAt)),
            DefaultId = setAsDefault ? id : DefaultId,
            LastId = id,
            ModifiedAt = createdAt,
        };
    }
}
