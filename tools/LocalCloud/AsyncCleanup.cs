namespace LocalCloud;

/// <summary>Disposes of what was made so far, last first, unless it is told to forget.</summary>
internal sealed class AsyncCleanup : IAsyncDisposable
{
    private readonly Stack<object> _made = new();

    public T Add<T>(T made)
        where T : class
    {
        _made.Push(made);
        return made;
    }

    public void Forget() => _made.Clear();

    public async ValueTask DisposeAsync()
    {
        while (_made.TryPop(out var made))
        {
            if (made is IAsyncDisposable asynchronous)
            {
                await asynchronous.DisposeAsync();
            }
            else
            {
                ((IDisposable)made).Dispose();
            }
        }
    }
}
