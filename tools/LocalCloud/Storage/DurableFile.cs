using VirtualDevice.Board;

namespace LocalCloud;

/// <summary>
/// Files that are replaced as a whole: whenever the process is killed or the machine loses power, the old content is there
/// or the new; the new one for good once <see cref="Write"/> has returned.
/// </summary>
internal static class DurableFile
{
    private const UnixFileMode Secret = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Readable = Secret | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>Writes beside, flushes to the disk, renames, and flushes the directory.</summary>
    /// <param name="path">The file.</param>
    /// <param name="content">Its new content.</param>
    /// <param name="isSecret">Whether only the owner may read it (mode 600 where there are modes).</param>
    public static void Write(string path, ReadOnlySpan<byte> content, bool isSecret)
    {
        using var stream = Create(path, isSecret);
        stream.Write(content);
        Publish(stream, path);
    }

    /// <summary>The same for a file that is written piece by piece, and written on afterwards.</summary>
    /// <param name="path">The file.</param>
    /// <param name="write">Writes its new content.</param>
    /// <param name="isSecret">Whether only the owner may read it.</param>
    /// <returns>The file, open for what is to come after that content.</returns>
    public static FileStream Replace(string path, Action<Stream> write, bool isSecret)
    {
        var stream = Create(path, isSecret);
        try
        {
            write(stream);
            Publish(stream, path);
            return stream;
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>Makes the name of a file durable.</summary>
    /// <param name="path">The file.</param>
    public static void FlushDirectoryOf(string path) => DirectoryFlush.Flush(Path.GetDirectoryName(Path.GetFullPath(path))!);

    private static FileStream Create(string path, bool isSecret)
    {
        var beside = path + ".new";

        // A file that was left behind keeps its mode when it is opened again.
        File.Delete(beside);
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            Share = FileShare.Read | FileShare.Delete,

            // What is written is the operating system's at once.
            BufferSize = 0,
        };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = isSecret ? Secret : Readable;
        }

        return new FileStream(beside, options);
    }

    private static void Publish(FileStream stream, string path)
    {
        stream.Flush(flushToDisk: true);
        File.Move(stream.Name, path, overwrite: true);
        FlushDirectoryOf(path);
    }
}
