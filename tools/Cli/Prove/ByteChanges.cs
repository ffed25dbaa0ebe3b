namespace Cli.Prove;

/// <summary>Changes bytes without regard to what they mean.</summary>
/// <param name="random">What the changes are made from.</param>
internal sealed class ByteChanges(Random random)
{
    /// <summary>Turns a bit, puts a byte in, takes one out, or repeats or wipes some.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="at">Where.</param>
    public void Change(List<byte> bytes, int at)
    {
        switch (random.Next(6))
        {
            case 0:
                bytes[at] ^= (byte)(1 << random.Next(8));
                break;

            case 1:
                bytes[at] = (byte)random.Next(256);
                break;

            case 2:
                bytes.Insert(at, (byte)random.Next(256));
                break;

            case 3:
                bytes.RemoveAt(at);
                break;

            case 4:
                byte value = (byte)(random.Next(2) == 0 ? 0 : 0xFF);
                for (int end = Math.Min(bytes.Count, at + 1 + random.Next(4)); at < end; at++)
                {
                    bytes[at] = value;
                }

                break;

            default:
                bytes.InsertRange(at, bytes.GetRange(at, Math.Min(bytes.Count - at, 1 + random.Next(64))));
                break;
        }
    }
}
