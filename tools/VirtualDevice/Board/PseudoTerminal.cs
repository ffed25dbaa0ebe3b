using System.Runtime.InteropServices;
using DeviceAgent.Board;

namespace VirtualDevice.Board;

/// <summary>
/// A pseudo-terminal as a board's serial port: whoever opens its other end is the installer. What the board sends while nobody reads is lost, as on a wire.
/// </summary>
public sealed class PseudoTerminal : ISerialLine, IDisposable
{
    private const int ReadWrite = 2;

    // O_NOCTTY and O_NONBLOCK, as Linux and macOS number them
    private static readonly int s_noControl = OperatingSystem.IsMacOS() ? 0x20000 : 0x100;
    private static readonly int s_noWait = OperatingSystem.IsMacOS() ? 0x4 : 0x800;

    private readonly byte[] _come = new byte[16_384];
    private readonly int _master;
    private readonly int _slave;
    private readonly string? _link;
    private int _start;
    private int _end;
    private bool _isOpen;

    /// <summary>Makes one.</summary>
    /// <param name="link">A symbolic link that is made to its other end; null for none.</param>
    /// <exception cref="IOException">It cannot be made, or there is something at <paramref name="link"/> already.</exception>
    /// <exception cref="PlatformNotSupportedException">Windows has none.</exception>
    public PseudoTerminal(string? link = null)
    {
        if (OperatingSystem.IsWindows())
        {
            throw new PlatformNotSupportedException("Windows has no pseudo-terminals: give the name of a COM port.");
        }

        _master = Succeed(OpenMaster(ReadWrite | s_noControl), "opened");
        Succeed(Grant(_master), "granted");
        Succeed(Unlock(_master), "unlocked");
        Path = Marshal.PtrToStringUTF8(NameOf(_master)) ?? throw new IOException("The pseudo-terminal has no name.");

        // Its other end stays open in here too: else its settings, and the master with them, would end with the first installer
        _slave = Succeed(Open(Path, ReadWrite | s_noControl), "opened");
        byte[] settings = new byte[256]; // struct termios has less everywhere
        Succeed(GetSettings(_slave, settings), "asked");
        MakeRaw(settings);
        Succeed(SetSettings(_slave, 0, settings), "set");
        Succeed(Control(_master, 4, s_noWait | ReadWrite), "set not to wait"); // F_SETFL
        if (link is not null)
        {
            File.CreateSymbolicLink(link, Path);
            _link = link;
        }
    }

    /// <summary>The name of its other end.</summary>
    public string Path { get; }

    /// <inheritdoc/>
    public int Available
    {
        get
        {
            ObjectDisposedException.ThrowIf(!_isOpen, this);
            if (_start == _end)
            {
                _start = 0;
                _end = (int)Math.Max(0, Read(_master, _come, _come.Length));
            }

            return _end - _start;
        }
    }

    /// <inheritdoc/>
    public string? Open(int baudRate, int transmitPin, int receivePin)
    {
        _isOpen = true;
        return null;
    }

    /// <inheritdoc/>
    public int Read(byte[] buffer, int offset, int count)
    {
        int read = Math.Min(count, Available);
        Array.Copy(_come, _start, buffer, offset, read);
        _start += read;
        return read;
    }

    /// <inheritdoc/>
    public void Write(byte[] bytes)
    {
        ObjectDisposedException.ThrowIf(!_isOpen, this);
        _ = Write(_master, bytes, bytes.Length);
    }

    /// <inheritdoc/>
    public void Close() => _isOpen = false;

    /// <summary>Ends it, and deletes the link to it.</summary>
    public void Dispose()
    {
        if (_link is not null)
        {
            File.Delete(_link);
        }

        _isOpen = false;
        _ = CloseDescriptor(_slave);
        _ = CloseDescriptor(_master);
    }

    private static int Succeed(int result, string what) =>
        result >= 0 ? result : throw new IOException($"A pseudo-terminal cannot be {what}: {Marshal.GetLastPInvokeErrorMessage()}");

    [DllImport("libc", EntryPoint = "posix_openpt", SetLastError = true)]
    private static extern int OpenMaster(int flags);

    [DllImport("libc", EntryPoint = "grantpt", SetLastError = true)]
    private static extern int Grant(int descriptor);

    [DllImport("libc", EntryPoint = "unlockpt", SetLastError = true)]
    private static extern int Unlock(int descriptor);

    [DllImport("libc", EntryPoint = "ptsname", SetLastError = true)]
    private static extern nint NameOf(int descriptor);

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", EntryPoint = "tcgetattr", SetLastError = true)]
    private static extern int GetSettings(int descriptor, [In, Out] byte[] settings);

    [DllImport("libc", EntryPoint = "cfmakeraw")]
    private static extern void MakeRaw([In, Out] byte[] settings);

    [DllImport("libc", EntryPoint = "tcsetattr", SetLastError = true)]
    private static extern int SetSettings(int descriptor, int when, byte[] settings);

    [DllImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static extern int Control(int descriptor, int command, int argument);

    [DllImport("libc", EntryPoint = "read", SetLastError = true)]
    private static extern nint Read(int descriptor, [Out] byte[] buffer, nint count);

    [DllImport("libc", EntryPoint = "write", SetLastError = true)]
    private static extern nint Write(int descriptor, byte[] buffer, nint count);

    [DllImport("libc", EntryPoint = "close")]
    private static extern int CloseDescriptor(int descriptor);
}
