namespace LocalCloud;

/// <summary>
/// A region of LocalCloud, which shares nothing with the others but the process, its sockets and the root of the server certificates: what is
/// registered, published or kept in one is unknown in the others.
/// </summary>
public sealed class CloudRegion
{
    private readonly string? _directory;
    private readonly CertificateAuthority _authority;
    private readonly CloudLog _log;

    private CloudRegion(LocalCloudOptions options, string? directory, DeviceRegistry registry, CertificateAuthority authority, CloudLog log)
    {
        _directory = directory;
        _authority = authority;
        _log = log;
        Options = options;
        Registry = registry;
        Check = new ClientCertificateCheck(registry, options.TimeProvider);
        Provisioning = new ProvisioningService(registry, authority, options.RepeatedRegistration, options.ProvisioningQuotas, options.TimeProvider, log)
        {
            Hooks = new PreProvisioningHooks(options, log),
        };
        Provisioning.Answered += Counters.Count;
        Broker = new MqttBroker(options, registry, new Authorizer(registry, new IotArns(options.Region, options.AccountId)) { Counters = Counters }, Provisioning, Check, log);
    }

    /// <summary>A provisioning request has been answered here. Raised on the connection's thread, before the answer is sent.</summary>
    public event Action<ProvisioningOutcome>? ProvisioningAnswered
    {
        add => Provisioning.Answered += value;
        remove => Provisioning.Answered -= value;
    }

    /// <summary>AWS's name of it, such as <c>ap-northeast-1</c>.</summary>
    public string Name => Options.Region;

    /// <summary>The host name by which clients reach it and no other.</summary>
    public string Endpoint => Options.Host;

    /// <summary>Its certificates, things, policies, templates and attachments.</summary>
    public DeviceRegistry Registry { get; }

    /// <summary>Client ids of its live connections, in no order.</summary>
    public IReadOnlyCollection<string> ConnectedClientIds => [.. Broker.ClientIds];

    /// <summary>Whether clients reach it. The control plane does in any case.</summary>
    public bool IsReachable => Broker.IsReachable;

    /// <summary>How LocalCloud runs, with what is this region's own: its name and its endpoint.</summary>
    internal LocalCloudOptions Options { get; }

    internal ClientCertificateCheck Check { get; }

    internal ProvisioningService Provisioning { get; }

    internal MqttBroker Broker { get; }

    internal CloudCounters Counters { get; } = new();

    internal CertificateAuthority Authority => _authority;

    internal CloudLog Log => _log;

    /// <summary>Whether its registry was made by this start.</summary>
    internal bool IsNew { get; private init; }

    /// <summary>Opens one.</summary>
    /// <param name="options">How LocalCloud runs, with the region's name and endpoint.</param>
    /// <param name="directory">Where its state is kept, or null to keep all of it in memory.</param>
    /// <param name="registry">What is registered, as it is there.</param>
    /// <param name="authority">Who gives its devices their certificates; disposed of by whoever made it.</param>
    /// <param name="log">Its log.</param>
    /// <exception cref="DataDirectoryException">The directory cannot be used, or a file in it is damaged.</exception>
    internal static CloudRegion Open(LocalCloudOptions options, string? directory, DeviceRegistry registry, CertificateAuthority authority, CloudLog log)
    {
        var isNew = registry.State.Seed is null;
        Seed(registry, options, log);
        return new CloudRegion(options, directory, registry, authority, log) { IsNew = isNew };
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
                { "Effect": "Allow", "Action": "iot:Connect", "Resource": "{{Broker.Authorizer.Arns.Client(clientIdPrefix + "*")}}" },
                { "Effect": "Allow", "Action": ["iot:Publish", "iot:RetainPublish", "iot:Subscribe", "iot:Receive"], "Resource": "*" }
              ]
            }
            """)));
        return CreateCredentialsAsync(CertificateStatus.Active, [name], cancellationToken);
    }

    /// <summary>
    /// Takes it off the network, as an outage does: its connections are cut, and no other gets through its TLS handshake. When this ends,
    /// none is left.
    /// </summary>
    public async Task SwitchOffAsync()
    {
        _log.Warning("the region is switched off: it is not reachable");
        await Broker.SwitchOffAsync();
    }

    /// <summary>Ends an outage.</summary>
    public void SwitchOn()
    {
        Broker.SwitchOn();
        _log.Information("the region is switched on: it is reachable");
    }

    /// <summary>Writes what its start has changed, and takes over the retained messages and sessions that were kept.</summary>
    /// <exception cref="DataDirectoryException">Its directory cannot be used, or a file in it is damaged.</exception>
    internal async Task StartAsync()
    {
        await SaveAsync();
        if (_directory is not null)
        {
            Broker.Restore(BrokerJournal.Open(_directory, Options.TimeProvider.GetUtcNow(), _log));
        }
    }

    /// <summary>Writes its registry.</summary>
    /// <exception cref="DataDirectoryException">It could not be written.</exception>
    internal async Task SaveAsync()
    {
        try
        {
            await Registry.SaveAsync();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataDirectoryException(_directory!, $"cannot be written to: {e.Message} Name a directory that can", e);
        }
    }

    /// <summary>Whether its state is in this directory itself.</summary>
    internal bool IsIn(string? directory) => _directory == directory;

    /// <summary>Ends its connections for good.</summary>
    internal Task CloseConnectionsAsync() => Broker.CloseAllAsync();

    /// <summary>Writes what is not written yet. To be called when it has no connections any more.</summary>
    internal async Task CloseAsync()
    {
        Provisioning.Dispose();
        try
        {
            if (Broker.Journal is { } journal)
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
}
