namespace LocalCloud;

/// <summary>
/// Makes the claims that an installer asks for who vouches for a device (developer guide, "Provisioning by trusted user"), and
/// ends them when their time is over.
/// </summary>
internal sealed class ProvisioningClaims : IDisposable
{
    /// <summary>How long one lives (developer guide, "Provisioning by trusted user": five minutes).</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    private readonly DeviceRegistry _registry;
    private readonly TimeProvider _clock;
    private readonly CloudLog _log;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, ITimer> _timers = new(StringComparer.Ordinal);
    private bool _isDisposed;

    /// <summary>Makes one that sees to the claims which the registry holds already.</summary>
    public ProvisioningClaims(DeviceRegistry registry, TimeProvider clock, CloudLog log)
    {
        _registry = registry;
        _clock = clock;
        _log = log;
        foreach (var certificate in registry.State.Certificates.Values.Where(certificate => certificate.Claim is not null))
        {
            Schedule(certificate.Id, certificate.Claim!.ExpiresAt);
        }
    }

    /// <summary>Adds a claim; the caller saves the registry.</summary>
    /// <param name="issued">Its certificate.</param>
    /// <param name="templateName">The template that it is for.</param>
    /// <returns>When it ends.</returns>
    public DateTimeOffset Add(IssuedCertificate issued, string templateName)
    {
        var expiresAt = _clock.GetUtcNow() + Lifetime;
        _registry.Update(state => state.With(new RegisteredCertificate(issued.Id, issued.Pem, CertificateStatus.Active, state.Time)
        {
            Claim = new ProvisioningClaim(templateName, expiresAt),
        }));
        Schedule(issued.Id, expiresAt);
        return expiresAt;
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _isDisposed = true;
            foreach (var timer in _timers.Values)
            {
                timer.Dispose();
            }

            _timers.Clear();
        }
    }

    private void Schedule(string certificateId, DateTimeOffset expiresAt)
    {
        var left = expiresAt - _clock.GetUtcNow();
        lock (_gate)
        {
            if (!_isDisposed)
            {
                _timers[certificateId] = _clock.CreateTimer(_ => End(certificateId), state: null, left > TimeSpan.Zero ? left : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
            }
        }
    }

    private void End(string certificateId)
    {
        lock (_gate)
        {
            if (_isDisposed || !_timers.Remove(certificateId, out var timer))
            {
                return;
            }

            timer.Dispose();
        }

        // Its connections are cut with it.
        if (_registry.DeleteCertificate(certificateId))
        {
            _log.Information($"provisioning claim {certificateId[..8]} ends: its {Lifetime.TotalMinutes:0} minutes are over");
            _ = SaveAsync();
        }
    }

    private async Task SaveAsync()
    {
        try
        {
            await _registry.SaveAsync();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Nobody waits for it: what ended ends again when the registry is loaded.
            _log.Error("the registry could not be written: " + e.Message);
        }
    }
}
