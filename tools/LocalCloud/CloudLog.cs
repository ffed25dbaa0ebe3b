using System.Globalization;
using System.Text;

namespace LocalCloud;

/// <summary>Where LocalCloud's parts tell what happens.</summary>
internal sealed class CloudLog
{
    /// <summary>The longest text of a client's that is put into the log, in characters.</summary>
    private const int MaximumTextLength = 1500;

    private readonly Action<LogEntry>? _sink;
    private readonly TimeProvider _clock;
    private readonly string _prefix = "";
    private readonly Lock _gate = new();

    public CloudLog(Action<LogEntry>? sink, TimeProvider clock)
    {
        _sink = sink;
        _clock = clock;
    }

    private CloudLog(CloudLog whole, string prefix)
    {
        _sink = whole._sink;
        _clock = whole._clock;
        _gate = whole._gate;
        _prefix = prefix;
    }

    /// <summary>Text that came from a client, made fit to stand on a line of a terminal.</summary>
    public static string Printable(string text)
    {
        if (text.Length <= MaximumTextLength && !text.Any(char.IsControl))
        {
            return text;
        }

        var printable = new StringBuilder();
        foreach (var c in text.AsSpan(0, Math.Min(text.Length, MaximumTextLength)))
        {
            if (char.IsControl(c))
            {
                printable.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            }
            else
            {
                printable.Append(c);
            }
        }

        return text.Length > MaximumTextLength ? printable.Append('…').ToString() : printable.ToString();
    }

    /// <summary>The same log for a part that says who it is at the beginning of each line.</summary>
    public CloudLog Of(string part) => new(this, part + ": ");

    public void Information(string message) => Write(LogLevel.Information, message);

    public void Warning(string message) => Write(LogLevel.Warning, message);

    public void Error(string message) => Write(LogLevel.Error, message);

    private void Write(LogLevel level, string message)
    {
        if (_sink is null)
        {
            return;
        }

        // One at a time, so that a sink need not be safe for many threads and the order of lines is the order of events.
        lock (_gate)
        {
            _sink(new LogEntry(_clock.GetUtcNow(), level, _prefix + message));
        }
    }
}
