using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using LocalCloud;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Mqtt;

namespace Tests.LocalCloud;

/// <summary>Pre-provisioning hooks as a device meets them: over TLS and MQTT.</summary>
[TestClass]
public sealed class PreProvisioningHookTests
{
    private const string Template = "smpl-krsk-iot-core-prov-temp";
    private const string Create = "$aws/certificates/create/json";
    private const string Register = $"$aws/provisioning-templates/{Template}/provision/json";

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Stopping => TestContext.CancellationToken;

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task A_command_gets_the_request_and_overrides_parameters()
    {
        using var directory = new TemporaryDirectory();
        var seen = directory.File("request.json");
        await using var cloud = await StartAsync($$$"""cat > '{{{seen}}}'; echo '{"allowProvisioning":true,"parameterOverrides":{"ThingName":"renamed"}}'""");
        await using var client = await ConnectAsync(cloud, "device-1");
        var created = await AskAsync(client, Create, []);
        var request = RegisterRequest(created, "device-1");

        var registered = await AskAsync(client, Register, request);

        Assert.AreEqual("renamed", (string)registered["thingName"]!);
        Assert.IsNotNull(cloud.Registry.FindThing("renamed"));
        Assert.IsNull(cloud.Registry.FindThing("device-1"));
        var asked = JsonNode.Parse(await File.ReadAllTextAsync(seen, Stopping))!.AsObject();
        CollectionAssert.AreEquivalent(
            new[] { "claimCertificateId", "certificateId", "certificatePem", "templateArn", "clientId", "parameters" },
            asked.Select(member => member.Key).ToArray());
        Assert.AreEqual(cloud.Server.ClaimCredentials.CertificateId, (string)asked["claimCertificateId"]!);
        Assert.AreEqual((string)created["certificateId"]!, (string)asked["certificateId"]!);
        Assert.AreEqual((string)created["certificatePem"]!, (string)asked["certificatePem"]!);
        Assert.AreEqual($"arn:aws:iot:ap-northeast-1:123456789012:provisioningtemplate/{Template}", (string)asked["templateArn"]!);
        Assert.AreEqual("device-1", (string)asked["clientId"]!);
        Assert.AreEqual("""{"ThingName":"device-1"}""", asked["parameters"]!.ToJsonString());

        // A repeat asks for what was allowed already: the answer is the same, and the hook is not asked again.
        File.Delete(seen);
        Assert.AreEqual("renamed", (string)(await AskAsync(client, Register, request))["thingName"]!);
        Assert.IsFalse(File.Exists(seen));
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    [DataRow("""echo '{"allowProvisioning":false}'""", "does not allow it: its answer says \"allowProvisioning\": false")]
    [DataRow("""echo '{}'""", "has no allowProvisioning that is true")]
    [DataRow("""echo '{"allowProvisioning":"true"}'""", "has no allowProvisioning that is true")]
    [DataRow("""echo '{"allowProvisioning":true,"parameterOverrides":{"ThingName":1}}'""", "parameterOverrides has ThingName, which is no string")]
    [DataRow("""echo '{"allowProvisioning":true}'; exit 3""", "fails: it ended with exit status 3")]
    [DataRow("echo hello", "fails: ")]
    [DataRow("exit 0", "fails: ")]
    [DataRow("echo secret is missing >&2; exit 1", "says: secret is missing")]
    [DataRow("yes", "fails: it writes more than 256 KB")]
    [DataRow("""echo '{"allowProvisioning":true,"parameterOverrides":{"ThingName":"\ud800"}}'""", "is no well-formed Unicode")]
    [DataRow("""printf '{"allowProvisioning":true,"parameterOverrides":{"ThingName":"a\377"}}'""", "is no well-formed Unicode")]
    [DataRow("""printf '{"allowProvisioning":true,"parameterOverrides":{"Thing\377":"a"}}'""", "is no well-formed Unicode")]
    public async Task Whatever_is_not_allowed_is_refused_and_the_log_says_why(string command, string reason)
    {
        await using var cloud = await StartAsync(command);
        await using var client = await ConnectAsync(cloud, "device-1");
        var created = await AskAsync(client, Create, []);

        var rejected = await AskAsync(client, Register, RegisterRequest(created, "device-1"));

        AssertDenied(rejected);
        await cloud.Log.WaitAsync(reason, Stopping);
        Assert.AreEqual(CertificateStatus.PendingActivation, cloud.Registry.FindCertificate((string)created["certificateId"]!)!.Status);
        Assert.IsNull(cloud.Registry.FindThing("device-1"));
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task A_command_may_complain_at_any_length_and_the_log_has_the_beginning()
    {
        await using var cloud = await StartAsync("""yes complaint | head -c 1000000 >&2; echo '{"allowProvisioning":true}'""");
        await using var client = await ConnectAsync(cloud, "device-1");
        var created = await AskAsync(client, Create, []);

        var registered = await AskAsync(client, Register, RegisterRequest(created, "device-1"));

        Assert.AreEqual("device-1", (string)registered["thingName"]!);
        await cloud.Log.WaitAsync("says: complaint", Stopping);
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task A_command_that_takes_more_than_five_seconds_is_ended_and_the_device_refused()
    {
        await using var cloud = await StartAsync("exec sleep 600");
        await using var client = await ConnectAsync(cloud, "device-1");
        var created = await AskAsync(client, Create, []);
        var answer = AskAsync(client, Register, RegisterRequest(created, "device-1"));
        await cloud.Log.WaitAsync("is asked", Stopping);

        cloud.Clock.Advance(TimeSpan.FromSeconds(5));

        AssertDenied(await answer);
        await cloud.Log.WaitAsync("has not answered within 5 s", Stopping);
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task A_URL_is_posted_to_and_while_it_thinks_others_go_on()
    {
        await using var hook = new Hook();
        await using var cloud = await StartAsync(hook.Url);
        await using var first = await ConnectAsync(cloud, "device-1");
        await using var second = await ConnectAsync(cloud, "device-2");
        await using var third = await ConnectAsync(cloud, "device-3");
        var answer = AskAsync(first, Register, RegisterRequest(await AskAsync(first, Create, []), "device-1"));
        var waiting = await hook.Requests.ReadAsync(Stopping);
        Assert.AreEqual("device-1", await ClientIdOfAsync(waiting));

        // The first has no answer yet; the second is let in and the third is not.
        var other = AskAsync(second, Register, RegisterRequest(await AskAsync(second, Create, []), "device-2"));
        await AnswerAsync(await hook.Requests.ReadAsync(Stopping), 200, """{"allowProvisioning":true}""");
        Assert.AreEqual("device-2", (string)(await other)["thingName"]!);
        var refused = AskAsync(third, Register, RegisterRequest(await AskAsync(third, Create, []), "device-3"));
        await AnswerAsync(await hook.Requests.ReadAsync(Stopping), 500, """{"allowProvisioning":true}""");
        AssertDenied(await refused);
        await cloud.Log.WaitAsync("device-3: the pre-provisioning hook of smpl-krsk-iot-core-prov-temp fails: it answered HTTP 500", Stopping);
        Assert.IsFalse(answer.IsCompleted);

        // Five seconds are five seconds: a moment before, the answer still counts.
        cloud.Clock.Advance(TimeSpan.FromSeconds(4.9));
        await AnswerAsync(waiting, 200, """{"allowProvisioning":true}""");
        Assert.AreEqual("device-1", (string)(await answer)["thingName"]!);
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task A_URL_that_takes_too_long_or_where_nothing_listens_refuses()
    {
        await using var hook = new Hook();
        await using var cloud = await StartAsync(hook.Url);
        await using var client = await ConnectAsync(cloud, "device-1");
        var request = RegisterRequest(await AskAsync(client, Create, []), "device-1");
        var answer = AskAsync(client, Register, request);
        await hook.Requests.ReadAsync(Stopping);
        cloud.Clock.Advance(TimeSpan.FromSeconds(5));
        AssertDenied(await answer);
        await cloud.Log.WaitAsync("has not answered within 5 s", Stopping);

        await hook.DisposeAsync();
        AssertDenied(await AskAsync(client, Register, request));
        await cloud.Log.WaitAsync("the pre-provisioning hook of smpl-krsk-iot-core-prov-temp fails: ", Stopping);
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task A_request_that_is_refused_anyway_does_not_reach_the_hook()
    {
        await using var cloud = await StartAsync("exit 1");
        await using var client = await ConnectAsync(cloud, "device-1");

        var rejected = await AskAsync(client, Register, new JsonObject { ["certificateOwnershipToken"] = "made up" });

        Assert.AreEqual("InvalidCertificateOwnershipToken", (string)rejected["errorCode"]!);
        Assert.IsFalse(cloud.Log.Lines.Any(line => line.Contains("is asked", StringComparison.Ordinal)));
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task The_function_of_a_template_is_what_its_ARN_is_given_for()
    {
        const string Function = "arn:aws:lambda:ap-northeast-1:123456789012:function:allow";
        const string Other = "arn:aws:lambda:ap-northeast-1:123456789012:function:other:PROD";
        const string Path = "/provisioning-templates/" + Template;
        using var directory = new TemporaryDirectory();
        await using var hook = new Hook();
        var options = new LocalCloudOptions { DataDirectory = directory.Path, Hooks = new Dictionary<string, string> { [Function] = hook.Url } };
        JsonObject request;
        await using (var cloud = await TestCloud.StartAsync(Stopping, options))
        {
            using var aws = new ControlPlaneClient(cloud.Server.ControlPlaneUrl, Stopping);
            await cloud.Log.WaitAsync($"in place of {Function} a pre-provisioning hook is asked: {hook.Url} (no template names that function yet)", Stopping);
            Assert.IsNull((await aws.AskAsync("GET", Path))["preProvisioningHook"]);
            await aws.AskAsync("PATCH", Path, new() { ["preProvisioningHook"] = new JsonObject { ["targetArn"] = Function, ["payloadVersion"] = "2020-04-01" } });
            Assert.AreEqual($$"""{"payloadVersion":"2020-04-01","targetArn":"{{Function}}"}""", (await aws.AskAsync("GET", Path))["preProvisioningHook"]!.ToJsonString());
            await using var client = await ConnectAsync(cloud, "device-1");
            var answer = AskAsync(client, Register, RegisterRequest(await AskAsync(client, Create, []), "device-1"));
            await AnswerAsync(await hook.Requests.ReadAsync(Stopping), 200, """{"allowProvisioning":true,"parameterOverrides":{"ThingName":"renamed"}}""");
            Assert.AreEqual("renamed", (string)(await answer)["thingName"]!);

            // A function that nothing stands for is one that cannot be called.
            await aws.AskAsync("PATCH", Path, new() { ["preProvisioningHook"] = new JsonObject { ["targetArn"] = Other } });
            await cloud.Log.WaitAsync($"control plane: template {Template} has the pre-provisioning hook {Other}, and LocalCloud runs no Lambda functions: start it with --hook {Other}=COMMAND", Stopping);
            request = RegisterRequest(await AskAsync(client, Create, []), "device-1");
            AssertDenied(await AskAsync(client, Register, request));
            await cloud.Log.WaitAsync($"device-1: template {Template} has the pre-provisioning hook {Other}, and LocalCloud runs no Lambda functions", Stopping);
            await aws.AskAsync("PATCH", Path, new() { ["description"] = "it stays" });
        }

        // The name of the template goes before the ARN of its function.
        await using (var cloud = await TestCloud.StartAsync(Stopping, options with { Hooks = new Dictionary<string, string> { [Template] = hook.Url, [Other] = "http://127.0.0.1:9/" } }))
        {
            Assert.IsFalse(cloud.Log.Lines.Any(line => line.Contains("runs no Lambda", StringComparison.Ordinal)));
            await using var client = await ConnectAsync(cloud, "device-1");
            var answer = AskAsync(client, Register, request);
            await AnswerAsync(await hook.Requests.ReadAsync(Stopping), 200, """{"allowProvisioning":true}""");
            Assert.AreEqual("device-1", (string)(await answer)["thingName"]!);
        }

        await using (var cloud = await TestCloud.StartAsync(Stopping, options with { Hooks = new Dictionary<string, string>() }))
        {
            using var aws = new ControlPlaneClient(cloud.Server.ControlPlaneUrl, Stopping);
            await cloud.Log.WaitAsync($"template {Template} has the pre-provisioning hook {Other}, and LocalCloud runs no Lambda functions", Stopping);
            await aws.AskAsync("PATCH", Path, new() { ["removePreProvisioningHook"] = true });
            Assert.IsNull((await aws.AskAsync("GET", Path))["preProvisioningHook"]);
            await using var client = await ConnectAsync(cloud, "device-2");
            Assert.AreEqual("device-2", (string)(await AskAsync(client, Register, RegisterRequest(await AskAsync(client, Create, []), "device-2")))["thingName"]!);
        }
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task The_control_plane_refuses_what_is_no_hook()
    {
        await using var cloud = await TestCloud.StartAsync(Stopping);
        using var aws = new ControlPlaneClient(cloud.Server.ControlPlaneUrl, Stopping);
        const string Function = "arn:aws:lambda:ap-northeast-1:123456789012:function:allow";
        JsonObject[] hooks =
        [
            [],
            new() { ["targetArn"] = "allow" },
            new() { ["targetArn"] = "arn:aws:lambda:ap-northeast-1:123456789012:layer:allow" },
            new() { ["targetArn"] = Function + "\n" },
            new() { ["targetArn"] = Function + "=x" },
            new() { ["targetArn"] = Function, ["payloadVersion"] = "2020-04-02" },
        ];
        foreach (var hook in hooks)
        {
            Assert.AreEqual("400 InvalidRequestException", await aws.RefusalAsync("PATCH", "/provisioning-templates/" + Template, new() { ["preProvisioningHook"] = hook.DeepClone() }), hook.ToJsonString());
            Assert.AreEqual("400 InvalidRequestException", await aws.RefusalAsync("POST", "/provisioning-templates", NewTemplate("lamps", "FLEET_PROVISIONING", hook)), hook.ToJsonString());
        }

        JsonObject good = new() { ["targetArn"] = Function };
        Assert.AreEqual("400 InvalidRequestException", await aws.RefusalAsync("PATCH", "/provisioning-templates/" + Template, new() { ["preProvisioningHook"] = good.DeepClone(), ["removePreProvisioningHook"] = true }));
        Assert.AreEqual("400 InvalidRequestException", await aws.RefusalAsync("POST", "/provisioning-templates", NewTemplate("lamps", "JITP", good)));
        await aws.AskAsync("POST", "/provisioning-templates", NewTemplate("lamps", "FLEET_PROVISIONING", good));
        Assert.AreEqual(Function, (string)(await aws.AskAsync("GET", "/provisioning-templates/lamps"))["preProvisioningHook"]!["targetArn"]!);
        await aws.AskAsync("POST", "/provisioning-templates", NewTemplate("bells", "JITP", hook: null));
        Assert.AreEqual("400 InvalidRequestException", await aws.RefusalAsync("PATCH", "/provisioning-templates/bells", new() { ["preProvisioningHook"] = good.DeepClone() }));

        JsonObject NewTemplate(string name, string type, JsonObject? hook) => new()
        {
            ["templateName"] = name,
            ["templateBody"] = cloud.Registry.Templates.First(template => template.Name == Template).Body,
            ["type"] = type,
            ["provisioningRoleArn"] = "arn:aws:iam::123456789012:role/r",
            ["preProvisioningHook"] = hook?.DeepClone(),
        };
    }

    [TestMethod]
    [DataRow("t", "https://127.0.0.1/", false)]
    [DataRow("t", "http://example.com/", false)]
    [DataRow("t", "http://10.0.0.1/", false)]
    [DataRow("t", " ", false)]
    [DataRow("no name", "cat", false)]
    [DataRow("arn:aws:lambda:eu-central-1:123456789012:function:", "cat", false)]
    [DataRow("arn:aws:lambda:eu-central-1:123456789012:function:f", "cat", true)]
    [DataRow("arn:aws-cn:lambda:cn-north-1:123456789012:function:f:$LATEST", "cat", true)]
    [DataRow("t", "http://localhost:8000/hook", true)]
    [DataRow("t", "http://[::1]:8000/", true)]
    [DataRow("t", "./hook.sh --strict", true)]
    public void A_hook_is_a_command_or_an_http_URL_of_this_machine(string template, string hook, bool isGood)
    {
        var faults = new LocalCloudOptions { Hooks = new Dictionary<string, string> { [template] = hook } }.FindFaults();

        Assert.HasCount(isGood ? 0 : 1, faults);
    }

    private static void AssertDenied(JsonObject answer)
    {
        Assert.AreEqual(403, (int)answer["statusCode"]!);
        Assert.AreEqual("ACCESS_DENIED", (string)answer["errorCode"]!);
    }

    private static async Task<string> ClientIdOfAsync(HttpListenerContext request)
    {
        Assert.AreEqual("POST", request.Request.HttpMethod);
        Assert.AreEqual("application/json", request.Request.ContentType);
        using var reader = new StreamReader(request.Request.InputStream, Encoding.UTF8);
        return (string)JsonNode.Parse(await reader.ReadToEndAsync())!["clientId"]!;
    }

    private static async Task AnswerAsync(HttpListenerContext request, int status, string body)
    {
        request.Response.StatusCode = status;
        await request.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(body));
        request.Response.Close();
    }

    private static JsonObject RegisterRequest(JsonObject created, string thingName) => new()
    {
        ["certificateOwnershipToken"] = (string)created["certificateOwnershipToken"]!,
        ["parameters"] = new JsonObject { ["ThingName"] = thingName },
    };

    private Task<TestCloud> StartAsync(string hook)
    {
        if (OperatingSystem.IsWindows() && !hook.StartsWith("http", StringComparison.Ordinal))
        {
            Assert.Inconclusive("The commands of these tests are for a Unix shell.");
        }

        return TestCloud.StartAsync(Stopping, new LocalCloudOptions { Hooks = new Dictionary<string, string> { [Template] = hook } });
    }

    private async Task<MqttStreamClient> ConnectAsync(TestCloud cloud, string clientId)
    {
        var client = await cloud.ConnectAsync(cloud.Server.ClaimCredentials, clientId, Stopping);
        foreach (var topic in new[] { Create, Register })
        {
            await client.SubscribeAsync(topic + "/accepted", cancellationToken: Stopping);
            await client.SubscribeAsync(topic + "/rejected", cancellationToken: Stopping);
        }

        return client;
    }

    private async Task<JsonObject> AskAsync(MqttStreamClient client, string topic, JsonObject request)
    {
        await client.PublishAsync(topic, Encoding.UTF8.GetBytes(request.ToJsonString()), QualityOfService.AtMostOnce, cancellationToken: Stopping);
        var answer = await client.Messages.ReadAsync(Stopping);
        Assert.StartsWith(topic + "/", answer.Topic);
        return (JsonObject)JsonNode.Parse(answer.Payload.Span)!;
    }

    /// <summary>A web server whose requests a test answers when it likes.</summary>
    private sealed class Hook : IAsyncDisposable
    {
        private readonly HttpListener _listener = new();
        private readonly Channel<HttpListenerContext> _requests = Channel.CreateUnbounded<HttpListenerContext>();
        private readonly Task _listening;

        public Hook()
        {
            int port;
            using (var probe = new TcpListener(IPAddress.Loopback, 0))
            {
                probe.Start();
                port = ((IPEndPoint)probe.LocalEndpoint).Port;
            }

            Url = $"http://127.0.0.1:{port}/hook/";
            _listener.Prefixes.Add(Url);
            _listener.Start();
            _listening = ListenAsync();
        }

        public string Url { get; }

        public ChannelReader<HttpListenerContext> Requests => _requests.Reader;

        public async ValueTask DisposeAsync()
        {
            _listener.Close();
            await _listening;
        }

        private async Task ListenAsync()
        {
            try
            {
                while (true)
                {
                    await _requests.Writer.WriteAsync(await _listener.GetContextAsync());
                }
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                // Closed.
            }
        }
    }
}
