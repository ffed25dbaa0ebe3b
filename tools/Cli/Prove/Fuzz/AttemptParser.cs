using System.Buffers.Binary;
using DeviceAgent.Agent;

namespace Cli.Prove.Fuzz;

/// <summary>What is remembered of attempts: the input is in the one slot, and an older record in the other. Accepted is what is loaded from the input.</summary>
internal sealed class AttemptParser : RecordParser
{
    private const int OlderGeneration = 1;
    private const string Name = "attempts.";
    private const string OlderMark = "older";
    private const int Day = 24 * 60 * 60 * 1_000;

    private static readonly FuzzClock s_clock = new();
    private static readonly byte[][] s_corpus = [Record(2, "", ""), Record(5, SampleDocuments.CertificateId, "c-1"), Record(20, SampleDocuments.CertificateId, new string('é', 64))];
    private static readonly byte[] s_older = Record(OlderGeneration, OlderMark, "");

    private FuzzStorage _storage = new();

    /// <inheritdoc/>
    public override IReadOnlyList<byte[]> Corpus => s_corpus;

    /// <summary>The older record is read too, and there is room for twenty requests.</summary>
    public override int FixedAllocation => 4_096;

    /// <inheritdoc/>
    protected override int MinimumFields => BinaryPrimitives.ReadUInt16LittleEndian(s_corpus[0].AsSpan(8)) - 1; // what is remembered of rotations has come later

    /// <inheritdoc/>
    public override void Prepare(byte[] input)
    {
        _storage = new FuzzStorage();
        _storage.Write(Name + "0", input);
        _storage.Write(Name + "1", s_older);
    }

    /// <inheritdoc/>
    public override object? Parse(byte[] input)
    {
        AttemptRecord attempts = Load();
        return attempts.Unwanted == OlderMark ? null : attempts;
    }

    /// <inheritdoc/>
    public override void Check(byte[] input, object? result)
    {
        bool isNewest = IsNewest(input, OlderGeneration);
        Require(isNewest == result is not null, isNewest ? "the newest slot does not count" : "a slot counts that is damaged or older, or one that is damaged has taken the other with it");
        if (result is null)
        {
            return;
        }

        AttemptRecord attempts = (AttemptRecord)result;
        Require(attempts.HoursRefused >= 0 && attempts.Doublings.All(times => times is >= 0 and <= 30), "a number is out of its range");
        Require(Waits(attempts).All(wait => wait is >= 0 and <= Day), "a certificate may not be asked for within a day");
        RequireThatFlipsAreNoticed((byte[])input.Clone(), input, changed =>
        {
            _storage.Write(Name + "0", changed);
            return Load().Unwanted != OlderMark;
        });
        _storage.Write(Name + "0", input);

        // No flash lives for as many writes as the last generation stands for
        if (BinaryPrimitives.ReadInt32LittleEndian(input.AsSpan(4)) < int.MaxValue)
        {
            Require(attempts.Save() is null && _storage.Holds(Name + "0", input), "what was loaded cannot be saved, or was saved over itself");
            AttemptRecord back = Load();
            Require(back.Unwanted == attempts.Unwanted && back.CommandId == attempts.CommandId && back.HoursRefused == attempts.HoursRefused && back.IsRotation == attempts.IsRotation && back.RotationGivenUpAt == attempts.RotationGivenUpAt, "it does not come back as it was saved");
            Require(Waits(back).SequenceEqual(Waits(attempts)), "requests for certificates were forgotten, or made up");
            Require(attempts.CountRequest() is not null || Load().UntilAllowed(1) == Day, "a request that was counted is not remembered");
        }
    }

    private static int[] Waits(AttemptRecord attempts) => [.. Enumerable.Range(1, AttemptRecord.MostRequests).Select(attempts.UntilAllowed)];

    private static byte[] Record(int requests, string unwanted, string commandId)
    {
        FuzzStorage storage = new();
        AttemptRecord attempts = new(storage, s_clock) { Unwanted = unwanted, CommandId = commandId, HoursRefused = requests, IsRotation = requests > 2, RotationGivenUpAt = requests << 20 };
        attempts.Load();
        for (int i = 0; i < requests; i++)
        {
            attempts.Doublings[i % AttemptRecord.Kinds] = i;
            attempts.CountRequest();
        }

        return storage.Read(Name + ((requests - 1) % 2))!;
    }

    private AttemptRecord Load()
    {
        AttemptRecord attempts = new(_storage, s_clock);
        attempts.Load();
        return attempts;
    }
}
