namespace Cli.Prove.Fuzz;

/// <summary>Makes inputs. Each is a function of seed, parser and index alone.</summary>
internal static class FuzzInputs
{
    /// <summary>Makes an input.</summary>
    /// <param name="name">The parser's name.</param>
    /// <param name="parser">The parser.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="index">Which one, from 0.</param>
    public static byte[] Make(string name, FuzzParser parser, int seed, int index)
    {
        Random random = new(Mix(name, seed, index));
        byte[] document = parser.Corpus[random.Next(parser.Corpus.Count)];
        byte[] input;
        switch (random.Next(16))
        {
            case 0:
                return document;

            case 1:
                input = new byte[random.Next(2) == 0 ? random.Next(16) : random.Next(512)];
                random.NextBytes(input);
                break;

            case 2:
                input = document[..random.Next(document.Length)];
                break;

            case 3:
                input = (byte[])document.Clone();
                input[random.Next(input.Length)] ^= (byte)(1 << random.Next(8));
                break;

            case 4:
                List<byte> bytes = [.. document];
                ByteChanges changes = new(random);
                for (int count = 1 + random.Next(4); count > 0 && bytes.Count > 0; count--)
                {
                    changes.Change(bytes, random.Next(bytes.Count));
                }

                input = [.. bytes];
                break;

            case 5:
                byte[] other = parser.Corpus[random.Next(parser.Corpus.Count)];
                input = [.. document.AsSpan(0, random.Next(document.Length + 1)), .. other.AsSpan(random.Next(other.Length + 1))];
                break;

            default:
                input = parser.Mutate(document, random);
                break;
        }

        input = random.Next(2) == 0 ? parser.Mend(input) : input;
        return input.Length > parser.LongestInput ? input[..parser.LongestInput] : input;
    }

    private static int Mix(string name, int seed, int index)
    {
        ulong state = 14695981039346656037;
        foreach (char c in name)
        {
            state = (state ^ c) * 1099511628211;
        }

        state ^= ((ulong)(uint)seed << 32) | (uint)index;

        // SplitMix64: neighbouring indices must have nothing in common
        state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9;
        state = (state ^ (state >> 27)) * 0x94D049BB133111EB;
        return (int)(state ^ (state >> 31));
    }
}
