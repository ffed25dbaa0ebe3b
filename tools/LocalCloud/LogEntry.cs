namespace LocalCloud;

/// <summary>One line of the log. It never holds a key, a token or a password.</summary>
/// <param name="Time">When.</param>
/// <param name="Level">How much it matters.</param>
/// <param name="Message">What happened, on one line.</param>
public sealed record LogEntry(DateTimeOffset Time, LogLevel Level, string Message)
{
    /// <summary>Time of day (UTC) and message.</summary>
    public override string ToString() => $"{Time.UtcDateTime:HH:mm:ss.fff} {Message}";
}
