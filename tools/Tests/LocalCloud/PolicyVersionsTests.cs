using LocalCloud;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Tests.LocalCloud;

[TestClass]
public sealed class PolicyVersionsTests
{
    private static readonly DateTimeOffset s_now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [TestMethod]
    public void The_default_version_is_in_effect_and_a_new_one_only_when_told()
    {
        var policy = PolicyVersions.Create("P", Document("one"), s_now).Add(Document("two"), setAsDefault: false, s_now);

        Assert.AreEqual(1, policy.DefaultId);
        Assert.AreEqual("P", policy.Policy.Name);
        Assert.Contains("one", policy.Policy.Document.Text);
        Assert.Contains("two", policy.SetDefault(2).Policy.Document.Text);
        Assert.Contains("three", policy.Add(Document("three"), setAsDefault: true, s_now).Policy.Document.Text);
    }

    [TestMethod]
    public void There_are_five_at_most_and_numbers_are_not_used_again()
    {
        var policy = PolicyVersions.Create("P", Document("x"), s_now);
        while (!policy.IsFull)
        {
            policy = policy.Add(Document("x"), setAsDefault: true, s_now);
        }

        Assert.HasCount(5, policy.All);
        Assert.ThrowsExactly<InvalidOperationException>(() => policy.Add(Document("x"), setAsDefault: true, s_now));
        Assert.ThrowsExactly<InvalidOperationException>(() => policy.Remove(5));
        policy = policy.SetDefault(2).Remove(5).Add(Document("x"), setAsDefault: false, s_now);
        CollectionAssert.AreEqual(new[] { 1, 2, 3, 4, 6 }, policy.All.Keys.ToArray());
        Assert.ThrowsExactly<KeyNotFoundException>(() => policy.Remove(5));
        Assert.ThrowsExactly<KeyNotFoundException>(() => policy.SetDefault(5));
    }

    [TestMethod]
    [DataRow("a b", 1, 1)]
    [DataRow("P", 2, 2)]
    [DataRow("P", 1, 0)]
    public void What_is_no_policy_is_not_restored(string name, int defaultId, int lastId) =>
        Assert.ThrowsExactly<ArgumentException>(() => PolicyVersions.Restore(name, [new PolicyVersion(1, Document("x"), s_now)], defaultId, lastId));

    private static PolicyDocument Document(string topic) => PolicyDocument.Parse(
        $$"""{ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "iot:Publish", "Resource": "arn:aws:iot:r:a:topic/{{topic}}" }] }""");
}
