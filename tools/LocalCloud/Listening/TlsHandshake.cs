using System.IO.Pipelines;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace LocalCloud;

/// <summary>TLS 1.2 and 1.3 with client certificates; who is refused, is refused in the handshake, and the log tells why.</summary>
internal sealed class TlsHandshake
{
    private readonly SslStreamCertificateContext _server;
    private readonly ClientCertificateCheck _check;
    private readonly CloudLog _log;

    public TlsHandshake(CertificateAuthority authority, ClientCertificateCheck check, CloudLog log)
    {
        // Offline: the chain is complete as it is, and nothing is fetched from anywhere.
        _server = SslStreamCertificateContext.Create(authority.Server, additionalCertificates: null, offline: true);
        _check = check;
        _log = log;
    }

    /// <summary>Makes an endpoint speak TLS.</summary>
    /// <param name="listen">The endpoint.</param>
    public void Use(ListenOptions listen)
    {
        listen.Use(next => connection => FollowAsync(next, connection));
        listen.UseHttps(new TlsHandshakeCallbackOptions
        {
            OnConnection = context => ValueTask.FromResult(OptionsFor(context.Connection)),
        });
    }

    private SslServerAuthenticationOptions OptionsFor(ConnectionContext connection)
    {
        connection.Features.GetRequiredFeature<Progress>().HasBegun = true;
        return new()
        {
            ServerCertificateContext = _server,
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            ClientCertificateRequired = true,
            RemoteCertificateValidationCallback = (_, certificate, _, _) => Permits(connection, certificate as X509Certificate2),

            // Every connection proves anew that it has its key, and finds its certificate as the registry has it now.
            AllowTlsResume = false,
            AllowRenegotiation = false,

            // The registry says who may connect. The chain is built all the same; it must not follow addresses in a
            // stranger's certificate.
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
                VerificationFlags = X509VerificationFlags.AllFlags,
                DisableCertificateDownloads = true,
            },
        };
    }

    private bool Permits(ConnectionContext connection, X509Certificate2? certificate)
    {
        var fault = _check.FindFault(certificate);
        connection.Features.GetRequiredFeature<Progress>().SetDecision(fault is null);
        if (fault is not null)
        {
            _log.Warning($"a connection from {ClientConnection.Format(connection.RemoteEndPoint)} is refused: {fault}");
        }

        return fault is null;
    }

    /// <summary>Puts the gate between TLS and the network, and tells of handshakes that broke off before it came to the client's certificate.</summary>
    private async Task FollowAsync(ConnectionDelegate next, ConnectionContext connection)
    {
        var network = connection.Transport;
        var progress = new Progress(new HandshakeGate(network.Output));
        connection.Features.Set(progress);
        connection.Transport = new GatedTransport(network.Input, progress.Gate);
        try
        {
            await next(connection);
        }
        finally
        {
            connection.Transport = network;
        }

        if (!progress.IsDecided)
        {
            _log.Warning($"a connection from {ClientConnection.Format(connection.RemoteEndPoint)} " + (progress.HasBegun
                ? "broke off in the TLS handshake: the client does not trust the root CA, checks another host name, or speaks neither TLS 1.2 nor 1.3"
                : "ended without a TLS handshake: what connected speaks no TLS, or said nothing"));
        }
    }

    /// <summary>How far a handshake has come.</summary>
    private sealed class Progress(HandshakeGate gate)
    {
        public HandshakeGate Gate { get; } = gate;

        /// <summary>Whether a ClientHello came.</summary>
        public bool HasBegun { get; set; }

        /// <summary>Whether it came as far as the client's certificate.</summary>
        public bool IsDecided { get; private set; }

        public void SetDecision(bool isAccepted)
        {
            IsDecided = true;
            Gate.Decide(isAccepted);
        }
    }

    private sealed class GatedTransport(PipeReader input, PipeWriter output) : IDuplexPipe
    {
        public PipeReader Input { get; } = input;

        public PipeWriter Output { get; } = output;
    }
}
