using System.Runtime.InteropServices;

namespace VirtualDevice.Board;

/// <summary>Makes the names in a directory durable: on Unix a renamed or deleted file is so only once its directory is flushed.</summary>
internal static class DirectoryFlush
{
    private const int ReadOnly = 0;

    /// <summary>Flushes a directory to the disk; Windows' file systems journal names by themselves.</summary>
    /// <param name="folder">The directory.</param>
    /// <exception cref="IOException">The disk does not take it.</exception>
    public static void Flush(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        int directory = Open(folder, ReadOnly);
        if (directory < 0)
        {
            throw Failed(folder);
        }

        try
        {
            if (Sync(directory) < 0)
            {
                throw Failed(folder);
            }
        }
        finally
        {
            _ = Close(directory);
        }
    }

    private static IOException Failed(string folder) => new($"{folder} cannot be flushed: {Marshal.GetLastPInvokeErrorMessage()}");

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static extern int Sync(int descriptor);

    [DllImport("libc", EntryPoint = "close")]
    private static extern int Close(int descriptor);
}
