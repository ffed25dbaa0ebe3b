using System.Security.Cryptography;
using System.Text;
using DeviceAgent.Board;
using DeviceAgent.Sensors;

namespace VirtualDevice.Board;

/// <summary>A board that has no hardware but a MAC address, a button and a source of random numbers.</summary>
public sealed class VirtualBoard : IBoard
{
    /// <summary>Makes a board.</summary>
    /// <param name="hardwareId">Its MAC: twelve lower-case hexadecimal digits.</param>
    public VirtualBoard(string hardwareId)
    {
        HardwareId = hardwareId;
    }

    /// <inheritdoc/>
    public string HardwareId { get; }

    /// <inheritdoc/>
    public int FreeMemory => (int)Math.Min(int.MaxValue, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes - GC.GetTotalMemory(false));

    /// <inheritdoc/>
    public string NativeMemory => "";

    /// <inheritdoc/>
    public string WakeCause => "power";

    /// <inheritdoc/>
    public bool IsResetButtonHeld { get; set; }

    /// <summary>What the firmware has asked of the board last.</summary>
    public BoardRequest Requested { get; private set; }

    /// <summary>How long it wants to sleep.</summary>
    public int SleepSeconds { get; private set; }

    /// <summary>A MAC for a board that has none: always the same for the same name, and likely nobody else's (locally administered).</summary>
    /// <param name="name">What makes the board out, as the full path of its flash.</param>
    public static string HardwareIdOf(string name)
    {
        byte[] mac = SHA256.HashData(Encoding.UTF8.GetBytes(name))[..6];
        mac[0] = (byte)((mac[0] & 0xFC) | 0x02);
        return Convert.ToHexStringLower(mac);
    }

    /// <summary>Its source of random numbers: gives one from 0 to below what it is given.</summary>
    internal Func<int, int> RandomNumbers { get; init; } = RandomNumberGenerator.GetInt32;

    /// <inheritdoc/>
    public int Random(int below) => RandomNumbers(below);

    /// <inheritdoc/>
    public ISensor? CreateSensor(string type, SensorOptions options) => null;

    /// <inheritdoc/>
    public void Reboot() => Requested = BoardRequest.Reboot;

    /// <inheritdoc/>
    public void DeepSleep(int seconds)
    {
        SleepSeconds = seconds;
        Requested = BoardRequest.DeepSleep;
    }
}
