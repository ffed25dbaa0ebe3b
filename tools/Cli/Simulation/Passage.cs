using System.Security.Cryptography.X509Certificates;
using Mqtt;

namespace Cli.Simulation;

/// <summary>A packet that passes between a board and the cloud.</summary>
/// <param name="Device">The board.</param>
/// <param name="Certificate">What the board connected with.</param>
/// <param name="Packet">The packet.</param>
/// <param name="IsUp">Whether it goes to the cloud.</param>
/// <param name="IsArrived">Whether it is there: the other end has it, and has not done anything about it yet. Else it is just to be sent.</param>
internal sealed record Passage(SimulatedDevice Device, X509Certificate2 Certificate, Packet Packet, bool IsUp, bool IsArrived)
{
    /// <summary>What it is, in a word or two.</summary>
    public string Name => Packet switch
    {
        PublishPacket publish => "PUBLISH " + publish.Topic,
        _ => Packet.GetType().Name[..^"Packet".Length].ToUpperInvariant(),
    };
}
