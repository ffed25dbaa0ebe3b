namespace Cli.Prove.Fuzz;

/// <summary>An input that a parser did not stand.</summary>
/// <param name="Parser">The parser.</param>
/// <param name="Index">The input's number.</param>
/// <param name="What">What it did.</param>
/// <param name="Length">The input's length, in bytes.</param>
/// <param name="Hex">Its bytes, or its first ones.</param>
/// <param name="Again">The command that tries it again.</param>
internal sealed record FuzzFailure(string Parser, int Index, string What, int Length, string Hex, string Again);
