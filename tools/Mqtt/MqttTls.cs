using System.Security.Cryptography.X509Certificates;

namespace Mqtt;

/// <summary>TLS of a client. The server's certificate is always verified: its chain against the given roots, its names against the host.</summary>
/// <param name="TrustedRoots">The CA certificates that a server's chain may end in; the machine's own store does not count.</param>
/// <param name="ClientCertificate">The client's certificate with its private key, or null for none.</param>
public sealed record MqttTls(X509Certificate2Collection TrustedRoots, X509Certificate2? ClientCertificate = null);
