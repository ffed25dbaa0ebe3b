using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Tests.Mqtt;

/// <summary>A certificate authority in memory, for one test.</summary>
internal sealed class TestCertificates : IDisposable
{
    private readonly X509Certificate2 _authority;

    public TestCertificates(string name = "Test CA")
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        _authority = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-30), DateTimeOffset.UtcNow.AddDays(30));
        RootPem = _authority.ExportCertificatePem();
        Root = X509CertificateLoader.LoadCertificate(_authority.RawData);
    }

    /// <summary>The CA's certificate, without its key.</summary>
    public X509Certificate2 Root { get; }

    /// <summary>The same in PEM.</summary>
    public string RootPem { get; }

    /// <summary>A certificate of this CA for a server of that name, or for a client.</summary>
    /// <param name="name">Host name or IP address of a server; common name of a client.</param>
    /// <param name="expired">Whether it ran out yesterday.</param>
    public X509Certificate2 Issue(string name, bool expired = false)
    {
        var (certificate, key) = IssuePem(name, expired);
        return X509Certificate2.CreateFromPem(certificate, key);
    }

    /// <summary>The same as PEM of certificate and key.</summary>
    public (string Certificate, string Key) IssuePem(string name, bool expired = false)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        if (IPAddress.TryParse(name, out var address))
        {
            names.AddIpAddress(address);
        }
        else
        {
            names.AddDnsName(name);
        }

        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1"), new Oid("1.3.6.1.5.5.7.3.2")], false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_authority, true, false));
        var end = DateTimeOffset.UtcNow.AddDays(expired ? -1 : 10);
        using var certificate = request.Create(_authority, DateTimeOffset.UtcNow.AddDays(-20), end, RandomNumberGenerator.GetBytes(16));
        return (certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }

    public void Dispose()
    {
        _authority.Dispose();
        Root.Dispose();
    }
}
