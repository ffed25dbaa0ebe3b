using System.IO.Pipelines;

namespace LocalCloud;

/// <summary>
/// Holds back the end of a TLS 1.2 handshake until the client's certificate has been judged, and replaces it with an alert
/// when it is refused.
/// </summary>
/// <remarks>
/// .NET on OpenSSL asks about the certificate when the server's Finished is written already: a client would take the
/// handshake for done and learn of the refusal only by the connection's end. AWS refuses within the handshake, and a board
/// shows something else then. With TLS 1.3 there is nothing to hold back: a client is done before the server sees its
/// certificate, on AWS too.
/// </remarks>
internal sealed class HandshakeGate : PipeWriter
{
    /// <summary>The content type of a ChangeCipherSpec record. In TLS 1.2 the server's last flight begins with one, in TLS 1.3 none does.</summary>
    private const byte ChangeCipherSpec = 20;

    private readonly PipeWriter _output;
    private byte[]? _held;
    private bool _isDecided;
    private Task _decisionWritten = Task.CompletedTask;

    /// <summary>Goes between TLS and the network.</summary>
    /// <param name="output">The network.</param>
    public HandshakeGate(PipeWriter output)
    {
        _output = output;
    }

    /// <summary>A fatal alert, in the clear as it is before ChangeCipherSpec: certificate_unknown (RFC 5246 §7.2).</summary>
    private static ReadOnlySpan<byte> Alert => [21, 3, 3, 0, 2, 2, 46];

    public override bool CanGetUnflushedBytes => _output.CanGetUnflushedBytes;

    public override long UnflushedBytes => _output.UnflushedBytes;

    /// <summary>Tells what became of the client's certificate. Called while TLS waits for it, so nothing else writes meanwhile.</summary>
    /// <param name="isAccepted">Whether the client may go on.</param>
    public void Decide(bool isAccepted)
    {
        _isDecided = true;
        if (_held is { } held)
        {
            _held = null;
            _decisionWritten = _output.WriteAsync(isAccepted ? held : Alert.ToArray()).AsTask();
        }
    }

    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        if (!_isDecided && source.Length > 0 && source.Span[0] == ChangeCipherSpec)
        {
            _held = source.ToArray();
            return ValueTask.FromResult(default(FlushResult));
        }

        return _decisionWritten.IsCompletedSuccessfully ? _output.WriteAsync(source, cancellationToken) : WriteAfterDecisionAsync(source, cancellationToken);
    }

    public override void Advance(int bytes) => _output.Advance(bytes);

    public override Memory<byte> GetMemory(int sizeHint = 0) => _output.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => _output.GetSpan(sizeHint);

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => _output.FlushAsync(cancellationToken);

    public override void CancelPendingFlush() => _output.CancelPendingFlush();

    public override void Complete(Exception? exception = null) => _output.Complete(exception);

    private async ValueTask<FlushResult> WriteAfterDecisionAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken)
    {
        await _decisionWritten;
        return await _output.WriteAsync(source, cancellationToken);
    }
}
