namespace Cli.Bench;

/// <summary>What was measured of one broker.</summary>
/// <param name="Broker">Its name.</param>
/// <param name="ConnectionsPerSecond">Connections a second, the median of the rounds.</param>
/// <param name="MessagesPerSecond">Messages of QoS 1 a second, likewise.</param>
/// <param name="ConnectionsOfLocalCloud">LocalCloud's connections a second, divided by its own of the same round; the median of the rounds.</param>
/// <param name="MessagesOfLocalCloud">LocalCloud's messages a second, likewise.</param>
internal sealed record BenchFigures(
    string Broker,
    double ConnectionsPerSecond,
    double MessagesPerSecond,
    double ConnectionsOfLocalCloud,
    double MessagesOfLocalCloud);
