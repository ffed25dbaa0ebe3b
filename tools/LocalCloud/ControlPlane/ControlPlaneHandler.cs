using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;

namespace LocalCloud;

/// <summary>
/// The control plane: AWS IoT's HTTP API, so that AWS's own command line and SDKs set LocalCloud up as they set up an
/// account, and LocalCloud's own operations (<see cref="LocalOperations"/>).
/// </summary>
/// <remarks>
/// Requests to AWS's API must be signed in form (<see cref="SignatureForm"/>); any credentials do. Whoever can reach it can do everything,
/// private keys included, which is why it listens on this machine only.
/// </remarks>
internal sealed class ControlPlaneHandler
{
    /// <summary>The longest request body: more than any that AWS takes.</summary>
    private const long MaximumBody = 512 * 1024;

    private static readonly JsonSerializerOptions s_json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly string[] s_detailHeaders = ["x-amzn-principal", "x-amzn-iot-principal", "x-amzn-iot-policy"];

    private static readonly string[] s_detailMembers = ["target", "thingName", "thingTypeName", "thingGroupName", "billingGroupName", "templateName", "enabled", "defaultVersionId", "status", "region", "reachable"];

    private readonly IReadOnlyList<RegionApi> _regions;
    private readonly IReadOnlyList<ApiOperation> _local;
    private readonly QueryOperations _query;
    private readonly CloudLog _log;
    private readonly Lock _gate = new();
    private readonly HashSet<string> _otherRegions = new(StringComparer.Ordinal);

    /// <summary>Makes it.</summary>
    /// <param name="regions">The regions, the default one first.</param>
    /// <param name="account">The one that also has what is in no region.</param>
    /// <param name="mqttPort">The TCP port of MQTT over TLS.</param>
    /// <param name="names">The names that lead to regions.</param>
    /// <param name="strays">What is counted for no region.</param>
    /// <param name="log">The log.</param>
    public ControlPlaneHandler(IReadOnlyList<CloudRegion> regions, CloudRegion account, int mqttPort, RegionNames names, CloudCounters strays, CloudLog log)
    {
        _log = log;
        _regions =
        [
            .. regions.Select(region => new RegionApi(region.Name, new ControlPlaneContext(region.Options, mqttPort, region.Registry, region.Authority, region.Log)
            {
                AccountRegistry = account.Registry,
                Claims = region.Provisioning.Claims,
            })),
        ];
        _query = new QueryOperations(_regions.Single(region => region.Name == account.Name).Context);
        _local = [.. new LocalOperations(regions, names, strays, log).All];
    }

    /// <summary>Answers one request.</summary>
    public async Task HandleAsync(HttpContext http)
    {
        var requestId = Guid.NewGuid().ToString();
        http.Response.Headers["x-amzn-RequestId"] = requestId;
        var target = http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var path = target.Split('?', 2)[0];
        // IAM and STS are one path and a form.
        var isQuery = path == "/" && HttpMethods.IsPost(http.Request.Method);
        var what = $"{http.Request.Method} {path}";
        var log = _log;
        try
        {
            var operations = _local;
            if (!path.StartsWith(LocalOperations.Path, StringComparison.Ordinal))
            {
                var region = FindRegion(http.Request, isQuery);
                operations = region.Operations;
                log = region.Context.Log;
            }

            var body = await ReadBodyAsync(http);
            if (isQuery)
            {
                var form = QueryHelpers.ParseQuery(Encoding.UTF8.GetString(body)).ToDictionary(field => field.Key, field => field.Value.ToString(), StringComparer.Ordinal);
                what = form.GetValueOrDefault("Action", what);
                await WriteAsync(http, 200, await _query.AnswerAsync(form, requestId));
                return;
            }

            var (operation, values) = Find(operations, http.Request.Method, path);
            var asked = ApiRequest.ReadBody(body);
            what = string.Join(' ', [operation.Name, .. values.Values, .. Details(http.Request, asked)]);
            var answer = await operation.HandleAsync(new ApiRequest(http.Request, values, asked, http.RequestAborted));
            if (!operation.IsRead)
            {
                log.Information($"control plane: {CloudLog.Printable(what)} is done{(answer?["certificateId"] is { } id ? $": certificate {(string?)id}" : "")}");
            }

            await WriteAsync(http, 200, answer);
        }
        catch (ControlPlaneException e)
        {
            log.Warning($"control plane: {CloudLog.Printable(what)} is refused: {e.StatusCode} {e.ErrorCode}: {CloudLog.Printable(e.Message)}");
            await RefuseAsync(http, isQuery, e, requestId);
        }
        catch (Exception e) when (e is BadHttpRequestException or IOException or OperationCanceledException)
        {
            // The client is gone, or spoke no HTTP; Kestrel has answered what there is to answer.
            http.Abort();
        }
        catch (Exception e)
        {
            // A fault of LocalCloud's own costs one request, and is told with all that is known.
            log.Error($"control plane: {CloudLog.Printable(what)}: LocalCloud failed: {e}");
            await RefuseAsync(http, isQuery, ControlPlaneException.InternalFailure("LocalCloud failed; its log tells more."), requestId);
        }
    }

    /// <summary>What the log tells of a request beside its path: which certificate, thing or status it is about.</summary>
    private static IEnumerable<string> Details(HttpRequest request, JsonObject body)
    {
        foreach (var name in s_detailHeaders)
        {
            if (request.Headers.TryGetValue(name, out var value))
            {
                yield return value.ToString();
            }
        }

        foreach (var (name, value) in request.Query)
        {
            yield return $"{name}={value}";
        }

        foreach (var name in s_detailMembers)
        {
            if (body[name] is JsonValue value)
            {
                yield return $"{name}={value}";
            }
        }
    }

    private static async Task<byte[]> ReadBodyAsync(HttpContext http)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = MaximumBody;
        }

        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body, http.RequestAborted);
        return body.ToArray();
    }

    private static Task RefuseAsync(HttpContext http, bool isQuery, ControlPlaneException refusal, string requestId)
    {
        if (isQuery)
        {
            return WriteAsync(http, refusal.StatusCode, QueryOperations.Write(refusal, requestId));
        }

        http.Response.Headers["x-amzn-errortype"] = refusal.ErrorCode;
        var body = new JsonObject { ["message"] = refusal.Message };
        if (refusal.ResourceArn is not null)
        {
            body["resourceArn"] = refusal.ResourceArn;
        }

        if (refusal.ResourceId is not null)
        {
            body["resourceId"] = refusal.ResourceId;
        }

        return WriteAsync(http, refusal.StatusCode, body);
    }

    private static Task WriteAsync(HttpContext http, int statusCode, JsonObject? body) =>
        WriteAsync(http, statusCode, "application/json", body is null ? [] : Encoding.UTF8.GetBytes(body.ToJsonString(s_json)));

    private static Task WriteAsync(HttpContext http, int statusCode, XElement body) =>
        WriteAsync(http, statusCode, "text/xml", Encoding.UTF8.GetBytes(body.ToString(SaveOptions.DisableFormatting)));

    private static Task WriteAsync(HttpContext http, int statusCode, string contentType, byte[] body)
    {
        http.Response.StatusCode = statusCode;
        http.Response.ContentType = contentType;
        http.Response.ContentLength = body.Length;
        return http.Response.Body.WriteAsync(body, http.RequestAborted).AsTask();
    }

    private static (ApiOperation Operation, Dictionary<string, string> Values) Find(IReadOnlyList<ApiOperation> operations, string method, string path)
    {
        var segments = path.Split('/');
        foreach (var operation in operations)
        {
            if (operation.Matches(method, segments, out var values))
            {
                return (operation, values);
            }
        }

        throw ControlPlaneException.UnknownOperation($"LocalCloud has no operation {method} {CloudLog.Printable(path)}.");
    }

    /// <summary>The region that a request is signed for. On AWS the host says it, and the signature must agree.</summary>
    private RegionApi FindRegion(HttpRequest request, bool isQuery)
    {
        var name = SignatureForm.Check(request.Headers.Authorization.ToString());
        if (isQuery)
        {
            // Global services are signed for us-east-1 whatever the region is.
            return _regions[0];
        }

        if (_regions.FirstOrDefault(region => region.Name == name) is { } found)
        {
            return found;
        }

        if (_regions.Count > 1)
        {
            throw ControlPlaneException.InvalidSignature($"Credential should be scoped to a valid region: LocalCloud has no {name}, but {string.Join(", ", _regions.Select(region => region.Name))} (AWS_REGION, or aws --region).");
        }

        lock (_gate)
        {
            if (_otherRegions.Count < 8 && _otherRegions.Add(name))
            {
                _log.Warning($"control plane: requests come for region {name}; LocalCloud is {_regions[0].Name}, and its resource names say so");
            }
        }

        return _regions[0];
    }

    /// <summary>The operations on one region.</summary>
    private sealed record RegionApi(string Name, ControlPlaneContext Context)
    {
        public IReadOnlyList<ApiOperation> Operations { get; } =
        [
            .. new CertificateOperations(Context).All,
            .. new AuthorityOperations(Context).All,
            .. new PolicyOperations(Context).All,
            .. new TemplateOperations(Context).All,
            .. new ThingOperations(Context).All,
            .. new BillingGroupOperations(Context).All,
        ];
    }
}
