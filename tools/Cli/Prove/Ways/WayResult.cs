namespace Cli.Prove.Ways;

/// <summary>What became of one case of a method.</summary>
/// <param name="Method">The method, as in the settings.</param>
/// <param name="Case">The case.</param>
/// <param name="Ok">Whether all was as promised.</param>
/// <param name="Outcome">What happened, in words.</param>
internal sealed record WayResult(string Method, string Case, bool Ok, string Outcome);
