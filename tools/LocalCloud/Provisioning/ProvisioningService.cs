using System.Buffers;
using System.Collections.Immutable;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace LocalCloud;

/// <summary>Answers the fleet provisioning API. Knows nothing of connections: who asks and where answers go is the broker's.</summary>
internal sealed class ProvisioningService : IDisposable
{
    /// <summary>As AWS writes: PEM with its plus signs as they are.</summary>
    private static readonly JsonWriterOptions s_json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly DeviceRegistry _registry;
    private readonly ICertificateIssuer _authority;
    private readonly RepeatedRegistration _repeated;
    private readonly TimeProvider _clock;
    private readonly CloudLog _log;
    private readonly ITimer _expiry;
    private readonly Lock _expiryGate = new();
    private DateTimeOffset _nextExpiry = DateTimeOffset.MaxValue;

    /// <summary>How fast requests may come, for each operation; empty where there are no quotas.</summary>
    private readonly Dictionary<ProvisioningOperation, RequestRate> _rates = [];

    public ProvisioningService(
        DeviceRegistry registry,
        ICertificateIssuer authority,
        RepeatedRegistration repeated,
        ProvisioningQuotas? quotas,
        TimeProvider clock,
        CloudLog log)
    {
        _registry = registry;
        _authority = authority;
        _repeated = repeated;
        _clock = clock;
        _log = log;
        if (quotas is not null)
        {
            foreach (var operation in Enum.GetValues<ProvisioningOperation>())
            {
                _rates.Add(operation, new RequestRate(quotas.Of(operation), clock));
            }
        }

        Claims = new ProvisioningClaims(registry, clock, log);
        _expiry = clock.CreateTimer(_ => Expire(), state: null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Expire();
    }

    /// <summary>Asked before things are registered, or null where no template can have a hook.</summary>
    public PreProvisioningHooks? Hooks { get; init; }

    /// <summary>The claims that live for minutes.</summary>
    public ProvisioningClaims Claims { get; }

    /// <summary>A request has been answered; raised before the answer is sent.</summary>
    public event Action<ProvisioningOutcome>? Answered;

    /// <summary>Answers one request in the form that its topic names.</summary>
    /// <param name="topic">What is asked for.</param>
    /// <param name="payload">Its payload.</param>
    /// <param name="caller">Who asks.</param>
    /// <param name="cancellationToken">Ends it without an answer.</param>
    /// <param name="ordered">The refusal that a fault plan orders, or null.</param>
    public async Task<ProvisioningAnswer> AnswerAsync(
        ProvisioningTopic topic,
        ReadOnlyMemory<byte> payload,
        ProvisioningCaller caller,
        CancellationToken cancellationToken,
        ProvisioningException? ordered = null)
    {
        var outcome = new ProvisioningOutcome(topic.Operation, caller.ClientId, caller.CertificateId, topic.TemplateName);
        try
        {
            if (ordered is not null)
            {
                throw ordered;
            }

            if (_rates.TryGetValue(topic.Operation, out var rate) && !rate.TryTake())
            {
                throw ProvisioningException.Throttling();
            }

            // AWS wants CreateKeysAndCertificate's empty; its own SDKs send {}.
            var isNothing = payload.IsEmpty && topic.Operation == ProvisioningOperation.CreateKeysAndCertificate;
            if (topic.Format == PayloadFormat.Cbor && !isNothing)
            {
                payload = CborPayload.ToJson(payload);
            }

            ReadOnlyMemory<byte> answer;
            (outcome, answer) = topic.Operation switch
            {
                ProvisioningOperation.CreateKeysAndCertificate => await CreateKeysAndCertificateAsync(outcome, payload, cancellationToken),
                ProvisioningOperation.CreateCertificateFromCsr => await CreateCertificateFromCsrAsync(outcome, payload),
                _ => await RegisterThingAsync(outcome, payload, cancellationToken),
            };
            Answered?.Invoke(outcome);
            return new ProvisioningAnswer(topic.Accepted, InFormOf(topic, answer));
        }
        catch (ProvisioningException e)
        {
            _log.Warning($"{Name(caller)}: {topic.Operation}{With(topic)} is rejected: {e.StatusCode} {e.ErrorCode}: {CloudLog.Printable(e.Message)}");
            Answered?.Invoke(outcome with { StatusCode = e.StatusCode, ErrorCode = e.ErrorCode, ErrorMessage = e.Message });
            return new ProvisioningAnswer(topic.Rejected, InFormOf(topic, WriteRejection(e)));
        }
    }

    public void Dispose()
    {
        _expiry.Dispose();
        Claims.Dispose();
        Hooks?.Dispose();
    }

    private static string Name(ProvisioningCaller caller) => CloudLog.Printable(caller.ClientId);

    private static string With(ProvisioningTopic topic) => topic.TemplateName is null ? "" : $" with template {CloudLog.Printable(topic.TemplateName)}";

    private static ReadOnlyMemory<byte> InFormOf(ProvisioningTopic topic, ReadOnlyMemory<byte> json) =>
        topic.Format == PayloadFormat.Cbor ? CborPayload.FromJson(json) : json;

    private async Task<(ProvisioningOutcome Outcome, ReadOnlyMemory<byte> Answer)> CreateKeysAndCertificateAsync(
        ProvisioningOutcome outcome,
        ReadOnlyMemory<byte> payload,
        CancellationToken cancellationToken)
    {
        if (!payload.IsEmpty)
        {
            RequestPayload.Read(payload, _ => true);
        }

        var issued = await _authority.IssueAsync(cancellationToken);
        var token = await AddPendingAsync(outcome, issued);
        return (outcome with { CertificateId = issued.Id }, Write(json =>
        {
            json.WriteString("certificateId", issued.Id);
            json.WriteString("certificatePem", issued.Pem);
            json.WriteString("privateKey", issued.PrivateKeyPem);
            json.WriteString("certificateOwnershipToken", token);
        }));
    }

    private async Task<(ProvisioningOutcome Outcome, ReadOnlyMemory<byte> Answer)> CreateCertificateFromCsrAsync(ProvisioningOutcome outcome, ReadOnlyMemory<byte> payload)
    {
        var pem = RequestPayload.Read(payload, request => request.TryGetProperty("certificateSigningRequest", out var member) switch
        {
            false => throw ProvisioningException.InvalidRequest("certificateSigningRequest is missing."),
            _ when member.ValueKind == JsonValueKind.String => member.GetString()!,
            _ => throw ProvisioningException.InvalidRequest("certificateSigningRequest must be a string."),
        });
        if (!SigningRequest.TryRead(pem, out var request, out var fault))
        {
            throw ProvisioningException.InvalidRequest(fault);
        }

        var issued = _authority.Issue(request);
        var token = await AddPendingAsync(outcome, issued);
        return (outcome with { CertificateId = issued.Id }, Write(json =>
        {
            json.WriteString("certificateOwnershipToken", token);
            json.WriteString("certificateId", issued.Id);
            json.WriteString("certificatePem", issued.Pem);
        }));
    }

    /// <summary>Keeps a certificate until it is registered.</summary>
    /// <returns>The token to register it with.</returns>
    private async Task<string> AddPendingAsync(ProvisioningOutcome outcome, IssuedCertificate issued)
    {
        var token = OwnershipToken.Create();
        var expiresAt = _clock.GetUtcNow() + OwnershipToken.Lifetime;
        _registry.AddCertificate(issued, CertificateStatus.PendingActivation, new OwnershipClaim(OwnershipToken.Hash(token), expiresAt, Registration: null), []);
        ScheduleExpiry(expiresAt);
        await SaveAsync();

        _log.Information($"{CloudLog.Printable(outcome.ClientId)}: {outcome.Operation} is accepted: certificate {issued.Id[..8]}, PENDING_ACTIVATION, to be registered before {expiresAt.UtcDateTime:HH:mm:ss}");
        return token;
    }

    private async Task<(ProvisioningOutcome Outcome, ReadOnlyMemory<byte> Answer)> RegisterThingAsync(ProvisioningOutcome outcome, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        var templateName = outcome.TemplateName!;
        if (!ProvisioningTemplate.IsValidName(templateName))
        {
            throw ProvisioningException.InvalidRequest($"A template name has 1 to {ProvisioningTemplate.MaximumNameLength} letters, digits, '_' and '-'.");
        }

        var request = RegisterThingRequest.Parse(payload);
        RegisteredCertificate? certificate = null;
        var parameters = request.Parameters;
        var now = _registry.State;
        if (now.RegisteredTemplates.GetValueOrDefault(templateName) is { } registered && Hooks?.Has(registered) == true && !IsRepeat(now, templateName, request, out _, out certificate))
        {
            // Outside the registry's lock: while a hook thinks, everyone else goes on. What was checked is checked again below.
            parameters = await Hooks.AskAsync(registered, outcome.ClaimCertificateId, outcome.ClientId, certificate, parameters, cancellationToken);
        }

        var isRepeat = false;
        _registry.Update(state =>
        {
            var after = Register(state, templateName, request, parameters, out certificate);
            isRepeat = ReferenceEquals(after, state);
            return after;
        });
        _registry.CutIfInactive(certificate!.Id);

        // Also when nothing changed: the write of the registration that this one repeats may have failed.
        await SaveAsync();

        var registration = certificate.Ownership!.Registration!;
        _log.Information($"{CloudLog.Printable(outcome.ClientId)}: RegisterThing with template {templateName} is accepted{(isRepeat ? " again" : "")}: "
            + $"{(registration.ThingName is null ? "no thing" : "thing " + registration.ThingName)}, certificate {certificate.ShortId} is {certificate.Status.ToText()}");
        return (outcome with { CertificateId = certificate.Id, ThingName = registration.ThingName, IsRepeat = isRepeat }, Write(json =>
        {
            json.WriteStartObject("deviceConfiguration");
            foreach (var (name, value) in registration.DeviceConfiguration)
            {
                json.WriteString(name, value);
            }

            json.WriteEndObject();
            if (registration.ThingName is not null)
            {
                json.WriteString("thingName", registration.ThingName);
            }
        }));
    }

    /// <summary>Whether a RegisterThing repeats one that was accepted; if not, it may go on.</summary>
    private bool IsRepeat(RegistryState state, string templateName, RegisterThingRequest request, out ProvisioningTemplate template, out RegisteredCertificate certificate)
    {
        if (!state.Templates.TryGetValue(templateName, out template!))
        {
            throw ProvisioningException.ResourceNotFound($"Provisioning template {templateName} does not exist.");
        }

        if (!state.OwnershipTokens.TryGetValue(OwnershipToken.Hash(request.OwnershipToken), out var certificateId))
        {
            throw ProvisioningException.InvalidToken("Certificate ownership token is not valid.");
        }

        certificate = state.Certificates[certificateId];
        var ownership = certificate.Ownership!;
        if (ownership.ExpiresAt <= _clock.GetUtcNow())
        {
            throw ProvisioningException.InvalidToken("Certificate ownership token has expired.");
        }

        if (certificate.Status is CertificateStatus.Revoked)
        {
            throw ProvisioningException.InvalidToken("The certificate of this token is revoked.");
        }

        if (ownership.Registration is { } earlier)
        {
            return _repeated == RepeatedRegistration.AcceptAgain && earlier.IsSameRequest(templateName, request.Parameters)
                ? true
                : throw ProvisioningException.InvalidToken("Certificate ownership token was used before.");
        }

        return false;
    }

    /// <summary>The registry after a RegisterThing; the same when it repeats one that was accepted.</summary>
    /// <param name="state">The registry.</param>
    /// <param name="templateName">The template.</param>
    /// <param name="request">What the device asks for.</param>
    /// <param name="parameters">Its parameters with those of a hook.</param>
    /// <param name="certificate">The certificate that is registered.</param>
    private RegistryState Register(
        RegistryState state,
        string templateName,
        RegisterThingRequest request,
        ImmutableSortedDictionary<string, string> parameters,
        out RegisteredCertificate certificate)
    {
        if (IsRepeat(state, templateName, request, out var template, out certificate))
        {
            return state;
        }

        var ownership = certificate.Ownership!;
        ProvisioningSpecification specification;
        try
        {
            specification = template.Evaluate(parameters, certificate.Id);
        }
        catch (TemplateEvaluationException e)
        {
            throw ProvisioningException.InvalidParameters(e.Message);
        }

        if (specification.CertificateId != certificate.Id)
        {
            throw ProvisioningException.InvalidToken("Certificate ownership token belongs to another certificate.");
        }

        var after = ThingRegistration.Apply(specification, certificate, state, out certificate);
        certificate = certificate with
        {
            Ownership = ownership with
            {
                Registration = new Registration(
                    templateName,
                    request.Parameters,
                    specification.Thing?.Name,
                    specification.DeviceConfiguration.ToImmutableSortedDictionary(StringComparer.Ordinal)),
            },
        };
        return after.With(certificate);
    }

    /// <summary>Deletes the certificates that nobody registered in time, and forgets the tokens of the others.</summary>
    private void Expire()
    {
        var now = _clock.GetUtcNow();
        var deleted = new List<RegisteredCertificate>();
        var isChanged = false;
        _registry.Update(state =>
        {
            foreach (var certificate in Owned(state).Where(certificate => certificate.Ownership!.ExpiresAt <= now))
            {
                isChanged = true;
                if (certificate.Status == CertificateStatus.PendingActivation && certificate.Policies.IsEmpty && certificate.Things.IsEmpty)
                {
                    deleted.Add(certificate);
                    state = state.WithoutCertificate(certificate);
                }
                else
                {
                    state = state.With(certificate with { Ownership = null });
                }
            }

            return state;
        });

        foreach (var certificate in deleted)
        {
            _log.Information($"certificate {certificate.ShortId} is deleted: nobody registered it before its token expired");
        }

        ScheduleExpiry();
        if (isChanged)
        {
            _ = SaveUnattendedAsync();
        }
    }

    private void ScheduleExpiry()
    {
        lock (_expiryGate)
        {
            _nextExpiry = Owned(_registry.State).Select(certificate => certificate.Ownership!.ExpiresAt).DefaultIfEmpty(DateTimeOffset.MaxValue).Min();
            if (_nextExpiry != DateTimeOffset.MaxValue)
            {
                var left = _nextExpiry - _clock.GetUtcNow();
                _expiry.Change(left > TimeSpan.Zero ? left : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
            }
        }
    }

    /// <summary>Sees to it that a token which was given out just now expires. All live equally long: mostly another one is next.</summary>
    private void ScheduleExpiry(DateTimeOffset expiresAt)
    {
        bool isNext;
        lock (_expiryGate)
        {
            isNext = expiresAt < _nextExpiry;
        }

        if (isNext)
        {
            ScheduleExpiry();
        }
    }

    /// <summary>The certificates whose tokens can still be used. That may be few of very many.</summary>
    private static IEnumerable<RegisteredCertificate> Owned(RegistryState state) => state.OwnershipTokens.Values.Select(id => state.Certificates[id]);

    private async Task SaveAsync()
    {
        try
        {
            await _registry.SaveAsync();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _log.Error("the registry could not be written: " + e.Message);
            throw ProvisioningException.InternalFailure("The request could not be recorded.");
        }
    }

    private async Task SaveUnattendedAsync()
    {
        try
        {
            await _registry.SaveAsync();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Nobody waits for it: what expired expires again when the registry is loaded.
            _log.Error("the registry could not be written: " + e.Message);
        }
    }

    private static byte[] WriteRejection(ProvisioningException refusal) => Write(json =>
    {
        json.WriteNumber("statusCode", refusal.StatusCode);
        json.WriteString("errorCode", refusal.ErrorCode);
        json.WriteString("errorMessage", refusal.Message);
    });

    private static byte[] Write(Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, s_json))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }
}
