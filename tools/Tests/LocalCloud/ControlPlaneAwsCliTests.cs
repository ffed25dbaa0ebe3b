using System.Diagnostics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using DeviceAgent.Identity;
using DeviceAgent.Settings;
using LocalCloud;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Tests.EndToEnd;

namespace Tests.LocalCloud;

/// <summary>The aws command line, which this project did not write, does the whole set-up against LocalCloud.</summary>
[TestClass]
public sealed class ControlPlaneAwsCliTests
{
    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Stopping => TestContext.CancellationToken;

    [TestMethod]
    [Timeout(360_000, CooperativeCancellation = true)]
    public async Task It_sets_up_what_provisions_a_board_and_cuts_that_board_off()
    {
        if (Environment.GetEnvironmentVariable("AGENT_AWSCLI") != "1")
        {
            Assert.Inconclusive("Set AGENT_AWSCLI=1 where the aws command line (Debian: awscli) is installed to run it against LocalCloud.");
        }

        using var directory = new TemporaryDirectory();
        await using var field = await Field.OpenAsync(Stopping, settings =>
        {
            settings["product"] = "lamps";
            settings["provisioning"] = new JsonObject { ["template"] = "lamps-template" };
        });
        string[] options = ["--endpoint-url", field.Cloud.ControlPlaneUrl, "--prefix", "lamps", "--template", "lamps-template", "--product", "lamps", "--out", directory.Path];

        Assert.Contains("would create provisioning template lamps-template", await SetUpAsync([.. options, "--dry-run"]));
        Assert.IsFalse(field.Cloud.Registry.Templates.Any(template => template.Name == "lamps-template"));
        Assert.Contains("create provisioning template lamps-template", await SetUpAsync(options));
        var certificates = field.Cloud.Registry.Certificates.Count;
        var again = await SetUpAsync(options);
        Assert.Contains("provisioning template lamps-template is as it should be", again);
        Assert.Contains("is ACTIVE", again);
        Assert.HasCount(certificates, field.Cloud.Registry.Certificates, "the claim is used again");
        field.Cloud.Registry.Update(state => state.WithoutThingType("Bulb"));
        string[] bySerial = ["--by-serial", .. options.Select(option => option == "lamps-template" ? "lamps-serial" : option)];
        Assert.Contains("create thing type Bulb", await SetUpAsync(bySerial));
        Assert.Contains("thing type Bulb is there", await SetUpAsync(bySerial));
        CollectionAssert.AreEquivalent(
            new[] { "lamps-policy-claim", "lamps-policy-claim-serial" },
            field.Cloud.Registry.Certificates.Single(certificate => certificate.Policies.Contains("lamps-policy-claim")).Policies.ToArray());
        Assert.Contains("\"lamps-policy-devices-serial\"", field.Cloud.Registry.Templates.Single(template => template.Name == "lamps-serial").Body);

        // More is allowed, and as little as before.
        string[] policies = ["lamps-policy-claim", "lamps-policy-devices"];
        string[] documents = [.. policies.Select(name => field.Cloud.Registry.FindPolicy(name)!.Document.Text)];
        Assert.DoesNotContain("create-from-csr", string.Concat(documents));
        Assert.Contains("bring policy lamps-policy-claim up to date\n", await SetUpAsync([.. options, "--csr"]));
        Assert.Contains("topicfilter/$aws/certificates/create-from-csr/*", field.Cloud.Registry.FindPolicy("lamps-policy-claim")!.Document.Text);
        Assert.AreEqual(documents[1], field.Cloud.Registry.FindPolicy("lamps-policy-devices")!.Document.Text);
        Assert.Contains("bring policy lamps-policy-devices up to date\n", await SetUpAsync([.. options, "--csr", "--rotation"]));
        Assert.Contains("topic/$aws/provisioning-templates/lamps-template/provision/*", field.Cloud.Registry.FindPolicy("lamps-policy-devices")!.Document.Text);
        Assert.Contains("policy lamps-policy-devices is as it should be", await SetUpAsync([.. options, "--csr", "--rotation"]));
        var back = await SetUpAsync(options);
        Assert.Contains("bring policy lamps-policy-claim up to date, which takes create-from-csr away", back);
        Assert.Contains("bring policy lamps-policy-devices up to date, which takes create-from-csr away", back);
        CollectionAssert.AreEqual(documents, policies.Select(name => field.Cloud.Registry.FindPolicy(name)!.Document.Text).ToArray());
        if (!OperatingSystem.IsWindows())
        {
            Assert.AreEqual(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(directory.File("claim.pem.key")));
        }

        field.Flash.Write(PemFile.ClaimCertificate, await File.ReadAllBytesAsync(directory.File("claim.pem.crt"), Stopping));
        field.Flash.Write(PemFile.ClaimKey, await File.ReadAllBytesAsync(directory.File("claim.pem.key"), Stopping));
        var board = field.MakeBoard();
        _ = board.PowerOn();
        Assert.AreEqual(Field.Thing, (string)(await field.ReadingAsync(Stopping))["CLIENT_ID"]!);

        var id = new IdentityStore(field.Flash).Load().CertificateId;
        Assert.Contains(id, await AwsAsync(field, "iot", "list-thing-principals", "--thing-name", Field.Thing));
        await AwsAsync(field, "iot", "update-certificate", "--certificate-id", id, "--new-status", "REVOKED");
        await field.CloudLog.WaitAsync($"{Field.Thing} is cut: certificate {id[..8]} is REVOKED", Stopping);
        await board.PowerOffAsync().WaitAsync(Stopping);
    }

    [TestMethod]
    [Timeout(360_000, CooperativeCancellation = true)]
    public async Task It_sets_up_two_regions_for_one_image()
    {
        if (Environment.GetEnvironmentVariable("AGENT_AWSCLI") != "1")
        {
            Assert.Inconclusive("Set AGENT_AWSCLI=1 where the aws command line (Debian: awscli) is installed to run it against LocalCloud.");
        }

        using var directory = new TemporaryDirectory();
        await using var field = await Field.OpenAsync(Stopping, furtherRegion: "eu-central-1");
        string[] options = ["--endpoint-url", field.Cloud.ControlPlaneUrl, "--prefix", "lamps", "--template", "lamps-template", "--out", directory.Path, "--pin-endpoint"];
        var claims = new List<string>();

        foreach (var region in field.Cloud.Regions)
        {
            var certificates = region.Registry.Certificates.Count;
            Assert.Contains("nothing was changed", await SetUpAsync([.. options, "--region", region.Name, "--dry-run"]));
            Assert.HasCount(certificates, region.Registry.Certificates);
            var done = await SetUpAsync([.. options, "--region", region.Name]);
            Assert.Contains($"the template tells devices the endpoint of {region.Name}, {region.Endpoint};", done);
            Assert.AreEqual(claims.Count > 0, done.Contains("in this region too", StringComparison.Ordinal), done);
            var again = await SetUpAsync([.. options, "--region", region.Name]);
            Assert.Contains("provisioning template lamps-template is as it should be", again);
            Assert.Contains("is ACTIVE", again);
            await SetUpAsync([.. options.Select(option => option == "lamps-template" ? "lamps-serial" : option), "--region", region.Name, "--by-serial"]);

            Assert.HasCount(certificates + 1, region.Registry.Certificates);
            var claim = region.Registry.Certificates.Single(certificate => certificate.Policies.Contains("lamps-policy-claim"));
            Assert.AreEqual(CertificateStatus.Active, claim.Status);
            claims.Add(claim.Id);
            foreach (var (template, configuration) in new[] { ("lamps-template", $$"""{"endpoint":"{{region.Endpoint}}"}"""), ("lamps-serial", $$"""{"endpoint":"{{region.Endpoint}}","MyDeviceOption":"Normal"}""") })
            {
                Assert.AreEqual(configuration, JsonNode.Parse(region.Registry.State.Templates[template].Body)!["DeviceConfiguration"]!.ToJsonString());
            }
        }

        Assert.HasCount(1, claims.Distinct());
    }

    [TestMethod]
    [Timeout(180_000, CooperativeCancellation = true)]
    public async Task It_gets_a_certificate_for_a_request_of_ones_own()
    {
        if (Environment.GetEnvironmentVariable("AGENT_AWSCLI") != "1")
        {
            Assert.Inconclusive("Set AGENT_AWSCLI=1 where the aws command line (Debian: awscli) is installed to run it against LocalCloud.");
        }

        using var directory = new TemporaryDirectory();
        await using var field = await Field.OpenAsync(Stopping);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        await File.WriteAllTextAsync(directory.File("csr"), new CertificateRequest("CN=lamp-1", key, HashAlgorithmName.SHA384).CreateSigningRequestPem(), Stopping);
        var request = "file://" + directory.File("csr");

        var active = JsonNode.Parse(await AwsAsync(field, "iot", "create-certificate-from-csr", "--certificate-signing-request", request, "--set-as-active", "--output", "json"))!;
        var inactive = JsonNode.Parse(await AwsAsync(field, "iot", "create-certificate-from-csr", "--certificate-signing-request", request, "--output", "json"))!;

        using var certificate = X509Certificate2.CreateFromPem((string)active["certificatePem"]!);
        Assert.AreEqual("CN=lamp-1", certificate.Subject);
        CollectionAssert.AreEqual(key.ExportSubjectPublicKeyInfo(), certificate.PublicKey.ExportSubjectPublicKeyInfo());
        Assert.EndsWith(":cert/" + (string)active["certificateId"]!, (string)active["certificateArn"]!);
        Assert.AreEqual(CertificateStatus.Active, field.Cloud.Registry.FindCertificate((string)active["certificateId"]!)!.Status);
        Assert.AreEqual(CertificateStatus.Inactive, field.Cloud.Registry.FindCertificate((string)inactive["certificateId"]!)!.Status);

        var claim = JsonNode.Parse(await AwsAsync(field, "iot", "create-provisioning-claim", "--template-name", field.Cloud.TemplateName, "--output", "json"))!;
        using var usable = X509Certificate2.CreateFromPem((string)claim["certificatePem"]!, (string)claim["keyPair"]!["PrivateKey"]!);
        Assert.AreEqual(field.Cloud.TemplateName, field.Cloud.Registry.FindCertificate((string)claim["certificateId"]!)!.Claim!.TemplateName);
        Assert.DoesNotContain((string)claim["certificateId"]!, await AwsAsync(field, "iot", "list-certificates", "--output", "json"));
    }

    [TestMethod]
    [Timeout(180_000, CooperativeCancellation = true)]
    public async Task It_gives_a_template_a_hook_and_takes_it_away_and_deletes_the_registration_code()
    {
        if (Environment.GetEnvironmentVariable("AGENT_AWSCLI") != "1")
        {
            Assert.Inconclusive("Set AGENT_AWSCLI=1 where the aws command line (Debian: awscli) is installed to run it against LocalCloud.");
        }

        await using var field = await Field.OpenAsync(Stopping);
        const string Function = "arn:aws:lambda:ap-northeast-1:123456789012:function:allow";
        var template = field.Cloud.TemplateName;
        var describe = new[] { "iot", "describe-provisioning-template", "--template-name", template, "--query", "preProvisioningHook", "--output", "json" };

        await AwsAsync(field, "iot", "update-provisioning-template", "--template-name", template, "--pre-provisioning-hook", "payloadVersion=2020-04-01,targetArn=" + Function);
        Assert.AreEqual(Function, (string)JsonNode.Parse(await AwsAsync(field, describe))!["targetArn"]!);
        await AwsAsync(field, "iot", "update-provisioning-template", "--template-name", template, "--remove-pre-provisioning-hook");
        Assert.AreEqual("null", (await AwsAsync(field, describe)).Trim());

        var code = new[] { "iot", "get-registration-code", "--query", "registrationCode", "--output", "text" };
        var before = await AwsAsync(field, code);
        await AwsAsync(field, "iot", "delete-registration-code");
        Assert.AreNotEqual(before, await AwsAsync(field, code));
    }

    private static string FindSetup()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var path = Path.Combine(folder.FullName, "tools", "aws", "setup");
            if (File.Exists(path))
            {
                return path;
            }
        }

        throw new FileNotFoundException("tools/aws/setup is not above the tests.");
    }

    private Task<string> SetUpAsync(string[] arguments) => RunAsync("bash", [FindSetup(), .. arguments]);

    private Task<string> AwsAsync(Field field, params string[] arguments) => RunAsync("aws", ["--endpoint-url", field.Cloud.ControlPlaneUrl, .. arguments]);

    private async Task<string> RunAsync(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["AWS_ACCESS_KEY_ID"] = start.Environment["AWS_SECRET_ACCESS_KEY"] = "test";
        start.Environment["AWS_REGION"] = start.Environment["AWS_DEFAULT_REGION"] = "ap-northeast-1";
        start.Environment["AWS_PAGER"] = "";
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync(Stopping);
        var output = await process.StandardOutput.ReadToEndAsync(Stopping);
        await process.WaitForExitAsync(Stopping);
        Assert.AreEqual(0, process.ExitCode, output + await errors);
        return output;
    }
}
