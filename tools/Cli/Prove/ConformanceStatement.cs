namespace Cli.Prove;

/// <summary>A normative statement of MQTT 3.1.1, or several that one trial shows.</summary>
/// <param name="Id">Its number in the standard, such as <c>MQTT-3.1.0-2</c>.</param>
/// <param name="Text">What it demands of a server, shortened.</param>
/// <param name="TryAsync">Tries it, and throws <see cref="ConformanceException"/> where it is not kept; null where it is left out.</param>
/// <param name="WhyLeftOut">What AWS IoT Core does instead; null where it is tried.</param>
internal sealed record ConformanceStatement(string Id, string Text, Func<ConformanceTrial, Task>? TryAsync, string? WhyLeftOut = null);
