using System.Text.Json;

namespace LocalCloud;

/// <summary>One value of a JSON document together with its path, so that whatever is wrong with it can be said with its place.</summary>
internal readonly struct DocumentNode
{
    private static readonly JsonDocumentOptions s_strict = new() { AllowDuplicateProperties = false };

    private readonly JsonElement _element;

    private DocumentNode(JsonElement element, string path)
    {
        _element = element;
        Path = path;
    }

    public string Path { get; }

    public bool IsObject => _element.ValueKind == JsonValueKind.Object;

    public bool IsArray => _element.ValueKind == JsonValueKind.Array;

    public bool IsString => _element.ValueKind == JsonValueKind.String;

    public bool IsNumber => _element.ValueKind == JsonValueKind.Number;

    public static DocumentNode Parse(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, s_strict);
            return new DocumentNode(document.RootElement.Clone(), "$");
        }
        catch (JsonException e)
        {
            throw new DocumentFormatException("$", "not valid JSON: " + e.Message, e);
        }
    }

    /// <summary>A string, or true and false as policies may write them without quotation marks.</summary>
    public string BooleanText() => _element.ValueKind switch
    {
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => Text(),
    };

    public string Text() => IsString ? _element.GetString()! : throw Fault("must be a string");

    public IEnumerable<KeyValuePair<string, DocumentNode>> Members()
    {
        if (!IsObject)
        {
            throw Fault("must be an object");
        }

        var path = Path;
        return _element.EnumerateObject().Select(member => KeyValuePair.Create(
            member.Name,
            new DocumentNode(member.Value, IsPlainName(member.Name) ? $"{path}.{member.Name}" : $"{path}['{member.Name}']")));
    }

    public IEnumerable<DocumentNode> Items()
    {
        if (!IsArray)
        {
            throw Fault("must be an array");
        }

        var path = Path;
        return _element.EnumerateArray().Select((item, index) => new DocumentNode(item, $"{path}[{index}]"));
    }

    /// <summary>The items of an array, or the value itself where a document may leave the brackets out.</summary>
    public IEnumerable<DocumentNode> OneOrMore() => IsArray ? Items() : [this];

    /// <summary>A number as the document writes it.</summary>
    public string NumberText() => IsNumber ? _element.GetRawText() : throw Fault("must be a number");

    /// <summary>Writes the value as it is.</summary>
    public void WriteTo(Utf8JsonWriter json) => _element.WriteTo(json);

    /// <summary>What is wrong with a document that stands inside this value.</summary>
    public DocumentFormatException Fault(DocumentFormatException inner) => new(Path + inner.Path[1..], inner.Fault, inner);

    public DocumentFormatException Fault(string fault) => new(Path, fault);

    private static bool IsPlainName(string name) => name.Length > 0 && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
}
