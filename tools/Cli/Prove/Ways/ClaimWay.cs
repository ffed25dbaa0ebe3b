using DeviceAgent.Identity;
using DeviceAgent.Settings;
using LocalCloud;

namespace Cli.Prove.Ways;

/// <summary>By the claim certificate, with a key that the cloud makes.</summary>
internal class ClaimWay : Way
{
    /// <inheritdoc/>
    public override string Method => ProvisioningMethod.Claim;

    /// <inheritdoc/>
    public override IReadOnlyList<WayRefusal> Refusals => ClaimRefusals;

    /// <summary>How whoever comes with the claim is refused.</summary>
    protected static IReadOnlyList<WayRefusal> ClaimRefusals { get; } =
    [
        new("the claim is deactivated", world => world.SetClaim(CertificateStatus.Inactive), world => world.SetClaim(CertificateStatus.Active), "connecting with the claim certificate"),
        new("the template wants a parameter that the board does not give", world => world.BreakTemplate(), world => world.MendTemplate(), "RegisterThing with template"),
    ];

    /// <inheritdoc/>
    public override void Flash(WayWorld world, WayBoard board)
    {
        base.Flash(world, board);
        Put(board, PemFile.ClaimCertificate, world.Cloud.ClaimCredentials.CertificatePem);
        Put(board, PemFile.ClaimKey, world.Cloud.ClaimCredentials.PrivateKeyPem);
    }
}
