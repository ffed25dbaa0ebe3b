namespace LocalCloud;

/// <summary>The data directory, or a file in it, cannot be used. The message names it and says what to do.</summary>
public sealed class DataDirectoryException : Exception
{
    /// <summary>Makes one.</summary>
    /// <param name="path">The file or directory.</param>
    /// <param name="fault">What is the matter with it, as the rest of a sentence that begins with the path.</param>
    /// <param name="innerException">The cause, if another exception was.</param>
    public DataDirectoryException(string path, string fault, Exception? innerException = null)
        : base($"{path} {fault.TrimEnd('.')}.", innerException)
    {
        Path = path;
    }

    /// <summary>The file or directory.</summary>
    public string Path { get; }
}
