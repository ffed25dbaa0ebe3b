using System.Text;
using LocalCloud;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Mqtt;

namespace Tests.LocalCloud;

/// <summary>The file of retained messages and persistent sessions: what is in it, and what a fault of it costs.</summary>
[TestClass]
public sealed class BrokerJournalTests
{
    private static readonly DateTimeOffset s_now = new(2026, 7, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly LogRecorder _log = new();
    private readonly TemporaryDirectory _directory = new();

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Stopping => TestContext.CancellationToken;

    private string JournalPath => _directory.File(BrokerJournal.FileName);

    [TestCleanup]
    public void Clean() => _directory.Dispose();

    [TestMethod]
    public async Task Sessions_and_retained_messages_come_back_as_they_were()
    {
        await WriteAsync(
            new BrokerChange.Connected("a", IsNew: true),
            new BrokerChange.Subscribed("a", "x/+", QualityOfService.AtLeastOnce),
            new BrokerChange.Subscribed("a", "y", QualityOfService.AtMostOnce),
            new BrokerChange.Unsubscribed("a", "y"),
            new BrokerChange.Queued("a", 1, "x/1", "one"u8.ToArray(), Retain: false, s_now),
            new BrokerChange.Queued("a", 2, "x/2", "two"u8.ToArray(), Retain: true, s_now),
            new BrokerChange.Queued("a", 3, "x/3", "three"u8.ToArray(), Retain: false, s_now),
            new BrokerChange.Sent("a", 1, 7),
            new BrokerChange.Sent("a", 2, 8),
            new BrokerChange.Sent("a", 3, 9),
            new BrokerChange.Done("a", 1),
            new BrokerChange.Done("a", 3),
            new BrokerChange.Left("a", s_now + TimeSpan.FromMinutes(5)),
            new BrokerChange.Connected("gone", IsNew: true),
            new BrokerChange.Ended("gone"),
            new BrokerChange.Connected("late", IsNew: true),
            new BrokerChange.Left("late", s_now),
            new BrokerChange.Connected("connected", IsNew: true),
            new BrokerChange.Retained("r", "kept"u8.ToArray(), QualityOfService.AtLeastOnce),
            new BrokerChange.Retained("s", "taken away"u8.ToArray(), QualityOfService.AtLeastOnce),
            new BrokerChange.Retained("s", default, QualityOfService.AtLeastOnce));

        // What was written line by line, and what was written anew from that.
        for (var time = 0; time < 2; time++)
        {
            var state = (await OpenAsync()).State;
            CollectionAssert.AreEquivalent(new[] { "a", "connected" }, state.Sessions.Keys);
            var session = state.Sessions["a"];
            CollectionAssert.AreEqual(new[] { "x/+" }, session.Subscriptions.Keys);
            Assert.AreEqual(QualityOfService.AtLeastOnce, session.Subscriptions["x/+"]);
            Assert.AreEqual(9, session.LastPacketId);
            Assert.AreEqual(s_now + TimeSpan.FromMinutes(5), session.KeptUntil);
            var (number, message) = session.Messages.Single();
            Assert.AreEqual(2, number);
            Assert.AreEqual(("x/2", "two", true, s_now, 8), (message.Topic, Encoding.UTF8.GetString(message.Payload.Span), message.Retain, message.Arrived, (int)message.PacketId));
            Assert.AreEqual(s_now + BrokerLimits.SessionLife, state.Sessions["connected"].KeptUntil, "its client was connected when it ended");
            Assert.AreEqual("kept", Encoding.UTF8.GetString(state.Retained.Values.Single().Payload.Span));
        }

        Assert.IsEmpty(_log.Lines);
    }

    [TestMethod]
    public async Task A_last_line_that_was_cut_off_was_acknowledged_to_nobody()
    {
        await WriteAsync(Retained("r", "whole"), Retained("s", "cut off"));
        var bytes = await File.ReadAllBytesAsync(JournalPath, Stopping);
        await File.WriteAllBytesAsync(JournalPath, bytes[..^5], Stopping);

        var state = (await OpenAsync()).State;

        Assert.AreEqual("r", state.Retained.Keys.Single());
        Assert.IsEmpty(_log.Lines);
        Assert.IsEmpty(Directory.GetFiles(_directory.Path, "*damaged*"));
    }

    [TestMethod]
    [DataRow(0, "", "r,s,t")]
    [DataRow(2, "s", "r,t")]
    public async Task What_is_damaged_is_named_and_kept_aside_and_the_rest_is_used(int line, string lost, string used)
    {
        await WriteAsync(Retained("r", "1"), Retained("s", "2"), Retained("t", "3"));
        var lines = await File.ReadAllLinesAsync(JournalPath, Stopping);
        lines[line] = lines[line].Replace('a', 'b');
        await File.WriteAllLinesAsync(JournalPath, lines, Stopping);
        var damaged = await File.ReadAllBytesAsync(JournalPath, Stopping);

        var state = (await OpenAsync()).State;

        Assert.IsFalse(state.Retained.ContainsKey(lost));
        Assert.AreEqual(used, string.Join(',', state.Retained.Keys.Order(StringComparer.Ordinal)));
        StringAssert.Contains(_log.Lines.Single(), $"{JournalPath} is damaged: 1 of its 4 lines cannot be read");
        var aside = Directory.GetFiles(_directory.Path, "broker.journal.damaged-*").Single();
        StringAssert.Contains(_log.Lines.Single(), Path.GetFileName(aside));
        CollectionAssert.AreEqual(damaged, await File.ReadAllBytesAsync(aside, Stopping));
        AssertOwnerOnly(aside);
    }

    [TestMethod]
    [DataRow("{")]
    [DataRow("null\n\0\0\0\n")]
    public async Task A_file_that_is_no_journal_is_kept_aside(string content)
    {
        await File.WriteAllTextAsync(JournalPath, content, Stopping);

        Assert.IsEmpty((await OpenAsync()).State.Retained);

        await _log.WaitAsync("broker.journal is damaged", Stopping);
        Assert.AreEqual(content, await File.ReadAllTextAsync(Directory.GetFiles(_directory.Path, "broker.journal.damaged-*").Single(), Stopping));
    }

    [TestMethod]
    public async Task A_later_format_is_left_alone()
    {
        await File.WriteAllBytesAsync(JournalPath, JournalLine.Write("""{"change":"begun","format":2}"""u8), Stopping);
        var before = await File.ReadAllBytesAsync(JournalPath, Stopping);

        var fault = Assert.ThrowsExactly<DataDirectoryException>(() => BrokerJournal.Open(_directory.Path, s_now, Log()));

        StringAssert.Contains(fault.Message, "its format is 2");
        CollectionAssert.AreEqual(before, await File.ReadAllBytesAsync(JournalPath, Stopping));
    }

    [TestMethod]
    public async Task It_is_written_anew_when_it_has_grown_and_only_its_owner_reads_it()
    {
        var journal = BrokerJournal.Open(_directory.Path, s_now, Log());
        var payload = new string('x', 100_000);
        for (var index = 0; index < 60; index++)
        {
            journal.Add(Retained("r", payload + index));
            await journal.CommitAsync();
            Assert.IsLessThan(2.5 * BrokerJournal.MinimumGrowth, new FileInfo(JournalPath).Length);
        }

        AssertOwnerOnly(JournalPath);
        await journal.CloseAsync();
        Assert.AreEqual(payload + 59, Encoding.UTF8.GetString((await OpenAsync()).State.Retained["r"].Payload.Span));
    }

    [TestMethod]
    public async Task A_commit_fails_while_it_cannot_be_written_and_the_next_makes_up_for_it()
    {
        var journal = BrokerJournal.Open(_directory.Path, s_now, Log());

        // What the next one would be written to is in the way.
        Directory.CreateDirectory(JournalPath + ".new");
        Exception? fault = null;
        for (var index = 0; fault is null; index++)
        {
            journal.Add(Retained($"r/{index}", new string('x', 100_000)));
            fault = await Record(journal.CommitAsync());
        }

        Assert.IsTrue(fault is IOException or UnauthorizedAccessException, fault.ToString());
        journal.Add(Retained("after", "1"));
        Assert.IsNotNull(await Record(journal.CommitAsync()), "it still cannot");
        await _log.WaitAsync("broker.journal could not be written", Stopping);

        Directory.Delete(JournalPath + ".new");
        await journal.CommitAsync();

        var kept = (await OpenAsync()).State.Retained;
        Assert.IsTrue(kept.ContainsKey("after"));
        Assert.IsTrue(kept.ContainsKey("r/0"));

        static async Task<Exception?> Record(Task task)
        {
            await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return task.Exception?.InnerException;
        }
    }

    [TestMethod]
    public async Task The_file_of_earlier_versions_is_told_of()
    {
        await File.WriteAllTextAsync(_directory.File(BrokerJournal.OldFileName), "{}", Stopping);

        await OpenAsync();

        await _log.WaitAsync("broker.json is an earlier LocalCloud's and is not read", Stopping);
        Assert.IsTrue(File.Exists(_directory.File(BrokerJournal.OldFileName)));
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task Answers_of_the_provisioning_API_never_reach_it()
    {
        await using var cloud = await TestCloud.StartAsync(Stopping, new LocalCloudOptions { DataDirectory = _directory.Path });
        await using var claim = await cloud.OpenAsync(cloud.Server.ClaimCredentials, Stopping);
        await claim.WriteAsync(new ConnectPacket("claim-1", CleanSession: false), Stopping);
        Assert.IsInstanceOfType<ConnAckPacket>(await claim.ReadAsync(Stopping));
        await claim.WriteAsync(new SubscribePacket(1, [new("$aws/certificates/create/json/accepted", QualityOfService.AtLeastOnce)]), Stopping);
        Assert.IsInstanceOfType<SubAckPacket>(await claim.ReadAsync(Stopping));
        await claim.WriteAsync(new PublishPacket("$aws/certificates/create/json", "{}"u8.ToArray()), Stopping);
        var answer = (PublishPacket)(await claim.ReadAsync(Stopping))!;
        StringAssert.Contains(Encoding.UTF8.GetString(answer.Payload.Span), "PRIVATE KEY");

        // Not acknowledged: it waits for the client, in memory.
        await claim.DisposeAsync();
        await cloud.Log.WaitAsync("claim-1 disconnected", Stopping);
        await cloud.DisposeAsync();

        var session = (await OpenAsync(cloud.Clock.GetUtcNow())).State.Sessions["claim-1"];
        Assert.HasCount(1, session.Subscriptions);
        Assert.IsEmpty(session.Messages);
        foreach (var file in Directory.GetFiles(_directory.Path).Where(file => !file.EndsWith(".key", StringComparison.Ordinal)))
        {
            var content = await File.ReadAllTextAsync(file, Stopping);
            Assert.IsFalse(content.Contains(Convert.ToBase64String(answer.Payload.Span), StringComparison.Ordinal), file);
        }
    }

    private static BrokerChange.Retained Retained(string topic, string payload) => new(topic, Encoding.UTF8.GetBytes(payload), QualityOfService.AtLeastOnce);

    private static void AssertOwnerOnly(string path)
    {
        if (!OperatingSystem.IsWindows())
        {
            Assert.AreEqual(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        }
    }

    private CloudLog Log() => new(_log.Add, TimeProvider.System);

    /// <summary>Writes the changes as a broker does that is killed after them.</summary>
    private async Task WriteAsync(params BrokerChange[] changes)
    {
        var journal = BrokerJournal.Open(_directory.Path, s_now, Log());
        foreach (var change in changes)
        {
            journal.Add(change);
        }

        await journal.CommitAsync();
    }

    private async Task<BrokerJournal> OpenAsync(DateTimeOffset? now = null)
    {
        var journal = BrokerJournal.Open(_directory.Path, now ?? s_now, Log());
        await journal.CloseAsync();
        return journal;
    }
}
