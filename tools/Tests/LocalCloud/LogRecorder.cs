using LocalCloud;

namespace Tests.LocalCloud;

/// <summary>Keeps LocalCloud's log, and lets a test wait for a line of it.</summary>
internal sealed class LogRecorder
{
    private readonly Lock _gate = new();
    private readonly List<LogEntry> _entries = [];
    private readonly List<(string Text, TaskCompletionSource<string> Found)> _awaited = [];

    /// <summary>All lines so far.</summary>
    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_gate)
            {
                return [.. _entries.Select(entry => entry.Message)];
            }
        }
    }

    public void Add(LogEntry entry)
    {
        lock (_gate)
        {
            _entries.Add(entry);
            foreach (var (_, found) in _awaited.Where(awaited => entry.Message.Contains(awaited.Text, StringComparison.Ordinal)))
            {
                found.TrySetResult(entry.Message);
            }
        }
    }

    /// <summary>The first line that holds <paramref name="text"/>, when it comes or has come.</summary>
    public Task<string> WaitAsync(string text, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_entries.FirstOrDefault(entry => entry.Message.Contains(text, StringComparison.Ordinal)) is { } earlier)
            {
                return Task.FromResult(earlier.Message);
            }

            var found = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
            _awaited.Add((text, found));
            return found.Task.WaitAsync(cancellationToken);
        }
    }
}
