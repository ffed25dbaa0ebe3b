using System.Buffers.Binary;
using System.Text;
using DeviceAgent.Provisioning;

namespace Cli.Prove.Fuzz;

/// <summary>The journal of an exchange under way.</summary>
internal sealed class JournalParser : RecordParser
{
    private static readonly byte[][] s_corpus =
    [
        Record(SampleDocuments.CreateAnswer, 1_785_585_600),
        Record("""{"certificateId":"i","certificatePem":"-----BEGIN c","privateKey":"-----BEGIN k","certificateOwnershipToken":"t"}""", 7),
    ];

    private FuzzStorage _storage = new();

    /// <inheritdoc/>
    public override IReadOnlyList<byte[]> Corpus => s_corpus;

    /// <inheritdoc/>
    protected override int MinimumFields => BinaryPrimitives.ReadUInt16LittleEndian(s_corpus[0].AsSpan(8));

    /// <inheritdoc/>
    public override void Prepare(byte[] input)
    {
        _storage = new FuzzStorage();
        _storage.Write(ProvisioningJournal.FileName, input);
    }

    /// <inheritdoc/>
    public override object? Parse(byte[] input)
    {
        ProvisioningJournal journal = new(_storage);
        if (!journal.Load())
        {
            return null;
        }

        journal.GetCertificateId();
        journal.GetCertificate();
        journal.GetKey();
        journal.GetToken();
        journal.IsTokenFresh(1_785_585_600);
        return journal;
    }

    /// <inheritdoc/>
    public override void Check(byte[] input, object? result)
    {
        bool isWhole = IsWhole(input);
        Require(isWhole == result is not null, isWhole ? "a whole journal counts as none" : "a damaged journal counts");
        if (result is not null)
        {
            RequireThatFlipsAreNoticed((byte[])input.Clone(), input, changed =>
            {
                _storage.Write(ProvisioningJournal.FileName, changed);
                return new ProvisioningJournal(_storage).Load();
            });
        }
    }

    private static byte[] Record(string answer, long now)
    {
        FuzzStorage storage = new();
        ProvisioningJournal journal = new(storage);
        if ((journal.Take(Encoding.UTF8.GetBytes(answer), now, null!) ?? journal.Save()) is { } problem)
        {
            throw new FuzzException(problem);
        }

        return storage.Read(ProvisioningJournal.FileName)!;
    }
}
