using System.Security.Cryptography.X509Certificates;
using System.Text;
using Cli.Prove.Ways;
using Cli.Simulation;
using DeviceAgent.Identity;
using LocalCloud;

namespace Cli.Prove;

/// <summary>What a board's flash and the cloud's registry hold while the board is dark.</summary>
/// <param name="Files">The files that are not as the factory has made them.</param>
/// <param name="Registry">The registry.</param>
/// <param name="Issued">How many certificates it has issued so far.</param>
internal sealed record PowercutState(IReadOnlyDictionary<string, byte[]> Files, RegistryState Registry, int Issued)
{
    /// <summary>As the factory has made the one, and before the other has seen a board.</summary>
    public static PowercutState Factory { get; } = new(new Dictionary<string, byte[]>(), SimulatedWorld.NewContent, 0);

    /// <summary>Likewise, of a board with a certificate of its owner's own CA, which is registered with a template.</summary>
    public static PowercutState OwnCertificate { get; } = MakeOwn(SimulatedAuthority.Shared);

    private static PowercutState MakeOwn(SimulatedAuthority authority)
    {
        using X509Certificate2 owner = X509Certificate2.CreateFromPem(authority.OwnerPem);
        return new PowercutState(
            new Dictionary<string, byte[]>
            {
                [PemFile.DeviceCertificate] = Encoding.ASCII.GetBytes(authority.Own.Pem),
                [PemFile.DeviceKey] = Encoding.ASCII.GetBytes(authority.Own.PrivateKeyPem),
            },
            SimulatedWorld.NewContent.With(new RegisteredAuthority(CertificateAuthority.IdOf(owner), authority.OwnerPem, "SNI_ONLY", SimulatedTime.Start)
            {
                IsActive = true,
                RegistersAutomatically = true,
                TemplateBody = JitpWay.Template,
            }),
            0);
    }
}
