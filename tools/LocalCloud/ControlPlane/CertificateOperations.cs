using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;

namespace LocalCloud;

/// <summary>The operations on certificates, and describe-endpoint.</summary>
internal sealed class CertificateOperations
{
    private readonly ControlPlaneContext _context;

    public CertificateOperations(ControlPlaneContext context)
    {
        _context = context;
    }

    public IEnumerable<ApiOperation> All =>
    [
        new("DescribeEndpoint", "GET", "/endpoint", DescribeEndpointAsync),
        new("CreateKeysAndCertificate", "POST", "/keys-and-certificate", CreateKeysAndCertificateAsync),
        new("CreateCertificateFromCsr", "POST", "/certificates", CreateFromCsrAsync),
        new("RegisterCertificateWithoutCA", "POST", "/certificate/register-no-ca", RegisterWithoutCaAsync),
        new("DescribeCertificate", "GET", "/certificates/{certificateId}", DescribeAsync),
        new("ListCertificates", "GET", "/certificates", ListAsync),
        new("UpdateCertificate", "PUT", "/certificates/{certificateId}", UpdateAsync),
        new("DeleteCertificate", "DELETE", "/certificates/{certificateId}", DeleteAsync),
    ];

    /// <summary>The keys of a certificate as the API has them.</summary>
    public static JsonObject KeyPair(IssuedCertificate issued)
    {
        using var certificate = X509Certificate2.CreateFromPem(issued.Pem);
        return new JsonObject
        {
            ["PublicKey"] = PemEncoding.WriteString("PUBLIC KEY", certificate.PublicKey.ExportSubjectPublicKeyInfo()) + "\n",
            ["PrivateKey"] = issued.PrivateKeyPem,
        };
    }

    private Task<JsonObject?> DescribeEndpointAsync(ApiRequest request)
    {
        if (request.Query("endpointType") is { } type and not ("iot:Data-ATS" or "iot:Data"))
        {
            throw ControlPlaneException.InvalidRequest($"LocalCloud has no endpoint of type '{CloudLog.Printable(type)}', only iot:Data-ATS.");
        }

        // The answer has no room for a port; on AWS it is always 8883.
        _context.Log.Information($"control plane: the endpoint is {_context.Options.Host}, MQTT port {_context.MqttPort}");
        return Task.FromResult<JsonObject?>(new JsonObject { ["endpointAddress"] = _context.Options.Host });
    }

    private async Task<JsonObject?> CreateKeysAndCertificateAsync(ApiRequest request)
    {
        var status = request.QueryFlag("setAsActive") ? CertificateStatus.Active : CertificateStatus.Inactive;
        var issued = await _context.Authority.IssueAsync(request.Aborted);
        _context.Registry.AddCertificate(issued, status, ownership: null, []);
        await _context.SaveAsync();
        return new JsonObject
        {
            ["certificateArn"] = _context.CertificateArn(issued.Id),
            ["certificateId"] = issued.Id,
            ["certificatePem"] = issued.Pem,
            ["keyPair"] = KeyPair(issued),
        };
    }

    private async Task<JsonObject?> CreateFromCsrAsync(ApiRequest request)
    {
        var status = request.QueryFlag("setAsActive") ? CertificateStatus.Active : CertificateStatus.Inactive;
        if (!SigningRequest.TryRead(request.RequiredText("certificateSigningRequest"), out var asked, out var fault))
        {
            throw ControlPlaneException.InvalidRequest(fault);
        }

        var issued = _context.Authority.Issue(asked);
        _context.Registry.AddCertificate(issued, status, ownership: null, []);
        await _context.SaveAsync();
        return new JsonObject
        {
            ["certificateArn"] = _context.CertificateArn(issued.Id),
            ["certificateId"] = issued.Id,
            ["certificatePem"] = issued.Pem,
        };
    }

    private async Task<JsonObject?> RegisterWithoutCaAsync(ApiRequest request)
    {
        var pem = request.RequiredText("certificatePem");
        var status = ParseStatus(request.Text("status") ?? "INACTIVE");
        string id;
        try
        {
            using var certificate = X509Certificate2.CreateFromPem(pem);
            id = CertificateAuthority.IdOf(certificate);
            pem = certificate.ExportCertificatePem() + "\n";
        }
        catch (CryptographicException e)
        {
            throw ControlPlaneException.CertificateValidation("The PEM holds no X.509 certificate: " + e.Message);
        }

        await _context.UpdateAsync(state => state.Certificates.ContainsKey(id)
            ? throw ControlPlaneException.AlreadyExists("The certificate is already registered.", _context.CertificateArn(id), id)
            : state.With(new RegisteredCertificate(id, pem, status, state.Time)));
        return new JsonObject { ["certificateArn"] = _context.CertificateArn(id), ["certificateId"] = id };
    }

    private Task<JsonObject?> DescribeAsync(ApiRequest request)
    {
        var certificate = ControlPlaneContext.FindCertificate(_context.State, IdIn(request));
        var description = Summary(certificate);
        description["certificatePem"] = certificate.Pem;
        if (certificate.CaCertificateId is not null)
        {
            description["caCertificateId"] = certificate.CaCertificateId;
        }

        description["ownedBy"] = _context.Options.AccountId;
        description["lastModifiedDate"] = ControlPlaneContext.Time(certificate.ModifiedAt ?? certificate.CreatedAt);
        try
        {
            using var x509 = X509Certificate2.CreateFromPem(certificate.Pem);
            description["validity"] = new JsonObject
            {
                ["notBefore"] = ControlPlaneContext.Time(x509.NotBefore.ToUniversalTime()),
                ["notAfter"] = ControlPlaneContext.Time(x509.NotAfter.ToUniversalTime()),
            };
        }
        catch (CryptographicException)
        {
            // A registry that was edited by hand: the rest is still worth showing.
        }

        return Task.FromResult<JsonObject?>(new JsonObject { ["certificateDescription"] = description });
    }

    private Task<JsonObject?> ListAsync(ApiRequest request)
    {
        IEnumerable<RegisteredCertificate> certificates = _context.State.Certificates.Values.Where(certificate => certificate.Claim is null).OrderBy(certificate => certificate.CreatedAt).ThenBy(certificate => certificate.Id, StringComparer.Ordinal);
        if (!request.QueryFlag("isAscendingOrder", defaultValue: true))
        {
            certificates = certificates.Reverse();
        }

        return Task.FromResult<JsonObject?>(request.Page("certificates", certificates, usesMarkers: true, Summary));
    }

    private async Task<JsonObject?> UpdateAsync(ApiRequest request)
    {
        var status = ParseStatus(request.Query("newStatus") ?? throw ControlPlaneException.InvalidRequest("newStatus is missing."));
        var id = IdIn(request);
        try
        {
            _context.Registry.SetCertificateStatus(id, status);
        }
        catch (KeyNotFoundException)
        {
            throw ControlPlaneException.NotFound($"Certificate {id} does not exist.");
        }

        await _context.SaveAsync();
        return null;
    }

    private async Task<JsonObject?> DeleteAsync(ApiRequest request)
    {
        var id = IdIn(request);
        var isForced = request.QueryFlag("forceDelete");
        var isThere = _context.Registry.DeleteCertificate(id, certificate =>
        {
            if (certificate.Status == CertificateStatus.Active)
            {
                throw ControlPlaneException.CertificateState("The certificate must be deactivated before it is deleted: it is ACTIVE.");
            }

            if (!certificate.Things.IsEmpty)
            {
                throw ControlPlaneException.DeleteConflict($"Things must be detached before deletion: {string.Join(", ", certificate.Things)}.");
            }

            if (!certificate.Policies.IsEmpty && !isForced)
            {
                throw ControlPlaneException.DeleteConflict($"Policies must be detached before deletion: {string.Join(", ", certificate.Policies)}.");
            }
        });
        if (!isThere)
        {
            throw ControlPlaneException.NotFound($"Certificate {id} does not exist.");
        }

        await _context.SaveAsync();
        return null;
    }

    private static string IdIn(ApiRequest request)
    {
        var id = request.Path("certificateId").ToLowerInvariant();
        ControlPlaneContext.CheckCertificateId(id);
        return id;
    }

    private static CertificateStatus ParseStatus(string text) => text switch
    {
        "ACTIVE" => CertificateStatus.Active,
        "INACTIVE" => CertificateStatus.Inactive,
        "REVOKED" => CertificateStatus.Revoked,
        _ => throw ControlPlaneException.InvalidRequest($"'{CloudLog.Printable(text)}' is no status that can be set: ACTIVE, INACTIVE, REVOKED."),
    };

    private JsonObject Summary(RegisteredCertificate certificate) => Summary(_context, certificate);

    /// <summary>A certificate as lists show it.</summary>
    internal static JsonObject Summary(ControlPlaneContext context, RegisteredCertificate certificate) => new()
    {
        ["certificateArn"] = context.CertificateArn(certificate.Id),
        ["certificateId"] = certificate.Id,
        ["status"] = certificate.Status.ToText(),
        ["certificateMode"] = certificate.CaCertificateId is { } ca && context.State.Authorities.TryGetValue(ca, out var authority) ? authority.Mode : "SNI_ONLY",
        ["creationDate"] = ControlPlaneContext.Time(certificate.CreatedAt),
    };
}
