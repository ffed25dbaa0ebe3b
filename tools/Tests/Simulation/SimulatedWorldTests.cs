using System.Text;
using Cli.Simulation;
using DeviceAgent.Identity;
using LocalCloud;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Mqtt;

namespace Tests.Simulation;

/// <summary>The firmware against LocalCloud in simulated time.</summary>
[TestClass]
public sealed class SimulatedWorldTests
{
    private const string Mac = "a0b1c2d3e4f5";

    [TestMethod]
    public void A_board_provisions_itself_and_publishes_in_simulated_time()
    {
        var trace = new List<string>();
        using var world = new SimulatedWorld(trace: trace.Add);
        var board = world.AddDevice(Mac, 1);
        board.PowerOn();

        Assert.IsTrue(world.Run(() => Published(board) >= 3, TimeSpan.FromMinutes(5)), string.Join('\n', trace));

        Assert.IsNull(board.Fault, board.Fault);
        Assert.IsLessThan(TimeSpan.FromMinutes(3), world.Time.Elapsed);
        var certificate = world.Cloud.Registry.FindCertificatesOfThing(Mac).Single();
        Assert.AreEqual(CertificateStatus.Active, certificate.Status);
        var identity = new IdentityStore(board.Flash).Load();
        Assert.AreEqual(certificate.Id, identity.CertificateId);
        Assert.IsTrue(SimulatedMqttClients.BelongTogether(identity.Certificate, identity.Key));
        Assert.IsFalse(SimulatedMqttClients.BelongTogether(identity.Certificate, board.Flash.Peek(PemFile.ClaimKey).Append((byte)0).ToArray()));
        Assert.AreEqual(Mac, world.Cloud.ConnectedClientIds.Single());
    }

    [TestMethod]
    public void The_same_seed_gives_the_same_run_to_the_last_line()
    {
        var first = Trace(7);

        CollectionAssert.AreEqual(first, Trace(7));
        CollectionAssert.AreNotEqual(first, Trace(8));

        static List<string> Trace(int seed)
        {
            var trace = new List<string>();
            using var world = new SimulatedWorld(trace: trace.Add);
            SimulatedDevice[] boards = [.. Enumerable.Range(0, 5).Select(i => world.AddDevice($"a0b1c2d3e4f{i}", seed + (10 * i), ",\"spreadSeconds\":60"))];
            foreach (var board in boards)
            {
                board.PowerOn();
            }

            world.Run(TimeSpan.FromMinutes(2));
            boards[1].CutPower();
            boards[2].SetWifi(isInReach: false);
            world.StopCloud();
            world.Run(TimeSpan.FromMinutes(2));
            boards[1].PowerOn();
            boards[2].SetWifi(isInReach: true);
            world.StartCloud();
            Assert.IsTrue(world.Run(() => boards.All(board => Published(board) > 5), TimeSpan.FromHours(1)), string.Join('\n', trace));
            Assert.IsTrue(boards.All(board => board.Fault is null));
            return trace;
        }
    }

    [TestMethod]
    public void A_board_that_loses_its_power_starts_at_0_in_1970_and_keeps_what_its_flash_holds()
    {
        using var world = new SimulatedWorld();
        var board = world.AddDevice(Mac, 1);
        var boots = new List<(long Milliseconds, DateTime Time, bool IsSet)>();
        board.Logged += line =>
        {
            if (line.StartsWith("agent ", StringComparison.Ordinal))
            {
                boots.Add((board.Milliseconds, board.UtcNow, board.IsSet));
            }
        };
        board.PowerOn();
        Assert.IsTrue(world.Run(() => Published(board) > 0, TimeSpan.FromMinutes(5)));
        var files = board.Flash.List().Order().ToList();
        board.CutPower();
        Assert.IsFalse(board.IsPowered);
        world.Run(TimeSpan.FromMinutes(10));
        Assert.AreEqual(0, world.Cloud.ConnectedClientIds.Count, "the cloud finds out by the keep-alive");
        board.PowerOn();
        Assert.IsTrue(world.Run(() => board.Boots == 2 && Published(board) > 0, TimeSpan.FromMinutes(5)));

        Assert.HasCount(2, boots);
        Assert.IsTrue(boots.All(boot => boot is { Milliseconds: 0, Time.Year: 1970, IsSet: false }));
        CollectionAssert.AreEqual(files, board.Flash.List().Order().ToList());
        Assert.AreEqual(1, world.Cloud.Registry.Certificates.Count(certificate => certificate.Things.Contains(Mac)));
    }

    [TestMethod]
    [DataRow("a foreign root", "TLS error -9984")]
    [DataRow("a clock far off", "TLS error -9984")]
    [DataRow("no such host", "error 10022")]
    [DataRow("a stopped cloud", "error 10035")]
    [DataRow("a revoked claim", "TLS error -80")]
    [DataRow("another's key", "TLS error -30592")]
    [DataRow("a damaged certificate", "cannot be read")]
    [DataRow("a policy that is gone", "with code 7")]
    public void A_connection_fails_as_on_a_board(string cause, string line)
    {
        using var world = new SimulatedWorld();
        var board = world.AddDevice(Mac, 2, members: cause == "no such host" ? ",\"endpoint\":\"elsewhere.simulated\"" : "");
        var log = new List<string>();
        board.Logged += log.Add;
        var claim = SimulatedAuthority.Shared.Claim.Id;
        switch (cause)
        {
            case "a foreign root":
                board.Flash.Put(PemFile.RootCa, board.Flash.Peek(PemFile.ClaimCertificate));
                break;
            case "a clock far off":
                board.ClockError = TimeSpan.FromDays(-400);
                break;
            case "no such host":
                board.Flash.Put("agent.json", Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(board.Flash.Peek("agent.json")).Replace("\"endpoint\":\"iot.simulated\",", "")));
                break;
            case "a stopped cloud":
                world.StopCloud();
                break;
            case "a revoked claim":
                world.Cloud.Registry.RevokeCertificate(claim);
                break;
            case "another's key":
                board.Flash.Put(PemFile.ClaimKey, Encoding.ASCII.GetBytes(SimulatedAuthority.Shared.NewIssuer().IssueAsync(default).Result.PrivateKeyPem));
                break;
            case "a damaged certificate":
                board.Flash.Put(PemFile.ClaimCertificate, board.Flash.Peek(PemFile.ClaimCertificate)[..300]);
                break;
            default:
                foreach (var policy in world.Cloud.Registry.FindCertificate(claim).Policies)
                {
                    world.Cloud.Registry.DetachPolicy(policy, claim);
                }

                break;
        }

        board.PowerOn();

        Assert.IsTrue(world.Run(() => log.Any(text => text.Contains(line, StringComparison.Ordinal)), TimeSpan.FromMinutes(5)), string.Join('\n', log));
        Assert.IsNull(board.Fault, board.Fault);
    }

    [TestMethod]
    public void What_a_lost_network_swallows_is_told_to_nobody_and_sent_again()
    {
        var trace = new List<string>();
        using var world = new SimulatedWorld(trace: trace.Add);
        var board = world.AddDevice(Mac, 1, members: ",\"telemetry\":{\"intervalSeconds\":10}");
        board.PowerOn();
        Assert.IsTrue(world.Run(() => Published(board) > 0, TimeSpan.FromMinutes(5)));
        board.SetWifi(isInReach: false);
        board.SetWifi(isInReach: true);
        var from = trace.Count;

        Assert.IsTrue(world.Run(() => Published(board) >= 10, TimeSpan.FromMinutes(5)), string.Join('\n', trace));

        // Three times a second apart, of which nothing arrives; the agent waits on, twice, and then connects anew
        Assert.AreEqual(0, trace.Skip(from).TakeWhile(line => !line.Contains("does not acknowledge", StringComparison.Ordinal)).Count(line => line.Contains("-> PUBLISH", StringComparison.Ordinal)));
        Assert.IsTrue(trace.Skip(from).Any(line => line.Contains("the same client id came from", StringComparison.Ordinal)), "the cloud held the dead connection until the new one came");
        Assert.AreEqual(board.Agent.Status.Publisher.Taken, Published(board) + board.Agent.Status.Publisher.Waiting);
        Assert.IsNull(board.Fault, board.Fault);
    }

    [TestMethod]
    public void A_reading_without_PUBACK_is_sent_three_times_a_second_apart_and_then_reported_as_not_published()
    {
        using var world = new SimulatedWorld(new LocalCloudOptions { Faults = FaultPlan.Parse("""[{"at":"puback","do":"lose","times":3}]""") });
        var board = world.AddDevice(Mac, 1);
        var sent = new List<(TimeSpan At, bool IsRepeat)>();
        world.Passing += passage =>
        {
            if (passage is { IsUp: true, IsArrived: true, Packet: PublishPacket { QoS: QualityOfService.AtLeastOnce } publish })
            {
                sent.Add((world.Time.Elapsed, publish.Duplicate));
            }
        };
        board.PowerOn();
        Assert.IsTrue(world.Run(() => Published(board) == 1, TimeSpan.FromMinutes(5)));

        // The fourth is the agent's own: M2Mqtt has given up, and a message of the same reading begins anew
        var first = sent[0].At;
        CollectionAssert.AreEqual(new[] { 0.0, 1, 2, 3 }, sent.Select(message => (message.At - first).TotalSeconds).ToArray());
        CollectionAssert.AreEqual(new[] { false, true, true, false }, sent.Select(message => message.IsRepeat).ToArray());
        Assert.AreEqual(1, board.Boots);
    }

    [TestMethod]
    public void A_cloud_that_says_nothing_is_waited_for_as_long_as_M2Mqtt_does()
    {
        using var world = new SimulatedWorld(new LocalCloudOptions { Faults = FaultPlan.Parse("""[{"at":"connack","do":"lose"}]""") });
        var board = world.AddDevice(Mac, 1);
        TimeSpan asked = default;
        TimeSpan told = default;
        world.Passing += passage => asked = asked == default && passage is { IsUp: true, Packet: ConnectPacket } ? world.Time.Elapsed : asked;
        board.Logged += line => told = told == default && line.Contains("did not answer CONNECT within 30 s", StringComparison.Ordinal) ? world.Time.Elapsed : told;
        board.PowerOn();
        Assert.IsTrue(world.Run(() => Published(board) == 1, TimeSpan.FromMinutes(5)));

        Assert.AreEqual(30, (told - asked).TotalSeconds);
        Assert.IsNull(board.Fault, board.Fault);
    }

    [TestMethod]
    public void What_the_cloud_keeps_for_a_board_outlives_its_restart()
    {
        using var world = new SimulatedWorld();
        var board = world.AddDevice(Mac, 1);
        var answers = new List<string>();
        world.Subscribe("dt/#", message => answers.Add(Encoding.UTF8.GetString(message.Payload.Span)));
        board.PowerOn();
        Assert.IsTrue(world.Run(() => Published(board) > 0, TimeSpan.FromMinutes(5)));
        board.CutPower();
        world.Run(TimeSpan.FromMinutes(5));
        world.Cloud.Publish("cmd/smpl-krsk/tokyo/lab/" + Mac, """{"id":"kept","command":"ping"}"""u8.ToArray());
        world.StopCloud();
        Assert.AreEqual(1, world.Cloud.Registry.FindCertificatesOfThing(Mac).Count);
        world.Run(TimeSpan.FromMinutes(5));
        Assert.AreEqual(0, world.Cloud.ConnectedClientIds.Count);
        world.StartCloud();
        board.PowerOn();

        Assert.IsTrue(world.Run(() => answers.Any(answer => answer.Contains("\"COMMAND_ID\":\"kept\"", StringComparison.Ordinal)), TimeSpan.FromMinutes(5)), string.Join('\n', answers));

        Assert.IsNull(board.Fault, board.Fault);
        Assert.AreEqual(1, world.Cloud.Registry.FindCertificatesOfThing(Mac).Count);
    }

    private static int Published(SimulatedDevice board) => board.Agent?.Status.Publisher?.Published ?? 0;
}
