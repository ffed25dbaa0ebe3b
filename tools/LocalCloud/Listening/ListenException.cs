namespace LocalCloud;

/// <summary>The server cannot listen where it was told to. The message names address and port and says what to do.</summary>
public sealed class ListenException : Exception
{
    /// <summary>Makes one.</summary>
    /// <param name="message">What is the matter and what to do.</param>
    /// <param name="innerException">The cause.</param>
    public ListenException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
