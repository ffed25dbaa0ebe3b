using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Cli.Prove;
using Cli.Simulation;
using DeviceAgent.Identity;
using LocalCloud;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Tests.Simulation;

/// <summary>That <c>prove powercut</c> notices what it is to notice.</summary>
[TestClass]
public sealed class PowercutTests
{
    private static readonly Lazy<IReadOnlyList<PowercutScenario>> s_scenarios = new(() => PowercutScenario.MakeAll(3));

    [TestMethod]
    public void Each_scenario_begins_where_it_says_and_ends_well()
    {
        foreach (var scenario in s_scenarios.Value)
        {
            var result = new PowercutTrial(scenario, 3).Run([]);

            Assert.IsTrue(result.IsGood, scenario.Name + ": " + result.Fault);
            Assert.AreEqual(scenario.Name.StartsWith("journal", StringComparison.Ordinal), scenario.State.Files.ContainsKey("provisioning"), scenario.Name);
            Assert.AreEqual(scenario.Name.StartsWith("normal", StringComparison.Ordinal) || scenario.IsReplaced, scenario.State.Files.ContainsKey("identity.0"), scenario.Name);
            Assert.AreEqual(scenario.Name.Contains("registered", StringComparison.Ordinal) || scenario.State.Files.ContainsKey("identity.0"), scenario.State.Registry.Things.Count == 1, scenario.Name);
            if (scenario.Name.StartsWith("normal", StringComparison.Ordinal))
            {
                Assert.IsTrue(result.Boots[0].All(e => e.Change is null), "a normal boot writes nothing");
            }
        }
    }

    [TestMethod]
    public void A_stray_certificate_is_counted()
    {
        var whole = s_scenarios.Value.Single(scenario => scenario.Name == "normal-boot");
        var stray = SimulatedAuthority.Shared.NewIssuer(9).IssueAsync(default).Result;
        var own = whole.State.Registry.Certificates.Values.Single(certificate => !certificate.Things.IsEmpty);
        var registry = whole.State.Registry.With(own with { Id = stray.Id, Pem = stray.Pem });

        var result = new PowercutTrial(whole with { State = whole.State with { Registry = registry } }, 3).Run([new PowerCut(2)]);

        Assert.AreEqual(1, result.Strays);
        Assert.IsFalse(result.IsGood);
    }

    [TestMethod]
    public void A_key_that_is_left_over_is_told()
    {
        var whole = s_scenarios.Value.Single(scenario => scenario.Name == "normal-boot");
        var files = new Dictionary<string, byte[]>(whole.State.Files) { ["device.key"] = [1, 2, 3] };

        var result = new PowercutTrial(whole with { State = whole.State with { Files = files } }, 3).Run([]);

        Assert.AreEqual("the key's own file is left over", result.Fault);
    }

    [TestMethod]
    public void An_identity_that_has_the_key_of_the_replaced_one_is_told()
    {
        // The factory's key stays the same where an identity is replaced
        var whole = s_scenarios.Value.Single(scenario => scenario.Name == "csr-first-boot");
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=a", key, HashAlgorithmName.SHA256);
        var factory = new Dictionary<string, byte[]>
        {
            ["device.pem.key"] = Encoding.ASCII.GetBytes(key.ExportECPrivateKeyPem()),
            ["device.pem.csr"] = Encoding.ASCII.GetBytes(request.CreateSigningRequestPem()),
        };
        var first = new PowercutTrial(whole with { State = whole.State with { Files = factory } }, 3).Run([]);
        Assert.IsTrue(first.IsGood, first.Fault);

        var second = new PowercutTrial(whole with { State = first.State, Command = "reprovision" }, 3).Run([]);

        Assert.AreEqual("the key is that of the replaced identity", second.Fault);
    }

    [TestMethod]
    public void A_board_that_does_not_come_back_is_told_with_what_it_said_last()
    {
        var whole = s_scenarios.Value.Single(scenario => scenario.Name == "normal-boot");
        var files = new Dictionary<string, byte[]>(whole.State.Files) { [PemFile.RootCa] = [1, 2, 3] };

        var result = new PowercutTrial(whole with { State = whole.State with { Files = files } }, 3).Run([]);

        Assert.IsFalse(result.IsGood);
        Assert.Contains("did not get back to work", result.Fault);
        Assert.Contains("-9984", result.Fault);
    }
}
