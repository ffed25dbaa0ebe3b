namespace LocalCloud;

/// <summary>One version of a provisioning template.</summary>
/// <param name="Id">Its number, from 1; a number is never used again.</param>
/// <param name="Template">What it says.</param>
/// <param name="CreatedAt">When it was made.</param>
public sealed record TemplateVersion(int Id, ProvisioningTemplate Template, DateTimeOffset CreatedAt);
