using System.Globalization;
using System.Text;
using Cli.Simulation;
using DeviceAgent.Board;
using DeviceAgent.Provisioning;
using DeviceAgent.Tests.Fakes;
using LocalCloud;
using Mqtt;

namespace Cli.Prove;

/// <summary>What a board in the field meets, at random: each trouble comes again and again, whatever the others do, until a calm end.</summary>
internal sealed class SoakPlan
{
    private const string DevicePolicy = "smpl-krsk-iot-core-policy-devices";

    private static readonly FaultAction[] s_connectActions = [FaultAction.Refuse, FaultAction.Delay, FaultAction.Drop, FaultAction.Lose, FaultAction.Close];
    private static readonly FaultStep[] s_readingSteps = [FaultStep.Publish, FaultStep.PubAck, FaultStep.PubAck, FaultStep.SubAck, FaultStep.ConnAck, FaultStep.Session];
    private static readonly FaultStep[] s_provisioningSteps = [FaultStep.CreateKeysAndCertificate, FaultStep.CreateKeysAndCertificateAnswer, FaultStep.RegisterThing, FaultStep.RegisterThingAnswer];

    private readonly SimulatedWorld _world;
    private readonly SimulatedDevice _board;
    private readonly FaultPlan _faults;
    private readonly Random _random;
    private readonly string _commandTopic;
    private readonly TimeSpan _calmFrom;
    private readonly TimeSpan _lastReplacement;
    private readonly List<(TimeSpan From, TimeSpan Error)> _clockErrors = [(TimeSpan.Zero, TimeSpan.Zero)];
    private string? _refused;
    private Action? _withinMessage;
    private int _commands;
    private int _darkMilliseconds;

    /// <summary>Makes a plan, and begins with it.</summary>
    /// <param name="world">Where the board is.</param>
    /// <param name="board">The board, without power.</param>
    /// <param name="faults">What the cloud does wrong.</param>
    /// <param name="seed">What chance is made from.</param>
    /// <param name="commandTopic">Where the board gets its commands.</param>
    /// <param name="calmFrom">From when on nothing happens any more, and all is as it should be.</param>
    /// <param name="lastReplacement">Until when the board may be told to get another identity: the budget may make it wait for a day.</param>
    public SoakPlan(SimulatedWorld world, SimulatedDevice board, FaultPlan faults, int seed, string commandTopic, TimeSpan calmFrom, TimeSpan lastReplacement)
    {
        _world = world;
        _board = board;
        _faults = faults;
        _random = new Random(seed);
        _commandTopic = commandTopic;
        _calmFrom = calmFrom;
        _lastReplacement = lastReplacement;
        board.PowerLost += () =>
        {
            PowerCuts++;
            Later(TimeSpan.FromMilliseconds(_darkMilliseconds > 0 ? _darkMilliseconds : 10_000), board.PowerOn);
            _darkMilliseconds = 0;
        };
        world.Passing += passage =>
        {
            if (passage is { IsUp: true, IsArrived: true, Packet: PublishPacket } && _withinMessage is { } happen)
            {
                _withinMessage = null;
                happen();
            }
        };
        AddFaults(s_provisioningSteps, _random.Next(3), 1);
        Every(10, LoseWifi);
        Every(14, RestartCloud);
        Every(10, RefuseConnections);
        Every(12, () => WithinMessage(LoseWifi));
        Every(36, DeactivateCertificate);
        Every(36, TakePolicyAway);
        Every(1.5, () => AddFaults(s_readingSteps, 1 + _random.Next(2), 1 + _random.Next(5)));
        Every(9, JumpClock);
        Every(12, CutPower);
        Every(18, () => WithinMessage(CutPower));
        Every(30, CutPowerInFlash);
        Every(1, Command);
        Every(40, () => AddFaults(s_provisioningSteps, 1 + _random.Next(2), 1));
        Every(60, Replace);
        world.Time.After(calmFrom, () =>
        {
            faults.Clear();
            board.Flash.CutAt = 0;
            _withinMessage = null;
        });
    }

    public int WifiLosses { get; private set; }

    public int CloudRestarts { get; private set; }

    public int RefusedPhases { get; private set; }

    public int Deactivations { get; private set; }

    public int PolicyLosses { get; private set; }

    public int FaultRules { get; private set; }

    public int ClockJumps { get; private set; }

    public int PowerCuts { get; private set; }

    public int TornWrites { get; private set; }

    public int CutMessages { get; private set; }

    public int Commands => _commands;

    /// <summary>Gives the board a command; while the cloud is away nobody can.</summary>
    /// <param name="command">Its name.</param>
    /// <param name="members">Further members, each with a comma before it.</param>
    public void Give(string command, string members = "")
    {
        if (!_world.IsListening)
        {
            return;
        }

        _world.Tell("the owner says " + command + members);
        _world.Cloud.Publish(_commandTopic, Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $$"""{"id":"{{++_commands}}","command":"{{command}}"{{members}}}""")));
    }

    /// <summary>Whether a time of day is that of a moment by the board's clock, as right or wrong as it was at some time since then.</summary>
    /// <param name="told">The time of day, to the second.</param>
    /// <param name="moment">The moment.</param>
    public bool IsTimeOf(DateTimeOffset told, TimeSpan moment)
    {
        for (int i = _clockErrors.Count - 1; i >= 0; i--)
        {
            TimeSpan off = told - (SimulatedTime.Start + moment + _clockErrors[i].Error);
            if (off.Duration() < TimeSpan.FromSeconds(1.2))
            {
                return true;
            }

            if (_clockErrors[i].From <= moment)
            {
                return false;
            }
        }

        return false;
    }

    private void Every(double hours, Action happen) => _world.Time.After(TimeSpan.FromHours(-Math.Log(1 - _random.NextDouble()) * hours), () =>
    {
        if (_world.Time.Elapsed < _calmFrom)
        {
            happen();
            Every(hours, happen);
        }
    });

    /// <summary>Lets something happen later, and at the latest when calm begins.</summary>
    private void Later(TimeSpan delay, Action happen)
    {
        TimeSpan left = _calmFrom - _world.Time.Elapsed;
        _world.Time.After(delay < left || left < TimeSpan.Zero ? delay : left, happen);
    }

    /// <summary>A time between two, short ones as likely as ten times as long ones.</summary>
    private TimeSpan Between(double leastSeconds, double mostSeconds) =>
        TimeSpan.FromSeconds(leastSeconds * Math.Pow(mostSeconds / leastSeconds, _random.NextDouble()));

    private void LoseWifi()
    {
        TimeSpan time = Between(30, 5 * 3600);
        if (_board.HasWifi)
        {
            WifiLosses++;
            _world.Tell($"WiFi is out of reach for {time}");
            _board.SetWifi(isInReach: false);
            Later(time, () => _board.SetWifi(isInReach: true));
        }
    }

    private void RestartCloud()
    {
        TimeSpan time = Between(2, 3600);
        if (_world.IsListening)
        {
            CloudRestarts++;
            _world.StopCloud();
            Later(time, _world.StartCloud);
        }
    }

    private void RefuseConnections()
    {
        RefusedPhases++;
        FaultRule rule = new(FaultStep.Connect, s_connectActions[_random.Next(s_connectActions.Length)]) { Client = _board.HardwareId, Times = 1 + _random.Next(6) };
        Add(rule.Do switch
        {
            FaultAction.Refuse => rule with { ReturnCode = 3 + (2 * _random.Next(3)) },
            FaultAction.Delay => rule with { Seconds = 1 + _random.Next(40) },
            _ => rule,
        });

        // So that there is a connection to refuse
        Add(new FaultRule(FaultStep.Publish, FaultAction.Close) { Client = _board.HardwareId });
    }

    private void DeactivateCertificate()
    {
        if (Refuse("deactivates the certificate", certificate => _world.Cloud.Registry.SetCertificateStatus(certificate, CertificateStatus.Inactive), certificate => _world.Cloud.Registry.SetCertificateStatus(certificate, CertificateStatus.Active)))
        {
            Deactivations++;
        }
    }

    private void TakePolicyAway()
    {
        if (Refuse("takes the certificate's policy away", certificate => _world.Cloud.Registry.DetachPolicy(DevicePolicy, certificate), certificate => _world.Cloud.Registry.AttachPolicy(DevicePolicy, certificate)))
        {
            PolicyLosses++;
        }
    }

    private bool Refuse(string what, Action<string> refuse, Action<string> forgive)
    {
        TimeSpan time = Between(60, 2 * 3600);

        // Not while it is being replaced: which of the two stays is decided by connections, and the owner's word would be for one of them only
        if (_refused is not null || _board.Agent?.Status.Identity?.CertificateId is not { } certificate || _board.Flash.Peek(ProvisioningJournal.FileName) is not null)
        {
            return false;
        }

        _world.Tell($"the owner {what}, for {time}");
        _refused = certificate;
        refuse(certificate);
        Later(time, () =>
        {
            _refused = null;
            if (_board.Agent?.Status.Identity?.CertificateId == certificate || _board.Flash.Peek(ProvisioningJournal.FileName) is not null)
            {
                _world.Tell("the owner takes that back");
                forgive(certificate);
            }
        });
        return true;
    }

    private void AddFaults(FaultStep[] steps, int rules, int times)
    {
        for (int i = 0; i < rules; i++)
        {
            FaultStep step = steps[_random.Next(steps.Length)];
            IReadOnlyList<FaultAction> actions = FaultRule.ActionsAt(step);
            FaultAction action = actions[_random.Next(actions.Count)];
            double seconds = Math.Round(Between(0.5, step == FaultStep.Session ? 3600 : 60).TotalSeconds, 1);
            Add(new FaultRule(step, action)
            {
                Client = s_provisioningSteps.Contains(step) ? "*" : _board.HardwareId,
                Skip = _random.Next(3),
                Times = times,
                Seconds = action == FaultAction.Delay || step == FaultStep.Session ? seconds : null,
            });
        }
    }

    private void Add(FaultRule rule)
    {
        if (_faults.Rules.Count >= 50)
        {
            // Most are spent
            _faults.Clear();
        }

        FaultRules++;
        _world.Tell($"from now on: {FaultPlanFile.NameOf(rule.Do)} at {FaultPlanFile.NameOf(rule.At)}, {rule.Times} times");
        _faults.Add(rule);
    }

    private void JumpClock()
    {
        ClockJumps++;
        double seconds = _random.Next(3) switch
        {
            0 => Between(60, 6 * 3600).TotalSeconds,
            1 => Between(86_400, 60 * 86_400).TotalSeconds,
            _ => Between(365 * 86_400, 25 * 365.0 * 86_400).TotalSeconds,
        };
        TimeSpan time = Between(300, 4 * 3600);
        TimeSpan error = TimeSpan.FromSeconds(_random.Next(2) == 0 ? seconds : -seconds);
        _world.Tell($"the time of day is wrong by {error} for {time}");
        SetClock(error);
        Later(time, () =>
        {
            if (_board.ClockError == error)
            {
                SetClock(TimeSpan.Zero);
            }
        });
    }

    private void SetClock(TimeSpan error)
    {
        _board.ClockError = error;
        _clockErrors.Add((_world.Time.Elapsed, error));
    }

    /// <summary>Something happens when the next reading, or answer, has come to the cloud, which has not acted on it yet.</summary>
    private void WithinMessage(Action happen)
    {
        CutMessages++;
        _withinMessage = happen;
    }

    private void CutPower()
    {
        _darkMilliseconds = (int)Between(1, 1800).TotalMilliseconds;
        _world.Tell("the power goes");
        _board.CutPower();
    }

    /// <summary>The power goes in the next change of the flash, somewhere in it; and there is one.</summary>
    private void CutPowerInFlash()
    {
        int[] ways = [MemoryStorage.Before, MemoryStorage.Deleted, 0, 1, _random.Next(3000), MemoryStorage.After];
        TornWrites++;
        _board.Flash.CutBytes = ways[_random.Next(ways.Length)];
        _board.Flash.CutAt = _board.Flash.Changes + 1;
        SetInterval();
    }

    private void SetInterval() => Give("set-interval", string.Create(CultureInfo.InvariantCulture, $",\"intervalSeconds\":{20 + _random.Next(100)}"));

    private void Command()
    {
        switch (_random.Next(10))
        {
            case 0:
                Give("reboot");
                break;
            case 1:
                SetInterval();
                break;
            case < 5:
                Give("ping");
                break;
            default:
                Give("report");
                break;
        }
    }

    private void Replace()
    {
        // An owner knows what was replaced before, for only the last one is told in a report
        int active = _world.Cloud.Registry.FindCertificatesOfThing(_board.HardwareId).Count(certificate => certificate.Status == CertificateStatus.Active);
        if (_world.Time.Elapsed < _lastReplacement && active == 1)
        {
            Give(_random.Next(2) == 0 ? "reprovision" : "rotate-certificate");
        }
    }
}
