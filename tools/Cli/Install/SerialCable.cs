using System.IO.Pipelines;
using DeviceAgent.Board;

namespace Cli.Install;

/// <summary>A serial cable between a virtual board and an installer in this process.</summary>
internal sealed class SerialCable : ISerialLine
{
    private readonly Lock _lock = new();
    private readonly Queue<byte> _toBoard = new();
    private readonly Pipe _toInstaller = new(new PipeOptions(pauseWriterThreshold: 0));
    private bool _isOpen;

    /// <summary>Makes one.</summary>
    public SerialCable()
    {
        InstallersEnd = new End(this, _toInstaller.Reader.AsStream());
    }

    /// <summary>The installer's end of it.</summary>
    public Stream InstallersEnd { get; }

    /// <inheritdoc/>
    public int Available
    {
        get
        {
            lock (_lock)
            {
                return _toBoard.Count;
            }
        }
    }

    /// <inheritdoc/>
#pragma warning disable CS8766 // null says that it is open; the firmware's sources carry no nullable annotations
    public string? Open(int baudRate, int transmitPin, int receivePin)
#pragma warning restore CS8766
    {
        lock (_lock)
        {
            _toBoard.Clear();
            _isOpen = true;
            return null;
        }
    }

    /// <inheritdoc/>
    public int Read(byte[] buffer, int offset, int count)
    {
        lock (_lock)
        {
            int taken = 0;
            while (taken < count && _toBoard.TryDequeue(out byte b))
            {
                buffer[offset + taken++] = b;
            }

            return taken;
        }
    }

    /// <inheritdoc/>
    public void Write(byte[] bytes)
    {
        lock (_lock)
        {
            // The pipe has no bound, so this never waits
            _toInstaller.Writer.WriteAsync(bytes).AsTask().GetAwaiter().GetResult();
        }
    }

    /// <inheritdoc/>
    public void Close()
    {
        lock (_lock)
        {
            _isOpen = false;
        }
    }

    private void Send(ReadOnlySpan<byte> bytes)
    {
        lock (_lock)
        {
            foreach (byte b in _isOpen ? bytes : [])
            {
                _toBoard.Enqueue(b);
            }
        }
    }

    private sealed class End(SerialCable cable, Stream fromBoard) : Stream
    {
        public override bool CanRead => true;

        public override bool CanWrite => true;

        public override bool CanSeek => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => fromBoard.Read(buffer, offset, count);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => fromBoard.ReadAsync(buffer, cancellationToken);

        public override void Write(byte[] buffer, int offset, int count) => cable.Send(buffer.AsSpan(offset, count));

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            cable.Send(buffer.Span);
            return ValueTask.CompletedTask;
        }

        public override void Flush()
        {
            // What is sent is there already
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
