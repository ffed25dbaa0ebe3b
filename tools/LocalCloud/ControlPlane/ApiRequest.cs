using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace LocalCloud;

/// <summary>A request to the control plane, with its parts as the API reference names them.</summary>
internal sealed class ApiRequest
{
    private const int DefaultPageSize = 25;
    private const int MaximumPageSize = 250;

    private readonly IReadOnlyDictionary<string, string> _path;
    private readonly HttpRequest _http;
    private readonly JsonObject _body;

    public ApiRequest(HttpRequest http, IReadOnlyDictionary<string, string> path, JsonObject body, CancellationToken aborted)
    {
        _http = http;
        _path = path;
        _body = body;
        Aborted = aborted;
    }

    /// <summary>The client is gone.</summary>
    public CancellationToken Aborted { get; }

    /// <summary>Reads a body, which is empty or a JSON object.</summary>
    /// <exception cref="ControlPlaneException">It is neither.</exception>
    public static JsonObject ReadBody(byte[] body)
    {
        if (body.Length == 0)
        {
            return [];
        }

        try
        {
            var parsed = JsonNode.Parse(body, documentOptions: new JsonDocumentOptions { AllowDuplicateProperties = false });
            return parsed as JsonObject ?? throw ControlPlaneException.InvalidRequest("The body must be a JSON object.");
        }
        catch (JsonException e)
        {
            throw ControlPlaneException.InvalidRequest("The body is not valid JSON: " + e.Message);
        }
    }

    /// <summary>A part of the path.</summary>
    public string Path(string name) => _path[name];

    /// <summary>A part of the path that is a number.</summary>
    public int PathNumber(string name) => int.TryParse(Path(name), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        ? number
        : throw ControlPlaneException.InvalidRequest($"{name} '{CloudLog.Printable(Path(name))}' is no number.");

    /// <summary>A parameter of the query, or null.</summary>
    public string? Query(string name) => _http.Query.TryGetValue(name, out var values) ? values.ToString() : null;

    /// <summary>A parameter of the query that is true or false.</summary>
    public bool QueryFlag(string name, bool defaultValue = false) => Query(name) switch
    {
        null or "" => defaultValue,
        "true" => true,
        "false" => false,
        var other => throw ControlPlaneException.InvalidRequest($"{name} '{CloudLog.Printable(other)}' is neither true nor false."),
    };

    /// <summary>A parameter of the query that is a number, or null.</summary>
    public long? QueryNumber(string name) => Query(name) switch
    {
        null or "" => null,
        var text when long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) => number,
        var text => throw ControlPlaneException.InvalidRequest($"{name} '{CloudLog.Printable(text)}' is no number."),
    };

    /// <summary>The name of something that the body tells by its name or by its ARN.</summary>
    public string NameOrArn(string name, string arn) => Text(name)
        ?? Text(arn)?.Split('/', 2).ElementAtOrDefault(1)
        ?? throw ControlPlaneException.InvalidRequest($"Either {name} or {arn} must be given.");

    /// <summary>A member of the body that is a list of texts; empty where it is missing.</summary>
    public IReadOnlyList<string> Texts(string name) => _body[name] switch
    {
        null => [],
        JsonArray array when array.All(item => item is JsonValue value && value.TryGetValue(out string? _)) => [.. array.Select(item => (string)item!)],
        _ => throw ControlPlaneException.InvalidRequest($"{name} must be a list of strings."),
    };

    /// <summary>A header that the operation needs.</summary>
    public string Header(string name) => _http.Headers.TryGetValue(name, out var values) && values.ToString() is { Length: > 0 } value
        ? value
        : throw ControlPlaneException.InvalidRequest($"The header {name} is missing.");

    /// <summary>A text of the body, or null.</summary>
    public string? Text(string name) => Text(_body, name);

    /// <summary>A text of the body that the operation needs.</summary>
    public string RequiredText(string name) => Text(name) ?? throw ControlPlaneException.InvalidRequest($"{name} is missing.");

    /// <summary>A member of the body that is true or false, or null.</summary>
    public bool? Flag(string name) => Flag(_body, name);

    /// <summary>A member of the body that is a number, or null.</summary>
    public long? Number(string name) => _body[name] switch
    {
        null => null,
        JsonValue value when value.TryGetValue(out long number) => number,
        _ => throw ControlPlaneException.InvalidRequest($"{name} must be a number."),
    };

    /// <summary>A member of the body that is an object, or null.</summary>
    public JsonObject? Object(string name) => Object(_body, name);

    public static string? Text(JsonObject parent, string name) => parent[name] switch
    {
        null => null,
        JsonValue value when value.TryGetValue(out string? text) => text,
        _ => throw ControlPlaneException.InvalidRequest($"{name} must be a string."),
    };

    public static bool? Flag(JsonObject parent, string name) => parent[name] switch
    {
        null => null,
        JsonValue value when value.TryGetValue(out bool flag) => flag,
        _ => throw ControlPlaneException.InvalidRequest($"{name} must be true or false."),
    };

    public static JsonObject? Object(JsonObject parent, string name) => parent[name] switch
    {
        null => null,
        JsonObject value => value,
        _ => throw ControlPlaneException.InvalidRequest($"{name} must be an object."),
    };

    /// <summary>One page of a list.</summary>
    /// <param name="listName">What the answer calls the list.</param>
    /// <param name="items">All of it, in an order that does not change.</param>
    /// <param name="usesMarkers">Whether the operation has marker, pageSize and nextMarker, not nextToken and maxResults.</param>
    /// <param name="write">An item as the answer has it.</param>
    public JsonObject Page<T>(string listName, IEnumerable<T> items, bool usesMarkers, Func<T, JsonNode?> write)
    {
        var (sizeName, markerName, nextName) = usesMarkers ? ("pageSize", "marker", "nextMarker") : ("maxResults", "nextToken", "nextToken");
        var size = Query(sizeName) switch
        {
            null => DefaultPageSize,
            var text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is >= 1 and <= MaximumPageSize => number,
            var text => throw ControlPlaneException.InvalidRequest($"{sizeName} '{CloudLog.Printable(text)}' is not between 1 and {MaximumPageSize}."),
        };
        var begin = 0;
        if (Query(markerName) is { } marker)
        {
            var bytes = new byte[16];
            if (marker.Length > 16 || !Convert.TryFromBase64String(marker, bytes, out var length) || !int.TryParse(bytes.AsSpan(0, length), NumberStyles.None, CultureInfo.InvariantCulture, out begin))
            {
                throw ControlPlaneException.InvalidRequest($"{markerName} is not one that this list has given.");
            }
        }

        var page = new JsonArray();
        var left = items.Skip(begin).Take(size + 1).ToList();
        foreach (var item in left.Take(size))
        {
            page.Add(write(item));
        }

        var answer = new JsonObject { [listName] = page };
        if (left.Count > size)
        {
            answer[nextName] = Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes((begin + size).ToString(CultureInfo.InvariantCulture)));
        }

        return answer;
    }
}
