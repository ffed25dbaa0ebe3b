namespace LocalCloud;

/// <summary>
/// The registry: certificates, things, policies, templates, and what is attached to what. Safe for use by many threads.
/// </summary>
/// <remarks>
/// Changes take effect at once, live connections included. They are on the disk when <see cref="SaveAsync"/> has ended;
/// changes that are made while a write is under way share the next one.
/// </remarks>
public sealed class DeviceRegistry
{
    private readonly Lock _gate = new();
    private readonly RegistryFile? _file;
    private readonly TimeProvider _clock;
    private RegistryState _state;

    /// <summary>The last write that was begun, what it writes (null when it failed), and the one that waits for it.</summary>
    private Task _write = Task.CompletedTask;
    private RegistryState? _written;
    private Task? _nextWrite;

    private DeviceRegistry(RegistryFile? file, TimeProvider clock)
    {
        _file = file;
        _clock = clock;
        _state = file?.Load() ?? RegistryState.Empty;
        _written = _state;
    }

    /// <summary>A certificate is no longer active, or no longer there. Raised on the changing thread, after the change.</summary>
    internal event Action<RegisteredCertificate>? CertificateDeactivated;

    /// <summary>The certificates, oldest first.</summary>
    public IReadOnlyList<RegisteredCertificate> Certificates => [.. State.Certificates.Values.OrderBy(certificate => certificate.CreatedAt)];

    /// <summary>The things, by name.</summary>
    public IReadOnlyList<Thing> Things => [.. State.Things.Values.OrderBy(thing => thing.Name, StringComparer.Ordinal)];

    /// <summary>The policies, by name.</summary>
    public IReadOnlyList<Policy> Policies => [.. State.Policies.Values.OrderBy(policy => policy.Name, StringComparer.Ordinal)];

    /// <summary>The provisioning templates, by name.</summary>
    public IReadOnlyList<ProvisioningTemplate> Templates => [.. State.Templates.Values.OrderBy(template => template.Name, StringComparer.Ordinal)];

    internal RegistryState State => Volatile.Read(ref _state);

    /// <summary>Opens a registry.</summary>
    /// <param name="directory">Where its files are, or null to keep it in memory.</param>
    /// <param name="clock">The time.</param>
    /// <param name="log">Is told what is damaged but can be done without.</param>
    /// <exception cref="DataDirectoryException">A file cannot be read, or is damaged.</exception>
    internal static DeviceRegistry Open(string? directory, TimeProvider clock, CloudLog? log = null) =>
        new(directory is null ? null : new RegistryFile(directory, clock, log), clock);

    /// <summary>The certificate with this id, or null.</summary>
    /// <param name="certificateId">64 hexadecimal digits.</param>
    public RegisteredCertificate? FindCertificate(string certificateId) => State.Certificates.GetValueOrDefault(certificateId);

    /// <summary>The thing with this name, or null.</summary>
    /// <param name="thingName">Its name.</param>
    public Thing? FindThing(string thingName) => State.Things.GetValueOrDefault(thingName);

    /// <summary>The policy with this name, or null.</summary>
    /// <param name="policyName">Its name.</param>
    public Policy? FindPolicy(string policyName) => State.Policies.GetValueOrDefault(policyName);

    /// <summary>The certificates that a thing is attached to.</summary>
    /// <param name="thingName">The thing.</param>
    public IReadOnlyList<RegisteredCertificate> FindCertificatesOfThing(string thingName) =>
        [.. Certificates.Where(certificate => certificate.Things.Contains(thingName))];

    /// <summary>Adds a policy, or replaces the one of its name.</summary>
    /// <param name="policy">The policy.</param>
    /// <exception cref="ArgumentException">Its name is not one.</exception>
    public void PutPolicy(Policy policy)
    {
        ArgumentNullException.ThrowIfNull(policy);
        if (!Policy.IsValidName(policy.Name))
        {
            throw new ArgumentException($"'{policy.Name}' is no name of a policy.", nameof(policy));
        }

        Update(state => state.With(policy));
    }

    /// <summary>Adds a provisioning template, or replaces the one of its name.</summary>
    /// <param name="template">The template.</param>
    public void PutTemplate(ProvisioningTemplate template)
    {
        ArgumentNullException.ThrowIfNull(template);
        Update(state => state.With(template));
    }

    /// <summary>Adds a thing, or replaces the one of its name.</summary>
    /// <param name="thing">The thing.</param>
    /// <exception cref="ArgumentException">AWS would refuse it.</exception>
    public void PutThing(Thing thing)
    {
        ArgumentNullException.ThrowIfNull(thing);
        if (thing.FindFault() is { } fault)
        {
            throw new ArgumentException(fault + ".", nameof(thing));
        }

        Update(state => state.With(thing));
    }

    /// <summary>Attaches a policy to a certificate.</summary>
    /// <param name="policyName">The policy.</param>
    /// <param name="certificateId">The certificate.</param>
    /// <exception cref="KeyNotFoundException">One of them does not exist.</exception>
    public void AttachPolicy(string policyName, string certificateId) => Update(state =>
        state.Policies.ContainsKey(policyName)
            ? Change(state, certificateId, certificate => certificate with { Policies = certificate.Policies.Add(policyName) })
            : throw new KeyNotFoundException($"There is no policy {policyName}."));

    /// <summary>Detaches a policy from a certificate.</summary>
    /// <param name="policyName">The policy.</param>
    /// <param name="certificateId">The certificate.</param>
    /// <exception cref="KeyNotFoundException">The certificate does not exist.</exception>
    public void DetachPolicy(string policyName, string certificateId) => Update(state =>
        Change(state, certificateId, certificate => certificate with { Policies = certificate.Policies.Remove(policyName) }));

    /// <summary>Attaches a thing to a certificate.</summary>
    /// <param name="thingName">The thing.</param>
    /// <param name="certificateId">The certificate.</param>
    /// <exception cref="KeyNotFoundException">One of them does not exist.</exception>
    public void AttachThing(string thingName, string certificateId) => Update(state =>
        state.Things.ContainsKey(thingName)
            ? Change(state, certificateId, certificate => certificate with { Things = certificate.Things.Add(thingName) })
            : throw new KeyNotFoundException($"There is no thing {thingName}."));

    /// <summary>Detaches a thing from a certificate.</summary>
    /// <param name="thingName">The thing.</param>
    /// <param name="certificateId">The certificate.</param>
    /// <exception cref="KeyNotFoundException">The certificate does not exist.</exception>
    public void DetachThing(string thingName, string certificateId) => Update(state =>
        Change(state, certificateId, certificate => certificate with { Things = certificate.Things.Remove(thingName) }));

    /// <summary>Changes the status of a certificate. Unless it becomes active, its live connections are cut.</summary>
    /// <param name="certificateId">The certificate.</param>
    /// <param name="status">Its new status.</param>
    /// <exception cref="KeyNotFoundException">It does not exist.</exception>
    public void SetCertificateStatus(string certificateId, CertificateStatus status)
    {
        Update(state => Change(state, certificateId, certificate => certificate with { Status = status, ModifiedAt = state.Time }));
        CutIfInactive(certificateId);
    }

    /// <summary>Revokes a certificate and cuts its live connections.</summary>
    /// <param name="certificateId">The certificate.</param>
    /// <exception cref="KeyNotFoundException">It does not exist.</exception>
    public void RevokeCertificate(string certificateId) => SetCertificateStatus(certificateId, CertificateStatus.Revoked);

    /// <summary>Deletes a certificate and cuts its live connections.</summary>
    /// <param name="certificateId">The certificate.</param>
    /// <returns>False when there was none.</returns>
    public bool DeleteCertificate(string certificateId) => DeleteCertificate(certificateId, check: null);

    /// <summary>Deletes a certificate unless something is against it.</summary>
    /// <param name="certificateId">The certificate.</param>
    /// <param name="check">Throws when it must stay; nothing changes in between.</param>
    internal bool DeleteCertificate(string certificateId, Action<RegisteredCertificate>? check)
    {
        RegisteredCertificate? deleted = null;
        Update(state =>
        {
            deleted = state.Certificates.GetValueOrDefault(certificateId);
            if (deleted is null)
            {
                return state;
            }

            check?.Invoke(deleted);
            return state.WithoutCertificate(deleted);
        });
        if (deleted is not null)
        {
            CertificateDeactivated?.Invoke(deleted);
        }

        return deleted is not null;
    }

    /// <summary>Ends when everything changed so far is on the disk; at once for a registry in memory.</summary>
    /// <exception cref="IOException">It could not be written. The changes are in effect, and the next write tries them again.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise.</exception>
    public Task SaveAsync()
    {
        if (_file is null)
        {
            return Task.CompletedTask;
        }

        lock (_gate)
        {
            if (_nextWrite is not null)
            {
                return _nextWrite;
            }

            if (ReferenceEquals(_written, _state))
            {
                return _write;
            }

            var before = _write;
            return _nextWrite = Task.Run(async () =>
            {
                // How that one ended is told to those who wait for it.
                await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                Write();
            });
        }
    }

    /// <summary>A certificate that has just been made.</summary>
    internal void AddCertificate(IssuedCertificate issued, CertificateStatus status, OwnershipClaim? ownership, IEnumerable<string> policyNames) =>
        Update(state => state.With(new RegisteredCertificate(issued.Id, issued.Pem, status, _clock.GetUtcNow())
        {
            Ownership = ownership,
            Policies = [.. policyNames],
        }));

    /// <summary>Cuts the live connections of a certificate unless it is active, as whoever changes its status has to.</summary>
    internal void CutIfInactive(string certificateId)
    {
        if (FindCertificate(certificateId) is { } certificate && certificate.Status != CertificateStatus.Active)
        {
            CertificateDeactivated?.Invoke(certificate);
        }
    }

    /// <summary>Makes one change out of several, which others see together or not at all.</summary>
    /// <param name="change">The new state for the old; may throw to change nothing.</param>
    internal void Update(Func<RegistryState, RegistryState> change)
    {
        lock (_gate)
        {
            var before = _state with { Time = _clock.GetUtcNow() };
            var after = change(before);
            if (!ReferenceEquals(after, before))
            {
                // In memory nobody ever asks what was changed.
                Volatile.Write(ref _state, _file is null ? after with { Changes = null } : after);
            }
        }
    }

    /// <summary>Ends the use of its files. Changes after this are kept in memory only.</summary>
    /// <exception cref="IOException">The snapshot could not be written; what was saved is safe.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise.</exception>
    internal async Task CloseAsync()
    {
        await SaveAsync();
        _file?.Close(State);
    }

    private static RegistryState Change(RegistryState state, string certificateId, Func<RegisteredCertificate, RegisteredCertificate> change) =>
        state.Certificates.TryGetValue(certificateId, out var certificate)
            ? state.With(change(certificate))
            : throw new KeyNotFoundException($"There is no certificate {certificateId}.");

    private void Write()
    {
        RegistryState state;
        lock (_gate)
        {
            // From here on changes belong to the write after this one.
            _write = _nextWrite!;
            _nextWrite = null;
            state = _state;
            _state = state with { Changes = null };
            _written = _state;
        }

        try
        {
            _file!.Save(state);
        }
        catch
        {
            lock (_gate)
            {
                _written = null;
            }

            throw;
        }
    }
}
