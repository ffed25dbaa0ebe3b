using DeviceAgent.Provisioning;
using VirtualDevice.Board;

namespace Cli.Prove.Fuzz;

/// <summary>The device's own key and its request, kept until an identity has the key.</summary>
internal sealed class DeviceKeyParser : RecordParser
{
    private static readonly byte[][] s_corpus = [Record("a0b1c2d3e4f5"), Record(new string('n', 64))];

    private FuzzStorage _storage = new();

    /// <inheritdoc/>
    public override IReadOnlyList<byte[]> Corpus => s_corpus;

    /// <inheritdoc/>
    protected override int MinimumFields => 2;

    /// <inheritdoc/>
    public override void Prepare(byte[] input)
    {
        _storage = new FuzzStorage();
        _storage.Write(DeviceKey.FileName, input);
    }

    /// <inheritdoc/>
    public override object? Parse(byte[] input)
    {
        DeviceKey key = new(_storage, Board());
        return key.Load() ? key : null;
    }

    /// <inheritdoc/>
    public override void Check(byte[] input, object? result)
    {
        Require(result is null || IsWhole(input), "a damaged key counts");
        Require(result is not null || !s_corpus.Any(whole => whole.AsSpan().SequenceEqual(input)), "a whole key counts as none");
        if (result is not DeviceKey key)
        {
            return;
        }

        Require(key.Key[^1] == 0 && key.Key.AsSpan().StartsWith("-----BEGIN "u8), "what is no PEM ended by a zero byte was taken for a key");
        Require(key.Is(key.Key), "the key is another than itself");
        Require(key.IsFor(key.Request), "the request does not hold its own public key");
        RequireThatFlipsAreNoticed((byte[])input.Clone(), input, changed =>
        {
            _storage.Write(DeviceKey.FileName, changed);
            return new DeviceKey(_storage, Board()).Load();
        });
    }

    /// <summary>A board whose chance is the same each time.</summary>
    private static VirtualBoard Board() => new("a0b1c2d3e4f5") { RandomNumbers = new Random(1).Next };

    private static byte[] Record(string commonName)
    {
        FuzzStorage storage = new();
        return new DeviceKey(storage, Board()).Make(commonName) is { } problem ? throw new FuzzException(problem) : storage.Read(DeviceKey.FileName)!;
    }
}
