using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DeviceAgent.Identity;
using DeviceAgent.Settings;
using LocalCloud;

namespace Cli.Prove.Ways;

/// <summary>With a certificate of the owner's own CA, which the cloud registers when the board first connects.</summary>
internal sealed class JitpWay : Way
{
    /// <summary>A template for a CA: a thing named by the common name, with the devices' policy.</summary>
    public const string Template = $$"""
        {
          "Parameters": { "AWS::IoT::Certificate::CommonName": { "Type": "String" }, "AWS::IoT::Certificate::Id": { "Type": "String" } },
          "Resources": {
            "thing": { "Type": "AWS::IoT::Thing", "Properties": { "ThingName": { "Ref": "AWS::IoT::Certificate::CommonName" } } },
            "certificate": { "Type": "AWS::IoT::Certificate", "Properties": { "CertificateId": { "Ref": "AWS::IoT::Certificate::Id" }, "Status": "ACTIVE" } },
            "policy": { "Type": "AWS::IoT::Policy", "Properties": { "PolicyName": "{{SeedDocuments.DevicePolicyName}}" } }
          }
        }
        """;

    private const string Told = "connecting with the board's own certificate";

    private readonly Lazy<X509Certificate2> _authority = new(MakeAuthority);

    /// <inheritdoc/>
    public override string Method => ProvisioningMethod.Jitp;

    /// <inheritdoc/>
    public override IReadOnlyList<WayRefusal> Refusals =>
    [
        new("the CA is deactivated", world => Set(world, authority => authority with { IsActive = false }), world => Set(world, authority => authority with { IsActive = true }), Told)
        {
            CloudTold = "which signed it, is INACTIVE",
        },
        new(
            "the CA's template declares what the certificate does not have",
            world => Set(world, authority => authority with { TemplateBody = Template.Replace("CommonName\": {", "SerialNumber\": { \"Type\": \"String\" }, \"AWS::IoT::Certificate::CommonName\": {", StringComparison.Ordinal) }),
            world => Set(world, authority => authority with { TemplateBody = Template }),
            Told)
        {
            CloudTold = "the template declares AWS::IoT::Certificate::SerialNumber, which the certificate's subject does not have",
        },
        new("the CA has no template, and the owner is to activate the certificate", world => Set(world, authority => authority with { TemplateBody = null }), Activate, Told)
        {
            CloudTold = "is PENDING_ACTIVATION: set it ACTIVE to let it in",
        },
    ];

    /// <inheritdoc/>
    public override bool CanRotate => false;

    /// <inheritdoc/>
    public override Task SetUpAsync(WayWorld world, CancellationToken cancellationToken)
    {
        X509Certificate2 authority = _authority.Value;
        world.Cloud.Registry.Update(state => state.With(new RegisteredAuthority(CertificateAuthority.IdOf(authority), authority.ExportCertificatePem() + "\n", "SNI_ONLY", state.Time)
        {
            IsActive = true,
            RegistersAutomatically = true,
            TemplateBody = Template,
        }));
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public override void Flash(WayWorld world, WayBoard board)
    {
        base.Flash(world, board);
        X509Certificate2 authority = _authority.Value;
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=" + board.HardwareId, key, HashAlgorithmName.SHA256);
        using X509Certificate2 certificate = request.Create(authority, authority.NotBefore, authority.NotAfter, RandomNumberGenerator.GetBytes(8));
        Put(board, PemFile.DeviceCertificate, certificate.ExportCertificatePem() + "\n");
        Put(board, PemFile.DeviceKey, key.ExportPkcs8PrivateKeyPem() + "\n");
    }

    private static Task Activate(WayWorld world)
    {
        DeviceRegistry registry = world.Cloud.Registry;
        foreach (RegisteredCertificate pending in registry.Certificates.Where(certificate => certificate.Status == CertificateStatus.PendingActivation))
        {
            using X509Certificate2 certificate = X509Certificate2.CreateFromPem(pending.Pem);
            string thing = certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false);
            registry.PutThing(new Thing(thing, null));
            registry.AttachThing(thing, pending.Id);
            registry.AttachPolicy(SeedDocuments.DevicePolicyName, pending.Id);
            registry.SetCertificateStatus(pending.Id, CertificateStatus.Active);
        }

        return Task.CompletedTask;
    }

    private static Task Set(WayWorld world, Func<RegisteredAuthority, RegisteredAuthority> change)
    {
        world.Cloud.Registry.Update(state => state.With(change(state.Authorities.Values.Single())));
        return Task.CompletedTask;
    }

    private static X509Certificate2 MakeAuthority()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=Owner", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddYears(10));
    }
}
