namespace Cli.Demo;

/// <summary>What a board of the demo did between two switches.</summary>
/// <param name="Connected">How long after power-on it was connected with its own identity; <see langword="null"/> where it never was.</param>
/// <param name="FlashWrites">How often it wrote to its flash, or deleted from it.</param>
/// <param name="Published">Readings that the broker has acknowledged.</param>
/// <param name="Error">Why it did not publish all it should; <see langword="null"/> where it did.</param>
internal sealed record DemoBoot(TimeSpan? Connected, int FlashWrites, int Published, string? Error)
{
    /// <summary>For the table.</summary>
    public override string ToString() => Connected is { } time ? $"{time.TotalSeconds:0.0} s, {FlashWrites} flash writes" : "never connected";
}
