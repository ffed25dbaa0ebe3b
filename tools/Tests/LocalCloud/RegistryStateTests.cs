using LocalCloud;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Tests.LocalCloud;

/// <summary>What is on the disk at every instant at which a registry may be killed, and after damage.</summary>
[TestClass]
public sealed class RegistryStateTests
{
    private readonly ManualTime _clock = new();
    private readonly LogRecorder _log = new();

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public async Task A_file_of_format_1_is_read()
    {
        using var directory = new TemporaryDirectory();
        var policy = SeedDocuments.Policies(new LocalCloudOptions()).First();
        await File.WriteAllTextAsync(
            directory.File("registry.json"),
            $$"""
            {
              "format": 1,
              "seed": null,
              "policies": [{ "name": "P", "document": {{System.Text.Json.JsonSerializer.Serialize(policy.Document.Text)}} }],
              "templates": [],
              "things": [{ "name": "lamp", "typeName": null, "attributes": {}, "groups": ["a"] }],
              "certificates": [{ "id": "cafe", "pem": "PEM", "status": "ACTIVE", "createdAt": "2026-01-01T00:00:00Z", "ownership": null, "policies": ["P"], "things": ["lamp"] }]
            }
            """,
            TestContext.CancellationToken);

        var registry = Open(directory);
        registry.PutThing(new Thing("another", null));
        await registry.SaveAsync();
        registry = Open(directory);

        Assert.AreEqual(policy.Document.Text, registry.FindPolicy("P")!.Document.Text);
        Assert.IsNotEmpty(registry.FindThing("lamp")!.Id);
        Assert.AreEqual(CertificateStatus.Active, registry.FindCertificate("cafe")!.Status);
        Assert.IsNotNull(registry.FindThing("another"));
    }

    [TestMethod]
    public async Task A_kill_at_any_byte_of_the_journal_leaves_every_change_that_was_saved_before()
    {
        using var directory = new TemporaryDirectory();
        var registry = Open(directory);
        await SaveThingAsync(registry, "thing-0");
        var saved = new List<long>();
        for (var index = 1; index <= 3; index++)
        {
            await SaveThingAsync(registry, $"thing-{index}");
            saved.Add(new FileInfo(directory.File("registry.journal")).Length);
        }

        var journal = await File.ReadAllBytesAsync(directory.File("registry.journal"), TestContext.CancellationToken);
        for (var length = saved[0]; length <= journal.Length; length++)
        {
            await File.WriteAllBytesAsync(directory.File("registry.journal"), journal[..(int)length], TestContext.CancellationToken);
            var killed = Open(directory);

            Assert.HasCount(1 + saved.Count(end => end <= length), killed.Things);
            await SaveThingAsync(killed, "after");
            Assert.HasCount(killed.Things.Count, Open(directory).Things);
        }

        Assert.IsEmpty(_log.Lines);
        Assert.IsEmpty(Directory.GetFiles(directory.Path, "*damaged*"));
    }

    [TestMethod]
    public async Task A_damaged_line_costs_its_own_change_and_the_journal_is_kept_aside()
    {
        using var directory = new TemporaryDirectory();
        var registry = Open(directory);
        for (var index = 0; index <= 3; index++)
        {
            await SaveThingAsync(registry, $"thing-{index}");
        }

        var journal = await File.ReadAllTextAsync(directory.File("registry.journal"), TestContext.CancellationToken);
        var damaged = journal.Replace("\"thing-2\"", "\"thing-X\"", StringComparison.Ordinal);
        await File.WriteAllTextAsync(directory.File("registry.journal"), damaged, TestContext.CancellationToken);
        registry = Open(directory);

        CollectionAssert.AreEqual(new[] { "thing-0", "thing-1", "thing-3" }, registry.Things.Select(thing => thing.Name).ToArray());
        var aside = Directory.GetFiles(directory.Path, "registry.journal.damaged-*").Single();
        Assert.AreEqual(damaged, await File.ReadAllTextAsync(aside, TestContext.CancellationToken));
        Assert.Contains(Path.GetFileName(aside), _log.Lines.Single());
        Assert.Contains("1 of its 3 changes", _log.Lines.Single());

        await SaveThingAsync(registry, "thing-4");
        Assert.HasCount(4, Open(directory).Things);
        Assert.HasCount(1, _log.Lines, "the next write left a good journal");
    }

    [TestMethod]
    public async Task A_journal_of_another_snapshot_does_not_count()
    {
        using var directory = new TemporaryDirectory();
        var registry = Open(directory);
        await SaveThingAsync(registry, "first");
        await SaveThingAsync(registry, "second");
        var journal = await File.ReadAllBytesAsync(directory.File("registry.journal"), TestContext.CancellationToken);
        var snapshot = await File.ReadAllBytesAsync(directory.File("registry.json"), TestContext.CancellationToken);
        registry.Update(state => state.WithoutThing("second"));
        await registry.CloseAsync();
        Assert.IsFalse(File.Exists(directory.File("registry.journal")), "all is in the snapshot");

        await File.WriteAllBytesAsync(directory.File("registry.journal"), journal, TestContext.CancellationToken);
        Assert.HasCount(1, Open(directory).Things, "a kill before the old journal was deleted");

        registry = Open(directory);
        await SaveThingAsync(registry, "third");
        await File.WriteAllBytesAsync(directory.File("registry.json"), snapshot, TestContext.CancellationToken);
        Assert.Contains("registry.journal goes on from a later registry.json", Assert.ThrowsExactly<DataDirectoryException>(() => Open(directory)).Message);

        File.Delete(directory.File("registry.json"));
        Assert.Contains("registry.json is missing", Assert.ThrowsExactly<DataDirectoryException>(() => Open(directory)).Message);
    }

    [TestMethod]
    public async Task What_a_registration_writes_does_not_grow_with_the_registry()
    {
        using var directory = new TemporaryDirectory();
        var registry = Open(directory);
        registry.Update(state => Enumerable.Range(0, 2000).Aggregate(state, (sum, index) => sum.With(new Thing($"thing-{index}", null))));
        await registry.SaveAsync();
        var snapshot = await File.ReadAllBytesAsync(directory.File("registry.json"), TestContext.CancellationToken);
        var before = new FileInfo(directory.File("registry.journal")).Length;

        await SaveThingAsync(registry, "one-more");

        CollectionAssert.AreEqual(snapshot, await File.ReadAllBytesAsync(directory.File("registry.json"), TestContext.CancellationToken));
        Assert.IsLessThan(1000, new FileInfo(directory.File("registry.journal")).Length - before);
    }

    [TestMethod]
    public async Task A_journal_that_outgrows_the_snapshot_is_taken_in()
    {
        using var directory = new TemporaryDirectory();
        var registry = Open(directory);
        await SaveThingAsync(registry, "first");
        var big = new string('v', 700);
        for (var round = 0; round < 60; round++)
        {
            registry.Update(state => Enumerable.Range(0, 30).Aggregate(state, (sum, index) => sum.With(new Thing($"thing-{index}", null)
            {
                Attributes = System.Collections.Immutable.ImmutableSortedDictionary<string, string>.Empty.Add("a", $"{big}{round}"),
            })));
            await registry.SaveAsync();
        }

        Assert.IsLessThan(RegistryFile.MinimumJournal, new FileInfo(directory.File("registry.journal")).Length);
        var reopened = Open(directory);
        Assert.HasCount(31, reopened.Things);
        Assert.AreEqual(big + "59", reopened.FindThing("thing-7")!.Attributes["a"]);
        Assert.AreEqual(60, reopened.FindThing("thing-7")!.Version);
    }

    [TestMethod]
    public async Task Everything_that_can_be_made_comes_back_from_the_journal_and_from_the_snapshot()
    {
        using var directory = new TemporaryDirectory();
        var registry = Open(directory);
        await SaveThingAsync(registry, "first");
        var policy = SeedDocuments.Policies(new LocalCloudOptions()).First();
        var template = SeedDocuments.Templates(new LocalCloudOptions()).First();
        registry.Update(state => state
            .With(policy).With(policy)
            .With(RegisteredTemplate.Create(template, state.Time).Add(template, setAsDefault: false, state.Time) with { IsEnabled = false, IsJustInTime = true, RoleArn = "arn", Description = "d" })
            .With(new ThingType("type", "1", "d", ["a"], state.Time) { DeprecatedAt = state.Time })
            .With(new ThingGroup("group", "2", ParentName: null, Description: null, state.Time))
            .With(new BillingGroup("bills", "4", "d", state.Time) { Version = 3 })
            .With(new BillingGroup("gone", "5", "d", state.Time)).WithoutBillingGroup("gone")
            .With(new RegisteredAuthority(new string('a', 64), "pem", "DEFAULT", state.Time) { IsActive = true, RegistersAutomatically = true, TemplateBody = "{}", TemplateName = "t", RoleArn = "r" })
            .With(new RegisteredAuthority(new string('b', 64), "pem", "SNI_ONLY", state.Time)).WithoutAuthority(new string('b', 64))
            .With(new RegisteredCertificate(new string('c', 64), "pem", CertificateStatus.PendingActivation, state.Time) { CaCertificateId = new string('a', 64) })
            .With(new Role("role", "3", "/", "{}", Description: null, state.Time) { PolicyArns = ["arn:p"] }));
        await registry.SaveAsync();

        Check(Open(directory));
        await registry.CloseAsync();
        Check(Open(directory));

        void Check(DeviceRegistry reopened)
        {
            var state = reopened.State;
            Assert.AreEqual((2, 2), (state.PolicyVersions[policy.Name].All.Count, state.PolicyVersions[policy.Name].DefaultId));
            Assert.AreEqual(("arn", "d", 1, 2), (state.RegisteredTemplates[template.Name].RoleArn, state.RegisteredTemplates[template.Name].Description, state.RegisteredTemplates[template.Name].DefaultId, state.RegisteredTemplates[template.Name].LastId));
            Assert.IsFalse(state.Templates.ContainsKey(template.Name), "it is not enabled");
            Assert.IsTrue(state.RegisteredTemplates[template.Name].IsJustInTime);
            Assert.AreEqual(registry.State.Authorities.Values.Single(), state.Authorities.Values.Single());
            Assert.AreEqual(new string('a', 64), state.Certificates[new string('c', 64)].CaCertificateId);
            Assert.AreEqual(registry.State.ThingTypes["type"].DeprecatedAt, state.ThingTypes["type"].DeprecatedAt);
            Assert.IsTrue(state.ThingGroups.ContainsKey("group"));
            Assert.AreEqual(("d", 3L), (state.BillingGroups.Single().Value.Description, state.BillingGroups["bills"].Version));
            Assert.Contains("arn:p", state.Roles["role"].PolicyArns);
        }
    }

    private static async Task SaveThingAsync(DeviceRegistry registry, string name)
    {
        registry.PutThing(new Thing(name, null));
        await registry.SaveAsync();
    }

    private DeviceRegistry Open(TemporaryDirectory directory) => DeviceRegistry.Open(directory.Path, _clock, new CloudLog(_log.Add, _clock));
}
