using System.Text.Json.Nodes;

namespace Cli.Fleet;

/// <summary>One device of a fleet file, with the file's defaults filled in and its paths made absolute.</summary>
/// <param name="ClientId">Client id, and the thing name that it asks for.</param>
/// <param name="Endpoint">Host name of the broker.</param>
/// <param name="Method">How it gets its identity: the value of <c>provisioning.method</c>.</param>
/// <param name="ClaimCertificate">Path of the claim certificate; <see langword="null"/> where the method needs none.</param>
/// <param name="ClaimKey">Path of its key; <see langword="null"/> likewise.</param>
/// <param name="RootCa">Path of the root CA.</param>
/// <param name="Template">Name of the provisioning template; <see langword="null"/> where the method needs none.</param>
/// <param name="Parameters">What the template is given, with the firmware's placeholders; <see langword="null"/> for the client id as <c>ThingName</c>.</param>
/// <param name="OwnFiles">Paths of what the factory gives this device alone, by the names of the board's files: certificate, key, certificate signing request.</param>
/// <param name="Folder">Where its own certificate and key go: <c>output_dir/client_id</c>.</param>
/// <param name="Topic">Where its readings go.</param>
internal sealed record FleetDevice(
    string ClientId,
    string Endpoint,
    string Method,
    string? ClaimCertificate,
    string? ClaimKey,
    string RootCa,
    string? Template,
    JsonObject? Parameters,
    IReadOnlyDictionary<string, string> OwnFiles,
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
