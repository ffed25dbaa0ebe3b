using Cli.Simulation;
using DeviceAgent.Settings;
using DeviceAgent.Tests.Fakes;
using LocalCloud;

namespace Cli.Prove;

/// <summary>What a board is doing when its power goes.</summary>
/// <param name="Name">Its name, as on the command line.</param>
/// <param name="Text">In words.</param>
/// <param name="Repeated">What the cloud answers to a RegisterThing that repeats an accepted one.</param>
internal sealed record PowercutScenario(string Name, string Text, RepeatedRegistration Repeated)
{
    /// <summary>What the board's flash and the cloud's registry hold at the start.</summary>
    public required PowercutState State { get; init; }

    /// <summary>For how long the board is dark before it is switched on.</summary>
    public TimeSpan Dark { get; init; }

    /// <summary>Whether the owner replaces the board's identity, which it has at the start.</summary>
    public bool IsReplaced => Command is not null;

    /// <summary>The command by which the owner does so; null where the owner does not.</summary>
    public string? Command { get; init; }

    /// <summary>Only each so many-th cut is followed by a second; 1 for all.</summary>
    public int Share { get; init; } = 1;

    /// <summary>How the board gets its identity.</summary>
    public string Method { get; init; } = ProvisioningMethod.Claim;

    /// <summary>Makes all of them, those of a key that the cloud makes with both answers of the cloud.</summary>
    /// <param name="seed">What chance is made from.</param>
    public static IReadOnlyList<PowercutScenario> MakeAll(int seed) =>
    [
        .. Enum.GetValues<RepeatedRegistration>().SelectMany(repeated =>
        {
            string suffix = repeated == RepeatedRegistration.AcceptAgain ? "" : "-strict";
            PowercutScenario first = new("first-boot" + suffix, "a first boot", repeated) { State = PowercutState.Factory };
            PowercutResult uncut = new PowercutTrial(first, seed).Run([]);
            if (!uncut.IsGood)
            {
                // There is nothing to begin the others with
                return [first];
            }

            PowercutState asked = Prepare(first, seed, uncut, e => e.IsRegistration && !e.Passage!.IsArrived);
            PowercutState registered = Prepare(first, seed, uncut, e => e.IsRegistration && e.Passage!.IsArrived);
            TimeSpan twoHours = TimeSpan.FromHours(2);
            return new[]
            {
                first,
                new PowercutScenario("journal" + suffix, "a boot with a journal", repeated) { State = asked },
                new PowercutScenario("journal-registered" + suffix, "a boot with a journal, registered already", repeated) { State = registered },
                new PowercutScenario("journal-old" + suffix, "a boot with a journal two hours old", repeated) { State = asked, Dark = twoHours },
                new PowercutScenario("journal-old-registered" + suffix, "a boot with a journal two hours old, registered already", repeated) { State = registered, Dark = twoHours },
                new PowercutScenario("normal-boot" + suffix, "a normal boot", repeated) { State = uncut.State },
                new PowercutScenario("replaced" + suffix, "an identity that is replaced", repeated) { State = uncut.State, Command = "reprovision" },
                new PowercutScenario("rotated" + suffix, "an identity that is rotated while the claim is not in force", repeated) { State = WithoutClaim(uncut.State), Command = "rotate-certificate" },
            };
        }),
        .. MakeOfOwnKeys(seed),
        new("own-certificate", "a first boot with a certificate of the owner's own CA", RepeatedRegistration.AcceptAgain) { State = PowercutState.OwnCertificate, Method = ProvisioningMethod.Jitp },
    ];

    /// <summary>
    /// Those in which the board makes its key. What differs is over before RegisterThing, so the other answer to that is left to those above;
    /// and where an identity is replaced it differs but little, so each fourth cut is followed by a second there.
    /// </summary>
    private static IReadOnlyList<PowercutScenario> MakeOfOwnKeys(int seed)
    {
        PowercutScenario first = new("csr-first-boot", "a first boot with a key of the board's own", RepeatedRegistration.AcceptAgain) { State = PowercutState.Factory, Method = ProvisioningMethod.ClaimCsr };
        PowercutResult uncut = new PowercutTrial(first, seed).Run([]);
        return uncut.IsGood
            ?
            [
                first,
                first with { Name = "csr-replaced", Text = "an identity with a key of the board's own that is replaced", State = uncut.State, Command = "reprovision", Share = 4 },
                first with { Name = "csr-rotated", Text = "an identity with a key of the board's own that is rotated", State = uncut.State, Command = "rotate-certificate", Share = 4 },
            ]
            : [first];
    }

    private static PowercutState WithoutClaim(PowercutState state) => state with
    {
        Registry = state.Registry.With(state.Registry.Certificates[SimulatedAuthority.Shared.Claim.Id] with { Status = CertificateStatus.Inactive }),
    };

    /// <summary>What is left of a first boot that is cut in its first event of a kind.</summary>
    private static PowercutState Prepare(PowercutScenario first, int seed, PowercutResult uncut, Func<PowerEvent, bool> isCut)
    {
        int at = uncut.Boots[0].TakeWhile(e => !isCut(e)).Count() + 1;
        return new PowercutTrial(first, seed) { EndsInTheDark = true }.Run([new PowerCut(at)]).State;
    }
}
