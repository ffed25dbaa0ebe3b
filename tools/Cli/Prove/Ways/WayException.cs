namespace Cli.Prove.Ways;

/// <summary>Something is not as promised.</summary>
/// <param name="message">What.</param>
internal sealed class WayException(string message) : Exception(message);
