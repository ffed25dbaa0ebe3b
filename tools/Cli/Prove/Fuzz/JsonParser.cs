using System.Text;

namespace Cli.Prove.Fuzz;

/// <summary>A parser whose documents are JSON.</summary>
internal abstract class JsonParser : FuzzParser
{
    /// <inheritdoc/>
    public override int FixedAllocation => 2_048;

    /// <inheritdoc/>
    public override byte[] Mutate(byte[] document, Random random) => JsonMutations.Mutate(document, Corpus[random.Next(Corpus.Count)], random);

    /// <summary>Documents from their texts.</summary>
    protected static byte[][] Documents(params string[] texts) => [.. texts.Select(Encoding.UTF8.GetBytes)];
}
