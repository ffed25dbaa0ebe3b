using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Cli.Simulation;
using DeviceAgent.Identity;
using DeviceAgent.Provisioning;
using DeviceAgent.Settings;
using DeviceAgent.Tests.Fakes;
using LocalCloud;
using Mqtt;

namespace Cli.Prove;

/// <summary>A board whose power goes once or more, and which is then left in peace.</summary>
/// <param name="scenario">What it is doing.</param>
/// <param name="seed">What chance is made from.</param>
/// <param name="trace">Is told everything that happens; or null.</param>
internal sealed class PowercutTrial(PowercutScenario scenario, int seed, Action<string>? trace = null)
{
    private const string Mac = "a0b1c2d3e4f5";

    /// <summary>How long it may take to get back to work: the three refusals that a journal is given up after are the longest.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromHours(1);

    /// <summary>How long the power is away.</summary>
    private static readonly TimeSpan s_darkness = TimeSpan.FromSeconds(10);

    /// <summary>When the owner gives a command again that was not answered.</summary>
    private static readonly TimeSpan s_ownersPatience = TimeSpan.FromMinutes(3);

    private readonly List<List<PowerEvent>> _boots = [];
    private readonly HashSet<string> _proved = [];
    private readonly HashSet<string> _keys = [];
    private readonly string? _replaced = scenario.IsReplaced ? scenario.State.Registry.Certificates.Values.Single(certificate => certificate.Things.Contains(Mac)).Id : null;
    private SimulatedWorld? _world;
    private SimulatedDevice? _board;
    private PowerCut? _cut;
    private string? _mustHave;
    private int _lost;
    private int _commands;
    private int _bootsCommanded;
    private int _issued = scenario.State.Issued;
    private bool _isAnswered;
    private bool _isForgetful;
    private bool _isKeyOnTheWire;
    private bool _isDone;

    /// <summary>Whether the board is left dark after the last cut.</summary>
    public bool EndsInTheDark { get; init; }

    /// <summary>Runs it.</summary>
    /// <param name="cuts">In the first boot, in the second, and so on.</param>
    public PowercutResult Run(IReadOnlyList<PowerCut> cuts)
    {
        using SimulatedWorld world = new(new LocalCloudOptions { RepeatedRegistration = scenario.Repeated }, trace, scenario.State.Registry, scenario.State.Issued);
        SimulatedDevice board = world.AddDevice(Mac, seed, $",\"method\":\"{scenario.Method}\"");
        _world = world;
        _board = board;
        _isForgetful = cuts.Any(cut => cut.LostFrom > 0);
        foreach ((string name, byte[] content) in scenario.State.Files)
        {
            board.Flash.Put(name, content);
        }

        board.FlashChanging += change => Happen(PowerEvent.Of(change));
        board.Logged += Look;
        world.Passing += Pass;
        world.Cloud.ProvisioningAnswered += outcome => _issued += outcome is { IsAccepted: true, Operation: not ProvisioningOperation.RegisterThing } ? 1 : 0;
        CheckIdentity();
        world.Run(scenario.Dark);
        string? fault = null;
        TimeSpan start = default;
        for (int boot = 0; boot < cuts.Count + (EndsInTheDark ? 0 : 1) && fault is null; boot++)
        {
            _boots.Add([]);
            _cut = boot < cuts.Count ? cuts[boot] : null;
            _isDone = false;
            start = world.Time.Elapsed;
            board.PowerOn();
            bool isThere = world.Run(() => _isDone || !board.IsPowered || board.Fault is not null, s_patience);
            fault = board.Fault
                ?? (_cut is not null && board.IsPowered ? $"boot {boot + 1} did not come to the instant of its cut"
                : _cut is null && !_isDone ? $"it did not get back to work within {s_patience.TotalMinutes:0} min ({(isThere ? "its power went" : board.Agent?.Status.LastError)})"
                : null);
            if (_cut is not null)
            {
                world.Run(s_darkness);
                CheckIdentity();
            }
        }

        TimeSpan time = world.Time.Elapsed - start;
        (int strays, string? wrong) = EndsInTheDark ? (0, null) : CheckEnd();
        return new PowercutResult(fault ?? wrong, strays, _lost, time, _boots, KeepState());
    }

    private void Pass(Passage passage)
    {
        if (passage is { IsUp: false, IsArrived: true, Packet: ConnAckPacket { ReturnCode: 0 } })
        {
            _proved.Add(CertificateAuthority.IdOf(passage.Certificate));
        }
        else if (passage is { IsUp: true, IsArrived: true, Packet: PublishPacket publish } && Encoding.UTF8.GetString(publish.Payload.Span).Contains("\"RESULT\":\"ok\"", StringComparison.Ordinal))
        {
            _isAnswered = true;
        }

        if (passage.Packet is PublishPacket { Payload: var payload } message && scenario.Method == ProvisioningMethod.ClaimCsr)
        {
            string text = Encoding.UTF8.GetString(payload.Span);
            _isKeyOnTheWire |= text.Contains("PRIVATE KEY", StringComparison.Ordinal) || text.Contains("privateKey", StringComparison.Ordinal);
            if (passage.IsUp && message.Topic == ProvisioningTopics.CreateFromCsr)
            {
                string pem = JsonNode.Parse(text)!["certificateSigningRequest"]!.GetValue<string>();
                _keys.Add(Convert.ToHexString(CertificateRequest.LoadSigningRequestPem(pem, HashAlgorithmName.SHA256).PublicKey.ExportSubjectPublicKeyInfo()));
            }
        }

        Happen(PowerEvent.Of(passage));
    }

    private void Happen(PowerEvent what)
    {
        List<PowerEvent> events = _boots[^1];
        SimulatedDevice board = _board!;
        if (_isDone || !board.IsPowered)
        {
            return;
        }

        events.Add(what);
        if (_cut is null)
        {
            return;
        }

        if (_cut.LostFrom == events.Count)
        {
            board.Flash.UndurableFrom = board.Flash.Changes + 1;
        }

        if (_cut.Event != events.Count)
        {
            return;
        }

        _world!.Tell($"the power goes at event {_cut}: {what.Text}");
        if (what.Change is null)
        {
            board.CutPower();
        }
        else
        {
            board.Flash.CutAt = board.Flash.Changes + 1;
            board.Flash.CutBytes = _cut.Bytes;
        }
    }

    private void Look(string line)
    {
        if (!line.StartsWith("reading ", StringComparison.Ordinal) || !line.Contains(" acknowledged", StringComparison.Ordinal))
        {
            return;
        }

        _isDone = _replaced is null || _board!.Agent!.Status.Identity.CertificateId != _replaced;
        if (!_isDone && _bootsCommanded < _boots.Count)
        {
            bool isFirst = _bootsCommanded == 0;
            _bootsCommanded = _boots.Count;
            int boot = _boots.Count;
            _world!.Time.After(isFirst ? TimeSpan.Zero : s_ownersPatience, () =>
            {
                // A board whose storage has lost the wish that it had answered does not know of it, and its owner sees that
                if ((!_isAnswered || _isForgetful) && !_isDone && _boots.Count == boot && _board!.IsPowered)
                {
                    _world.Cloud.Publish("cmd/smpl-krsk/tokyo/lab/" + Mac, Encoding.UTF8.GetBytes($$"""{"id":"{{++_commands}}","command":"{{scenario.Command}}"}"""));
                }
            });
        }
    }

    /// <summary>Whether an identity that the board once had is still there.</summary>
    private void CheckIdentity()
    {
        IdentityStore store = new(_board!.Flash);
        string? newest = store.Load()?.CertificateId;
        string? other = newest is null ? null : store.LoadOther()?.CertificateId;
        if (_mustHave is not null && newest != _mustHave && other != _mustHave && !(newest is not null && _proved.Contains(newest)))
        {
            _lost++;
        }

        if (newest is not null && (_mustHave is null || _proved.Contains(newest)))
        {
            _mustHave = newest;
        }
    }

    private (int Strays, string? Wrong) CheckEnd()
    {
        CheckIdentity();
        DeviceIdentity? identity = new IdentityStore(_board!.Flash).Load();
        DeviceRegistry registry = _world!.Cloud.Registry;
        int strays = registry.State.Certificates.Values.Count(certificate =>
            certificate.Status == CertificateStatus.Active && certificate.Id != SimulatedAuthority.Shared.Claim.Id && certificate.Id != identity?.CertificateId && certificate.Id != _replaced);
        if (identity is null)
        {
            return (strays, "there is no identity in the end");
        }

        RegisteredCertificate? own = registry.FindCertificate(identity.CertificateId);
        return (strays, own is not { Status: CertificateStatus.Active } || !own.Things.Contains(Mac) ? "its certificate is not active and attached to its thing"
            : own.Pem != Encoding.ASCII.GetString(identity.Certificate).TrimEnd('\0') ? "its certificate is not the one that the cloud has"
            : !SimulatedMqttClients.BelongTogether(identity.Certificate, identity.Key) ? "its key is not its certificate's"
            : _replaced is not null && registry.FindCertificate(_replaced) is not { Status: CertificateStatus.Active } ? "the replaced certificate is not active any more"
            : _board.Flash.Peek(ProvisioningJournal.FileName) is not null ? "the journal is left over"
            : _board.Flash.Peek(DeviceKey.FileName) is not null ? "the key's own file is left over"
            : FindKeyFault(identity));
    }

    /// <summary>What is wrong with the keys that certificates were asked for with; null where nothing is.</summary>
    private string? FindKeyFault(DeviceIdentity identity)
    {
        if (scenario.Method != ProvisioningMethod.ClaimCsr)
        {
            return null;
        }

        // A storage that loses a key which it had promised to keep costs another
        using X509Certificate2 certificate = X509Certificate2.CreateFromPem(Encoding.ASCII.GetString(identity.Certificate));
        string key = Convert.ToHexString(certificate.PublicKey.ExportSubjectPublicKeyInfo());
        return _isKeyOnTheWire ? "a private key was in a message"
            : _issued > scenario.State.Issued && _keys.Count != 1 && !_isForgetful ? $"{_keys.Count} keys were asked with for one identity"
            : _issued > scenario.State.Issued && !_keys.Contains(key) ? "the identity's key is none that was asked with"
            : _replaced is not null && SimulatedMqttClients.BelongTogether(Encoding.ASCII.GetBytes(_world!.Cloud.Registry.FindCertificate(_replaced)!.Pem + '\0'), identity.Key) ? "the key is that of the replaced identity"
            : null;
    }

    private PowercutState KeepState() => new(
        _board!.Flash.List().Where(name => name is not ("agent.json" or PemFile.RootCa or PemFile.ClaimCertificate or PemFile.ClaimKey)).ToDictionary(name => name, name => _board.Flash.Peek(name)),
        _world!.Cloud.Registry.State,
        _issued);
}
