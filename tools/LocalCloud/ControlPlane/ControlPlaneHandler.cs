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
/// account, and counters for whoever watches.
/// </summary>
/// <remarks>
/// Requests must be signed in form (<see cref="SignatureForm"/>); any credentials do. Whoever can reach it can do everything,
/// private keys included, which is why it listens on this machine only.
/// </remarks>
internal sealed class ControlPlaneHandler
{
    /// <summary>Where the counters are: no path of AWS's.</summary>
    public const string CountersPath = "/localcloud/counters";

    /// <summary>The longest request body: more than any that AWS takes.</summary>
    private const long MaximumBody = 512 * 1024;

    private static readonly JsonSerializerOptions s_json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly string[] s_detailHeaders = ["x-amzn-principal", "x-amzn-iot-principal", "x-amzn-iot-policy"];

    private static readonly string[] s_detailMembers = ["target", "thingName", "thingTypeName", "thingGroupName", "billingGroupName", "templateName", "enabled", "defaultVersionId", "status"];

    private readonly ControlPlaneContext _context;
    private readonly CloudCounters _counters;
    private readonly Func<int> _connectedClients;
    private readonly IReadOnlyList<ApiOperation> _operations;
    private readonly QueryOperations _query;
    private readonly Lock _gate = new();
    private readonly HashSet<string> _otherRegions = new(StringComparer.Ordinal);

    public ControlPlaneHandler(ControlPlaneContext context, CloudCounters counters, Func<int> connectedClients)
    {
        _context = context;
        _counters = counters;
        _connectedClients = connectedClients;
        _query = new QueryOperations(context);
        _operations =
        [
            .. new CertificateOperations(context).All,
            .. new AuthorityOperations(context).All,
            .. new PolicyOperations(context).All,
            .. new TemplateOperations(context).All,
            .. new ThingOperations(context).All,
            .. new BillingGroupOperations(context).All,
        ];
    }

    /// <summary>Answers one request.</summary>
    public async Task HandleAsync(HttpContext http)
    {
        var requestId = Guid.NewGuid().ToString();
        http.Response.Headers["x-amzn-RequestId"] = requestId;
        var target = http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var path = target.Split('?', 2)[0];
        if (path == CountersPath && HttpMethods.IsGet(http.Request.Method))
        {
            await WriteAsync(http, 200, WriteCounters());
            return;
        }

        // IAM and STS are one path and a form.
        var isQuery = path == "/" && HttpMethods.IsPost(http.Request.Method);
        var what = $"{http.Request.Method} {path}";
        try
        {
            CheckSignature(http.Request);
            var body = await ReadBodyAsync(http);
            if (isQuery)
            {
                var form = QueryHelpers.ParseQuery(Encoding.UTF8.GetString(body)).ToDictionary(field => field.Key, field => field.Value.ToString(), StringComparer.Ordinal);
                what = form.GetValueOrDefault("Action", what);
                await WriteAsync(http, 200, await _query.AnswerAsync(form, requestId));
                return;
            }

            var (operation, values) = Find(http.Request.Method, path);
            var asked = ApiRequest.ReadBody(body);
            what = string.Join(' ', [operation.Name, .. values.Values, .. Details(http.Request, asked)]);
            var answer = await operation.HandleAsync(new ApiRequest(http.Request, values, asked, http.RequestAborted));
            if (!operation.IsRead)
            {
                _context.Log.Information($"control plane: {CloudLog.Printable(what)} is done{(answer?["certificateId"] is { } id ? $": certificate {(string?)id}" : "")}");
            }

            await WriteAsync(http, 200, answer);
        }
        catch (ControlPlaneException e)
        {
            _context.Log.Warning($"control plane: {CloudLog.Printable(what)} is refused: {e.StatusCode} {e.ErrorCode}: {CloudLog.Printable(e.Message)}");
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
            _context.Log.Error($"control plane: {CloudLog.Printable(what)}: LocalCloud failed: {e}");
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

    private (ApiOperation Operation, Dictionary<string, string> Values) Find(string method, string path)
    {
        var segments = path.Split('/');
        foreach (var operation in _operations)
        {
            if (operation.Matches(method, segments, out var values))
            {
                return (operation, values);
            }
        }

        throw ControlPlaneException.UnknownOperation($"LocalCloud has no operation {method} {CloudLog.Printable(path)}.");
    }

    private void CheckSignature(HttpRequest request)
    {
        var region = SignatureForm.Check(request.Headers.Authorization.ToString());
        lock (_gate)
        {
            // Global services are signed for us-east-1 whatever the region is.
            if (request.Path.Value != "/" && region != _context.Options.Region && _otherRegions.Count < 8 && _otherRegions.Add(region))
            {
                _context.Log.Warning($"control plane: requests come for region {region}; LocalCloud is {_context.Options.Region}, and its resource names say so");
            }
        }
    }

    private JsonObject WriteCounters()
    {
        var certificates = new JsonObject();
        foreach (var status in Enum.GetValues<CertificateStatus>())
        {
            certificates[status.ToText()] = _context.State.Certificates.Values.Count(certificate => certificate.Status == status);
        }

        return new JsonObject
        {
            ["connections"] = new JsonObject { ["now"] = _connectedClients(), ["accepted"] = _counters.Connections, ["refused"] = Write(_counters.RefusedConnects) },
            ["messages"] = new JsonObject { ["in"] = _counters.MessagesIn, ["out"] = _counters.MessagesOut },
            ["denials"] = Write(_counters.Denials),
            ["provisioning"] = new JsonObject { ["accepted"] = Write(_counters.ProvisioningAccepted), ["rejected"] = Write(_counters.ProvisioningRejected) },
            ["certificates"] = certificates,
            ["things"] = _context.State.Things.Count,
        };

        static JsonObject Write(IReadOnlyDictionary<string, long> counts) =>
            new(counts.OrderBy(count => count.Key, StringComparer.Ordinal).Select(count => KeyValuePair.Create(count.Key, (JsonNode?)count.Value)));
    }
}
