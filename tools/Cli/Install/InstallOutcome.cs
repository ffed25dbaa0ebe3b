namespace Cli.Install;

/// <summary>How an installation ended.</summary>
/// <param name="Thing">The device's thing name; null where it failed.</param>
/// <param name="CertificateId">Its certificate, likewise.</param>
/// <param name="Error">Why it failed, and what to do; null where it did not.</param>
internal sealed record InstallOutcome(string? Thing, string? CertificateId, string? Error);
