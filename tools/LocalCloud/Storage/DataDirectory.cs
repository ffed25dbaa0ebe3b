namespace LocalCloud;

/// <summary>A data directory that this process has for itself until it is disposed of.</summary>
internal sealed class DataDirectory : IDisposable
{
    private const string LockFile = "in-use";

    private readonly FileStream _lock;

    private DataDirectory(string path, FileStream fileLock)
    {
        Path = path;
        _lock = fileLock;
    }

    /// <summary>Its full path.</summary>
    public string Path { get; }

    /// <summary>Makes the directory if need be, and locks it.</summary>
    /// <param name="path">The directory.</param>
    /// <exception cref="DataDirectoryException">It cannot be made or written, or another LocalCloud has it.</exception>
    public static DataDirectory Open(string path)
    {
        var fullPath = System.IO.Path.GetFullPath(path);
        Make(fullPath);
        var lockPath = System.IO.Path.Combine(fullPath, LockFile);
        try
        {
            return new DataDirectory(fullPath, new FileStream(lockPath, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (UnauthorizedAccessException e)
        {
            throw new DataDirectoryException(fullPath, $"cannot be written to: {e.Message} Name a directory that can", e);
        }
        catch (IOException e) when (File.Exists(lockPath))
        {
            throw new DataDirectoryException(fullPath, "is in use by another LocalCloud. Stop that one, or name another directory", e);
        }
        catch (IOException e)
        {
            throw new DataDirectoryException(fullPath, $"cannot be written to: {e.Message} Name a directory that can", e);
        }
    }

    /// <summary>A directory in it, made if need be.</summary>
    /// <param name="names">Its name, and those of the directories between.</param>
    /// <exception cref="DataDirectoryException">It cannot be made.</exception>
    public string Folder(params string[] names)
    {
        var path = System.IO.Path.Combine([Path, .. names]);
        Make(path);
        return path;
    }

    public void Dispose() => _lock.Dispose();

    private static void Make(string fullPath)
    {
        try
        {
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(fullPath);
            }
            else
            {
                // Keys are in it.
                Directory.CreateDirectory(fullPath, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataDirectoryException(fullPath, $"cannot be made: {e.Message} Name a directory that can", e);
        }
    }
}
