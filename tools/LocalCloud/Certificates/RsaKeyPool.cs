using System.Security.Cryptography;
using System.Threading.Channels;

namespace LocalCloud;

/// <summary>
/// RSA-2048 keys, made ahead of need. One takes 50 to 100 ms of a processor, so a herd of devices that all ask at once is
/// served from what is ready, and the rest is made on threads of the pool's own: those that serve connections stay free.
/// </summary>
internal sealed class RsaKeyPool
{
    /// <summary>How many keys are kept ready: 16, about a second's work of one processor.</summary>
    private const int Capacity = 16;

    private const int KeyBits = 2048;

    private readonly Channel<RSA> _ready = Channel.CreateBounded<RSA>(new BoundedChannelOptions(Capacity));

    private RsaKeyPool()
    {
        for (var index = 0; index < Environment.ProcessorCount; index++)
        {
            var maker = new Thread(Fill)
            {
                IsBackground = true,
                Name = "RSA keys",
                Priority = ThreadPriority.BelowNormal,
            };
            maker.Start();
        }
    }

    /// <summary>The pool of this process. Keys are given to one taker each, so all servers can share it.</summary>
    public static RsaKeyPool Shared { get; } = new();

    /// <summary>A key that nobody else has.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    public ValueTask<RSA> TakeAsync(CancellationToken cancellationToken = default) => _ready.Reader.ReadAsync(cancellationToken);

    private void Fill()
    {
        while (true)
        {
            var key = RSA.Create(KeyBits);

            // .NET makes the key when it is first used.
            key.ExportRSAPublicKey();
            _ready.Writer.WriteAsync(key).AsTask().GetAwaiter().GetResult();
        }
    }
}
