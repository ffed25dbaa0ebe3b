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

    /// <summary>Where the regions are, a folder each, that are not in the data directory itself.</summary>
    private const string RegionsFolder = "regions";

    private readonly LocalCloudOptions _options;
    private readonly DataDirectory? _directory;
    private readonly CertificateAuthority _root;
    private readonly RegionNames _names;
    private readonly IReadOnlyList<IDisposable> _certificates;
    private readonly WebApplication _host;
    private readonly CloudLog _log;
    private int _isDisposed;

    private LocalCloudServer(
        LocalCloudOptions options,
        DataDirectory? directory,
        CertificateAuthority root,
        IReadOnlyList<CloudRegion> regions,
        RegionNames names,
        ClientCredentials claim,
        IReadOnlyList<IDisposable> certificates,
        WebApplication host,
        int port,
        CloudLog log)
    {
        _options = options;
        _directory = directory;
        _root = root;
        _names = names;
        _certificates = certificates;
        _host = host;
        _log = log;
        Regions = regions;
        ClaimCredentials = claim;
        Port = port;
    }

    /// <summary>A provisioning request has been answered, in any region. Raised on the connection's thread, before the answer is sent.</summary>
    public event Action<ProvisioningOutcome>? ProvisioningAnswered
    {
        add
        {
            foreach (var region in Regions)
            {
                region.ProvisioningAnswered += value;
            }
        }

        remove
        {
            foreach (var region in Regions)
            {
                region.ProvisioningAnswered -= value;
            }
        }
    }

    /// <summary>The regions; the first is the default one, and often the only one.</summary>
    public IReadOnlyList<CloudRegion> Regions { get; }

    /// <summary>The names beside the regions' endpoints, and the region that each leads to.</summary>
    public IReadOnlyDictionary<string, string> Names => _names.Table;

    /// <summary>The name or address by which clients reach it; with several regions, the default region's.</summary>
    public string Endpoint => DefaultRegion.Endpoint;

    /// <summary>The TCP port of MQTT over TLS.</summary>
    public int Port { get; }

    /// <summary>Where the control plane is: <c>http://ADDRESS:PORT</c>, for <c>aws --endpoint-url</c>.</summary>
    public required string ControlPlaneUrl { get; init; }

    /// <summary>AWS region of the resource names in policies; with several regions, the default one.</summary>
    public string Region => DefaultRegion.Name;

    /// <summary>AWS account of the resource names in policies.</summary>
    public string AccountId => _options.AccountId;

    /// <summary>Name of the provisioning template by thing name.</summary>
    public string TemplateName => _options.TemplateName;

    /// <summary>The root certificate that clients trust, as PEM.</summary>
    public string RootCaPem => _root.RootPem;

    /// <summary>The claim: what a device that has no identity yet connects with, to any region. Its policies let it provision and nothing else.</summary>
    public ClientCredentials ClaimCredentials { get; }

    /// <summary>Certificates, things, policies, templates and attachments of the default region.</summary>
    public DeviceRegistry Registry => DefaultRegion.Registry;

    /// <summary>Client ids of the live connections, in no order.</summary>
    public IReadOnlyCollection<string> ConnectedClientIds => [.. Regions.SelectMany(region => region.ConnectedClientIds)];

    /// <summary>Path of the root certificate, or null where everything is in memory.</summary>
    public string? RootCaFile => PathOf(CertificateAuthority.RootCertificateFile);

    /// <summary>Path of the claim certificate, or null likewise.</summary>
    public string? ClaimCertificatePath => PathOf(ClaimCertificateFile);

    /// <summary>Path of the claim's key, or null likewise.</summary>
    public string? ClaimKeyPath => PathOf(ClaimKeyFile);

    private CloudRegion DefaultRegion => Regions[0];

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

        var hosts = HostsOf(options);
        var root = undo.Add(await CertificateAuthority.OpenAsync(directory?.Path, clock, cancellationToken));
        var serverCertificates = undo.Add(await ServerCertificates.OpenAsync(root, directory?.Path, hosts, clock, cancellationToken));
        List<IDisposable> certificates = [root, serverCertificates];
        List<CloudRegion> regions = [];
        var home = DeviceRegistry.Open(directory?.Path, clock, log);
        var homeRegion = RegionOfHome(options, home, directory);
        foreach (var name in options.Regions)
        {
            var isHome = name == homeRegion;
            var folder = isHome ? directory?.Path : directory?.Folder(RegionsFolder, name);
            var regionLog = options.FurtherRegions.Count == 0 ? log : log.Of(name);
            var authority = root;
            if (!isHome)
            {
                authority = undo.Add(await CertificateAuthority.OpenRegionalAsync(folder, name, clock, cancellationToken));
                certificates.Add(authority);
            }

            var region = CloudRegion.Open(
                options with { Region = name, Host = options.EndpointOf(name) },
                folder,
                isHome ? home : DeviceRegistry.Open(folder, clock, regionLog),
                authority,
                regionLog);
            undo.Add(region.Provisioning);
            regions.Add(region);
        }

        var names = new RegionNames(options, regions, hosts, serverCertificates, directory?.Path, log);
        var claim = await OpenClaimAsync(directory?.Path, regions, root, cancellationToken);
        foreach (var region in regions)
        {
            await region.StartAsync();
        }

        var strays = new CloudCounters();
        var tls = new TlsHandshake(names, options.DemandServerName && !IPAddress.TryParse(options.Host, out _), clock, log) { Strays = strays, Faults = options.Faults };
        var host = BuildHost(sockets, controlSockets, tls);
        undo.Add(host);
        var endPoints = sockets.Select(socket => (IPEndPoint)socket.LocalEndPoint!).ToList();
        var account = regions.FirstOrDefault(region => region.Name == homeRegion) ?? regions[0];
        var controlPlane = new ControlPlaneHandler(regions, account, endPoints[0].Port, names, strays, log);
        host.Run(controlPlane.HandleAsync);
        await host.StartAsync(cancellationToken);

        foreach (var region in regions)
        {
            log.Information($"LocalCloud listens on {string.Join(" and ", endPoints)} as {region.Endpoint}, account {options.AccountId} in {region.Name}");
        }

        foreach (var (name, region) in names.Table)
        {
            log.Information($"the name {name} leads to {region}");
        }

        var server = new LocalCloudServer(options, directory, root, regions, names, claim, certificates, host, endPoints[0].Port, log)
        {
            ControlPlaneUrl = UrlOf((IPEndPoint)controlSockets[0].LocalEndPoint!),
        };
        log.Information($"the control plane, AWS IoT's HTTP API, is at {server.ControlPlaneUrl}: aws iot --endpoint-url {server.ControlPlaneUrl}");
        foreach (var (name, hook) in options.Hooks)
        {
            log.Information(PreProvisioningHooks.IsFunctionArn(name)
                ? $"in place of {name} a pre-provisioning hook is asked: {CloudLog.Printable(hook)}{(AnyTemplate(template => template.HookArn == name) ? "" : " (no template names that function yet)")}"
                : $"template {name} has a pre-provisioning hook: {CloudLog.Printable(hook)}{(AnyTemplate(template => template.Name == name) ? "" : " (there is no such template yet)")}");
        }

        foreach (var region in regions)
        {
            foreach (var lack in region.Registry.State.RegisteredTemplates.Values.Select(template => PreProvisioningHooks.FindLack(options, template)).OfType<string>())
            {
                region.Log.Warning(lack);
            }
        }

        undo.Forget();
        return server;

        bool AnyTemplate(Func<RegisteredTemplate, bool> isIt) => regions.Any(region => region.Registry.State.RegisteredTemplates.Values.Any(isIt));
    }

    /// <summary>The region with a name.</summary>
    /// <param name="name">AWS's name of it.</param>
    /// <exception cref="KeyNotFoundException">There is none.</exception>
    public CloudRegion FindRegion(string name) => Regions.FirstOrDefault(region => region.Name == name)
        ?? throw new KeyNotFoundException($"There is no region {name}, but {string.Join(", ", Regions.Select(region => region.Name))}.");

    /// <summary>
    /// Has a host name lead to a region from now on, as a custom domain's DNS does. Connections that are there stay where they are. With a
    /// data directory it is kept.
    /// </summary>
    /// <param name="name">The host name; no region's own endpoint.</param>
    /// <param name="region">The region's name.</param>
    /// <exception cref="ArgumentException">One of them is none; the message says which.</exception>
    /// <exception cref="IOException">It could not be kept, and leads where it led.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise.</exception>
    public void SetName(string name, string region)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(region);
        _names.Set(name, region);
        _log.Information($"the name {name} leads to {region} from now on");
    }

    /// <summary>Takes a host name out of the table.</summary>
    /// <param name="name">The host name.</param>
    /// <returns>False when it was not there.</returns>
    /// <exception cref="IOException">That could not be kept, and it leads where it led.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise.</exception>
    public bool RemoveName(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!_names.Remove(name))
        {
            return false;
        }

        _log.Information($"the name {name} is taken out of the table");
        return true;
    }

    /// <inheritdoc cref="CloudRegion.CreateCredentialsAsync"/>
    /// <remarks>In the default region.</remarks>
    public Task<ClientCredentials> CreateCredentialsAsync(CertificateStatus status, IReadOnlyCollection<string> policyNames, CancellationToken cancellationToken = default) =>
        DefaultRegion.CreateCredentialsAsync(status, policyNames, cancellationToken);

    /// <inheritdoc cref="CloudRegion.CreateOperatorCredentialsAsync"/>
    /// <remarks>In the default region.</remarks>
    public Task<ClientCredentials> CreateOperatorCredentialsAsync(string clientIdPrefix, CancellationToken cancellationToken = default) =>
        DefaultRegion.CreateOperatorCredentialsAsync(clientIdPrefix, cancellationToken);

    /// <summary>Ends all connections, stops listening, and writes what is not written yet.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
        {
            return;
        }

        await Task.WhenAll(Regions.Select(region => region.CloseConnectionsAsync()));

        // Connections that are still in their handshake get a moment, no more.
        using (var moment = new CancellationTokenSource(TimeSpan.FromSeconds(1)))
        {
            await _host.StopAsync(moment.Token);
        }

        await _host.DisposeAsync();
        foreach (var region in Regions)
        {
            await region.CloseAsync();
        }

        foreach (var certificates in _certificates)
        {
            certificates.Dispose();
        }

        _directory?.Dispose();
        _log.Information("LocalCloud stopped");
    }

    private static WebApplication BuildHost(IReadOnlyList<Socket> sockets, IReadOnlyList<Socket> controlSockets, TlsHandshake tls)
    {
        // Empty: no configuration files, no environment, no logging of its own.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton<IHostLifetime, NoHostLifetime>();
        builder.Services.AddSingleton(new MqttConnectionHandler());
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

    /// <summary>
    /// The region whose state is in the data directory itself: where there is a choice, the one that it was made for. The others are in folders below.
    /// </summary>
    private static string? RegionOfHome(LocalCloudOptions options, DeviceRegistry home, DataDirectory? directory)
    {
        var folders = directory is null ? null : Path.Combine(directory.Path, RegionsFolder);
        if (home.State.Seed?.Region is not { } region)
        {
            return options.Regions.FirstOrDefault(region => folders is null || !Directory.Exists(Path.Combine(folders, region)));
        }

        // A directory of one region goes along when that gets another name; one of several does not, or one would take another's devices.
        return options.Regions.Contains(region) ? region : options.FurtherRegions.Count > 0 || Directory.Exists(folders) ? null : options.Region;
    }

    /// <summary>The claim of all regions, as AWS lets one certificate be registered in several.</summary>
    private static async Task<ClientCredentials> OpenClaimAsync(string? directory, IReadOnlyList<CloudRegion> regions, CertificateAuthority authority, CancellationToken cancellationToken)
    {
        if (CertificateAuthority.LoadCredentials(directory, ClaimCertificateFile, ClaimKeyFile) is { } kept)
        {
            foreach (var region in regions)
            {
                switch (region.Registry.FindCertificate(kept.CertificateId))
                {
                    case null when region.IsNew && !region.IsIn(directory):
                        await AddClaimAsync(region, new IssuedCertificate(kept.CertificateId, kept.CertificatePem, kept.PrivateKeyPem));
                        break;

                    case null when !region.IsIn(directory):
                        region.Log.Warning($"the claim certificate {kept.CertificateId[..8]} was deleted: no device can provision itself with it");
                        break;

                    case null:
                        throw new DataDirectoryException(
                            Path.Combine(directory!, ClaimCertificateFile),
                            $"is not in {RegistryFile.FileName} beside it{HintAtDamaged(directory!)}. Put back the two that belong together, or move {ClaimCertificateFile} and {ClaimKeyFile} away to have a new claim made");

                    case { Status: not CertificateStatus.Active } inactive:
                        // The owner's word: it is not undone by a restart.
                        region.Log.Warning($"the claim certificate {inactive.ShortId} is {inactive.Status.ToText()}: no device can provision itself with it. Move {ClaimCertificateFile} and {ClaimKeyFile} away to have a new claim made");
                        break;
                }
            }

            return kept;
        }

        var issued = await authority.IssueAsync(cancellationToken);
        foreach (var region in regions)
        {
            // First the registries: files of a claim that they do not know would be no claim.
            await AddClaimAsync(region, issued);
        }

        if (directory is not null)
        {
            CertificateAuthority.Save(directory, ClaimCertificateFile, issued.Pem, ClaimKeyFile, issued.PrivateKeyPem);
        }

        return new ClientCredentials(issued.Id, issued.Pem, issued.PrivateKeyPem);
    }

    private static Task AddClaimAsync(CloudRegion region, IssuedCertificate claim)
    {
        region.Registry.AddCertificate(claim, CertificateStatus.Active, ownership: null, [SeedDocuments.ClaimPolicyName, SeedDocuments.SerialClaimPolicyName]);
        region.Log.Information($"a claim certificate is made: {claim.Id[..8]}");
        return region.SaveAsync();
    }

    /// <summary>Where a registry was found damaged before this start, that is why: it is named again.</summary>
    private static string HintAtDamaged(string directory) =>
        Directory.EnumerateFiles(directory, RegistryFile.FileName + ".damaged-*").Max(StringComparer.Ordinal) is { } damaged
            ? $" (an earlier one was damaged, and is kept as {Path.GetFileName(damaged)})"
            : "";

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
