using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace LocalCloud;

/// <summary>
/// A local stand-in for AWS IoT Core: MQTT 3.1.1 over TLS with client certificates, policies, and fleet provisioning in
/// JSON and CBOR. For development and tests; production runs on AWS IoT Core itself.
/// </summary>
/// <remarks>
/// With a data directory everything that a client was told outlives a kill: certificates and things, retained
/// messages, persistent sessions with their subscriptions and messages. Two things do not: answers of the provisioning API
/// that wait for a client, since they hold private keys, and the numbers in presence events.
/// </remarks>
public sealed class LocalCloudServer : IAsyncDisposable
{
    private const string ClaimCertificateFile = "claim.pem.crt";
    private const string ClaimKeyFile = "claim.pem.key";

    private readonly LocalCloudOptions _options;
    private readonly DataDirectory? _directory;
    private readonly CertificateAuthority _authority;
    private readonly ProvisioningService _provisioning;
    private readonly MqttBroker _broker;
    private readonly WebApplication _host;
    private readonly CloudLog _log;
    private int _isDisposed;

    private LocalCloudServer(
        LocalCloudOptions options,
        DataDirectory? directory,
        CertificateAuthority authority,
        DeviceRegistry registry,
        ClientCredentials claim,
        ProvisioningService provisioning,
        MqttBroker broker,
        WebApplication host,
        int port,
        CloudLog log)
    {
        _options = options;
        _directory = directory;
        _authority = authority;
        Registry = registry;
        ClaimCredentials = claim;
        _provisioning = provisioning;
        _broker = broker;
        _host = host;
        Port = port;
        _log = log;
    }

    /// <summary>A provisioning request has been answered. Raised on the connection's thread, before the answer is sent.</summary>
    public event Action<ProvisioningOutcome>? ProvisioningAnswered
    {
        add => _provisioning.Answered += value;
        remove => _provisioning.Answered -= value;
    }

    /// <summary>The name or address by which clients reach it.</summary>
    public string Endpoint => _options.Host;

    /// <summary>The TCP port of MQTT over TLS.</summary>
    public int Port { get; }

    /// <summary>Where the control plane is: <c>http://ADDRESS:PORT</c>, for <c>aws --endpoint-url</c>.</summary>
    public required string ControlPlaneUrl { get; init; }

    /// <summary>AWS region of the resource names in policies.</summary>
    public string Region => _options.Region;

    /// <summary>AWS account of the resource names in policies.</summary>
    public string AccountId => _options.AccountId;

    /// <summary>Name of the provisioning template by thing name.</summary>
    public string TemplateName => _options.TemplateName;

    /// <summary>The root certificate that clients trust, as PEM.</summary>
    public string RootCaPem => _authority.RootPem;

    /// <summary>The claim: what a device that has no identity yet connects with. Its policies let it provision and nothing else.</summary>
    public ClientCredentials ClaimCredentials { get; }

    /// <summary>Certificates, things, policies, templates and attachments.</summary>
    public DeviceRegistry Registry { get; }

    /// <summary>Client ids of the live connections, in no order.</summary>
    public IReadOnlyCollection<string> ConnectedClientIds => [.. _broker.ClientIds];

    /// <summary>Path of the root certificate, or null where everything is in memory.</summary>
    public string? RootCaFile => PathOf(CertificateAuthority.RootCertificateFile);

    /// <summary>Path of the claim certificate, or null likewise.</summary>
    public string? ClaimCertificatePath => PathOf(ClaimCertificateFile);

    /// <summary>Path of the claim's key, or null likewise.</summary>
    public string? ClaimKeyPath => PathOf(ClaimKeyFile);

    /// <summary>Starts a server. When this ends, it accepts connections.</summary>
    /// <param name="options">How it runs.</param>
    /// <param name="cancellationToken">Ends the start early.</param>
    /// <exception cref="ArgumentException">The options are wrong (<see cref="LocalCloudOptions.FindFaults"/>).</exception>
    /// <exception cref="DataDirectoryException">The data directory cannot be used, or a file in it is damaged.</exception>
    /// <exception cref="ListenException">The address or port cannot be listened on.</exception>
    public static async Task<LocalCloudServer> StartAsync(LocalCloudOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        var faults = options.FindFaults();
        if (faults.Count > 0)
        {
            throw new ArgumentException(string.Join(" ", faults.Select(fault => $"{fault.Key} {fault.Value}")), nameof(options));
        }

        // What was made is undone, last first, unless all of it could be.
        await using var undo = new AsyncCleanup();
        var clock = options.TimeProvider;
        var log = new CloudLog(options.Log, clock);
        var directory = options.DataDirectory is null ? null : undo.Add(DataDirectory.Open(options.DataDirectory));
        var sockets = ListenSockets.Bind(options.ListenAddress, options.MqttPort);
        foreach (var socket in sockets)
        {
            undo.Add(socket);
        }

        var controlSockets = ListenSockets.Bind(options.ControlPlaneAddress, options.ControlPlanePort);
        foreach (var socket in controlSockets)
        {
            undo.Add(socket);
        }

        var registry = DeviceRegistry.Open(directory?.Path, clock, log);
        var authority = undo.Add(await CertificateAuthority.OpenAsync(directory?.Path, HostsOf(options), clock, cancellationToken));
        Seed(registry, options, log);
        var claim = await OpenClaimAsync(directory?.Path, registry, authority, log, cancellationToken);
        await SaveAsync(registry, directory);

        var counters = new CloudCounters();
        var check = new ClientCertificateCheck(registry, clock);
        var provisioning = undo.Add(new ProvisioningService(registry, authority, options.RepeatedRegistration, options.ProvisioningQuotas, clock, log)
        {
            Hooks = new PreProvisioningHooks(options, log),
        });
        var broker = new MqttBroker(options, registry, new Authorizer(registry, new IotArns(options.Region, options.AccountId)) { Counters = counters }, provisioning, check, log);
        if (directory is not null)
        {
            broker.Restore(BrokerJournal.Open(directory.Path, clock.GetUtcNow(), log));
        }

        var host = BuildHost(sockets, controlSockets, new TlsHandshake(authority, check, options.DemandServerName && !IPAddress.TryParse(options.Host, out _), clock, log) { Counters = counters, Faults = options.Faults }, broker);
        undo.Add(host);
        var endPoints = sockets.Select(socket => (IPEndPoint)socket.LocalEndPoint!).ToList();
        provisioning.Answered += counters.Count;
        var controlPlane = new ControlPlaneHandler(new ControlPlaneContext(options, endPoints[0].Port, registry, authority, log) { Claims = provisioning.Claims }, counters, () => broker.ClientIds.Count);
        host.Run(controlPlane.HandleAsync);
        await host.StartAsync(cancellationToken);

        log.Information($"LocalCloud listens on {string.Join(" and ", endPoints)} as {options.Host}, account {options.AccountId} in {options.Region}");
        var server = new LocalCloudServer(options, directory, authority, registry, claim, provisioning, broker, host, endPoints[0].Port, log)
        {
            ControlPlaneUrl = UrlOf((IPEndPoint)controlSockets[0].LocalEndPoint!),
        };
        log.Information($"the control plane, AWS IoT's HTTP API, is at {server.ControlPlaneUrl}: aws iot --endpoint-url {server.ControlPlaneUrl}");
        foreach (var (name, hook) in options.Hooks)
        {
            log.Information(PreProvisioningHooks.IsFunctionArn(name)
                ? $"in place of {name} a pre-provisioning hook is asked: {CloudLog.Printable(hook)}{(registry.State.RegisteredTemplates.Values.Any(template => template.HookArn == name) ? "" : " (no template names that function yet)")}"
                : $"template {name} has a pre-provisioning hook: {CloudLog.Printable(hook)}{(registry.State.Templates.ContainsKey(name) ? "" : " (there is no such template yet)")}");
        }

        foreach (var lack in registry.State.RegisteredTemplates.Values.Select(template => PreProvisioningHooks.FindLack(options, template)).OfType<string>())
        {
            log.Warning(lack);
        }

        undo.Forget();
        return server;
    }

    /// <summary>Makes keys and a certificate as AWS's CreateKeysAndCertificate on the control plane does.</summary>
    /// <param name="status">Its status.</param>
    /// <param name="policyNames">The policies to attach; they must exist.</param>
    /// <param name="cancellationToken">Ends the wait for a key.</param>
    /// <exception cref="KeyNotFoundException">A policy does not exist.</exception>
    public async Task<ClientCredentials> CreateCredentialsAsync(CertificateStatus status, IReadOnlyCollection<string> policyNames, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(policyNames);
        if (policyNames.FirstOrDefault(name => Registry.FindPolicy(name) is null) is { } missing)
        {
            throw new KeyNotFoundException($"There is no policy {missing}.");
        }

        var issued = await _authority.IssueAsync(cancellationToken);
        Registry.AddCertificate(issued, status, ownership: null, policyNames);
        await Registry.SaveAsync();
        return new ClientCredentials(issued.Id, issued.Pem, issued.PrivateKeyPem);
    }

    /// <summary>
    /// Makes credentials for someone who watches: every topic may be published, subscribed to and received, by any client
    /// id that begins with <paramref name="clientIdPrefix"/>.
    /// </summary>
    /// <param name="clientIdPrefix">1 to 64 of <c>[a-zA-Z0-9_-]</c>.</param>
    /// <param name="cancellationToken">Ends the wait for a key.</param>
    public Task<ClientCredentials> CreateOperatorCredentialsAsync(string clientIdPrefix, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(clientIdPrefix);
        if (clientIdPrefix.Length is < 1 or > 64 || !clientIdPrefix.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-'))
        {
            throw new ArgumentException("1 to 64 letters, digits, '_' and '-'.", nameof(clientIdPrefix));
        }

        var name = "localcloud-operator-" + clientIdPrefix;
        Registry.PutPolicy(new Policy(name, PolicyDocument.Parse($$"""
            {
              "Version": "2012-10-17",
              "Statement": [
                { "Effect": "Allow", "Action": "iot:Connect", "Resource": "{{_broker.Authorizer.Arns.Client(clientIdPrefix + "*")}}" },
                { "Effect": "Allow", "Action": ["iot:Publish", "iot:RetainPublish", "iot:Subscribe", "iot:Receive"], "Resource": "*" }
              ]
            }
            """)));
        return CreateCredentialsAsync(CertificateStatus.Active, [name], cancellationToken);
    }

    /// <summary>Ends all connections, stops listening, and writes what is not written yet.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
        {
            return;
        }

        await _broker.CloseAllAsync();

        // Connections that are still in their handshake get a moment, no more.
        using (var moment = new CancellationTokenSource(TimeSpan.FromSeconds(1)))
        {
            await _host.StopAsync(moment.Token);
        }

        await _host.DisposeAsync();
        _provisioning.Dispose();
        try
        {
            if (_broker.Journal is { } journal)
            {
                await journal.CloseAsync();
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _log.Error("retained messages and persistent sessions could not be written: " + e.Message);
        }

        try
        {
            await Registry.CloseAsync();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _log.Error("the registry could not be written: " + e.Message);
        }

        _authority.Dispose();
        _directory?.Dispose();
        _log.Information("LocalCloud stopped");
    }

    private static WebApplication BuildHost(IReadOnlyList<Socket> sockets, IReadOnlyList<Socket> controlSockets, TlsHandshake tls, MqttBroker broker)
    {
        // Empty: no configuration files, no environment, no logging of its own.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton<IHostLifetime, NoHostLifetime>();
        builder.Services.AddSingleton(new MqttConnectionHandler(broker));
        builder.Services.Configure<SocketTransportOptions>(transport =>
            transport.CreateBoundListenSocket = endPoint => sockets.Concat(controlSockets).Single(socket => socket.LocalEndPoint!.Equals(endPoint)));
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            foreach (var socket in sockets)
            {
                kestrel.Listen(socket.LocalEndPoint!, listen =>
                {
                    // No ALPN of HTTP's: a client that offers AWS's own protocol names must not be refused for it.
                    listen.Protocols = HttpProtocols.None;
                    tls.Use(listen);
                    listen.UseConnectionHandler<MqttConnectionHandler>();
                });
            }

            foreach (var socket in controlSockets)
            {
                kestrel.Listen(socket.LocalEndPoint!, listen => listen.Protocols = HttpProtocols.Http1);
            }
        });
        return builder.Build();
    }

    /// <summary>Puts the seed's documents in where they are not, or were filled in with other settings.</summary>
    internal static void Seed(DeviceRegistry registry, LocalCloudOptions options, CloudLog log)
    {
        var settings = SeedSettings.Of(options);
        var before = registry.State.Seed;
        if (before == settings)
        {
            return;
        }

        // What people made of documents that the settings leave as they were stays.
        var was = before is null ? [] : SeedDocuments.Policies(before).ToDictionary(policy => policy.Name, policy => policy.Document.Text, StringComparer.Ordinal);
        List<Policy> policies = [.. SeedDocuments.Policies(options).Where(policy => was.GetValueOrDefault(policy.Name) != policy.Document.Text)];
        List<ProvisioningTemplate> templates = [.. SeedDocuments.Templates(options).Where(template => before is null || (template.Name != before.TemplateName && template.Name != SeedDocuments.SerialTemplateName))];
        if (before is not null && policies.Count + templates.Count > 0)
        {
            log.Warning($"{string.Join(", ", [.. policies.Select(policy => "policy " + policy.Name), .. templates.Select(template => "template " + template.Name)])} of the seed are filled in anew: they were for {before}, and now are for {settings}");
        }

        registry.Update(state =>
        {
            state = policies.Aggregate(state, (sum, policy) => sum.With(policy));
            state = templates.Aggregate(state, (sum, template) => sum.With(template));

            // A registration makes no thing types.
            if (!state.ThingTypes.ContainsKey(SeedDocuments.SerialThingTypeName))
            {
                state = state.With(new ThingType(SeedDocuments.SerialThingTypeName, Guid.NewGuid().ToString(), Description: null, SearchableAttributes: [], state.Time));
            }

            return state.With(settings);
        });
    }

    private static async Task<ClientCredentials> OpenClaimAsync(string? directory, DeviceRegistry registry, CertificateAuthority authority, CloudLog log, CancellationToken cancellationToken)
    {
        if (CertificateAuthority.LoadCredentials(directory, ClaimCertificateFile, ClaimKeyFile) is { } kept)
        {
            switch (registry.FindCertificate(kept.CertificateId))
            {
                case null:
                    throw new DataDirectoryException(
                        Path.Combine(directory!, ClaimCertificateFile),
                        $"is not in {RegistryFile.FileName} beside it{HintAtDamaged(directory!)}. Put back the two that belong together, or move {ClaimCertificateFile} and {ClaimKeyFile} away to have a new claim made");

                case { Status: not CertificateStatus.Active } inactive:
                    // The owner's word: it is not undone by a restart.
                    log.Warning($"the claim certificate {inactive.ShortId} is {inactive.Status.ToText()}: no device can provision itself with it. Move {ClaimCertificateFile} and {ClaimKeyFile} away to have a new claim made");
                    break;
            }

            return kept;
        }

        var issued = await authority.IssueAsync(cancellationToken);
        registry.AddCertificate(issued, CertificateStatus.Active, ownership: null, [SeedDocuments.ClaimPolicyName, SeedDocuments.SerialClaimPolicyName]);
        if (directory is not null)
        {
            // First the registry: files of a claim that it does not know would be no claim.
            await registry.SaveAsync();
            CertificateAuthority.Save(directory, ClaimCertificateFile, issued.Pem, ClaimKeyFile, issued.PrivateKeyPem);
        }

        log.Information($"a claim certificate is made: {issued.Id[..8]}");
        return new ClientCredentials(issued.Id, issued.Pem, issued.PrivateKeyPem);
    }

    /// <summary>Where a registry was found damaged before this start, that is why: it is named again.</summary>
    private static string HintAtDamaged(string directory) =>
        Directory.EnumerateFiles(directory, RegistryFile.FileName + ".damaged-*").Max(StringComparer.Ordinal) is { } damaged
            ? $" (an earlier one was damaged, and is kept as {Path.GetFileName(damaged)})"
            : "";

    private static async Task SaveAsync(DeviceRegistry registry, DataDirectory? directory)
    {
        try
        {
            await registry.SaveAsync();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataDirectoryException(directory!.Path, $"cannot be written to: {e.Message} Name a directory that can", e);
        }
    }

    private static string UrlOf(IPEndPoint endPoint)
    {
        var address = endPoint.Address.Equals(IPAddress.Any) ? IPAddress.Loopback : endPoint.Address.Equals(IPAddress.IPv6Any) ? IPAddress.IPv6Loopback : endPoint.Address;
        return $"http://{new IPEndPoint(address, endPoint.Port)}";
    }

    private static HashSet<string> HostsOf(LocalCloudOptions options)
    {
        HashSet<string> hosts = ["localhost", "127.0.0.1", "::1", options.Host];
        if (options.ListenAddress is { } address && !address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any))
        {
            hosts.Add(address.ToString());
        }

        return hosts;
    }

    private string? PathOf(string file) => _directory is null ? null : Path.Combine(_directory.Path, file);
}
