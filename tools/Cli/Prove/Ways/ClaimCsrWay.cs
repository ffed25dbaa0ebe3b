using System.Security.Cryptography.X509Certificates;
using System.Text;
using DeviceAgent.Identity;
using DeviceAgent.Provisioning;
using DeviceAgent.Settings;
using LocalCloud;

namespace Cli.Prove.Ways;

/// <summary>By the claim certificate, with a key that is made on the board.</summary>
internal sealed class ClaimCsrWay : ClaimWay
{
    /// <inheritdoc/>
    public override string Method => ProvisioningMethod.ClaimCsr;

    /// <inheritdoc/>
    public override IReadOnlyList<WayRefusal> Refusals { get; } =
    [
        new("the claim policy is AWS's sample", world => world.ForbidCsr(), world => world.AllowCsr(), "iot:Publish and iot:Receive on topic/$aws/certificates/create-from-csr/*")
        {
            CloudTold = "create-from-csr",
        },
        .. ClaimRefusals,
    ];

    /// <inheritdoc/>
    public override Task SetUpAsync(WayWorld world, CancellationToken cancellationToken) => world.AllowCsr();

    /// <inheritdoc/>
    /// <remarks>Whatever happened to the board, all certificates that it was given for one identity are for one key, and that was never the cloud's.</remarks>
    public override string? FindFault(WayWorld world, WayBoard board)
    {
        DeviceIdentity identity = board.Identity!;
        using X509Certificate2 own = X509Certificate2.CreateFromPem(Encoding.ASCII.GetString(identity.Certificate).TrimEnd('\0'));
        HashSet<string> keys = [];
        foreach (string id in world.CertificatesFor(board.HardwareId))
        {
            if (world.Cloud.Registry.FindCertificate(id) is not { } given)
            {
                continue; // it has expired with its token
            }

            using X509Certificate2 certificate = X509Certificate2.CreateFromPem(given.Pem);
            keys.Add(Convert.ToHexString(certificate.PublicKey.ExportSubjectPublicKeyInfo()));
        }

        return keys.Count != 1 + board.Rotations || !keys.Contains(Convert.ToHexString(own.PublicKey.ExportSubjectPublicKeyInfo())) ? $"it asked for certificates for {keys.Count} keys"
            : own.PublicKey.GetECDsaPublicKey()?.KeySize != 256 ? "its key is not on the curve P-256"
            : board.Flash.Peek(DeviceKey.FileName) is not null ? $"{DeviceKey.FileName} is left in its flash"
            : null;
    }
}
