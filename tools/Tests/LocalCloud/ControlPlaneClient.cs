using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace Tests.LocalCloud;

/// <summary>Speaks to a control plane as AWS's clients do, with a signature that is one in form.</summary>
internal sealed class ControlPlaneClient : IDisposable
{
    private readonly HttpClient _http;
    private readonly CancellationToken _stopping;

    public ControlPlaneClient(string url, CancellationToken stopping, string region = "ap-northeast-1")
    {
        _http = new HttpClient { BaseAddress = new Uri(url) };
        _http.DefaultRequestHeaders.TryAddWithoutValidation(
            "Authorization",
            $"AWS4-HMAC-SHA256 Credential=AKID/20260101/{region}/execute-api/aws4_request, SignedHeaders=host;x-amz-date, Signature={new string('0', 64)}");
        _stopping = stopping;
    }

    /// <summary>What an operation answers.</summary>
    public async Task<JsonObject> AskAsync(string method, string path, JsonObject? body = null, string? principal = null, string? policy = null)
    {
        var (status, error, answer) = await SendAsync(method, path, body, principal, policy);
        return error is null ? answer : throw new InvalidOperationException($"{method} {path}: {(int)status} {error} {answer}");
    }

    /// <summary>Status and error of an operation that is refused.</summary>
    public async Task<string> RefusalAsync(string method, string path, JsonObject? body = null, string? policy = null)
    {
        var (status, error, answer) = await SendAsync(method, path, body, principal: null, policy);
        return error is not null && ((string?)answer["message"])?.Length > 0 ? $"{(int)status} {error}" : $"{(int)status} without an error: {answer}";
    }

    public void Dispose() => _http.Dispose();

    private async Task<(HttpStatusCode Status, string? Error, JsonObject Answer)> SendAsync(string method, string path, JsonObject? body, string? principal, string? policy)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null)
        {
            request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        }

        if (principal is not null)
        {
            request.Headers.Add("x-amzn-principal", principal);
        }

        if (policy is not null)
        {
            request.Headers.Add("x-amzn-iot-policy", policy);
        }

        using var response = await _http.SendAsync(request, _stopping);
        var text = await response.Content.ReadAsStringAsync(_stopping);
        var answer = text.Length > 0 ? JsonNode.Parse(text)!.AsObject() : [];
        return (response.StatusCode, response.Headers.TryGetValues("x-amzn-errortype", out var error) ? error.Single() : null, answer);
    }
}
