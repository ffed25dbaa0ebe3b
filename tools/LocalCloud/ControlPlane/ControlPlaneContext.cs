using System.Text.Json.Nodes;

namespace LocalCloud;

/// <summary>What the operations of the control plane work on.</summary>
/// <param name="Options">How LocalCloud runs, with the region's name and endpoint.</param>
/// <param name="MqttPort">The TCP port of MQTT over TLS.</param>
/// <param name="Registry">The registry.</param>
/// <param name="Authority">Makes certificates.</param>
/// <param name="Log">The log.</param>
internal sealed record ControlPlaneContext(LocalCloudOptions Options, int MqttPort, DeviceRegistry Registry, CertificateAuthority Authority, CloudLog Log)
{
    private const string CertificateKind = "cert";

    /// <summary>The registry of the region that also has what an account has in no region: its roles.</summary>
    public required DeviceRegistry AccountRegistry { get; init; }

    /// <summary>The claims that live for minutes.</summary>
    public required ProvisioningClaims Claims { get; init; }

    public RegistryState State => Registry.State;

    /// <summary>The ARN of something of AWS IoT's, such as a <c>policy</c>.</summary>
    public string Arn(string kind, string name) => $"arn:aws:iot:{Options.Region}:{Options.AccountId}:{kind}/{name}";

    public string CertificateArn(string id) => Arn(CertificateKind, id);

    /// <summary>The certificate that an ARN names.</summary>
    /// <exception cref="ControlPlaneException">It names none.</exception>
    public string CertificateIdOf(string arn)
    {
        var prefix = CertificateArn("");
        if (!arn.StartsWith(prefix, StringComparison.Ordinal))
        {
            throw ControlPlaneException.InvalidRequest($"'{CloudLog.Printable(arn)}' is no certificate of this account: {prefix}ID. LocalCloud attaches to certificates only.");
        }

        var id = arn[prefix.Length..];
        CheckCertificateId(id);
        return id;
    }

    public static void CheckCertificateId(string id)
    {
        if (id.Length != 64 || !id.All(char.IsAsciiHexDigit))
        {
            throw ControlPlaneException.InvalidRequest($"'{CloudLog.Printable(id)}' is no id of a certificate: 64 hexadecimal digits.");
        }
    }

    public static RegisteredCertificate FindCertificate(RegistryState state, string id) => state.Certificates.GetValueOrDefault(id)
        ?? throw ControlPlaneException.NotFound($"Certificate {CloudLog.Printable(id)} does not exist.");

    /// <summary>Changes the registry, and waits until that is on the disk.</summary>
    /// <param name="change">The new state for the old; may throw to change nothing.</param>
    /// <exception cref="ControlPlaneException">It could not be written.</exception>
    public Task UpdateAsync(Func<RegistryState, RegistryState> change)
    {
        Registry.Update(change);
        return SaveAsync();
    }

    public async Task SaveAsync()
    {
        try
        {
            await Registry.SaveAsync();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.Error("the registry could not be written: " + e.Message);
            throw ControlPlaneException.InternalFailure("The request could not be recorded.");
        }
    }

    /// <summary>A time as AWS's JSON has it: seconds since 1970.</summary>
    public static JsonNode Time(DateTimeOffset time) => time.ToUnixTimeMilliseconds() / 1000.0;
}
