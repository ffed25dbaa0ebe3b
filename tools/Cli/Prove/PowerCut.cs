using System.Globalization;
using DeviceAgent.Tests.Fakes;

namespace Cli.Prove;

/// <summary>When in a boot the power goes, and how.</summary>
/// <param name="Event">At which event since the power came on, from 1: a change of the flash, or a packet that is sent or has come.</param>
/// <param name="Bytes">Where that is a change, how far it has come: as <see cref="MemoryStorage.CutBytes"/> has it.</param>
/// <param name="LostFrom">From which event on changes of the flash are lost though they had been made; 0 for none.</param>
internal sealed record PowerCut(int Event, int Bytes = MemoryStorage.Before, int LostFrom = 0)
{
    /// <summary>As on the command line: <c>EVENT</c>, <c>EVENT:BYTES</c>, <c>EVENT~LOSTFROM</c>.</summary>
    public override string ToString() => LostFrom > 0
        ? string.Create(CultureInfo.InvariantCulture, $"{Event}~{LostFrom}")
        : string.Create(CultureInfo.InvariantCulture, $"{Event}:{Bytes}");

    /// <summary>Reads what <see cref="ToString"/> has written; null where it is none.</summary>
    public static PowerCut? Parse(string text)
    {
        string[] parts = text.Split(':', '~');
        if (parts.Length > 2 || !parts.All(part => int.TryParse(part, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _)))
        {
            return null;
        }

        int[] numbers = [.. parts.Select(part => int.Parse(part, CultureInfo.InvariantCulture))];
        return parts.Length == 1 ? new PowerCut(numbers[0])
            : text.Contains('~', StringComparison.Ordinal) ? new PowerCut(numbers[0], MemoryStorage.After, numbers[1])
            : new PowerCut(numbers[0], numbers[1]);
    }
}
