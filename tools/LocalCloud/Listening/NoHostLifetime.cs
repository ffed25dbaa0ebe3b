using Microsoft.Extensions.Hosting;

namespace LocalCloud;

/// <summary>Keeps the host that carries Kestrel from taking Ctrl+C for itself: this is a library, and the program's end is the program's.</summary>
internal sealed class NoHostLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
