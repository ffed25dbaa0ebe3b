namespace LocalCloud;

/// <summary>
/// Files that are replaced as a whole: whenever the process is killed, the old content is there or the new. What was
/// replaced in the last moment before the machine itself lost power may be the old one again.
/// </summary>
internal static class DurableFile
{
    private const UnixFileMode Secret = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Readable = Secret | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>Writes beside, flushes to the disk, and renames.</summary>
    /// <param name="path">The file.</param>
    /// <param name="content">Its new content.</param>
    /// <param name="isSecret">Whether only the owner may read it (mode 600 where there are modes).</param>
    public static void Write(string path, ReadOnlySpan<byte> content, bool isSecret)
    {
        var beside = path + ".new";

        // A file that was left behind keeps its mode when it is opened again.
        File.Delete(beside);
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            Share = FileShare.None,
        };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = isSecret ? Secret : Readable;
        }

        using (var stream = new FileStream(beside, options))
        {
            stream.Write(content);
            stream.Flush(flushToDisk: true);
        }

        File.Move(beside, path, overwrite: true);
    }
}
