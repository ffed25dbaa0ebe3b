using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace LocalCloud;

/// <summary>
/// The PolicyDocument of a template: a policy as an escaped string, as a function that makes one, or as an object in which
/// functions may stand for strings and lists.
/// </summary>
internal sealed class TemplatePolicyDocument
{
    private static readonly JsonWriterOptions s_json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The document where no registration changes it.</summary>
    private readonly PolicyDocument? _constant;

    private readonly Func<IReadOnlyDictionary<string, string>, string> _text;

    private TemplatePolicyDocument(Func<IReadOnlyDictionary<string, string>, string> text, PolicyDocument? constant)
    {
        _text = text;
        _constant = constant;
    }

    private delegate void Writer(Utf8JsonWriter json, IReadOnlyDictionary<string, string> values);

    /// <summary>Reads one.</summary>
    /// <param name="node">Its value in the template.</param>
    /// <param name="scope">What functions may name.</param>
    /// <exception cref="DocumentFormatException">It is none. One that functions make is checked when a device registers.</exception>
    public static TemplatePolicyDocument Parse(DocumentNode node, TemplateScope scope)
    {
        if (node.IsString)
        {
            var text = node.Text();
            try
            {
                return new TemplatePolicyDocument(_ => text, PolicyDocument.Parse(text));
            }
            catch (DocumentFormatException e)
            {
                throw node.Fault("the policy in the string is none: " + e.Message);
            }
        }

        if (TemplateExpression.IsFunction(node))
        {
            var expression = TemplateExpression.Parse(node, scope);
            return new TemplatePolicyDocument(expression.Evaluate, constant: null);
        }

        var hasFunctions = false;
        var writer = Compile(node, scope, ref hasFunctions);
        string TextFor(IReadOnlyDictionary<string, string> values)
        {
            using var stream = new MemoryStream();
            using (var json = new Utf8JsonWriter(stream, s_json))
            {
                writer(json, values);
            }

            return Encoding.UTF8.GetString(stream.GetBuffer().AsSpan(0, (int)stream.Length));
        }

        if (hasFunctions)
        {
            return new TemplatePolicyDocument(TextFor, constant: null);
        }

        try
        {
            return new TemplatePolicyDocument(TextFor, PolicyDocument.Parse(TextFor(new Dictionary<string, string>())));
        }
        catch (DocumentFormatException e)
        {
            throw node.Fault(e);
        }
    }

    /// <summary>The policy for one registration.</summary>
    /// <exception cref="TemplateEvaluationException">A function has no result, or the result is no policy.</exception>
    public PolicyDocument Evaluate(IReadOnlyDictionary<string, string> values)
    {
        if (_constant is not null)
        {
            return _constant;
        }

        try
        {
            return PolicyDocument.Parse(_text(values));
        }
        catch (DocumentFormatException e)
        {
            throw new TemplateEvaluationException("The policy document of the template is none: " + e.Message);
        }
    }

    private static Writer Compile(DocumentNode node, TemplateScope scope, ref bool hasFunctions)
    {
        if (TemplateExpression.IsFunction(node))
        {
            hasFunctions = true;
            if (node.Members().Single().Key == "Fn::Split")
            {
                var list = TemplateList.Parse(node, scope);
                return (json, values) =>
                {
                    json.WriteStartArray();
                    foreach (var item in list.Evaluate(values))
                    {
                        json.WriteStringValue(item);
                    }

                    json.WriteEndArray();
                };
            }

            var expression = TemplateExpression.Parse(node, scope);
            return (json, values) => json.WriteStringValue(expression.Evaluate(values));
        }

        if (node.IsObject)
        {
            var members = new List<(string Name, Writer Write)>();
            foreach (var (name, value) in node.Members())
            {
                members.Add((name, Compile(value, scope, ref hasFunctions)));
            }

            return (json, values) =>
            {
                json.WriteStartObject();
                foreach (var (name, write) in members)
                {
                    json.WritePropertyName(name);
                    write(json, values);
                }

                json.WriteEndObject();
            };
        }

        if (node.IsArray)
        {
            var items = new List<Writer>();
            foreach (var item in node.Items())
            {
                items.Add(Compile(item, scope, ref hasFunctions));
            }

            return (json, values) =>
            {
                json.WriteStartArray();
                foreach (var write in items)
                {
                    write(json, values);
                }

                json.WriteEndArray();
            };
        }

        return (json, _) => node.WriteTo(json);
    }
}
