namespace LocalCloud;

/// <summary>A policy or provisioning template is not what AWS IoT Core takes, or uses something that LocalCloud does not know yet.</summary>
public sealed class DocumentFormatException : FormatException
{
    /// <summary>Makes one.</summary>
    /// <param name="path">Where in the document, as a JSON path (<c>$.Statement[1].Resource</c>).</param>
    /// <param name="fault">What is wrong there.</param>
    /// <param name="innerException">The cause, if another exception was.</param>
    public DocumentFormatException(string path, string fault, Exception? innerException = null)
        : base($"{path}: {fault}", innerException)
    {
        Path = path;
        Fault = fault;
    }

    /// <summary>Where in the document, as a JSON path; <c>$</c> is the whole of it.</summary>
    public string Path { get; }

    /// <summary>What is wrong there.</summary>
    public string Fault { get; }
}
