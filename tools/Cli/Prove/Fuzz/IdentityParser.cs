using System.Buffers.Binary;
using System.Text;
using DeviceAgent.Identity;

namespace Cli.Prove.Fuzz;

/// <summary>The identity's two slots: the input is in the one, and an older identity in the other. Accepted is what is loaded from the input.</summary>
internal sealed class IdentityParser : RecordParser
{
    private const int OlderGeneration = 1;

    private static readonly byte[][] s_corpus = [Record(2), Record(3, "location", "osaka", "empty", "", "text", "aé\"\\"), Record(2, "intervalSeconds", "30")];
    private static readonly byte[] s_older = Record(OlderGeneration, "older", "yes");

    private FuzzStorage _storage = new();

    /// <inheritdoc/>
    public override IReadOnlyList<byte[]> Corpus => s_corpus;

    /// <summary>The older identity is read too.</summary>
    public override int FixedAllocation => 16_384;

    /// <summary>A record without configuration has no more than its fixed fields.</summary>
    protected override int MinimumFields => BinaryPrimitives.ReadUInt16LittleEndian(s_corpus[0].AsSpan(8));

    /// <summary>An identity with that configuration.</summary>
    public static DeviceIdentity Sample(params string[] configuration) => new()
    {
        ThingName = "a0b1c2d3e4f5",
        CertificateId = SampleDocuments.CertificateId,
        Certificate = Encoding.UTF8.GetBytes(SampleDocuments.CertificatePem + '\0'),
        Key = Encoding.UTF8.GetBytes(SampleDocuments.KeyPem + '\0'),
        ReplacedCertificateId = SampleDocuments.CertificateId,
        Configuration = configuration,
    };

    /// <summary>Throws where two identities are not the same.</summary>
    public static void RequireSame(DeviceIdentity expected, DeviceIdentity? actual) => Require(
        actual is not null && actual.ThingName == expected.ThingName && actual.CertificateId == expected.CertificateId
            && actual.Certificate.AsSpan().SequenceEqual(expected.Certificate) && actual.Key.AsSpan().SequenceEqual(expected.Key)
            && actual.ReplacedCertificateId == expected.ReplacedCertificateId && actual.Configuration.SequenceEqual(expected.Configuration) && actual.LeftOut == expected.LeftOut,
        "an identity does not come back as it was stored");

    /// <inheritdoc/>
    public override void Prepare(byte[] input)
    {
        _storage = new FuzzStorage();
        _storage.Write(IdentityStore.FileName(0), input);
        _storage.Write(IdentityStore.FileName(1), s_older);
    }

    /// <inheritdoc/>
    public override object? Parse(byte[] input)
    {
        DeviceIdentity? identity = new IdentityStore(_storage).Load();
        return identity is { Configuration: ["older", "yes"] } ? null : identity ?? throw new FuzzException("a damaged slot has taken the other one with it");
    }

    /// <inheritdoc/>
    public override void Check(byte[] input, object? result)
    {
        bool isNewest = IsNewest(input, OlderGeneration);
        Require(isNewest == result is not null, isNewest ? "the newest slot does not count" : "a slot counts that is damaged or older");
        if (result is null)
        {
            return;
        }

        IdentityStore store = new(_storage);
        DeviceIdentity identity = store.Load();
        RequireThatFlipsAreNoticed((byte[])input.Clone(), input, changed =>
        {
            _storage.Write(IdentityStore.FileName(0), changed);
            return new IdentityStore(_storage).Load().Configuration is not ["older", "yes"];
        });
        _storage.Write(IdentityStore.FileName(0), input);

        // No flash lives for as many writes as that generation stands for
        if (store.Generation < int.MaxValue)
        {
            Require(store.Commit(identity) is null, "an identity that was loaded cannot be committed");
            RequireSame(identity, new IdentityStore(_storage).Load());
            Require(_storage.Holds(IdentityStore.FileName(0), input), "the slot of the current identity was written over");
        }
    }

    private static byte[] Record(int generation, params string[] configuration)
    {
        FuzzStorage storage = new();
        IdentityStore store = new(storage);
        store.Load();
        for (int i = 0; i < generation; i++)
        {
            store.Commit(Sample(configuration));
        }

        return storage.Read(IdentityStore.FileName((generation - 1) % 2))!;
    }
}
