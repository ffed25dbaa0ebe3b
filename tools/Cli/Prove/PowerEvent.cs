using Cli.Simulation;
using DeviceAgent.Provisioning;
using DeviceAgent.Tests.Fakes;
using Mqtt;

namespace Cli.Prove;

/// <summary>An instant of a boot in which the power can go: a change of the flash, or a packet that is sent or has come.</summary>
/// <param name="Text">In words.</param>
/// <param name="Change">The change; null for a packet.</param>
/// <param name="Passage">The packet; null for a change.</param>
internal sealed record PowerEvent(string Text, FlashChange? Change, Passage? Passage)
{
    /// <summary>Whether the journal is written.</summary>
    public bool IsJournal => Change is { Length: not null, File: ProvisioningJournal.FileName };

    /// <summary>Whether it is a RegisterThing.</summary>
    public bool IsRegistration => Passage is { IsUp: true, Packet: PublishPacket publish } && publish.Topic.StartsWith("$aws/provisioning-templates/", StringComparison.Ordinal);

    public static PowerEvent Of(FlashChange change) => new(change.Text, change, null);

    public static PowerEvent Of(Passage passage)
    {
        string text = $"{passage.Name} {(passage.IsUp ? "to the cloud" : "to the board")} {(passage.IsArrived ? "has come" : "is to be sent")}";
        return new PowerEvent(text, null, passage);
    }

    /// <summary>All ways in which the power can go in one of a boot's events, with a storage that keeps its promise.</summary>
    /// <param name="events">The boot's events up to where its work is done.</param>
    public static IEnumerable<PowerCut> CutsIn(IReadOnlyList<PowerEvent> events)
    {
        for (int i = 0; i < events.Count; i++)
        {
            int[] ways = events[i].Change switch
            {
                null => [MemoryStorage.Before],
                { Length: { } length } => [.. new[] { MemoryStorage.Before, MemoryStorage.Deleted, 0, 1, length / 2, length - 1, MemoryStorage.After }.Distinct()],
                _ => [MemoryStorage.Before, MemoryStorage.After],
            };
            foreach (int way in ways)
            {
                yield return new PowerCut(i + 1, way);
            }
        }
    }

    /// <summary>
    /// The same with a storage that loses changes which it had promised to keep. It has promised the journal before the registration: what
    /// becomes of that promise once the cloud has acted on it no firmware can mend, so that is left out.
    /// </summary>
    /// <param name="events">The boot's events up to where its work is done.</param>
    public static IEnumerable<PowerCut> LossesIn(IReadOnlyList<PowerEvent> events)
    {
        for (int lost = 0; lost < events.Count; lost++)
        {
            bool isJournalLost = false;
            bool isRegistered = false;
            for (int i = lost; i < events.Count && events[lost].Change is not null; i++)
            {
                if (i > lost && !isRegistered)
                {
                    yield return new PowerCut(i + 1, MemoryStorage.After, lost + 1);
                }

                // A cut when it is to be sent is still in time; after that it is on its way
                isJournalLost |= events[i].IsJournal;
                isRegistered |= isJournalLost && events[i].IsRegistration;
            }
        }
    }
}
