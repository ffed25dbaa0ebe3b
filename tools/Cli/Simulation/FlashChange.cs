namespace Cli.Simulation;

/// <summary>A change of a board's flash.</summary>
/// <param name="File">The file.</param>
/// <param name="Length">How many bytes are to be written; null where the file is to be deleted.</param>
internal sealed record FlashChange(string File, int? Length)
{
    /// <summary>In words.</summary>
    public string Text => Length is { } length ? $"write {File}, {length} bytes" : $"delete {File}";
}
