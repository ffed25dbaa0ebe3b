namespace Cli.Prove.Fuzz;

/// <summary>Something that reads what others wrote, and what it promises. One instance works for one thread.</summary>
internal abstract class FuzzParser
{
    /// <summary>Valid documents, and some that are hostile in a way that chance does not find; never changed.</summary>
    public abstract IReadOnlyList<byte[]> Corpus { get; }

    /// <summary>The longest input that reaches it, in bytes.</summary>
    public abstract int LongestInput { get; }

    /// <summary>What it may allocate whatever the input is, in bytes.</summary>
    public abstract int FixedAllocation { get; }

    /// <summary>What it may allocate for each byte of input besides, in bytes.</summary>
    public abstract int AllocationPerByte { get; }

    /// <summary>Changes a document in a way that fits what it is.</summary>
    /// <param name="document">The document; it is left as it is.</param>
    /// <param name="random">What the change is made from.</param>
    public abstract byte[] Mutate(byte[] document, Random random);

    /// <summary>Makes a changed document right again on its surface, as with its checksum, so that what is below is tried.</summary>
    public virtual byte[] Mend(byte[] input) => input;

    /// <summary>Sets up what the parser works on, as new for each input.</summary>
    public virtual void Prepare(byte[] input)
    {
    }

    /// <summary>Parses. Only this is measured; its own documented exceptions are caught in here, and any other is a failure.</summary>
    /// <returns>What was made of it; null where it was refused.</returns>
    public abstract object? Parse(byte[] input);

    /// <summary>Judges what became of an input; throws <see cref="FuzzException"/> where it is not as promised.</summary>
    /// <param name="input">The input.</param>
    /// <param name="result">What <see cref="Parse"/> gave.</param>
    public abstract void Check(byte[] input, object? result);

    /// <summary>Says what is promised where it is not kept.</summary>
    protected static void Require(bool isKept, string promise)
    {
        if (!isKept)
        {
            throw new FuzzException(promise);
        }
    }
}
