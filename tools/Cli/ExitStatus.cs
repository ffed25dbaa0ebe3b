namespace Cli;

/// <summary>How a command ended, for scripts.</summary>
internal static class ExitStatus
{
    /// <summary>What was asked for was done.</summary>
    public const int Done = 0;

    /// <summary>It was not done.</summary>
    public const int Failed = 1;

    /// <summary>It was asked for wrongly: the command line, or a file that it names.</summary>
    public const int BadUse = 2;
}
