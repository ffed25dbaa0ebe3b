using System.Text;
using System.Text.Json;
using DeviceAgent.Json;
using DeviceAgent.Provisioning;

namespace Cli.Prove.Fuzz;

/// <summary>The answer to CreateKeysAndCertificate, or with a key of the device's own to CreateCertificateFromCsr, taken over into the journal.</summary>
/// <param name="hasOwnKey">Whether it is the latter.</param>
internal sealed class CreateAnswerParser(bool hasOwnKey) : JsonParser
{
    private const int KeyField = 2;
    private const string OwnKey = "-----BEGIN own\n";
    private const long Now = 1_785_585_600;
    private static readonly string[] s_names = ["certificateId", "certificatePem", "privateKey", "certificateOwnershipToken"];
    private static readonly int[] s_longest = [128, 4_096, 4_096, 2_048];

    private static readonly byte[][] s_corpus = Documents(
        SampleDocuments.CreateAnswer,
        $$""" { "x" : [ { "certificateId" : "no" } ] , "certificateOwnershipToken":"{{SampleDocuments.Token.Replace("=", "\\u003d", StringComparison.Ordinal)}}", "privateKey":"{{SampleDocuments.InJson(SampleDocuments.KeyPem).Replace("/", "\\/", StringComparison.Ordinal)}}","certificatePem":"\u002d----BEGIN c","certificateId":"\u0069d-1"} """,
        """{"certificateId":"i","certificatePem":"-----BEGIN c","privateKey":"-----BEGIN k","certificateOwnershipToken":"t"}""",
        """{"certificateOwnershipToken":"t","certificateId":"i","certificatePem":"-----BEGIN c"}""");

    private FuzzStorage _storage = new();
    private ProvisioningJournal _journal = new(new FuzzStorage());
    private string? _problem;

    /// <inheritdoc/>
    public override IReadOnlyList<byte[]> Corpus => s_corpus;

    /// <inheritdoc/>
    public override int LongestInput => FleetProvisioning.LargestAnswer;

    /// <summary>A name with escapes (7 bytes at least as a member) is decoded for each of the four that it may be: a byte array and a string of 56 bytes.</summary>
    public override int AllocationPerByte => 40;

    /// <inheritdoc/>
    public override void Prepare(byte[] input)
    {
        _storage = new FuzzStorage();
        _journal = new ProvisioningJournal(_storage);
    }

    /// <inheritdoc/>
    public override object? Parse(byte[] input)
    {
        _problem = _journal.Take(input, Now, hasOwnKey ? Encoding.ASCII.GetBytes(OwnKey + '\0') : null!);
        return _problem is null ? _journal : null;
    }

    /// <inheritdoc/>
    public override void Check(byte[] input, object? result)
    {
        Require(_storage.Changes == 0, "the storage was changed before anything was to be saved");
        string[]? expected = Expected(input, out bool isOpen);
        Require(isOpen || expected is not null == result is not null, expected is null ? "an answer that is not whole was taken" : "a whole answer was refused: " + _problem);
        if (result is null)
        {
            Require(JsonOracle.IsPlain(_problem!), "the reason is not fit for the log");
            return;
        }

        Require(_journal.Save() is null, "what was taken cannot be saved");
        ProvisioningJournal back = new(_storage);
        Require(back.Load(), "what was saved does not count");
        foreach (ProvisioningJournal journal in new[] { _journal, back })
        {
            string[] values = [journal.GetCertificateId(), Text(journal.GetCertificate()), Text(journal.GetKey()), journal.GetToken()];
            Require(expected is null || values.SequenceEqual(expected), "another value than the answer's was taken");
            Require(values.Zip(s_longest).All(pair => pair.First.Length > 0 && Encoding.UTF8.GetByteCount(pair.First) <= pair.Second), "a value is empty or too long");
            Require(IsPrintable(values[0]) && IsPrintable(values[3]), "an id or token was taken that would not pass through the log and the request");
            Require(journal.IsTokenFresh(Now) && !journal.IsTokenFresh(Now + ProvisioningJournal.TokenSeconds), "the token's age is counted wrongly");
        }

        byte[] record = _storage.Read(ProvisioningJournal.FileName)!;
        RecordParser.RequireThatFlipsAreNoticed(record, input, changed =>
        {
            _storage.Write(ProvisioningJournal.FileName, changed);
            return new ProvisioningJournal(_storage).Load();
        });
    }

    /// <summary>What the answer gives; null where it is not whole.</summary>
    private string[]? Expected(byte[] input, out bool isOpen)
    {
        isOpen = JsonOracle.IsJson(input, JsonReader.MaximumDepth, out bool hasHalves) && hasHalves;
        if (JsonOracle.Members(input, JsonReader.MaximumDepth) is not { } members)
        {
            return null;
        }

        string[] values = ["", "", "", ""];
        foreach (JsonProperty member in members)
        {
            int field = Array.IndexOf(s_names, member.Name);
            if (field >= 0 && !(hasOwnKey && field == KeyField) && member.Value.ValueKind == JsonValueKind.String)
            {
                values[field] = member.Value.GetString()!;
                if (values[field].Contains('\0', StringComparison.Ordinal) || Encoding.UTF8.GetByteCount(values[field]) > s_longest[field])
                {
                    return null;
                }
            }
        }

        values[KeyField] = hasOwnKey ? OwnKey : values[KeyField];
        bool isWhole = IsPrintable(values[0]) && IsPrintable(values[3]) && IsPem(values[1]) && IsPem(values[2]);
        return isWhole ? values : null;
    }

    private static bool IsPem(string text) => text.StartsWith("-----BEGIN ", StringComparison.Ordinal);

    private static bool IsPrintable(string text) => text.Length > 0 && text.All(c => c is > ' ' and < '\u007f');

    private static string Text(byte[] pem)
    {
        Require(Array.IndexOf(pem, (byte)0) == pem.Length - 1, "PEM is not ended by its only zero byte");
        return Encoding.UTF8.GetString(pem, 0, pem.Length - 1);
    }
}
