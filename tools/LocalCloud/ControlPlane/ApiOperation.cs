using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;

namespace LocalCloud;

/// <summary>An operation of AWS IoT's HTTP API.</summary>
/// <param name="Name">As the API reference calls it.</param>
/// <param name="Method">The HTTP method.</param>
/// <param name="Path">The path, with names in braces.</param>
/// <param name="HandleAsync">Answers a request; null is an answer without a body.</param>
internal sealed record ApiOperation(string Name, string Method, string Path, Func<ApiRequest, Task<JsonObject?>> HandleAsync)
{
    private readonly string[] _segments = Path.Split('/');

    /// <summary>Whether it only reads.</summary>
    public bool IsRead => Name.StartsWith("Describe", StringComparison.Ordinal) || Name.StartsWith("List", StringComparison.Ordinal) || Name.StartsWith("Get", StringComparison.Ordinal);

    /// <summary>Whether a request is for this operation.</summary>
    /// <param name="method">Its method.</param>
    /// <param name="segments">Its path between the slashes, still escaped.</param>
    /// <param name="values">What stands in it for the names in braces.</param>
    public bool Matches(string method, string[] segments, [NotNullWhen(true)] out Dictionary<string, string>? values)
    {
        values = null;
        if (method != Method || segments.Length != _segments.Length)
        {
            return false;
        }

        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var index = 0; index < segments.Length; index++)
        {
            if (_segments[index] is ['{', .. var name, '}'])
            {
                if (segments[index].Length == 0)
                {
                    return false;
                }

                found.Add(name, Uri.UnescapeDataString(segments[index]));
            }
            else if (_segments[index] != segments[index])
            {
                return false;
            }
        }

        values = found;
        return true;
    }
}
