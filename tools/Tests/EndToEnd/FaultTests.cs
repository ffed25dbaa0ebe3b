using DeviceAgent.Identity;
using LocalCloud;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Tests.EndToEnd;

/// <summary>
/// The firmware's own life cycle, over TLS, against a LocalCloud that misbehaves: it comes through each fault that may pass, with one
/// certificate in the end, and says what was wrong. A board meets the faults of a test one after another.
/// </summary>
[TestClass]
public sealed class FaultTests
{
    private const string Refused = "does not accept the client certificate";
    private const string Unanswered = "did not answer CONNECT within 30 s";
    private const string Unaccepted = "closed the connection before it answered CONNECT";
    private const string NotGranted = "the broker does not grant it";
    private const string NoSubAck = "the broker does not answer";
    private const string Cut = "the broker closed the connection";
    private const string NoAnswer = "no answer within 30 s";
    private const string Useless = "the answer cannot be used";
    private const string NoPubAck = "the broker does not acknowledge readings";

    public TestContext TestContext { get; set; }

    private CancellationToken Stopping => TestContext.CancellationToken;

    [TestMethod]
    [Timeout(120_000, CooperativeCancellation = true)]
    [DataRow(FaultStep.Tls, "refuse close drop delay", Refused, DisplayName = "tls")]
    [DataRow(FaultStep.Connect, "refuse", "with code 7", DisplayName = "connect: refuse")]
    [DataRow(FaultStep.Connect, "drop", Unanswered, DisplayName = "connect: drop")]
    [DataRow(FaultStep.Connect, "close", Unaccepted, DisplayName = "connect: close")]
    [DataRow(FaultStep.Connect, "delay lose", Unanswered, DisplayName = "connect: delay, lose")]
    [DataRow(FaultStep.ConnAck, "delay lose", Unanswered, DisplayName = "connack: delay, lose")]
    [DataRow(FaultStep.ConnAck, "malformed truncated close", Unaccepted, DisplayName = "connack: malformed, truncated, close")]
    [DataRow(FaultStep.ConnAck, "twice", null, DisplayName = "connack: twice")]
    [DataRow(FaultStep.Subscribe, "refuse", NotGranted, DisplayName = "subscribe: refuse")]
    [DataRow(FaultStep.Subscribe, "delay drop lose", NoSubAck, DisplayName = "subscribe: delay, drop, lose")]
    [DataRow(FaultStep.Subscribe, "close", Cut, DisplayName = "subscribe: close")]
    [DataRow(FaultStep.SubAck, "delay lose foreign", NoSubAck, DisplayName = "suback: delay, lose, foreign")]
    [DataRow(FaultStep.SubAck, "close malformed truncated", Cut, DisplayName = "suback: close, malformed, truncated")]
    [DataRow(FaultStep.SubAck, "twice", null, DisplayName = "suback: twice")]
    [DataRow(FaultStep.CreateKeysAndCertificate, "refuse", "rejected: statusCode 400", DisplayName = "CreateKeysAndCertificate: refuse")]
    [DataRow(FaultStep.CreateKeysAndCertificate, "throttle", "rejected: statusCode 429", DisplayName = "CreateKeysAndCertificate: throttle")]
    [DataRow(FaultStep.CreateKeysAndCertificate, "delay drop lose", NoAnswer, DisplayName = "CreateKeysAndCertificate: delay, drop, lose")]
    [DataRow(FaultStep.CreateKeysAndCertificate, "close", Cut, DisplayName = "CreateKeysAndCertificate: close")]
    [DataRow(FaultStep.CreateKeysAndCertificateAnswer, "delay lose", NoAnswer, DisplayName = "CreateKeysAndCertificate/answer: delay, lose")]
    [DataRow(FaultStep.CreateKeysAndCertificateAnswer, "close", Cut, DisplayName = "CreateKeysAndCertificate/answer: close")]
    [DataRow(FaultStep.CreateKeysAndCertificateAnswer, "malformed truncated oversized", Useless, DisplayName = "CreateKeysAndCertificate/answer: malformed, truncated, oversized")]
    [DataRow(FaultStep.CreateKeysAndCertificateAnswer, "twice", null, DisplayName = "CreateKeysAndCertificate/answer: twice")]
    [DataRow(FaultStep.CreateKeysAndCertificateAnswer, "foreign", null, DisplayName = "CreateKeysAndCertificate/answer: foreign")]
    [DataRow(FaultStep.CreateKeysAndCertificateAnswer, "unusual", null, DisplayName = "CreateKeysAndCertificate/answer: unusual")]
    [DataRow(FaultStep.RegisterThing, "refuse", "rejected: statusCode 400", DisplayName = "RegisterThing: refuse")]
    [DataRow(FaultStep.RegisterThing, "throttle", "rejected: statusCode 429", DisplayName = "RegisterThing: throttle")]
    [DataRow(FaultStep.RegisterThing, "delay drop lose", NoAnswer, DisplayName = "RegisterThing: delay, drop, lose")]
    [DataRow(FaultStep.RegisterThing, "close", Cut, DisplayName = "RegisterThing: close")]
    [DataRow(FaultStep.RegisterThingAnswer, "delay lose", NoAnswer, DisplayName = "RegisterThing/answer: delay, lose")]
    [DataRow(FaultStep.RegisterThingAnswer, "close", Cut, DisplayName = "RegisterThing/answer: close")]
    [DataRow(FaultStep.RegisterThingAnswer, "malformed", Useless, DisplayName = "RegisterThing/answer: malformed")]
    [DataRow(FaultStep.RegisterThingAnswer, "truncated", Useless, DisplayName = "RegisterThing/answer: truncated")]
    [DataRow(FaultStep.RegisterThingAnswer, "oversized", Useless, DisplayName = "RegisterThing/answer: oversized")]
    [DataRow(FaultStep.RegisterThingAnswer, "twice", null, DisplayName = "RegisterThing/answer: twice")]
    [DataRow(FaultStep.RegisterThingAnswer, "unusual", null, DisplayName = "RegisterThing/answer: unusual")]
    public async Task A_fresh_board_comes_through(FaultStep step, string actions, string said)
    {
        await using var field = await Field.OpenAsync(Stopping, isHasty: true);
        Order(field, step, actions);
        var board = field.MakeBoard();

        _ = board.PowerOn();
        await field.ReadingAsync(Stopping);
        await board.PowerOffAsync().WaitAsync(Stopping);

        Met(field, step, actions);
        Says(field, said);
        var identity = new IdentityStore(field.Flash).Load();
        var attached = field.Cloud.Registry.Certificates.Where(certificate => certificate.Things.Contains(Field.Thing)).ToList();
        Assert.HasCount(1, attached, "one certificate is attached to the thing");
        Assert.AreEqual(CertificateStatus.Active, attached[0].Status);
        Assert.AreEqual(attached[0].Id, identity.CertificateId);
        Assert.IsNull(field.Flash.Read("provisioning"), "the journal has done its work");
    }

    [TestMethod]
    [Timeout(120_000, CooperativeCancellation = true)]
    [DataRow(FaultStep.Tls, "refuse close drop delay", Refused, DisplayName = "tls")]
    [DataRow(FaultStep.Connect, "refuse", "with code 7", DisplayName = "connect: refuse")]
    [DataRow(FaultStep.Connect, "delay drop lose", Unanswered, DisplayName = "connect: delay, drop, lose")]
    [DataRow(FaultStep.Connect, "close", Unaccepted, DisplayName = "connect: close")]
    [DataRow(FaultStep.ConnAck, "delay lose", Unanswered, DisplayName = "connack: delay, lose")]
    [DataRow(FaultStep.ConnAck, "malformed truncated close", Unaccepted, DisplayName = "connack: malformed, truncated, close")]
    [DataRow(FaultStep.ConnAck, "twice", null, DisplayName = "connack: twice")]
    [DataRow(FaultStep.Subscribe, "refuse", "going on without commands", DisplayName = "subscribe: refuse")]
    [DataRow(FaultStep.Subscribe, "drop", null, DisplayName = "subscribe: drop, which M2Mqtt repeats")]
    [DataRow(FaultStep.Subscribe, "drop drop drop", "going on without commands", DisplayName = "subscribe: drop, longer than M2Mqtt repeats")]
    [DataRow(FaultStep.Subscribe, "close", "closed the connection on SUBSCRIBE", DisplayName = "subscribe: close")]
    [DataRow(FaultStep.SubAck, "close malformed truncated", "closed the connection on SUBSCRIBE", DisplayName = "suback: close, malformed, truncated")]
    [DataRow(FaultStep.SubAck, "twice", null, DisplayName = "suback: twice")]
    [DataRow(FaultStep.Publish, "close", "closed the connection on PUBLISH", DisplayName = "publish: close")]
    [DataRow(FaultStep.Publish, "drop", null, DisplayName = "publish: drop, which M2Mqtt repeats")]
    [DataRow(FaultStep.Publish, "drop drop drop drop drop drop", NoPubAck, DisplayName = "publish: drop, longer than M2Mqtt repeats")]
    [DataRow(FaultStep.PubAck, "delay lose foreign twice", null, DisplayName = "puback: delay, lose, foreign, twice, which M2Mqtt gets over")]
    [DataRow(FaultStep.PubAck, "lose lose lose foreign foreign foreign", NoPubAck, DisplayName = "puback: lose, foreign, longer than M2Mqtt repeats")]
    [DataRow(FaultStep.PubAck, "close malformed truncated", "closed the connection on PUBLISH", DisplayName = "puback: close, malformed, truncated")]
    [DataRow(FaultStep.Session, "close", "the connection was lost", DisplayName = "session: close")]
    [DataRow(FaultStep.Session, "malformed", "the connection was lost", DisplayName = "session: malformed")]
    [DataRow(FaultStep.Session, "drop", NoPubAck, DisplayName = "session: drop")]
    public async Task A_board_with_an_identity_comes_through_and_loses_no_reading(FaultStep step, string actions, string said)
    {
        await using var field = await Field.OpenAsync(Stopping, isHasty: true);
        var board = field.MakeBoard();
        _ = board.PowerOn();
        await field.ReadingAsync(Stopping);
        await board.PowerOffAsync().WaitAsync(Stopping);
        var identity = new IdentityStore(field.Flash).Load();

        Order(field, step, actions);
        var flash = new global::VirtualDevice.Board.DirectoryStorage(field.Flash.Folder);
        board = field.MakeBoard(flash);
        _ = board.PowerOn();
        foreach (var action in actions.Split(' ').Distinct())
        {
            await field.CloudLog.WaitAsync(Text(step, action), Stopping);
        }

        if (said is not null)
        {
            await field.LineAsync(said, Stopping);
        }

        await field.NextLineAsync("acknowledged, 0 waiting", Stopping);
        await board.PowerOffAsync().WaitAsync(Stopping);

        Met(field, step, actions);
        Assert.AreEqual(0, board.Status.Publisher.Dropped);
        Assert.AreEqual(0, flash.Changes, "writes to flash");
        Assert.AreEqual(identity.CertificateId, new IdentityStore(field.Flash).Load().CertificateId);
        Assert.AreEqual(1, field.Accepted(ProvisioningOperation.CreateKeysAndCertificate));
    }

    [TestMethod]
    [Timeout(120_000, CooperativeCancellation = true)]
    public async Task The_name_of_another_thing_lets_nobody_in_and_the_board_registers_itself_again()
    {
        await using var field = await Field.OpenAsync(Stopping, isHasty: true);
        field.Faults.Add(new FaultRule(FaultStep.RegisterThingAnswer, FaultAction.Foreign));
        var board = field.MakeBoard();

        _ = board.PowerOn();
        var line = await field.LineAsync("refused client id another-device", Stopping);
        await field.ReadingAsync(Stopping);
        await board.PowerOffAsync().WaitAsync(Stopping);

        StringAssert.Contains(line, "or the certificate is not attached to the thing of that name");
        Assert.AreEqual(1, field.Accepted(ProvisioningOperation.CreateKeysAndCertificate), "it asked for another certificate");
        Assert.AreEqual(Field.Thing, new IdentityStore(field.Flash).Load().ThingName);
    }

    private static void Order(Field field, FaultStep step, string actions)
    {
        foreach (var action in actions.Split(' '))
        {
            field.Faults.Add(new FaultRule(step, Enum.Parse<FaultAction>(action, ignoreCase: true))
            {
                // Longer than the board waits for anything, but for a PUBACK and a handshake, where it is to go on.
                Seconds = action != "delay" ? null : step is FaultStep.PubAck or FaultStep.Tls ? 2 : 35,
                Client = step == FaultStep.Tls ? "*" : Field.Thing,
                Packets = step == FaultStep.Session ? 3 : null,
            });
        }
    }

    private static string Text(FaultStep step, string action) => $"meets a fault of the plan: {action} at {FaultPlanFile.NameOf(step)}";

    /// <summary>Each fault that was ordered has been carried out.</summary>
    private static void Met(Field field, FaultStep step, string actions)
    {
        foreach (var action in actions.Split(' ').GroupBy(action => action))
        {
            Assert.AreEqual(action.Count(), field.CloudLog.Lines.Count(line => line.EndsWith(Text(step, action.Key), StringComparison.Ordinal)), Text(step, action.Key));
        }
    }

    private static void Says(Field field, string said) =>
        Assert.IsTrue(said is null || field.Log.Any(line => line.Contains(said, StringComparison.Ordinal)), string.Join(Environment.NewLine, field.Log));
}
