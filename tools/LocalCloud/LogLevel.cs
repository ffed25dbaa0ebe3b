namespace LocalCloud;

/// <summary>How much a log entry matters.</summary>
public enum LogLevel
{
    /// <summary>Something went as asked.</summary>
    Information,

    /// <summary>Something was refused, cut or dropped; the entry says why.</summary>
    Warning,

    /// <summary>LocalCloud itself failed.</summary>
    Error,
}
