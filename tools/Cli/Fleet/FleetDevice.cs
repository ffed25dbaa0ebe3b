namespace Cli.Fleet;

/// <summary>One device of a fleet file, with the file's defaults filled in and its paths made absolute.</summary>
/// <param name="ClientId">Client id, and the thing name that it asks for.</param>
/// <param name="Endpoint">Host name of the broker.</param>
/// <param name="ClaimCertificate">Path of the claim certificate.</param>
/// <param name="ClaimKey">Path of its key.</param>
/// <param name="RootCa">Path of the root CA.</param>
/// <param name="Template">Name of the provisioning template.</param>
/// <param name="Folder">Where its own certificate and key go: <c>output_dir/client_id</c>.</param>
/// <param name="Topic">Where its readings go.</param>
internal sealed record FleetDevice(
    string ClientId,
    string Endpoint,
    string ClaimCertificate,
    string ClaimKey,
    string RootCa,
    string Template,
    string Folder,
    string Topic)
{
    /// <summary>The device's certificate, PEM.</summary>
    public string CertificateFile => Path.Combine(Folder, "device-cert.pem");

    /// <summary>Its private key, PEM.</summary>
    public string KeyFile => Path.Combine(Folder, "device-private.key");

    /// <summary>The virtual board's flash, which keeps what the two files do not tell: the thing name that the cloud gave.</summary>
    public string FlashFolder => Path.Combine(Folder, ".flash");
}
