namespace Cli.Prove;

/// <summary>What became of each reading, by its number: they are counted from 1 as they are taken, over all boots.</summary>
/// <param name="most">How many there may be. All the room is taken at once: a ledger that grew would be found where leaks are looked for.</param>
internal sealed class SoakLedger(int most)
{
    private const byte IsReceived = 1;
    private const byte IsDropped = 2;

    private readonly byte[] _readings = new byte[most + 1];
    private readonly float[] _takenAt = new float[most + 1];
    private int _newestReceived;

    /// <summary>Readings taken.</summary>
    public int Taken { get; private set; }

    /// <summary>Readings that the cloud has.</summary>
    public int Received { get; private set; }

    /// <summary>Readings that the board counts as dropped, or lost with its memory, and that the cloud does not have.</summary>
    public int Dropped { get; private set; }

    /// <summary>Readings that the board counts as dropped though the cloud has them: their acknowledgements did not come.</summary>
    public int DroppedThoughReceived { get; private set; }

    /// <summary>Readings that came again.</summary>
    public int Duplicates { get; private set; }

    /// <summary>Readings that came after one that was taken later.</summary>
    public int OutOfOrder { get; private set; }

    /// <summary>Readings that came and were never taken.</summary>
    public int Unknown { get; private set; }

    /// <summary>Readings of which nothing is known.</summary>
    public int Missing => Taken - Received - Dropped;

    /// <summary>A reading is taken.</summary>
    /// <param name="at">When.</param>
    /// <returns>Its number.</returns>
    public int Take(TimeSpan at)
    {
        if (++Taken > most)
        {
            throw new InvalidOperationException($"More than {most} readings.");
        }

        _takenAt[Taken] = (float)at.TotalSeconds;
        return Taken;
    }

    /// <summary>When a reading was taken, to a tenth of a second; null for one that never was.</summary>
    /// <param name="number">Its number, as it came.</param>
    public TimeSpan? TakenAt(double number) => number >= 1 && number <= Taken ? TimeSpan.FromSeconds(_takenAt[(int)number]) : null;

    /// <summary>The board has counted a reading as dropped.</summary>
    /// <param name="number">Which.</param>
    public void Drop(int number)
    {
        if ((_readings[number] & IsDropped) == 0)
        {
            Mark(number, IsDropped);
        }
    }

    /// <summary>The board has lost its memory, with all that was still to be acknowledged.</summary>
    /// <param name="waiting">How many: they are the last ones, for readings wait in the order in which they are taken.</param>
    public void Lose(int waiting)
    {
        for (int number = Taken - waiting + 1; number <= Taken; number++)
        {
            Drop(number);
        }
    }

    /// <summary>A reading has come.</summary>
    /// <param name="number">Its number, as it came.</param>
    public void Receive(double number)
    {
        if (number < 1 || number > Taken || number != Math.Floor(number))
        {
            Unknown++;
        }
        else if ((_readings[(int)number] & IsReceived) != 0)
        {
            Duplicates++;
        }
        else
        {
            Mark((int)number, IsReceived);
            OutOfOrder += number < _newestReceived ? 1 : 0;
            _newestReceived = Math.Max(_newestReceived, (int)number);
        }
    }

    /// <summary>The first readings of which nothing is known.</summary>
    /// <param name="atMost">How many.</param>
    public IEnumerable<int> FindMissing(int atMost) => Enumerable.Range(1, Taken).Where(number => _readings[number] == 0).Take(atMost);

    private void Mark(int number, byte mark)
    {
        _readings[number] |= mark;
        bool isReceived = (_readings[number] & IsReceived) != 0;
        bool isDropped = (_readings[number] & IsDropped) != 0;
        Received += mark == IsReceived ? 1 : 0;
        Dropped += isReceived ? (isDropped && mark == IsReceived ? -1 : 0) : 1;
        DroppedThoughReceived += isReceived && isDropped ? 1 : 0;
    }
}
