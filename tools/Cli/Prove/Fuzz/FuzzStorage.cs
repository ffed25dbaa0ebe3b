using DeviceAgent.Board;

namespace Cli.Prove.Fuzz;

/// <summary>A board's storage in memory, for parsers that read a file.</summary>
internal sealed class FuzzStorage : IStorage
{
    private readonly Dictionary<string, byte[]> _files = [];

    /// <summary>Writes and deletions since it was made.</summary>
    public int Changes { get; private set; }

    /// <inheritdoc/>
#pragma warning disable CS8766 // null says that there is no such file; the firmware's sources carry no nullable annotations
    public byte[]? Read(string name) => _files.TryGetValue(name, out byte[]? content) ? (byte[])content.Clone() : null;
#pragma warning restore CS8766

    /// <inheritdoc/>
    public void Write(string name, byte[] content)
    {
        Changes++;
        _files[name] = (byte[])content.Clone();
    }

    /// <inheritdoc/>
    public bool Holds(string name, byte[] content) => _files.TryGetValue(name, out byte[]? held) && held.AsSpan().SequenceEqual(content);

    /// <inheritdoc/>
    public void Delete(string name)
    {
        Changes++;
        _files.Remove(name);
    }

    /// <inheritdoc/>
    public string[] List() => [.. _files.Keys];
}
