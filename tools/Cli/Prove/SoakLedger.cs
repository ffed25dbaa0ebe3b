using System.Text.Json;
using Cli.Simulation;
using DeviceAgent.Sensors;
using DeviceAgent.Telemetry;
using Mqtt;

namespace Cli.Prove;

/// <summary>
/// What became of each reading of a board. It is the board's sensor too, and measures 1, 2, 3 …: so each reading tells which it is.
/// </summary>
/// <param name="capacity">How many readings the board's outbox holds.</param>
/// <param name="most">How many readings there may be.</param>
/// <param name="findPublisher">Gives the board's publisher of the boot that is under way or was last; null before there is one.</param>
internal sealed class SoakLedger(int capacity, int most, Func<TelemetryPublisher?> findPublisher) : ISensor
{
    // As large as they will ever be: the ledger must not look like a leak
    private readonly bool[] _isReceived = new bool[most + 1];
    private readonly bool[] _isDropped = new bool[most + 1];
    private readonly bool[] _isLost = new bool[most + 1];
    private TelemetryPublisher? _publisher;
    private int _dropped;
    private int _lastInSession;

    /// <inheritdoc/>
    public string[] Quantities { get; } = ["NUMBER"];

    /// <summary>Readings taken.</summary>
    public int Taken { get; private set; }

    /// <summary>Readings that the subscriber has, each counted once.</summary>
    public int Received => Count(number => _isReceived[number]);

    /// <summary>Readings that it does not have, and that the board has given up for want of room.</summary>
    public int DroppedForRoom => Count(number => !_isReceived[number] && _isDropped[number]);

    /// <summary>Readings that it does not have, and that were in the board's memory when the power went.</summary>
    public int LostWithPower => Count(number => !_isReceived[number] && !_isDropped[number] && _isLost[number]);

    /// <summary>Readings that nobody can tell of.</summary>
    public int Unexplained => Count(number => !_isReceived[number] && !_isDropped[number] && !_isLost[number]);

    /// <summary>Messages with a reading that the subscriber had already.</summary>
    public int Duplicates { get; private set; }

    /// <summary>Messages with a reading that is older than one that came before it in the same session.</summary>
    public int OutOfOrder { get; private set; }

    /// <summary>Messages that hold no reading of this board.</summary>
    public int Strange { get; private set; }

    /// <inheritdoc/>
    public bool Measure(float[] values, int offset)
    {
        CountDropped();
        values[offset] = ++Taken;
        return true;
    }

    /// <summary>What waits in the board's memory is lost.</summary>
    public void LosePower()
    {
        CountDropped();
        for (int number = Taken - (findPublisher()?.Waiting ?? 0) + 1; number <= Taken; number++)
        {
            _isLost[number] = true;
        }
    }

    /// <summary>Counts what was given up since the last reading.</summary>
    public void Close() => CountDropped();

    /// <summary>The board has a new connection.</summary>
    public void BeginSession() => _lastInSession = 0;

    /// <summary>The subscriber has got a message.</summary>
    public void Receive(PublishPacket message)
    {
        JsonElement json = JsonDocument.Parse(message.Payload).RootElement;
        int number = json.TryGetProperty("NUMBER", out JsonElement value) ? (int)value.GetDouble() : 0;
        if (number < 1 || number > Taken)
        {
            Strange++;
            return;
        }

        Duplicates += _isReceived[number] ? 1 : 0;
        OutOfOrder += number < _lastInSession ? 1 : 0;
        _lastInSession = Math.Max(_lastInSession, number);
        _isReceived[number] = true;
    }

    /// <summary>The outbox gives up its oldest reading when one is added to a full one: that is always the one so many before.</summary>
    private void CountDropped()
    {
        TelemetryPublisher? publisher = findPublisher();
        if (publisher != _publisher)
        {
            _publisher = publisher;
            _dropped = 0;
        }

        if (publisher is null || publisher.Dropped == _dropped)
        {
            return;
        }

        if (publisher.Dropped != ++_dropped)
        {
            throw new InvalidOperationException("More than one reading was given up for one.");
        }

        _isDropped[Taken - capacity] = true;
    }

    private int Count(Func<int, bool> isCounted) => Enumerable.Range(1, Taken).Count(isCounted);
}
