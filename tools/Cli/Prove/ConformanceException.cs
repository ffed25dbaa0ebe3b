namespace Cli.Prove;

/// <summary>A statement is not kept.</summary>
/// <param name="message">What should have come instead.</param>
internal sealed class ConformanceException(string message) : Exception(message);
