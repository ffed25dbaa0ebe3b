using System.IO.Pipelines;

namespace Mqtt;

/// <summary>Packets over a stream, from either side of a connection. One reader at a time; any number of writers.</summary>
public sealed class MqttConnection : IAsyncDisposable
{
    private readonly Stream _stream;
    private readonly PacketReaderOptions _options;
    private readonly PipeReader _input;
    private readonly PipeWriter _output;
    private readonly SemaphoreSlim _writing = new(1, 1);
    private bool _writeFailed;

    /// <summary>Takes over a connected stream.</summary>
    /// <param name="stream">The stream, after its TLS handshake if it has one; disposed of with the connection.</param>
    /// <param name="options">What is accepted from the peer; <see cref="PacketReaderOptions.Default"/> when null.</param>
    public MqttConnection(Stream stream, PacketReaderOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(stream);

        _stream = stream;
        _options = options ?? PacketReaderOptions.Default;

        // With zero-byte reads an idle connection holds no buffer.
        _input = PipeReader.Create(stream, new StreamPipeReaderOptions(leaveOpen: true, useZeroByteReads: true));
        _output = PipeWriter.Create(stream, new StreamPipeWriterOptions(leaveOpen: true));
    }

    /// <summary>Waits for the next packet.</summary>
    /// <param name="cancellationToken">Ends the wait; the connection stays usable.</param>
    /// <returns>The packet, or null when the peer has closed the connection after its last one.</returns>
    /// <exception cref="MqttProtocolException">What came is not MQTT 3.1.1, or too long. Nothing more can be read.</exception>
    /// <exception cref="IOException">The connection is lost, or (<see cref="EndOfStreamException"/>) was closed within a packet.</exception>
    public async ValueTask<Packet?> ReadAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var result = await _input.ReadAsync(cancellationToken).ConfigureAwait(false);
            var rest = result.Buffer;
            Packet? packet = null;
            try
            {
                if (PacketReader.TryRead(ref rest, _options, out packet))
                {
                    return packet;
                }
            }
            finally
            {
                _input.AdvanceTo(rest.Start, packet is null ? rest.End : rest.Start);
            }

            if (result.IsCompleted)
            {
                return result.Buffer.IsEmpty ? null : throw new EndOfStreamException("The peer closed the connection within a packet.");
            }
        }
    }

    /// <summary>Sends one packet, whole, after those of earlier callers.</summary>
    /// <param name="packet">The packet.</param>
    /// <param name="cancellationToken">Ends the wait. If the packet was already on its way, nothing more can be written after it.</param>
    /// <exception cref="ArgumentException">MQTT 3.1.1 has no encoding for the packet. The connection stays usable.</exception>
    /// <exception cref="IOException">The connection is lost, or an earlier packet was not written whole.</exception>
    public async ValueTask WriteAsync(Packet packet, CancellationToken cancellationToken = default)
    {
        await _writing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_writeFailed)
            {
                throw new IOException("An earlier packet was not written whole.");
            }

            PacketWriter.Write(_output, packet);
            _writeFailed = true;
            await _output.FlushAsync(cancellationToken).ConfigureAwait(false);
            _writeFailed = false;
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>Closes the stream. A read or write under way fails.</summary>
    public ValueTask DisposeAsync()
    {
        // The pipes are not completed: that would return their buffers to the pool while a read may still fill one.
        return _stream.DisposeAsync();
    }
}
