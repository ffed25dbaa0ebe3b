using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace LocalCloud;

/// <summary>
/// Registers the certificates that a registered CA has signed when devices first connect with them, and provisions by the CA's
/// template where it has one (developer guide, "Automatically register a client certificate", "Just-in-time provisioning").
/// </summary>
internal sealed class JustInTimeRegistration
{
    private const string ParameterPrefix = "AWS::IoT::Certificate::";

    /// <summary>The parameters of a template that the certificate's subject gives, by the attribute's object identifier.</summary>
    private static readonly Dictionary<string, string> s_parameters = new(StringComparer.Ordinal)
    {
        ["2.5.4.6"] = ParameterPrefix + "Country",
        ["2.5.4.10"] = ParameterPrefix + "Organization",
        ["2.5.4.11"] = ParameterPrefix + "OrganizationalUnit",
        ["2.5.4.46"] = ParameterPrefix + "DistinguishedNameQualifier",
        ["2.5.4.8"] = ParameterPrefix + "StateName",
        ["2.5.4.3"] = ParameterPrefix + "CommonName",
        ["2.5.4.5"] = ParameterPrefix + "SerialNumber",
    };

    private readonly DeviceRegistry _registry;
    private readonly ClientCertificateCheck _check;
    private readonly LocalCloudOptions _options;
    private readonly CloudLog _log;

    public JustInTimeRegistration(DeviceRegistry registry, ClientCertificateCheck check, LocalCloudOptions options, CloudLog log)
    {
        _registry = registry;
        _check = check;
        _options = options;
        _log = log;
    }

    /// <summary>Registers the certificate of a connection where that is to be done. The connection is then dropped, as AWS drops it.</summary>
    /// <param name="certificate">What the client presented in the handshake.</param>
    /// <returns>What came of it, or null for a certificate with which nothing is to be done.</returns>
    public async ValueTask<FirstConnection?> RegisterAsync(X509Certificate2 certificate)
    {
        if (_check.FindAwaited(certificate) is not { } authority)
        {
            return null;
        }

        var id = CertificateAuthority.IdOf(certificate);
        RegisteredCertificate? registered = null;
        _registry.Update(state =>
        {
            if (state.Certificates.TryGetValue(id, out registered))
            {
                return state;
            }

            registered = new RegisteredCertificate(id, certificate.ExportCertificatePem() + "\n", CertificateStatus.PendingActivation, state.Time) { CaCertificateId = authority.Id };
            return state.With(registered);
        });
        var what = $"certificate {id[..8]} of CA {authority.ShortId} is {CertificateStatus.PendingActivation.ToText()}: set it ACTIVE to let it in";
        if (authority.TemplateBody is not null || authority.TemplateName is not null)
        {
            what = Provision(authority, certificate, id);
        }

        try
        {
            await _registry.SaveAsync();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Nobody was told that it was done; the registry tries again with its next write.
            _log.Error("the registry could not be written: " + e.Message);
        }

        return new FirstConnection(
            "the connection that registers a certificate is dropped, as AWS does; " + what,
            "$aws/events/certificates/registered/" + authority.Id,
            JsonSerializer.SerializeToUtf8Bytes(new JsonObject
            {
                ["certificateId"] = id,
                ["caCertificateId"] = authority.Id,
                ["timestamp"] = _options.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds(),
                ["certificateStatus"] = CertificateStatus.PendingActivation.ToText(),
                ["awsAccountId"] = _options.AccountId,
                ["certificateRegistrationTimestamp"] = registered!.CreatedAt.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture),
            }));
    }

    /// <summary>The values that a certificate has for the parameters of a template.</summary>
    private static Dictionary<string, string> ParametersOf(X509Certificate2 certificate)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var part in certificate.SubjectName.EnumerateRelativeDistinguishedNames(reversed: false))
        {
            if (!part.HasMultipleElements && part.GetSingleElementType().Value is { } type && s_parameters.TryGetValue(type, out var name) && part.GetSingleElementValue() is { } value)
            {
                values.TryAdd(name, value);
            }
        }

        return values;
    }

    /// <summary>Makes the thing and what belongs to it; what fails leaves the certificate pending, and its next connection tries again.</summary>
    /// <returns>What was done, for the log.</returns>
    private string Provision(RegisteredAuthority authority, X509Certificate2 certificate, string id)
    {
        RegisteredCertificate? registered = null;
        ProvisioningSpecification? specification = null;
        try
        {
            _registry.Update(state =>
            {
                if (!state.Certificates.TryGetValue(id, out registered) || registered.Status != CertificateStatus.PendingActivation)
                {
                    // Another connection of the device was faster.
                    return state;
                }

                var template = FindTemplate(authority, state);
                var values = ParametersOf(certificate);

                // "Every declared parameter": a template that declares what a certificate lacks provisions nothing.
                if (template.Parameters.FirstOrDefault(parameter => parameter.Default is null && !values.ContainsKey(parameter.Name)) is { } missing)
                {
                    throw ProvisioningException.InvalidParameters($"the template declares {missing.Name}, which the certificate's subject does not have");
                }

                specification = template.Evaluate(values, id);
                if (specification.CertificateId != id)
                {
                    throw ProvisioningException.InvalidParameters("the template is for another certificate: CertificateId must be { \"Ref\": \"AWS::IoT::Certificate::Id\" }");
                }

                return ThingRegistration.Apply(specification, registered, state, out registered);
            });
        }
        catch (Exception e) when (e is ProvisioningException or TemplateEvaluationException or DocumentFormatException)
        {
            _log.Warning($"certificate {id[..8]} of CA {authority.ShortId} is not provisioned, and stays {CertificateStatus.PendingActivation.ToText()}: {CloudLog.Printable(e.Message)}");
            return $"certificate {id[..8]} of CA {authority.ShortId} is {CertificateStatus.PendingActivation.ToText()}, since its provisioning failed";
        }

        return $"certificate {id[..8]} of CA {authority.ShortId} is provisioned: "
            + $"{(specification?.Thing is { } thing ? "thing " + CloudLog.Printable(thing.Name) : "no thing")}, the certificate is {registered?.Status.ToText() ?? "gone"}";
    }

    private static ProvisioningTemplate FindTemplate(RegisteredAuthority authority, RegistryState state) => authority switch
    {
        { TemplateBody: { } body } => ProvisioningTemplate.Parse("registrationConfig", body),
        _ when state.RegisteredTemplates.GetValueOrDefault(authority.TemplateName!) is not { IsJustInTime: true } template =>
            throw ProvisioningException.ResourceNotFound($"there is no template {authority.TemplateName} of type JITP"),
        _ when !state.RegisteredTemplates[authority.TemplateName!].IsEnabled => throw ProvisioningException.ResourceNotFound($"the template {authority.TemplateName} is not enabled"),
        _ => state.RegisteredTemplates[authority.TemplateName!].Default.Template,
    };
}
