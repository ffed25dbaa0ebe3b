using DeviceAgent.Sensors;

namespace DeviceAgent.Board
{
    /// <summary>The board itself.</summary>
    public interface IBoard
    {
        /// <summary>The MAC address as twelve lower-case hexadecimal digits: what no other board has.</summary>
        string HardwareId { get; }

        /// <summary>Bytes that the managed heap has free.</summary>
        int FreeMemory { get; }

        /// <summary>Native memory in one short text for reports, as free and largest free block in bytes; empty where the board knows none.</summary>
        string NativeMemory { get; }

        /// <summary>Why the board started, in a word: power, timer, pin …</summary>
        string WakeCause { get; }

        /// <summary>Whether the factory-reset button is held.</summary>
        bool IsResetButtonHeld { get; }

        /// <summary>A random number, from the hardware where it has a source.</summary>
        /// <returns>0 up to and without <paramref name="below"/>.</returns>
        /// <param name="below">At least 1.</param>
        int Random(int below);

        /// <summary>Makes the driver of a sensor that needs this board's hardware.</summary>
        /// <param name="type">The sensor's <c>type</c> in the settings.</param>
        /// <param name="options">Its whole entry in the settings.</param>
        /// <returns>The sensor; <see langword="null"/> where this board knows no such type.</returns>
        /// <exception cref="System.Exception">The sensor does not answer.</exception>
        ISensor CreateSensor(string type, SensorOptions options);

        /// <summary>Starts the board anew. On a board it does not return; elsewhere it does, and the agent ends.</summary>
        void Reboot();

        /// <summary>Sleeps with the radio and memory off, then starts the board anew; returns as <see cref="Reboot"/> does.</summary>
        /// <param name="seconds">How long.</param>
        void DeepSleep(int seconds);
    }
}
