using Mqtt;

namespace LocalCloud;

/// <summary>Carries out the fault plan on one connection. Only connections of a LocalCloud that has a plan have one.</summary>
/// <param name="plan">The plan.</param>
/// <param name="broker">The connection's broker.</param>
/// <param name="connection">The connection.</param>
internal sealed class ConnectionFaults(FaultPlan plan, MqttBroker broker, ClientConnection connection) : IDisposable
{
    private FaultRule? _inSession;
    private int _packets;
    private ITimer? _timer;
    private volatile bool _isMute;
    private volatile bool _isHolding;

    /// <summary>Whether nothing is heard and nothing said any more, while the connection stands.</summary>
    public bool IsMute => _isMute;

    /// <summary>Whether a request is held back, so that the client cannot be heard.</summary>
    public bool IsHolding => _isHolding;

    /// <summary>Meets a request before it is acted on, and holds it back where that is ordered.</summary>
    /// <param name="step">The request.</param>
    /// <param name="clientId">Whose it is.</param>
    /// <param name="closed">Ends with the connection.</param>
    /// <returns>Null to act on it; else it is not to be, and where the rule refuses, the caller says so.</returns>
    public async ValueTask<FaultRule?> MeetAsync(FaultStep step, string clientId, CancellationToken closed)
    {
        var rule = Take(step, clientId);
        switch (rule?.Do)
        {
            case FaultAction.Delay:
                _isHolding = true;
                await Task.Delay(rule.Time, broker.Clock, closed);
                _isHolding = false;
                return null;

            case FaultAction.Close:
                Close(rule);
                break;
        }

        return rule;
    }

    /// <summary>What is sent in place of CONNACK, SUBACK or PUBACK, or null for the answer itself.</summary>
    public IReadOnlyList<Packet>? InsteadOf(Packet answer)
    {
        FaultStep? step = answer switch
        {
            ConnAckPacket => FaultStep.ConnAck,
            SubAckPacket => FaultStep.SubAck,
            PubAckPacket => FaultStep.PubAck,
            _ => null,
        };
        if (step is null || Take(step.Value, connection.ClientId) is not { } rule)
        {
            return null;
        }

        switch (rule.Do)
        {
            case FaultAction.Delay:
                return [new FaultPacket { Pause = rule.Time }, answer];

            case FaultAction.Twice:
                return [answer, answer];

            case FaultAction.Foreign:
                return [FaultyAnswer.Exchange(answer)];

            case FaultAction.Malformed:
                return [new FaultPacket { Bytes = FaultyAnswer.Malform(answer) }];

            case FaultAction.Truncated:
                return [new FaultPacket { Bytes = FaultyAnswer.Truncate(answer), Ends = true }];

            case FaultAction.Close:
                Close(rule);
                return [];

            default:
                // A client that has no CONNACK must not be sent anything else.
                _isMute |= answer is ConnAckPacket;
                return [];
        }
    }

    /// <summary>What is delivered in place of the answer to a provisioning request.</summary>
    /// <param name="request">The request.</param>
    /// <param name="answer">The right answer to it.</param>
    /// <param name="caller">Who asked.</param>
    /// <param name="closed">Ends with the connection.</param>
    public async ValueTask<IReadOnlyList<ProvisioningAnswer>> InsteadOfAsync(ProvisioningTopic request, ProvisioningAnswer answer, ProvisioningCaller caller, CancellationToken closed)
    {
        var rule = Take(AnswerStepOf(request.Operation), connection.ClientId);
        switch (rule?.Do)
        {
            case null:
                return [answer];

            case FaultAction.Delay:
                connection.Send(new FaultPacket { Pause = rule.Time });
                return [answer];

            case FaultAction.Twice:
                return [answer, answer];

            case FaultAction.Foreign when request.Operation == ProvisioningOperation.RegisterThing:
                return [new ProvisioningAnswer(request.Accepted, FaultyAnswer.ForeignRegistration(request.Format))];

            case FaultAction.Foreign:
                var foreign = request.Operation == ProvisioningOperation.CreateCertificateFromCsr ? FaultyAnswer.ForeignSigningRequest(request.Format) : default;
                return [await broker.Provisioning.AnswerAsync(request, foreign, caller with { ClientId = FaultyAnswer.ForeignClientId }, closed)];

            case FaultAction.Malformed:
                return [answer with { Payload = FaultyAnswer.Malform(answer.Payload, request.Format) }];

            case FaultAction.Truncated:
                return [answer with { Payload = FaultyAnswer.Truncate(answer.Payload) }];

            case FaultAction.Oversized:
                return [answer with { Payload = FaultyAnswer.Enlarge(answer.Payload, rule.Bytes, request.Format) }];

            case FaultAction.Unusual:
                return [answer with { Payload = FaultyAnswer.Disguise(answer.Payload, request.Format) }];

            case FaultAction.Close:
                Close(rule);
                return [];

            default:
                return [];
        }
    }

    /// <summary>A session begins: what is ordered for it is counted from now.</summary>
    public void BeginSession()
    {
        if (plan.Take(FaultStep.Session, connection.ClientId) is not { } rule)
        {
            return;
        }

        if (rule.Packets is null)
        {
            _timer = broker.Clock.CreateTimer(_ => Disturb(rule), state: null, rule.Time, Timeout.InfiniteTimeSpan);
        }
        else
        {
            _inSession = rule;
            _packets = -1; // CONNECT is counted in a moment
        }
    }

    /// <summary>Counts a packet that the client has sent after CONNECT, once it is handled.</summary>
    public void CountPacket()
    {
        if (_inSession is { } rule && ++_packets == rule.Packets)
        {
            Disturb(rule);
        }
    }

    public void Dispose() => _timer?.Dispose();

    /// <summary>Where a provisioning request is met.</summary>
    public static FaultStep StepOf(ProvisioningOperation operation) => operation switch
    {
        ProvisioningOperation.CreateKeysAndCertificate => FaultStep.CreateKeysAndCertificate,
        ProvisioningOperation.CreateCertificateFromCsr => FaultStep.CreateCertificateFromCsr,
        _ => FaultStep.RegisterThing,
    };

    /// <summary>What the log says of a fault.</summary>
    public static string Describe(FaultRule rule) => $"{FaultPlanFile.NameOf(rule.Do)} at {FaultPlanFile.NameOf(rule.At)}";

    private static FaultStep AnswerStepOf(ProvisioningOperation operation) => operation switch
    {
        ProvisioningOperation.CreateKeysAndCertificate => FaultStep.CreateKeysAndCertificateAnswer,
        ProvisioningOperation.CreateCertificateFromCsr => FaultStep.CreateCertificateFromCsrAnswer,
        _ => FaultStep.RegisterThingAnswer,
    };

    private FaultRule? Take(FaultStep step, string clientId)
    {
        var rule = plan.Take(step, clientId);
        if (rule is not null)
        {
            Tell(rule, clientId);
        }

        return rule;
    }

    private void Disturb(FaultRule rule)
    {
        Tell(rule, connection.ClientId);
        switch (rule.Do)
        {
            case FaultAction.Close:
                Close(rule);
                break;

            case FaultAction.Malformed:
                connection.Send(new FaultPacket { Bytes = new byte[2] });
                break;

            default:
                _isMute = true;
                break;
        }
    }

    private void Close(FaultRule rule) => connection.Close(DisconnectReason.ServerInitiatedDisconnect, $"the fault plan orders {Describe(rule)}");

    private void Tell(FaultRule rule, string clientId) =>
        broker.Log.Warning($"{(clientId.Length == 0 ? connection.RemoteAddress : CloudLog.Printable(clientId))} meets a fault of the plan: {Describe(rule)}");
}
