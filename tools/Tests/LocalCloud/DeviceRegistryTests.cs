using LocalCloud;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Tests.LocalCloud;

[TestClass]
public sealed class DeviceRegistryTests
{
    private const string CertificateId = "cafecafecafecafecafecafecafecafecafecafecafecafecafecafecafecafe";

    private readonly ManualTime _clock = new();

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public async Task What_was_saved_is_there_again()
    {
        using var directory = new TemporaryDirectory();
        var registry = DeviceRegistry.Open(directory.Path, _clock);
        foreach (var policy in SeedDocuments.Policies(new LocalCloudOptions()))
        {
            registry.PutPolicy(policy);
        }

        foreach (var template in SeedDocuments.Templates(new LocalCloudOptions()))
        {
            registry.PutTemplate(template);
        }

        registry.PutThing(new Thing("lamp", "Bulb") { Groups = ["a", "b"] });
        registry.AddCertificate(new IssuedCertificate(CertificateId, "PEM", "KEY"), CertificateStatus.Active, new OwnershipClaim("hash", _clock.GetUtcNow(), null), []);
        registry.AttachPolicy(SeedDocuments.DevicePolicyName, CertificateId);
        registry.AttachThing("lamp", CertificateId);
        registry.SetCertificateStatus(CertificateId, CertificateStatus.Inactive);
        await registry.SaveAsync();

        var reopened = DeviceRegistry.Open(directory.Path, _clock);

        var before = registry.FindCertificate(CertificateId)!;
        var after = reopened.FindCertificate(CertificateId)!;
        Assert.AreEqual((before.Pem, before.CreatedAt, before.Ownership), (after.Pem, after.CreatedAt, after.Ownership));
        CollectionAssert.AreEqual(new[] { SeedDocuments.DevicePolicyName }, after.Policies.ToArray());
        CollectionAssert.AreEqual(new[] { "lamp" }, after.Things.ToArray());
        Assert.AreEqual(CertificateStatus.Inactive, after.Status);
        Assert.AreEqual(CertificateId, reopened.State.OwnershipTokens["hash"]);
        CollectionAssert.AreEqual(new[] { "a", "b" }, reopened.FindThing("lamp")!.Groups.ToArray());
        CollectionAssert.AreEqual(registry.Policies.Select(policy => policy.Document.Text).ToArray(), reopened.Policies.Select(policy => policy.Document.Text).ToArray());
        CollectionAssert.AreEqual(registry.Templates.Select(template => template.Body).ToArray(), reopened.Templates.Select(template => template.Body).ToArray());
    }

    [TestMethod]
    public async Task Each_of_many_at_once_finds_its_change_on_the_disk_when_its_save_has_ended()
    {
        using var directory = new TemporaryDirectory();
        var registry = DeviceRegistry.Open(directory.Path, _clock);

        await Task.WhenAll(Enumerable.Range(0, 100).Select(index => Task.Run(async () =>
        {
            registry.PutThing(new Thing($"thing-{index}", null));
            await registry.SaveAsync();
            Assert.IsNotNull(DeviceRegistry.Open(directory.Path, _clock).FindThing($"thing-{index}"));
        })));

        Assert.IsFalse(File.Exists(directory.File("registry.json.new")));
    }

    [TestMethod]
    public async Task A_write_that_failed_is_tried_again_by_the_next_save()
    {
        string path;
        DeviceRegistry registry;
        using (var directory = new TemporaryDirectory())
        {
            path = directory.Path;
            registry = DeviceRegistry.Open(path, _clock);
        }

        registry.PutThing(new Thing("lamp", null));
        await Assert.ThrowsAsync<IOException>(registry.SaveAsync);

        Directory.CreateDirectory(path);
        await registry.SaveAsync();

        Assert.IsNotNull(DeviceRegistry.Open(path, _clock).FindThing("lamp"));
        Directory.Delete(path, recursive: true);
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("{")]
    [DataRow("null")]
    [DataRow("""{ "format": 3, "policies": [], "templates": [], "things": [], "certificates": [] }""")]
    [DataRow("""{ "format": 1, "policies": [], "templates": [], "things": [] }""")]
    [DataRow("""{ "format": 1, "policies": [], "templates": [], "things": [], "certificates": [], "more": 1 }""")]
    [DataRow("""{ "format": 1, "policies": [{ "name": "P", "document": "{}" }], "templates": [], "things": [], "certificates": [] }""")]
    [DataRow("""{ "format": 1, "policies": [], "templates": [], "things": [], "certificates": [{ "id": "cafe", "pem": "", "status": "SLEEPING", "createdAt": "2026-01-01T00:00:00Z" }] }""")]
    public void A_damaged_snapshot_is_named_and_kept_aside(string content)
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllText(directory.File("registry.json"), content);

        var refusal = Assert.ThrowsExactly<DataDirectoryException>(() => DeviceRegistry.Open(directory.Path, _clock));

        var aside = Directory.GetFiles(directory.Path).Single();
        Assert.StartsWith(directory.File("registry.json") + " is damaged", refusal.Message);
        Assert.Contains(Path.GetFileName(aside), refusal.Message);
        Assert.StartsWith(directory.File("registry.json.damaged-"), aside);
        Assert.AreEqual(content, File.ReadAllText(aside));
    }

    [TestMethod]
    public void What_does_not_exist_cannot_be_attached()
    {
        var registry = DeviceRegistry.Open(directory: null, _clock);
        registry.AddCertificate(new IssuedCertificate(CertificateId, "PEM", "KEY"), CertificateStatus.Active, ownership: null, []);

        Assert.ThrowsExactly<KeyNotFoundException>(() => registry.AttachPolicy("P", CertificateId));
        Assert.ThrowsExactly<KeyNotFoundException>(() => registry.AttachThing("t", CertificateId));
        Assert.ThrowsExactly<KeyNotFoundException>(() => registry.RevokeCertificate(new string('0', 64)));
        Assert.IsFalse(registry.DeleteCertificate(new string('0', 64)));
        Assert.IsTrue(registry.DeleteCertificate(CertificateId));
        Assert.ThrowsExactly<ArgumentException>(() => registry.PutThing(new Thing("a b", null)));
    }

    [TestMethod]
    public void Things_have_the_limits_of_AWS()
    {
        static string? Fault(string? type, int attributes, string value = "v") => new Thing("t", type)
        {
            Attributes = System.Collections.Immutable.ImmutableSortedDictionary.CreateRange(
                Enumerable.Range(0, attributes).Select(index => KeyValuePair.Create($"a{index}", value))),
        }.FindFault();

        Assert.IsNull(Fault(type: null, attributes: 3));
        Assert.Contains("4 attributes", Fault(type: null, attributes: 4)!);
        Assert.IsNull(Fault("Bulb", attributes: 50));
        Assert.Contains("51 attributes", Fault("Bulb", attributes: 51)!);
        Assert.Contains("a0", Fault(type: null, attributes: 1, value: "no spaces")!);
        Assert.Contains("thing type", Fault("no type", attributes: 0)!);
        Assert.Contains("thing group", (new Thing("t", null) { Groups = ["no group"] }).FindFault()!);
    }

    [TestMethod]
    public void Keys_are_for_their_owner_alone()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Inconclusive("There are no modes.");
            return;
        }

        using var directory = new TemporaryDirectory();
        File.WriteAllText(directory.File("key.new"), "left behind, readable for all");
        DurableFile.Write(directory.File("key"), "secret"u8, isSecret: true);

        Assert.AreEqual(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(directory.File("key")));
        Assert.AreEqual("secret", File.ReadAllText(directory.File("key")));
    }
}
