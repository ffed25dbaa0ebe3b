namespace VirtualDevice.Board;

/// <summary>What the firmware wants of its board next.</summary>
public enum BoardRequest
{
    /// <summary>That it goes on.</summary>
    None,

    /// <summary>That it starts anew.</summary>
    Reboot,

    /// <summary>That it sleeps, and then starts anew.</summary>
    DeepSleep,
}
