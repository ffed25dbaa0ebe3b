using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace LocalCloud;

/// <summary>
/// The retained messages and persistent sessions on disk: a file of changes, which begins with those that make what was
/// there when it was begun. Safe for use by many threads.
/// </summary>
/// <remarks>
/// <para>
/// Whoever changes the broker's state only queues the change; one task at a time makes lines of what has come and writes
/// them all at once. What is sent to clients waits for that (<see cref="CommitAsync"/>), once for many packets: so no lock
/// of the broker is held while a file is written, and nothing that a client was told is lost when the process is killed.
/// </para>
/// <para>
/// A written line is the operating system's and outlives the process; it is not flushed to the disk. When the machine loses
/// power the last messages may be lost, which costs a development machine a few messages, where a flush for each batch would
/// cost it milliseconds for each. Certificates and things are flushed (<see cref="RegistryFile"/>): losing one strands a device.
/// </para>
/// <para>
/// The task has a copy of the state of its own (the messages themselves are shared). When the file is much longer than that
/// state needs, a new one is written of it beside, flushed and renamed: whenever that ends, one whole file is there.
/// </para>
/// </remarks>
internal sealed class BrokerJournal
{
    public const string FileName = "broker.journal";

    /// <summary>The file of earlier versions, which was written by an orderly stop only.</summary>
    public const string OldFileName = "broker.json";

    /// <summary>How long the file may grow at least before it is written anew, in bytes.</summary>
    public const int MinimumGrowth = 1024 * 1024;

    /// <summary>How many bytes of messages may wait to be written before those who publish more have to wait.</summary>
    private const int MaximumPendingBytes = 16 * 1024 * 1024;

    /// <summary>About what a change takes beside its message.</summary>
    private const int SizeOfChange = 128;

    private const int CurrentFormat = 1;
    private const int BufferSize = 256 * 1024;

    private static readonly JsonSerializerOptions s_json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
        RespectNullableAnnotations = true,
    };

    /// <summary>The file; null where there is none.</summary>
    private readonly string? _path;
    private readonly CloudLog _log;

    /// <summary>What the file holds; used by the writing task, and by none other once there is one. Without a file, what would be in it.</summary>
    private readonly BrokerState _state = new();
    private FileStream? _file;
    private long _length;
    private long _lengthAnew;

    private readonly Lock _gate = new();
    private List<BrokerChange> _pending = [];
    private long _pendingBytes;
    private bool _isClosed;

    /// <summary>The last write that was begun, and the one that waits for it.</summary>
    private Task _write = Task.CompletedTask;
    private Task? _nextWrite;

    private BrokerJournal(string? path, CloudLog log)
    {
        _path = path;
        _log = log;
    }

    /// <summary>What an earlier broker left, until the first change is added.</summary>
    public BrokerState State => _state;

    /// <summary>Whether so much waits to be written that nobody should add more before it is.</summary>
    public bool IsBehind => Volatile.Read(ref _pendingBytes) > MaximumPendingBytes;

    /// <summary>Reads what an earlier LocalCloud left, and begins a new file with it.</summary>
    /// <param name="directory">The data directory.</param>
    /// <param name="now">The time.</param>
    /// <param name="log">Is told what is damaged.</param>
    /// <exception cref="DataDirectoryException">The file cannot be read or written, or a later LocalCloud wrote it.</exception>
    public static BrokerJournal Open(string directory, DateTimeOffset now, CloudLog log)
    {
        var journal = new BrokerJournal(Path.Combine(directory, FileName), log);
        try
        {
            if (File.Exists(journal._path!))
            {
                journal.Load(File.ReadAllBytes(journal._path!), now);
            }

            journal._state.GoOn(now);
            journal.Begin();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataDirectoryException(journal._path!, "cannot be read or written: " + e.Message, e);
        }

        var old = Path.Combine(directory, OldFileName);
        if (File.Exists(old))
        {
            log.Warning($"{old} is an earlier LocalCloud's and is not read: retained messages and persistent sessions are in {FileName} now. What is in it can be published again; then delete it");
        }

        return journal;
    }

    /// <summary>Makes one without a file, of what an earlier one of this process has come to: a change is in it at once.</summary>
    /// <param name="before">The earlier one, which is closed; null for none.</param>
    /// <param name="now">The time.</param>
    /// <param name="log">The log.</param>
    public static BrokerJournal InMemory(BrokerJournal? before, DateTimeOffset now, CloudLog log)
    {
        var journal = new BrokerJournal(path: null, log);
        foreach (var change in before?._state.ToChanges() ?? [])
        {
            journal._state.Apply(change);
        }

        journal._state.GoOn(now);
        return journal;
    }

    /// <summary>Adds a change. To be called where the state is changed, within the same lock, so that changes come in their order.</summary>
    public void Add(BrokerChange change)
    {
        lock (_gate)
        {
            if (_isClosed)
            {
                // The file may be another broker's by now.
                return;
            }

            if (_path is null)
            {
                _state.Apply(change);
                return;
            }

            _pending.Add(change);
            _pendingBytes += SizeOf(change);
            _nextWrite ??= WriteAfterAsync(_write);
        }
    }

    /// <summary>Ends when all that was added until now is written.</summary>
    /// <exception cref="IOException">It could not be written. The next write makes up for it.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise.</exception>
    public Task CommitAsync()
    {
        lock (_gate)
        {
            if (_nextWrite is null && _write.IsFaulted)
            {
                _nextWrite = WriteAfterAsync(_write);
            }

            return _nextWrite ?? _write;
        }
    }

    /// <summary>Writes what is left, and ends the use of the file: what is added after this is not kept.</summary>
    /// <exception cref="IOException">It could not be written.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise.</exception>
    public async Task CloseAsync()
    {
        Task last;
        lock (_gate)
        {
            last = CommitAsync();
            _isClosed = true;
        }

        try
        {
            await last;
            if (_path is not null)
            {
                Begin();
            }
        }
        finally
        {
            _file?.Dispose();
            _file = null;
        }
    }

    private static int SizeOf(BrokerChange change) => SizeOfChange + change switch
    {
        BrokerChange.Queued queued => queued.Payload.Length,
        BrokerChange.Retained retained => retained.Payload.Length,
        _ => 0,
    };

    private static byte[] LineOf(BrokerChange change) => JournalLine.Write(JsonSerializer.SerializeToUtf8Bytes(change, s_json));

    private void Load(byte[] bytes, DateTimeOffset now)
    {
        var lines = JournalLine.ReadAll(bytes);

        // A last line that is not whole is a write that was cut off: nobody was told what is in it.
        var lastWhole = lines.FindLastIndex(line => line.IsWhole);
        var damaged = 0;
        for (var index = 0; index <= lastWhole; index++)
        {
            try
            {
                var change = lines[index].IsWhole ? JsonSerializer.Deserialize<BrokerChange>(lines[index].Content.Span, s_json) : null;
                if (change is BrokerChange.Begun { Format: > CurrentFormat } begun)
                {
                    throw new DataDirectoryException(_path!, $"is a later LocalCloud's: its format is {begun.Format}, and this one knows the formats to {CurrentFormat}. Start that one, or move the file away to start without retained messages and persistent sessions");
                }

                _state.Apply(change ?? throw new JsonException());
            }
            catch (Exception e) when (e is JsonException or ArgumentException)
            {
                damaged++;
            }
        }

        // One line that is not whole is a torn one; a file without any that is, is not a journal.
        if (lastWhole < 0 && bytes.Length > 0)
        {
            damaged = lines.Count;
        }

        if (damaged > 0)
        {
            var aside = DamagedFile.Copy(_path!, now, isSecret: true);
            _log.Error($"{_path} is damaged: {damaged} of its {lines.Count} lines cannot be read, and what they told of retained messages and persistent sessions is lost; the others are used. It is kept as {Path.GetFileName(aside)}");
        }
    }

    /// <summary>Begins a write when the one before has ended. How that one ended is told to those who wait for it.</summary>
    private Task WriteAfterAsync(Task before) => Task.Run(async () =>
    {
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Write();
    });

    private void Write()
    {
        List<BrokerChange> changes;
        lock (_gate)
        {
            // From here on changes belong to the write after this one.
            changes = _pending;
            _pending = [];
            _pendingBytes = 0;
            _write = _nextWrite!;
            _nextWrite = null;
        }

        foreach (var change in changes)
        {
            _state.Apply(change);
        }

        try
        {
            if (_file is null || _length > _lengthAnew + Math.Max(MinimumGrowth, _lengthAnew))
            {
                Begin();
            }
            else
            {
                _length += Append(_file, changes);
            }
        }
        catch (Exception e)
        {
            // How much of it is in the file nobody knows: the next write begins a new one.
            _file?.Dispose();
            _file = null;
            _log.Error($"{_path} could not be written: {e.Message}");
            throw;
        }
    }

    /// <summary>Writes a new file in place of the old one, or leaves that as it is.</summary>
    private void Begin()
    {
        _file?.Dispose();
        _file = null;
        _file = DurableFile.Replace(_path!, stream => _lengthAnew = Append(stream, _state.ToChanges().Prepend(new BrokerChange.Begun(CurrentFormat))), isSecret: true);
        _length = _lengthAnew;
    }

    private static long Append(Stream file, IEnumerable<BrokerChange> changes)
    {
        var length = 0L;
        using var buffer = new MemoryStream();
        foreach (var change in changes)
        {
            buffer.Write(LineOf(change));
            if (buffer.Length >= BufferSize)
            {
                Flush();
            }
        }

        Flush();
        return length;

        void Flush()
        {
            file.Write(buffer.GetBuffer().AsSpan(0, (int)buffer.Length));
            length += buffer.Length;
            buffer.SetLength(0);
        }
    }
}
