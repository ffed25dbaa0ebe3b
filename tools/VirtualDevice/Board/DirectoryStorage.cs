using DeviceAgent.Board;

namespace VirtualDevice.Board;

/// <summary>
/// A directory as a board's flash. What is written is durable when the call returns: a temporary file, flushed to the disk, and renamed,
/// and the directory flushed.
/// Files can be read by their owner only: they are keys for the most part.
/// </summary>
public sealed class DirectoryStorage : IStorage
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const string Unfinished = ".tmp";

    private int _changes;

    /// <summary>Uses a directory, and makes it where it is not there yet.</summary>
    /// <param name="folder">The directory.</param>
    /// <exception cref="IOException">It cannot be made.</exception>
    public DirectoryStorage(string folder)
    {
        Folder = folder;
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, OwnerOnly | UnixFileMode.UserExecute);
        }
    }

    /// <summary>The directory.</summary>
    public string Folder { get; }

    /// <summary>How often the flash was written to or deleted from through this object.</summary>
    public int Changes => Volatile.Read(ref _changes);

    /// <inheritdoc/>
    public byte[]? Read(string name)
    {
        string path = PathOf(name);
        return Checked(() => File.Exists(path) ? File.ReadAllBytes(path) : null);
    }

    /// <inheritdoc/>
    public void Write(string name, byte[] content)
    {
        string path = PathOf(name);
        Interlocked.Increment(ref _changes);
        Checked<object?>(() =>
        {
            FileStreamOptions options = new() { Mode = FileMode.Create, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = OwnerOnly;
            }

            using (FileStream file = new(path + Unfinished, options))
            {
                file.Write(content);
                file.Flush(flushToDisk: true);
            }

            File.Move(path + Unfinished, path, overwrite: true);
            DirectoryFlush.Flush(Folder);
            return null;
        });
    }

    /// <inheritdoc/>
    public bool Holds(string name, byte[] content)
    {
        try
        {
            return Read(name) is { } held && held.AsSpan().SequenceEqual(content);
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public void Delete(string name)
    {
        string path = PathOf(name);
        Checked<object?>(() =>
        {
            if (File.Exists(path))
            {
                Interlocked.Increment(ref _changes);
                File.Delete(path);
                DirectoryFlush.Flush(Folder);
            }

            return null;
        });
    }

    /// <inheritdoc/>
    public string[] List() =>
        Checked(() => Directory.GetFiles(Folder).Select(p => Path.GetFileName(p)).Where(n => !n.EndsWith(Unfinished, StringComparison.Ordinal)).ToArray());

    private string PathOf(string name) =>
        name is "" or "." or ".." || name != Path.GetFileName(name) || name.EndsWith(Unfinished, StringComparison.Ordinal)
            ? throw new ArgumentException($"\"{name}\" is no name of a file", nameof(name))
            : Path.Combine(Folder, name);

    /// <summary>A board has one kind of failure; .NET has more.</summary>
    private static T Checked<T>(Func<T> operation)
    {
        try
        {
            return operation();
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException(e.Message, e);
        }
    }
}
