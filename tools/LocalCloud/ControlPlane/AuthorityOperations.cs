using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;

namespace LocalCloud;

/// <summary>The operations on CA certificates, and on certificates that they have signed.</summary>
internal sealed class AuthorityOperations
{
    private const string DefaultMode = "DEFAULT";
    private const string SniOnlyMode = "SNI_ONLY";
    private const string Enabled = "ENABLE";
    private const string Disabled = "DISABLE";

    /// <summary>How many CAs may have the same subject (AWS IoT API, RegisterCACertificate).</summary>
    private const int MaximumOfSubject = 10;

    private readonly ControlPlaneContext _context;

    public AuthorityOperations(ControlPlaneContext context)
    {
        _context = context;
    }

    public IEnumerable<ApiOperation> All =>
    [
        new("GetRegistrationCode", "GET", "/registrationcode", GetRegistrationCodeAsync),
        new("DeleteRegistrationCode", "DELETE", "/registrationcode", DeleteRegistrationCodeAsync),
        new("RegisterCACertificate", "POST", "/cacertificate", RegisterAsync),
        new("DescribeCACertificate", "GET", "/cacertificate/{caCertificateId}", DescribeAsync),
        new("ListCACertificates", "GET", "/cacertificates", ListAsync),
        new("UpdateCACertificate", "PUT", "/cacertificate/{caCertificateId}", UpdateAsync),
        new("DeleteCACertificate", "DELETE", "/cacertificate/{caCertificateId}", DeleteAsync),
        new("ListCertificatesByCA", "GET", "/certificates-by-ca/{caCertificateId}", ListCertificatesAsync),
        new("RegisterCertificate", "POST", "/certificate/register", RegisterCertificateAsync),
    ];

    /// <summary>What a verification certificate has as its common name: as on AWS it is the account's and the region's, and stays until it is deleted.</summary>
    private string RegistrationCode => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(
        $"registration code {(_context.State.RegistrationCode is > 0 and var number ? $"{number} " : "")}of {_context.Options.AccountId} in {_context.Options.Region}")));

    private Task<JsonObject?> GetRegistrationCodeAsync(ApiRequest request) => Task.FromResult<JsonObject?>(new JsonObject { ["registrationCode"] = RegistrationCode });

    private async Task<JsonObject?> DeleteRegistrationCodeAsync(ApiRequest request)
    {
        await _context.UpdateAsync(state => state.WithRegistrationCode(state.RegistrationCode + 1));
        return [];
    }

    private async Task<JsonObject?> RegisterAsync(ApiRequest request)
    {
        using var certificate = Read(request.RequiredText("caCertificate"), "caCertificate");
        var mode = request.Text("certificateMode") ?? DefaultMode;
        CheckAuthority(certificate);
        CheckVerification(certificate, mode, request.Text("verificationCertificate"));
        var id = CertificateAuthority.IdOf(certificate);
        var subject = certificate.SubjectName.RawData;
        var authority = new RegisteredAuthority(id, certificate.ExportCertificatePem() + "\n", mode, _context.Options.TimeProvider.GetUtcNow())
        {
            IsActive = request.QueryFlag("setAsActive"),
            RegistersAutomatically = request.QueryFlag("allowAutoRegistration"),
        };
        await _context.UpdateAsync(state =>
        {
            if (state.Authorities.ContainsKey(id))
            {
                throw ControlPlaneException.AlreadyExists("The CA certificate is already registered.", Arn(id), id);
            }

            if (state.Authorities.Values.Count(other => HasSubject(other, subject)) >= MaximumOfSubject)
            {
                throw ControlPlaneException.LimitExceeded($"There are {MaximumOfSubject} CA certificates with this subject already.");
            }

            return state.With(Configure(authority, request, state));
        });
        return new JsonObject { ["certificateArn"] = Arn(id), ["certificateId"] = id };
    }

    private Task<JsonObject?> DescribeAsync(ApiRequest request)
    {
        var authority = Find(_context.State, request);
        using var certificate = Read(authority.Pem, "The registry");
        var description = Summary(authority);
        description["certificatePem"] = authority.Pem;
        description["ownedBy"] = _context.Options.AccountId;
        description["autoRegistrationStatus"] = authority.RegistersAutomatically ? Enabled : Disabled;
        description["lastModifiedDate"] = ControlPlaneContext.Time(authority.ModifiedAt);
        description["validity"] = new JsonObject
        {
            ["notBefore"] = ControlPlaneContext.Time(certificate.NotBefore.ToUniversalTime()),
            ["notAfter"] = ControlPlaneContext.Time(certificate.NotAfter.ToUniversalTime()),
        };
        description["certificateMode"] = authority.Mode;
        var configuration = new JsonObject();
        Add("templateBody", authority.TemplateBody);
        Add("templateName", authority.TemplateName);
        Add("roleArn", authority.RoleArn);
        var answer = new JsonObject { ["certificateDescription"] = description };
        if (configuration.Count > 0)
        {
            answer["registrationConfig"] = configuration;
        }

        return Task.FromResult<JsonObject?>(answer);

        void Add(string name, string? value)
        {
            if (value is not null)
            {
                configuration[name] = value;
            }
        }
    }

    private Task<JsonObject?> ListAsync(ApiRequest request)
    {
        IEnumerable<RegisteredAuthority> authorities = _context.State.Authorities.Values.OrderBy(authority => authority.CreatedAt).ThenBy(authority => authority.Id, StringComparer.Ordinal);
        if (request.Query("templateName") is { } template)
        {
            authorities = authorities.Where(authority => authority.TemplateName == template);
        }

        return Task.FromResult<JsonObject?>(request.Page("certificates", InOrder(request, authorities), usesMarkers: true, Summary));
    }

    private async Task<JsonObject?> UpdateAsync(ApiRequest request)
    {
        bool? isActive = request.Query("newStatus") switch
        {
            null => null,
            "ACTIVE" => true,
            "INACTIVE" => false,
            var other => throw ControlPlaneException.InvalidRequest($"'{CloudLog.Printable(other)}' is no status of a CA certificate: ACTIVE, INACTIVE."),
        };
        bool? registers = request.Query("newAutoRegistrationStatus") switch
        {
            null => null,
            Enabled => true,
            Disabled => false,
            var other => throw ControlPlaneException.InvalidRequest($"'{CloudLog.Printable(other)}' is no auto registration status: {Enabled}, {Disabled}."),
        };
        await _context.UpdateAsync(state =>
        {
            var authority = Find(state, request);
            authority = Configure(authority, request, state) with
            {
                IsActive = isActive ?? authority.IsActive,
                RegistersAutomatically = registers ?? authority.RegistersAutomatically,
                ModifiedAt = state.Time,
            };
            return state.With(request.Flag("removeAutoRegistration") == true
                ? authority with { RegistersAutomatically = false, TemplateBody = null, TemplateName = null, RoleArn = null }
                : authority);
        });
        return null;
    }

    private async Task<JsonObject?> DeleteAsync(ApiRequest request)
    {
        await _context.UpdateAsync(state => Find(state, request) is { IsActive: true }
            ? throw ControlPlaneException.CertificateState("The CA certificate must be deactivated before it is deleted: it is ACTIVE.")
            : state.WithoutAuthority(IdIn(request)));
        return [];
    }

    private Task<JsonObject?> ListCertificatesAsync(ApiRequest request)
    {
        var id = IdIn(request);
        return Task.FromResult<JsonObject?>(request.Page(
            "certificates",
            InOrder(request, _context.State.Certificates.Values.Where(certificate => certificate.CaCertificateId == id).OrderBy(certificate => certificate.CreatedAt).ThenBy(certificate => certificate.Id, StringComparer.Ordinal)),
            usesMarkers: true,
            certificate => CertificateOperations.Summary(_context, certificate)));
    }

    private async Task<JsonObject?> RegisterCertificateAsync(ApiRequest request)
    {
        using var certificate = Read(request.RequiredText("certificatePem"), "certificatePem");
        var status = request.Text("status") switch
        {
            null => request.QueryFlag("setAsActive") ? CertificateStatus.Active : CertificateStatus.Inactive,
            "ACTIVE" => CertificateStatus.Active,
            "INACTIVE" => CertificateStatus.Inactive,
            "REVOKED" => CertificateStatus.Revoked,
            var other => throw ControlPlaneException.InvalidRequest($"'{CloudLog.Printable(other)}' is no status that can be set: ACTIVE, INACTIVE, REVOKED."),
        };
        var now = _context.Options.TimeProvider.GetUtcNow();
        var issuer = new ClientCertificateCheck(_context.Registry, _context.Options.TimeProvider).FindIssuer(certificate)
            ?? throw ControlPlaneException.CertificateValidation("No registered CA certificate has signed this certificate, or one of the two is not valid now. Register its CA, or register it without one: register-certificate-without-ca.");
        if (request.Text("caCertificatePem") is { } caPem)
        {
            using var ca = Read(caPem, "caCertificatePem");
            if (!ClientCertificateCheck.IsSignedBy(certificate, ca, now))
            {
                throw ControlPlaneException.CertificateValidation("caCertificatePem has not signed certificatePem.");
            }

            issuer = _context.State.Authorities.GetValueOrDefault(CertificateAuthority.IdOf(ca)) ?? throw ControlPlaneException.CertificateValidation("caCertificatePem is not registered.");
        }

        if (!issuer.IsActive)
        {
            throw ControlPlaneException.CertificateState($"CA certificate {issuer.Id} is INACTIVE.");
        }

        var id = CertificateAuthority.IdOf(certificate);
        await _context.UpdateAsync(state => state.Certificates.ContainsKey(id)
            ? throw ControlPlaneException.AlreadyExists("The certificate is already registered.", _context.CertificateArn(id), id)
            : state.With(new RegisteredCertificate(id, certificate.ExportCertificatePem() + "\n", status, state.Time) { CaCertificateId = issuer.Id }));
        return new JsonObject { ["certificateArn"] = _context.CertificateArn(id), ["certificateId"] = id };
    }

    private static X509Certificate2 Read(string pem, string name)
    {
        try
        {
            return X509Certificate2.CreateFromPem(pem);
        }
        catch (CryptographicException e)
        {
            throw ControlPlaneException.CertificateValidation($"{name} holds no X.509 certificate: {e.Message}");
        }
    }

    private void CheckAuthority(X509Certificate2 certificate)
    {
        if (certificate.Extensions.OfType<X509BasicConstraintsExtension>().FirstOrDefault() is not { CertificateAuthority: true })
        {
            throw ControlPlaneException.CertificateValidation("caCertificate is the certificate of no CA: its basic constraints do not say CA:TRUE.");
        }

        var now = _context.Options.TimeProvider.GetUtcNow().UtcDateTime;
        if (certificate.NotBefore.ToUniversalTime() > now || certificate.NotAfter.ToUniversalTime() <= now)
        {
            throw ControlPlaneException.CertificateValidation($"caCertificate is valid from {certificate.NotBefore.ToUniversalTime():u} to {certificate.NotAfter.ToUniversalTime():u}, and not now.");
        }
    }

    private void CheckVerification(X509Certificate2 authority, string mode, string? verificationPem)
    {
        switch (mode, verificationPem)
        {
            case (SniOnlyMode, null):
                return;

            case (SniOnlyMode, _):
                throw ControlPlaneException.InvalidRequest($"verificationCertificate must be left out where certificateMode is {SniOnlyMode}.");

            case (DefaultMode, null):
                throw ControlPlaneException.InvalidRequest($"verificationCertificate is missing: it must be given where certificateMode is {DefaultMode}, or certificateMode must be {SniOnlyMode}.");

            case (DefaultMode, _):
                break;

            default:
                throw ControlPlaneException.InvalidRequest($"'{CloudLog.Printable(mode)}' is no certificateMode: {DefaultMode}, {SniOnlyMode}.");
        }

        using var verification = Read(verificationPem, "verificationCertificate");
        if (!ClientCertificateCheck.IsSignedBy(verification, authority, _context.Options.TimeProvider.GetUtcNow()))
        {
            throw ControlPlaneException.CertificateValidation("verificationCertificate is not signed by caCertificate, or not valid now.");
        }

        if (verification.GetNameInfo(X509NameType.SimpleName, forIssuer: false) is var name && name != RegistrationCode)
        {
            throw ControlPlaneException.RegistrationCodeValidation($"The common name of verificationCertificate is '{CloudLog.Printable(name)}', not the registration code (get-registration-code).");
        }
    }

    /// <summary>The CA with the registrationConfig of a request, where that has one.</summary>
    private static RegisteredAuthority Configure(RegisteredAuthority authority, ApiRequest request, RegistryState state)
    {
        if (request.Object("registrationConfig") is not { } configuration)
        {
            return authority;
        }

        var body = ApiRequest.Text(configuration, "templateBody");
        var name = ApiRequest.Text(configuration, "templateName");
        if (body is not null && name is not null)
        {
            throw ControlPlaneException.InvalidRequest("registrationConfig has templateBody and templateName; they exclude each other.");
        }

        try
        {
            _ = body is null ? null : ProvisioningTemplate.Parse("registrationConfig", body);
        }
        catch (DocumentFormatException e)
        {
            throw ControlPlaneException.InvalidRequest("The template body is not valid: " + CloudLog.Printable(e.Message));
        }

        if (name is not null && state.RegisteredTemplates.GetValueOrDefault(name) is not { IsJustInTime: true })
        {
            throw ControlPlaneException.NotFound($"There is no provisioning template {CloudLog.Printable(name)} of type JITP.");
        }

        return authority with { TemplateBody = body, TemplateName = name, RoleArn = ApiRequest.Text(configuration, "roleArn") };
    }

    private static bool HasSubject(RegisteredAuthority authority, byte[] subject)
    {
        using var certificate = X509Certificate2.CreateFromPem(authority.Pem);
        return certificate.SubjectName.RawData.AsSpan().SequenceEqual(subject);
    }

    private static IEnumerable<T> InOrder<T>(ApiRequest request, IEnumerable<T> items) => request.QueryFlag("isAscendingOrder", defaultValue: true) ? items : items.Reverse();

    private static string IdIn(ApiRequest request)
    {
        var id = request.Path("caCertificateId").ToLowerInvariant();
        ControlPlaneContext.CheckCertificateId(id);
        return id;
    }

    private static RegisteredAuthority Find(RegistryState state, ApiRequest request) => state.Authorities.GetValueOrDefault(IdIn(request))
        ?? throw ControlPlaneException.NotFound($"CA certificate {IdIn(request)} does not exist.");

    private string Arn(string id) => _context.Arn("cacert", id);

    private JsonObject Summary(RegisteredAuthority authority) => new()
    {
        ["certificateArn"] = Arn(authority.Id),
        ["certificateId"] = authority.Id,
        ["status"] = authority.IsActive ? "ACTIVE" : "INACTIVE",
        ["creationDate"] = ControlPlaneContext.Time(authority.CreatedAt),
    };
}
