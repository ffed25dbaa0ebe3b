namespace Cli.Prove.Fuzz;

/// <summary>A parser does not keep its contract.</summary>
/// <param name="message">What it did.</param>
internal sealed class FuzzException(string message) : Exception(message);
