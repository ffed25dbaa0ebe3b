using Microsoft.VisualStudio.TestTools.UnitTesting;
using Mqtt;

namespace Tests.Mqtt;

[TestClass]
public sealed class TopicFilterTests
{
    [TestMethod]
    [DataRow("a", "a", true)]
    [DataRow("a", "A", false)]
    [DataRow("a", "b", false)]
    [DataRow("a", "a/", false)]
    [DataRow("a/", "a", false)]
    [DataRow("a/", "a/", true)]
    [DataRow("/a", "a", false)]
    [DataRow("/a", "/a", true)]
    [DataRow("a/b", "a/b", true)]
    [DataRow("a/b", "a/b/c", false)]
    [DataRow("a/b/c", "a/b", false)]
    [DataRow("+", "a", true)]
    [DataRow("+", "/a", false)]
    [DataRow("+", "a/", false)]
    [DataRow("+/+", "/finance", true)]
    [DataRow("/+", "/finance", true)]
    [DataRow("+/", "a/", true)]
    [DataRow("sport/tennis/+", "sport/tennis/player1", true)]
    [DataRow("sport/tennis/+", "sport/tennis/player1/ranking", false)]
    [DataRow("sport/+", "sport", false)]
    [DataRow("sport/+", "sport/", true)]
    [DataRow("sport/+/x", "sport//x", true)]
    [DataRow("#", "a", true)]
    [DataRow("#", "/", true)]
    [DataRow("#", "a/b/c", true)]
    [DataRow("sport/#", "sport/tennis/player1", true)]
    [DataRow("sport/#", "sport/", true)]
    [DataRow("sport/#", "sports", false)]
    [DataRow("sport/tennis/player1/#", "sport/tennis", false)]
    [DataRow("+/b/#", "a/b/c/d", true)]
    [DataRow("+/b/#", "a/c/b", false)]
    [DataRow("#", "$SYS/x", false)]
    [DataRow("+/x", "$SYS/x", false)]
    [DataRow("+", "$SYS", false)]
    [DataRow("$SYS/#", "$SYS/x", true)]
    [DataRow("$SYS/+", "$SYS/x", true)]
    [DataRow("a/+", "a/$b", true)]
    [DataRow("a/#", "a/$b", true)]
    [DataRow("$aws/certificates/create/+/accepted", "$aws/certificates/create/json/accepted", true)]
    public void Filters_match_as_the_standard_says_and_as_AWS_does(string filter, string topic, bool matches)
    {
        Assert.AreEqual(matches, TopicFilter.Matches(filter, topic));
        Assert.AreEqual(matches, TopicFilter.Matches(filter, topic, hashMatchesParent: false));
    }

    [TestMethod]
    [DataRow("sport/#", "sport")]
    [DataRow("+/#", "sport")]
    [DataRow("sport/tennis/#", "sport/tennis")]
    [DataRow("/#", "")]
    public void Only_the_standards_hash_matches_the_parent_level(string filter, string topic)
    {
        Assert.IsTrue(TopicFilter.Matches(filter, topic));
        Assert.IsFalse(TopicFilter.Matches(filter, topic, hashMatchesParent: false));
    }

    [TestMethod]
    [DataRow("a", true)]
    [DataRow("/", true)]
    [DataRow("a//b", true)]
    [DataRow("#", true)]
    [DataRow("+", true)]
    [DataRow("+/+/#", true)]
    [DataRow("a/#", true)]
    [DataRow("a b/ü/漢", true)]
    [DataRow("", false)]
    [DataRow("a#", false)]
    [DataRow("a/#/b", false)]
    [DataRow("#/", false)]
    [DataRow("##", false)]
    [DataRow("a+", false)]
    [DataRow("+a/b", false)]
    [DataRow("a/++", false)]
    [DataRow("a\0b", false)]
    public void Filters_are_valid_or_not(string filter, bool valid) => Assert.AreEqual(valid, TopicFilter.IsValid(filter));

    [TestMethod]
    [DataRow("a", true)]
    [DataRow("/", true)]
    [DataRow("$aws/x", true)]
    [DataRow("", false)]
    [DataRow("a/+", false)]
    [DataRow("a#", false)]
    [DataRow("a\0", false)]
    public void Topics_are_valid_or_not(string topic, bool valid) => Assert.AreEqual(valid, TopicName.IsValid(topic));

    [TestMethod]
    public void Half_a_surrogate_pair_is_no_string()
    {
        Assert.IsFalse(TopicFilter.IsValid("a\uDC00"));
        Assert.IsFalse(TopicName.IsValid("\uD800a"));
    }

    [TestMethod]
    public void A_string_is_as_long_as_its_bytes()
    {
        Assert.IsTrue(TopicFilter.IsValid(new string('x', 65_535)));
        Assert.IsFalse(TopicFilter.IsValid(new string('x', 65_536)));
        Assert.IsFalse(TopicName.IsValid(new string('é', 32_768)));
    }
}
