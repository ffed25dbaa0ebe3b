namespace Cli.Prove;

/// <summary>What became of a statement.</summary>
/// <param name="Statement">Its number.</param>
/// <param name="Result"><c>passed</c>, <c>failed</c> or <c>left out</c>.</param>
/// <param name="Sent">What was sent.</param>
/// <param name="CameBack">What came back.</param>
/// <param name="Remark">Why it failed, or was left out; null otherwise.</param>
internal sealed record ConformanceResult(string Statement, string Result, string Sent, string CameBack, string? Remark);
