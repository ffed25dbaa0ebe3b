using System.Collections.Immutable;
using System.ComponentModel;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace LocalCloud;

/// <summary>
/// The pre-provisioning hooks of templates (developer guide, "Pre-provisioning hooks"): asked before a thing is registered, they
/// allow it or not, and may override parameters. On AWS they are Lambda functions; here, commands and URLs of this machine, which
/// the options give to a template by its name or by the ARN of its function.
/// </summary>
internal sealed partial class PreProvisioningHooks : IDisposable
{
    /// <summary>The one version of AWS's request (AWS IoT API, ProvisioningHook).</summary>
    public const string PayloadVersion = "2020-04-01";

    /// <summary>How long a hook may take: AWS's limit, which cannot be changed (aws-samples/aws-iot-fleet-provisioning issue 12).</summary>
    public static readonly TimeSpan LongestAnswer = TimeSpan.FromSeconds(5);

    /// <summary>The longest answer, in bytes. LocalCloud's own.</summary>
    private const int MaximumAnswer = 256 * 1024;

    /// <summary>How much of what a command writes to standard error is logged, in bytes.</summary>
    private const int MaximumComplaint = 4 * 1024;

    private static readonly JsonSerializerOptions s_json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly LocalCloudOptions _options;
    private readonly CloudLog _log;
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false })
    {
        // The time is taken by the clock that everything else goes by.
        Timeout = Timeout.InfiniteTimeSpan,
        MaxResponseContentBufferSize = MaximumAnswer,
    };

    public PreProvisioningHooks(LocalCloudOptions options, CloudLog log)
    {
        _options = options;
        _log = log;
    }

    /// <summary>What is wrong with a hook, as the rest of a sentence, or null: it is a command, or an http URL of this machine.</summary>
    /// <param name="hook">A command or URL.</param>
    public static string? FindFault(string hook)
    {
        if (string.IsNullOrWhiteSpace(hook))
        {
            return "is empty: it is a command, or a URL such as http://127.0.0.1:8000/hook";
        }

        return IsUrl(hook) && !(Uri.TryCreate(hook, UriKind.Absolute, out var url) && url.Scheme == Uri.UriSchemeHttp && IsThisMachine(url))
            ? $"'{hook}' is no http URL of this machine, such as http://127.0.0.1:8000/hook"
            : null;
    }

    /// <summary>Whether a text is the ARN of a Lambda function, with a version or alias or without.</summary>
    /// <param name="text">The text.</param>
    public static bool IsFunctionArn(string text) => FunctionArn().IsMatch(text);

    /// <summary>What is to be given where a template has a function and the options have no command for it, as a sentence; else null.</summary>
    /// <param name="options">How LocalCloud runs.</param>
    /// <param name="template">The template.</param>
    public static string? FindLack(LocalCloudOptions options, RegisteredTemplate template) => template.HookArn is { } arn && FindHook(options, template) is null
        ? $"template {template.Name} has the pre-provisioning hook {arn}, and LocalCloud runs no Lambda functions: start it with --hook {arn}=COMMAND or --hook {arn}=URL, which is asked in its place. Until then no device can register by this template"
        : null;

    /// <summary>Whether a device that registers by a template has to be asked for.</summary>
    /// <param name="template">The template.</param>
    public bool Has(RegisteredTemplate template) => template.HookArn is not null || FindHook(_options, template) is not null;

    /// <summary>Asks the hook of a template that has one.</summary>
    /// <param name="template">The template.</param>
    /// <param name="claimCertificateId">The certificate that the device is connected with.</param>
    /// <param name="clientId">The device's client id.</param>
    /// <param name="certificate">The certificate that it wants to register.</param>
    /// <param name="parameters">The parameters that it sent.</param>
    /// <param name="cancellationToken">The device is gone.</param>
    /// <returns>The parameters with the hook's in the place of the device's, or added to them.</returns>
    /// <exception cref="ProvisioningException">The hook does not allow it, fails, or takes too long; the log says which.</exception>
    public async Task<ImmutableSortedDictionary<string, string>> AskAsync(
        RegisteredTemplate template,
        string claimCertificateId,
        string clientId,
        RegisteredCertificate certificate,
        ImmutableSortedDictionary<string, string> parameters,
        CancellationToken cancellationToken)
    {
        var who = $"{CloudLog.Printable(clientId)}: the pre-provisioning hook of {template.Name}";
        if (FindHook(_options, template) is not { } hook)
        {
            // As AWS does where the function cannot be called.
            _log.Warning($"{CloudLog.Printable(clientId)}: {FindLack(_options, template)}");
            throw ProvisioningException.AccessDenied("The pre-provisioning hook does not allow it.");
        }

        var request = JsonSerializer.SerializeToUtf8Bytes(
            new JsonObject
            {
                ["claimCertificateId"] = claimCertificateId,
                ["certificateId"] = certificate.Id,
                ["certificatePem"] = certificate.Pem,
                ["templateArn"] = $"arn:aws:iot:{_options.Region}:{_options.AccountId}:provisioningtemplate/{template.Name}",
                ["clientId"] = clientId,
                ["parameters"] = new JsonObject(parameters.Select(parameter => KeyValuePair.Create(parameter.Key, (JsonNode?)parameter.Value))),
            },
            s_json);
        using var limit = new CancellationTokenSource(LongestAnswer, _options.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        _log.Information($"{who} is asked");
        try
        {
            var answer = IsUrl(hook) ? await PostAsync(hook, request, either.Token) : await RunAsync(hook, request, who, either.Token);
            var overrides = ReadAnswer(answer);
            _log.Information($"{who} allows it{(overrides.IsEmpty ? "" : " and overrides " + CloudLog.Printable(string.Join(", ", overrides.Keys)))}");
            return parameters.SetItems(overrides);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            _log.Warning($"{who} has not answered within {LongestAnswer.TotalSeconds:0} s, so that the device is refused, as AWS does");
        }
        catch (Exception e) when (e is HookException or HttpRequestException or IOException or Win32Exception or JsonException)
        {
            _log.Warning($"{who} {(e is HookException ? "" : "fails: ")}{CloudLog.Printable(e.Message)}");
        }

        throw ProvisioningException.AccessDenied("The pre-provisioning hook does not allow it.");
    }

    public void Dispose() => _http.Dispose();

    private static string? FindHook(LocalCloudOptions options, RegisteredTemplate template) =>
        options.Hooks.TryGetValue(template.Name, out var hook) || (template.HookArn is { } arn && options.Hooks.TryGetValue(arn, out hook)) ? hook : null;

    private static bool IsUrl(string hook) =>
        hook.StartsWith("http://", StringComparison.OrdinalIgnoreCase) || hook.StartsWith("https://", StringComparison.OrdinalIgnoreCase);

    private static bool IsThisMachine(Uri url) =>
        url.DnsSafeHost.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(url.DnsSafeHost, out var address) && IPAddress.IsLoopback(address));

    private async Task<byte[]> PostAsync(string url, byte[] request, CancellationToken cancellationToken)
    {
        using var content = new ByteArrayContent(request);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var response = await _http.PostAsync(new Uri(url), content, cancellationToken);
        return response.IsSuccessStatusCode
            ? await response.Content.ReadAsByteArrayAsync(cancellationToken)
            : throw new HookException($"fails: it answered HTTP {(int)response.StatusCode}");
    }

    private async Task<byte[]> RunAsync(string command, byte[] request, string who, CancellationToken cancellationToken)
    {
        // Through the shell, so that a command is written as it is typed.
        var start = OperatingSystem.IsWindows()
            ? new ProcessStartInfo("cmd.exe", $"/d /s /c \"{command}\"") { CreateNoWindow = true }
            : new ProcessStartInfo("/bin/sh", ["-c", command]);
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        using var process = Process.Start(start)!;
        try
        {
            var output = ReadAsync(process.StandardOutput.BaseStream, MaximumAnswer, isCutOff: false);
            var errors = ReadAsync(process.StandardError.BaseStream, MaximumComplaint, isCutOff: true);
            try
            {
                await process.StandardInput.BaseStream.WriteAsync(request, CancellationToken.None).AsTask().WaitAsync(cancellationToken);
                process.StandardInput.Close();
            }
            catch (IOException)
            {
                // It need not read what it is told.
            }

            var answer = await output.WaitAsync(cancellationToken);
            var complaint = await errors.WaitAsync(cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            if (complaint.Length > 0)
            {
                _log.Warning($"{who} says: {CloudLog.Printable(System.Text.Encoding.UTF8.GetString(complaint).Trim())}");
            }

            return process.ExitCode == 0 ? answer : throw new HookException($"fails: it ended with exit status {process.ExitCode}");
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    /// <summary>Reads a stream to its end, so that its writer is never held up.</summary>
    private static async Task<byte[]> ReadAsync(Stream stream, int maximum, bool isCutOff)
    {
        var content = new MemoryStream();
        var buffer = new byte[4096];
        while (await stream.ReadAsync(buffer) is > 0 and var count)
        {
            content.Write(buffer, 0, isCutOff ? (int)Math.Min(count, maximum - content.Length) : count);
            if (content.Length > maximum)
            {
                throw new HookException($"fails: it writes more than {maximum / 1024} KB");
            }
        }

        return content.ToArray();
    }

    private static ImmutableSortedDictionary<string, string> ReadAnswer(byte[] answer)
    {
        try
        {
            return ReadJson(answer);
        }
        catch (InvalidOperationException)
        {
            // How System.Text.Json says that a string is not well-formed UTF-8 or UTF-16.
            throw new HookException("fails: in its answer is a string that is no well-formed Unicode");
        }
    }

    private static ImmutableSortedDictionary<string, string> ReadJson(byte[] answer)
    {
        if (JsonNode.Parse(answer, documentOptions: new JsonDocumentOptions { AllowDuplicateProperties = false }) is not JsonObject json)
        {
            throw new HookException("fails: its answer is no JSON object");
        }

        if (json["allowProvisioning"] is not JsonValue allows || !allows.TryGetValue(out bool isAllowed))
        {
            throw new HookException("does not allow it: its answer has no allowProvisioning that is true");
        }

        if (!isAllowed)
        {
            throw new HookException("does not allow it: its answer says \"allowProvisioning\": false");
        }

        var overrides = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        if (json["parameterOverrides"] is { } given)
        {
            foreach (var (name, value) in given as JsonObject ?? throw new HookException("fails: parameterOverrides in its answer is no object"))
            {
                overrides[name] = value is JsonValue text && text.TryGetValue(out string? written)
                    ? written
                    : throw new HookException($"fails: in its answer, parameterOverrides has {name}, which is no string");
            }
        }

        return overrides.ToImmutable();
    }

    [GeneratedRegex("^arn:aws[a-z-]*:lambda:[a-z0-9-]+:[0-9]{12}:function:[a-zA-Z0-9_-]{1,64}(:[$a-zA-Z0-9_-]{1,128})?\\z", RegexOptions.NonBacktracking)]
    private static partial Regex FunctionArn();

    /// <summary>What the log tells after "the hook".</summary>
    private sealed class HookException(string message) : Exception(message);
}
