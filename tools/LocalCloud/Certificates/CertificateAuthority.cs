using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace LocalCloud;

/// <summary>An authority: its own certificate, and those that it gives to servers and clients.</summary>
internal sealed class CertificateAuthority : ICertificateIssuer, IDisposable
{
    public const string RootCertificateFile = "root-ca.pem";
    public const string RootKeyFile = "root-ca.key";
    public const string RegionalCertificateFile = "region-ca.pem";
    public const string RegionalKeyFile = "region-ca.key";

    private const string RootName = "CN=LocalCloud Root CA";
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    /// <summary>Whom AWS IoT's certificates are for where AWS makes the key too.</summary>
    private static readonly X500DistinguishedName s_madeSubject = new("CN=AWS IoT Certificate");

    /// <summary>The end of every certificate that AWS IoT issues (developer guide, "X.509 client certificates").</summary>
    private static readonly DateTimeOffset s_end = new(2049, 12, 31, 23, 59, 59, TimeSpan.Zero);

    /// <summary>How far back validity begins, for clients whose clock is behind.</summary>
    private static readonly TimeSpan s_backdated = TimeSpan.FromDays(1);

    /// <summary>A server certificate lives as long as the industry lets one live (398 days).</summary>
    private static readonly TimeSpan s_serverLifetime = TimeSpan.FromDays(398);

    private readonly TimeProvider _clock;
    private readonly X509Certificate2 _root;

    private CertificateAuthority(X509Certificate2 root, TimeProvider clock)
    {
        _root = root;
        _clock = clock;
        RootPem = Pem(root);
    }

    /// <summary>Its own certificate; the root's is what clients trust.</summary>
    public string RootPem { get; }

    /// <summary>The root: takes what the directory has, and makes what is missing.</summary>
    /// <param name="directory">Where it is kept, or null to make one for this run only.</param>
    /// <param name="clock">The time.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    /// <exception cref="DataDirectoryException">A file is damaged, or cannot be read or written.</exception>
    public static Task<CertificateAuthority> OpenAsync(string? directory, TimeProvider clock, CancellationToken cancellationToken) =>
        OpenAsync(directory, RootCertificateFile, RootKeyFile, RootName, clock, cancellationToken);

    /// <summary>The authority that gives the devices of a further region their certificates, likewise.</summary>
    /// <param name="directory">Where it is kept, or null to make one for this run only.</param>
    /// <param name="region">The region.</param>
    /// <param name="clock">The time.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    /// <exception cref="DataDirectoryException">A file is damaged, or cannot be read or written.</exception>
    public static Task<CertificateAuthority> OpenRegionalAsync(string? directory, string region, TimeProvider clock, CancellationToken cancellationToken) =>
        OpenAsync(directory, RegionalCertificateFile, RegionalKeyFile, $"CN=LocalCloud Device CA {region}", clock, cancellationToken);

    /// <summary>Makes a root for this run only, of a key that the caller has made: it is the authority's from then on.</summary>
    /// <param name="key">The key.</param>
    /// <param name="clock">The time.</param>
    public static CertificateAuthority Make(RSA key, TimeProvider clock) => new(MakeRoot(RootName, key, clock), clock);

    /// <summary>The id that AWS gives a certificate: SHA-256 of its DER, in lower-case hexadecimal digits.</summary>
    /// <param name="certificate">The certificate.</param>
    public static string IdOf(X509Certificate2 certificate) => Convert.ToHexStringLower(SHA256.HashData(certificate.RawDataMemory.Span));

    /// <inheritdoc/>
    public async Task<IssuedCertificate> IssueAsync(CancellationToken cancellationToken)
    {
        using var key = await RsaKeyPool.Shared.TakeAsync(cancellationToken);
        return Issue(key);
    }

    /// <summary>Makes a certificate for a key.</summary>
    /// <param name="key">The key; it stays the caller's.</param>
    public IssuedCertificate Issue(RSA key)
    {
        return Issue(s_madeSubject, new PublicKey(key), PrivateKeyPem(key));
    }

    /// <inheritdoc/>
    public IssuedCertificate Issue(SigningRequest request) => Issue(request.Subject, request.Key, privateKeyPem: "");

    /// <summary>Makes a server's certificate.</summary>
    /// <param name="key">The server's key; it stays the caller's.</param>
    /// <param name="names">The names and addresses that it is for.</param>
    public X509Certificate2 IssueServer(RSA key, SubjectAlternativeNameBuilder names)
    {
        var request = new CertificateRequest("CN=LocalCloud", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_root, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyEncipherment, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(ServerAuthentication)], critical: false));
        request.CertificateExtensions.Add(names.Build());
        var begin = _clock.GetUtcNow() - s_backdated;
        using var certificate = request.Create(_root, begin, begin + s_serverLifetime, NewSerialNumber());
        return certificate.CopyWithPrivateKey(key);
    }

    /// <summary>Whether a certificate is of this authority, by what the two say of themselves.</summary>
    /// <param name="certificate">A certificate that LocalCloud has kept.</param>
    public bool HasIssued(X509Certificate2 certificate) =>
        certificate.IssuerName.RawData.AsSpan().SequenceEqual(_root.SubjectName.RawData)
        && certificate.Extensions.OfType<X509AuthorityKeyIdentifierExtension>().FirstOrDefault()?.KeyIdentifier is { } issuerKey
        && _root.Extensions.OfType<X509SubjectKeyIdentifierExtension>().FirstOrDefault()?.SubjectKeyIdentifierBytes is { } rootKey
        && issuerKey.Span.SequenceEqual(rootKey.Span);

    public void Dispose() => _root.Dispose();

    /// <summary>A certificate with its key out of two PEM files, or null where neither is there.</summary>
    /// <exception cref="DataDirectoryException">One is missing, or they are damaged, or do not belong together.</exception>
    internal static X509Certificate2? Load(string? directory, string certificateFile, string keyFile)
    {
        if (directory is null)
        {
            return null;
        }

        var certificatePath = Path.Combine(directory, certificateFile);
        var keyPath = Path.Combine(directory, keyFile);
        switch (File.Exists(certificatePath), File.Exists(keyPath))
        {
            case (false, false):
                return null;

            case (true, false):
                throw new DataDirectoryException(keyPath, $"is missing, and {certificateFile} beside it is of no use without; put it back, or move {certificateFile} away to have both made anew");

            case (false, true):
                throw new DataDirectoryException(certificatePath, $"is missing, and {keyFile} beside it is of no use without; put it back, or move {keyFile} away to have both made anew");
        }

        try
        {
            var certificate = X509Certificate2.CreateFromPemFile(certificatePath, keyPath);
            using var key = certificate.GetRSAPrivateKey();
            return key is not null ? certificate : throw new CryptographicException("The key is not an RSA key.");
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new DataDirectoryException(certificatePath, $"or {keyFile} is damaged, or they do not belong together; put good ones in their place, or move both away to have them made anew", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataDirectoryException(certificatePath, $"or {keyFile} cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Credentials out of two PEM files, or null where neither is there.</summary>
    /// <exception cref="DataDirectoryException">One is missing, or they are damaged, or do not belong together.</exception>
    internal static ClientCredentials? LoadCredentials(string? directory, string certificateFile, string keyFile)
    {
        using var certificate = Load(directory, certificateFile, keyFile);
        if (certificate is null)
        {
            return null;
        }

        using var key = certificate.GetRSAPrivateKey()!;
        return new ClientCredentials(IdOf(certificate), Pem(certificate), PrivateKeyPem(key));
    }

    /// <summary>Writes a certificate and its key; the certificate last, as it is the one that is missed.</summary>
    internal static void Save(string directory, string certificateFile, string certificatePem, string keyFile, string keyPem)
    {
        try
        {
            DurableFile.Write(Path.Combine(directory, keyFile), Encoding.ASCII.GetBytes(keyPem), isSecret: true);
            DurableFile.Write(Path.Combine(directory, certificateFile), Encoding.ASCII.GetBytes(certificatePem), isSecret: false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataDirectoryException(directory, $"cannot be written to: {e.Message}", e);
        }
    }

    /// <summary>Writes a certificate with its RSA key, where there is a directory.</summary>
    internal static void Save(X509Certificate2 certificate, string? directory, string certificateFile, string keyFile)
    {
        if (directory is not null)
        {
            using var key = certificate.GetRSAPrivateKey()!;
            Save(directory, certificateFile, Pem(certificate), keyFile, PrivateKeyPem(key));
        }
    }

    private IssuedCertificate Issue(X500DistinguishedName subject, PublicKey key, string privateKeyPem)
    {
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_root, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));

        // By its key, not by itself: it may certify a key of another kind than its own.
        using var rootKey = _root.GetRSAPrivateKey()!;
        var signer = X509SignatureGenerator.CreateForRSA(rootKey, RSASignaturePadding.Pkcs1);
        using var certificate = request.Create(_root.SubjectName, signer, _clock.GetUtcNow() - s_backdated, s_end, NewSerialNumber());
        return new IssuedCertificate(IdOf(certificate), Pem(certificate), privateKeyPem);
    }

    private static async Task<CertificateAuthority> OpenAsync(string? directory, string certificateFile, string keyFile, string name, TimeProvider clock, CancellationToken cancellationToken)
    {
        var root = Load(directory, certificateFile, keyFile);
        if (root is null)
        {
            root = MakeRoot(name, await RsaKeyPool.Shared.TakeAsync(cancellationToken), clock);
            Save(root, directory, certificateFile, keyFile);
        }

        return new CertificateAuthority(root, clock);
    }

    private static X509Certificate2 MakeRoot(string name, RSA key, TimeProvider clock)
    {
        using (key)
        {
            var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
            request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, pathLengthConstraint: 0, critical: true));
            request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign | X509KeyUsageFlags.DigitalSignature, critical: true));
            return request.CreateSelfSigned(clock.GetUtcNow() - s_backdated, s_end);
        }
    }

    private static byte[] NewSerialNumber()
    {
        // 20 bytes at most, and positive (RFC 5280 §4.1.2.2).
        var serial = RandomNumberGenerator.GetBytes(20);
        serial[0] = (byte)((serial[0] & 0x7F) | 0x40);
        return serial;
    }

    /// <summary>PEM as AWS gives it, with a line break at the end.</summary>
    private static string Pem(X509Certificate2 certificate) => certificate.ExportCertificatePem() + "\n";

    private static string PrivateKeyPem(RSA key) => key.ExportRSAPrivateKeyPem() + "\n";
}
