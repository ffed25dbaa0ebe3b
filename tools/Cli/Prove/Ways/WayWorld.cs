using System.Collections.Concurrent;
using System.Diagnostics;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using LocalCloud;
using Mqtt;

namespace Cli.Prove.Ways;

/// <summary>A LocalCloud for the boards of one method, and what has happened there.</summary>
internal sealed class WayWorld : IAsyncDisposable
{
    /// <summary>The product in the boards' topics.</summary>
    public const string Product = "smpl-krsk";

    private const string CsrPolicy = "create-from-csr";

    private readonly HastyClock _time = new(WayBoard.Haste);
    private readonly ConcurrentQueue<ProvisioningOutcome> _answers = new();
    private readonly ConcurrentQueue<string> _log = new();
    private readonly Action<string> _say;
    private ProvisioningTemplate? _template;
    private volatile string? _brought;
    private LocalCloudServer? _cloud;
    private int _boards;

    private WayWorld(Action<string> say)
    {
        _say = say;
    }

    /// <summary>A provisioning request has been answered, and the answer is not on its way yet.</summary>
    public event Action<ProvisioningOutcome>? Answered;

    /// <summary>The cloud.</summary>
    public LocalCloudServer Cloud => _cloud!;

    /// <summary>Its log.</summary>
    public IEnumerable<string> Log => _log;

    /// <summary>Starts one, set up for a method.</summary>
    /// <param name="way">The method.</param>
    /// <param name="say">Is told all that boards and cloud log.</param>
    /// <param name="cancellationToken">Ends the start early.</param>
    public static async Task<WayWorld> OpenAsync(Way way, Action<string> say, CancellationToken cancellationToken)
    {
        WayWorld world = new(say);
        world._cloud = await LocalCloudServer.StartAsync(
            new LocalCloudOptions
            {
                ProductName = Product,
                AllowRotation = true,
                TimeProvider = world._time,
                Log = entry =>
                {
                    world._log.Enqueue(entry.Message);
                    say("cloud: " + entry.Message);
                },
            },
            cancellationToken).ConfigureAwait(false);
        world._cloud.ProvisioningAnswered += outcome =>
        {
            world._answers.Enqueue(outcome);
            world.Answered?.Invoke(outcome);
        };
        await way.SetUpAsync(world, cancellationToken).ConfigureAwait(false);
        return world;
    }

    /// <summary>A board as it comes from the factory.</summary>
    public WayBoard Make(Way way)
    {
        WayBoard board = new($"02{Interlocked.Increment(ref _boards):x10}", _time);
        board.Device.Logged += line => _say($"{board.HardwareId}: {line}");
        board.Told += text => _say($"{board.HardwareId}: installer: {text}");
        way.Flash(this, board);
        return board;
    }

    /// <summary>How many requests of a client were answered, accepted or not.</summary>
    public int AnswersTo(string clientId) => _answers.Count(outcome => Belongs(outcome, clientId));

    /// <summary>Whether an answer is for a board: its own client id, or that of its claim.</summary>
    public static bool Belongs(ProvisioningOutcome outcome, string clientId) => outcome.ClientId == clientId || outcome.ClientId == clientId + "-claim";

    /// <summary>The ids of the certificates that a client was given.</summary>
    public IEnumerable<string> CertificatesFor(string clientId) => _answers
        .Where(outcome => Belongs(outcome, clientId) && outcome is { IsAccepted: true, Operation: not ProvisioningOperation.RegisterThing })
        .Select(outcome => outcome.CertificateId!);

    /// <summary>Gives a board a command, as its owner does.</summary>
    public async Task CommandAsync(string thing, string command, CancellationToken cancellationToken)
    {
        const string ClientId = "owner";
        ClientCredentials credentials = await Cloud.CreateOperatorCredentialsAsync(ClientId, cancellationToken).ConfigureAwait(false);
        await using MqttStreamClient owner = await MqttStreamClient.ConnectAsync(
            new MqttStreamClientOptions
            {
                Host = Cloud.Endpoint,
                Port = Cloud.Port,
                Tls = new MqttTls([X509Certificate2.CreateFromPem(Cloud.RootCaPem)], X509Certificate2.CreateFromPem(credentials.CertificatePem, credentials.PrivateKeyPem)),
                Connect = new ConnectPacket(ClientId),
            },
            cancellationToken).ConfigureAwait(false);
        await owner.PublishAsync($"cmd/{Product}/{Way.Location}/{thing}", Encoding.UTF8.GetBytes(command), cancellationToken: cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Waits for a line of the cloud's log.</summary>
    /// <returns>Whether it is there.</returns>
    public async Task<bool> ToldAsync(string text, CancellationToken cancellationToken)
    {
        Stopwatch watch = Stopwatch.StartNew();
        while (!_log.Any(line => line.Contains(text, StringComparison.Ordinal)))
        {
            if (watch.Elapsed > WayTrial.Patience)
            {
                return false;
            }

            await Task.Delay(20, cancellationToken).ConfigureAwait(false);
        }

        return true;
    }

    /// <summary>The template that an installer's claims are made for.</summary>
    public string Template => _brought ?? Cloud.TemplateName;

    /// <summary>Has installers bring claims of another template.</summary>
    /// <param name="template">Which; null for the boards' own.</param>
    public Task Bring(string? template)
    {
        _brought = template;
        return Task.CompletedTask;
    }

    /// <summary>Sets the claim certificate's status.</summary>
    public Task SetClaim(CertificateStatus status)
    {
        Cloud.Registry.SetCertificateStatus(Cloud.ClaimCredentials.CertificateId, status);
        return Task.CompletedTask;
    }

    /// <summary>Has the claim allowed to ask for certificates for keys of the devices' own, beside what AWS's sample policy allows it.</summary>
    public Task AllowCsr()
    {
        const string Topics = "$aws/certificates/create-from-csr/*";
        string arn = $"arn:aws:iot:{Cloud.Region}:{Cloud.AccountId}:";
        Cloud.Registry.PutPolicy(new Policy(CsrPolicy, PolicyDocument.Parse($$"""
            {
              "Version": "2012-10-17",
              "Statement": [
                { "Effect": "Allow", "Action": ["iot:Publish", "iot:Receive"], "Resource": "{{arn}}topic/{{Topics}}" },
                { "Effect": "Allow", "Action": "iot:Subscribe", "Resource": "{{arn}}topicfilter/{{Topics}}" }
              ]
            }
            """)));
        Cloud.Registry.AttachPolicy(CsrPolicy, Cloud.ClaimCredentials.CertificateId);
        return Task.CompletedTask;
    }

    /// <summary>Leaves the claim what AWS's sample policy allows it.</summary>
    public Task ForbidCsr()
    {
        Cloud.Registry.DetachPolicy(CsrPolicy, Cloud.ClaimCredentials.CertificateId);
        return Task.CompletedTask;
    }

    /// <summary>Has the template want one parameter more.</summary>
    public Task BreakTemplate()
    {
        _template = Cloud.Registry.Templates.Single(template => template.Name == Cloud.TemplateName);
        JsonObject body = JsonNode.Parse(_template.Body)!.AsObject();
        body["Parameters"]!["Ward"] = new JsonObject { ["Type"] = "String" };
        body["Resources"]!["thing"]!["Properties"]!["AttributePayload"] = new JsonObject { ["ward"] = new JsonObject { ["Ref"] = "Ward" } };
        Cloud.Registry.PutTemplate(ProvisioningTemplate.Parse(Cloud.TemplateName, body.ToJsonString()));
        return Task.CompletedTask;
    }

    /// <summary>Has it as it was.</summary>
    public Task MendTemplate()
    {
        Cloud.Registry.PutTemplate(_template!);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Cloud.DisposeAsync();
}
