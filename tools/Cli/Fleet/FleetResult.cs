namespace Cli.Fleet;

/// <summary>What became of a device of a fleet.</summary>
/// <param name="ClientId">Its client id.</param>
/// <param name="Thing">Its thing name; <see langword="null"/> where it has none.</param>
/// <param name="CertificateId">Its certificate's id; <see langword="null"/> where it has none.</param>
/// <param name="IsNew">Whether it was provisioned in this run.</param>
/// <param name="Published">Readings that the broker has acknowledged.</param>
/// <param name="Error">Why it did not go through; <see langword="null"/> where it did.</param>
internal sealed record FleetResult(string ClientId, string? Thing, string? CertificateId, bool IsNew, int Published, string? Error);
