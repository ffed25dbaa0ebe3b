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
    /// <summary>How long a handshake may take. LocalCloud's own: it is also what Kestrel grants.</summary>
    public static readonly TimeSpan LongestHandshake = TimeSpan.FromSeconds(10);

    private readonly RegionNames _names;
    private readonly bool _demandsServerName;
    private readonly TimeProvider _clock;
    private readonly CloudLog _log;
    private readonly PendingHandshakes _pending = new();

    /// <summary>Makes it.</summary>
    /// <param name="names">Where server names lead: to a region, which says who may connect, and a certificate.</param>
    /// <param name="demandsServerName">Whether a client that sends no server name (SNI) is refused, as AWS does.</param>
    /// <param name="clock">The time that <see cref="LongestHandshake"/> goes by.</param>
    /// <param name="log">Where refusals are told.</param>
    public TlsHandshake(RegionNames names, bool demandsServerName, TimeProvider clock, CloudLog log)
    {
        _names = names;
        _demandsServerName = demandsServerName;
        _clock = clock;
        _log = log;
    }

    /// <summary>Where refusals are counted that are no region's.</summary>
    public CloudCounters Strays { get; init; } = new();

    /// <summary>What goes wrong by order, or null where nothing does.</summary>
    public FaultPlan? Faults { get; init; }

    /// <summary>Makes an endpoint speak TLS.</summary>
    /// <param name="listen">The endpoint.</param>
    public void Use(ListenOptions listen)
    {
        listen.Use(next => connection => FollowAsync(next, connection));
        listen.UseHttps(new TlsHandshakeCallbackOptions
        {
            OnConnection = context => ValueTask.FromResult(OptionsFor(context)),

            // The time is taken here, by the clock that everything else goes by.
            HandshakeTimeout = TimeSpan.FromDays(1),
        });
    }

    private SslServerAuthenticationOptions OptionsFor(TlsHandshakeCallbackContext context)
    {
        var connection = context.Connection;
        var handshake = connection.Features.GetRequiredFeature<PendingHandshake>();
        handshake.HasBegun = true;
        var name = context.ClientHelloInfo.ServerName;
        if (_demandsServerName && string.IsNullOrEmpty(name))
        {
            throw Refuse(handshake, connection, "TLS_SERVER_NAME", "the client names no server (SNI), as AWS IoT Core demands: let it connect to a host name, not to an address");
        }

        if (_names.Find(name) is not { } target)
        {
            throw Refuse(handshake, connection, "TLS_SERVER_NAME", $"the client asks for {CloudLog.Printable(name)}, which leads to no region. The names are {_names.Description}");
        }

        handshake.Region = target.Region;
        if (!target.Region.IsReachable)
        {
            // As an outage shows itself: without a word.
            handshake.Cut("the region is switched off");
            throw Refuse(handshake, connection, "REGION_OFF", "the region is switched off");
        }

        return new()
        {
            ServerCertificateContext = target.Certificate,
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
        var handshake = connection.Features.GetRequiredFeature<PendingHandshake>();
        var region = handshake.Region!;
        var fault = handshake.IsRefusedByOrder ? "the fault plan orders it" : region.Check.FindHandshakeFault(certificate);
        Decide(handshake);
        handshake.Gate.Decide(fault is null);
        if (fault is not null)
        {
            region.Counters.CountRefusedHandshake("TLS_CLIENT_CERTIFICATE");
            if (certificate is not null && _names.FindOther(region, CertificateAuthority.IdOf(certificate)) is { } other)
            {
                fault += $" here, but in {other.Name}";
            }

            region.Log.Warning($"a connection from {ClientConnection.Format(connection.RemoteEndPoint)} is refused: {fault}");
        }

        return fault is null;
    }

    /// <summary>Tells and counts a refusal.</summary>
    /// <returns>What ends the handshake when it is thrown.</returns>
    private AuthenticationException Refuse(PendingHandshake handshake, ConnectionContext connection, string reason, string why)
    {
        Decide(handshake);
        (handshake.Region?.Counters ?? Strays).CountRefusedHandshake(reason);
        (handshake.Region?.Log ?? _log).Warning($"a connection from {ClientConnection.Format(connection.RemoteEndPoint)} is refused: {why}");
        return new AuthenticationException(why);
    }

    private void Decide(PendingHandshake handshake)
    {
        handshake.IsDecided = true;
        _pending.Remove(handshake);
    }

    /// <summary>
    /// Puts the gate between TLS and the network, sees to it that handshakes come to an end, and tells of those that broke
    /// off before it came to the client's certificate.
    /// </summary>
    private async Task FollowAsync(ConnectionDelegate next, ConnectionContext connection)
    {
        var fault = Faults?.Take(FaultStep.Tls, clientId: "");
        if (fault is not null && !await GoesOnAsync(fault, connection))
        {
            return;
        }

        var network = connection.Transport;
        var handshake = new PendingHandshake(connection) { IsRefusedByOrder = fault is { Do: FaultAction.Refuse } };
        connection.Features.Set(handshake);
        connection.Transport = new GatedTransport(network.Input, handshake.Gate);
        try
        {
            // It stays until the connection ends, and does nothing to one whose handshake is done.
            using (_clock.CreateTimer(_ => handshake.Cut($"its TLS handshake was not finished within {LongestHandshake.TotalSeconds:0} s"), state: null, LongestHandshake, Timeout.InfiniteTimeSpan))
            {
                _pending.Add(handshake);
                await next(connection);
            }
        }
        finally
        {
            _pending.Remove(handshake);
            connection.Transport = network;
        }

        if (!handshake.IsDecided)
        {
            (handshake.Region?.Counters ?? Strays).CountRefusedHandshake("TLS_HANDSHAKE");
            (handshake.Region?.Log ?? _log).Warning($"a connection from {ClientConnection.Format(connection.RemoteEndPoint)} " + handshake switch
            {
                { WhyCut: { } why } => "is cut: " + why,
                { HasBegun: true } => "broke off in the TLS handshake: the client does not trust the root CA, checks another host name, or speaks neither TLS 1.2 nor 1.3",
                _ => "ended without a TLS handshake: what connected speaks no TLS, or said nothing",
            });
        }
    }

    /// <summary>Carries out what the fault plan orders before the first message of a handshake is read.</summary>
    /// <returns>Whether the handshake is to go on.</returns>
    private async Task<bool> GoesOnAsync(FaultRule fault, ConnectionContext connection)
    {
        _log.Warning($"a connection from {ClientConnection.Format(connection.RemoteEndPoint)} meets a fault of the plan: {ConnectionFaults.Describe(fault)}");
        if (fault.Do is FaultAction.Delay or FaultAction.Drop)
        {
            await Task.Delay(fault.Do == FaultAction.Delay ? fault.Time : LongestHandshake, _clock, connection.ConnectionClosed).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }

        return fault.Do is FaultAction.Delay or FaultAction.Refuse;
    }

    private sealed class GatedTransport(PipeReader input, PipeWriter output) : IDuplexPipe
    {
        public PipeReader Input { get; } = input;

        public PipeWriter Output { get; } = output;
    }
}
