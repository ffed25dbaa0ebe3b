using System.Text;
using System.Text.Json;
using DeviceAgent.Json;
using DeviceAgent.Provisioning;

namespace Cli.Prove.Fuzz;

/// <summary>A refusal of the provisioning API. It always gives something; accepted counts what gives more than nothing.</summary>
internal sealed class RejectionParser : JsonParser
{
    private const int LongestText = 512;

    private static readonly byte[][] s_corpus = Documents(
        """{"statusCode":400,"errorCode":"InvalidParameters","errorMessage":"Certificate ownership token is invalid."}""",
        """{"errorMessage":"No \u0022template\u0022.","x":{"statusCode":500},"statusCode":404,"errorCode":"Resource\tNotFound"}""",
        """ { "statusCode" : 429, "errorCode":"Throttling\ud83d\ude00", "errorMessage":"é\u0001\u0000" } """,
        $$"""{"statusCode":503,"errorMessage":"{{new string('x', 512)}}"}""");

    private Rejection _rejection = new();

    /// <inheritdoc/>
    public override IReadOnlyList<byte[]> Corpus => s_corpus;

    /// <inheritdoc/>
    public override int LongestInput => FleetProvisioning.LargestAnswer;

    /// <summary>A name with escapes (7 bytes at least as a member) is decoded three times, a byte array and a string of 56 bytes.</summary>
    public override int AllocationPerByte => 32;

    /// <inheritdoc/>
    public override object? Parse(byte[] input)
    {
        _rejection = Rejection.Parse(input);
        return _rejection.StatusCode != 0 || _rejection.ErrorCode.Length > 0 || _rejection.ErrorMessage.Length > 0 ? _rejection : null;
    }

    /// <inheritdoc/>
    public override void Check(byte[] input, object? result)
    {
        Require(Encoding.UTF8.GetByteCount(_rejection.ErrorCode) <= LongestText && Encoding.UTF8.GetByteCount(_rejection.ErrorMessage) <= LongestText, "a text is longer than 512 bytes");
        Require(JsonOracle.IsPlain(_rejection.ToString()), "it is not fit for the log");
        Require(_rejection.IsPassing == (_rejection.StatusCode is 0 or 429 or >= 500), "it is judged wrongly");
        if (JsonOracle.Members(input, JsonReader.MaximumDepth) is not { } members)
        {
            return;
        }

        int status = 0;
        string[] texts = ["", ""];
        foreach (JsonProperty member in members)
        {
            if (member.NameEquals("statusCode") && member.Value.ValueKind == JsonValueKind.Number
                && !member.Value.GetRawText().AsSpan().ContainsAny(".eE") && member.Value.TryGetInt32(out int given))
            {
                status = given;
            }
            else if ((member.NameEquals("errorCode") || member.NameEquals("errorMessage")) && member.Value.ValueKind == JsonValueKind.String)
            {
                string text = member.Value.GetString()!;
                if (Encoding.UTF8.GetByteCount(text) <= LongestText)
                {
                    texts[member.NameEquals("errorCode") ? 0 : 1] = text.Contains('\0', StringComparison.Ordinal) ? "" : string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c));
                }
            }
        }

        Require(_rejection.StatusCode == status, $"statusCode {_rejection.StatusCode} was read, not {status}");
        Require(_rejection.ErrorCode == texts[0] && _rejection.ErrorMessage == texts[1], "another text was read");
    }
}
