namespace LocalCloud;

/// <summary>A template gives no result for the parameters of one registration.</summary>
public sealed class TemplateEvaluationException : Exception
{
    /// <summary>Makes one.</summary>
    /// <param name="message">What is wrong, as the device is told it.</param>
    public TemplateEvaluationException(string message)
        : base(message)
    {
    }
}
